/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sequencer: lines, then tickets become entries; memory says how many of
 * them count; only then is anything removed that they speak of.
 */
#include "mailbox.h"

static const char who[] = "sequencer";

static bool is_kind(uint8_t line, uint8_t kind)
{
	return (line & 0xf0) == kind;
}

uint8_t facts_of(uint8_t line)
{
	if (is_kind(line, LINE_KEPT))
		return uint8_t(KEPT_A << (line & 1));
	if (is_kind(line, LINE_HAD))
		return uint8_t((line & 1) * HAD_A);
	return uint8_t((line & 3) * GONE_A);
}

void Mailbox::takes_lines(State &s) const
{
	for (Spool &p : s.spool) {
		if (!p.name)
			continue;
		if (p.n < p.offset)
			s.alarm = 1;
		if (p.offset < p.ever)
			s.alarm = 2;
		for (int i = p.offset; i < p.n; i++)
			s.entries |= facts_of(p.line[i]);
		p.taking = p.n;
	}
	if (s.back == BACK_WRITTEN || s.back == BACK_SYNCED)
		s.entries |= BACK_A;
	s.entries &= uint8_t(~s.memory);
}

/* Whether the sequencer may end an undo in this run. */
static bool may_end_undo(const State &s, bool needs_b1)
{
	return !needs_b1 || s.sequencer_b1;
}

/* Tickets without a line; files that nobody entered; cut files; end of undo. */
void Mailbox::scans_files(State &s) const
{
	const uint8_t known = s.memory | s.entries;

	for (int m = 0; m < MESSAGES; m++) {
		const Message &x = s.msg[m];
		const bool there = x.names & (CUR | IN_GONE);

		if (there && !(known & KEPT_A << m)) {
			if ((x.names & TMP) && !writing(s, m))
				s.entries |= uint8_t(KEPT_A << m);
			if (rule(FOUND) && s.rebooted && !(x.names & TMP) &&
			    !is_new_here(s, m))
				s.entries |= uint8_t(KEPT_A << m);
		}
		if (rule(CUT_GONE) && s.sequencer_b1 && there && x.cut &&
		    !(known & GONE_A << m))
			s.entries |= uint8_t(GONE_A << m);
	}
	if (set.undo && s.late && may_end_undo(s, rule(UNDO_B1)) &&
	    (s.msg[0].names & (GONE | GONE_U)) &&
	    ((s.memory | s.entries) & GONE_A) &&
	    !((s.memory | s.entries) & BACK_A))
		s.entries |= END_OF_UNDO;
}

bool Mailbox::drop_ticket(const State &s, int actor, uint8_t messages,
			  Out &out) const
{
	for (int m = 0; m < MESSAGES; m++) {
		State t = s;

		if (!(messages >> m & 1) || !(s.msg[m].names & TMP) ||
		    writing(s, m))
			continue;
		t.msg[m].names &= uint8_t(~TMP);
		out.add(t, actor == KEEPER ? "keeper" : who,
			"unlinks the ticket", letter(m));
		return true;
	}
	return false;
}

/* One name of one of these messages, to gone/ and without ,F. */
bool Mailbox::carry(State &s, uint8_t messages) const
{
	for (int m = 0; m < MESSAGES; m++) {
		const uint8_t from = s.msg[m].names & (CUR | GONE_F);

		if (!(messages >> m & 1) || !from)
			continue;
		if (from & KEPT)
			rename(s, m, KEPT, m, GONE);
		else if (from & KEPT_U)
			rename(s, m, KEPT_U, m, GONE_U);
		else
			rename(s, m, GONE_F, m, GONE);
		return true;
	}
	return false;
}

bool Mailbox::half_batch(const State &s, uint8_t messages) const
{
	for (int m = 0; m < MESSAGES; m++)
		if ((messages >> m & 1) &&
		    ((s.msg[m].names | s.msg[m].durable) & (CUR | GONE_F)))
			return true;
	return false;
}

void Mailbox::clears_gone(const State &s, Out &out) const
{
	const bool ends_undo = may_end_undo(s, rule(UNDO_B1));
	State t = s;

	if ((s.memory & BACK_A) && (s.msg[0].names & (GONE | GONE_U)) &&
	    ends_undo) {
		finish_undo(t);
		out.add(t, who, "finishes an undo: gone/A to cur/B");
		return;
	}
	if (rule(SEQ_CARRY) && s.sequencer_b1 &&
	    carry(t, uint8_t(s.memory / GONE_A & 3))) {
		out.add(t, who, "carries a batch on: cur/ to gone/");
		return;
	}
	for (int m = 0; m < MESSAGES; m++) {
		/* A cut file cannot be undone. */
		const bool waits = m == 0 && set.undo && !s.msg[0].cut;
		const uint8_t gone =
			waits ? uint8_t(END_OF_UNDO) : uint8_t(GONE_A << m);

		if (!(s.memory & gone) || !(s.msg[m].names & IN_GONE) ||
		    (s.msg[m].names & TMP) || (set.undo && !ends_undo))
			continue;
		t.msg[m].names &= uint8_t(~IN_GONE);
		out.add(t, who, "unlinks the name in gone/", letter(m));
		return;
	}
	if (rule(SEQ_CARRY))
		sync_names(t, CUR | IN_GONE);
	t.at[SEQUENCER] = 8;
	out.add(t, who, "fsync cur/, gone/");
}

static uint8_t batches_of(const Spool &p)
{
	uint8_t messages = 0;

	for (int i = 0; i < p.n; i++)
		if (is_kind(p.line[i], LINE_BATCH))
			messages |= p.line[i] & 3;
	return messages;
}

/* One spool that was taken whole and has no half batch; false: there is none.
 */
bool Mailbox::unlink_taken(const State &s, Out &out) const
{
	for (int k = 0; k < SPOOLS; k++) {
		const Spool &p = s.spool[k];
		State t = s;

		if (p.name != TAKEN || p.offset < p.n || !s.sequencer_b1)
			continue;
		if (rule(SEQ_CARRY) && half_batch(s, batches_of(p)))
			continue;
		t.spool[k].name = NO_NAME;
		out.add(t, who, "unlinks a spool that was taken");
		return true;
	}
	return false;
}

static void forget_unlinked(State &s)
{
	for (Spool &p : s.spool) {
		if (p.name)
			continue;
		p.offset = 0;
		if (p.durable)
			continue;
		p.n = p.synced = p.ever = 0;
		memset(p.line, 0, sizeof(p.line));
	}
}

static bool unlinked_any(const State &s)
{
	for (const Spool &p : s.spool)
		if (!p.name && p.offset)
			return true;
	return false;
}

static bool any_live(const State &s)
{
	for (const Spool &p : s.spool)
		if (p.name == LIVE)
			return true;
	return false;
}

/* Spools that were taken whole go; then, perhaps, one more is renamed. */
void Mailbox::drops_spools(const State &s, Out &out) const
{
	State t = s;

	if (s.at[SEQUENCER] == 8) {
		if (unlink_taken(s, out))
			return;
		if (s.back && s.back < BACK_TAKEN && (s.memory & BACK_A))
			t.back = BACK_TAKEN;
		if (unlinked_any(s) && rule(FORGET_LAST))
			for (Spool &p : t.spool)
				p.durable = p.name;
		t.at[SEQUENCER] = 9;
		out.add(t, who, "fsync spool/");
		return;
	}
	forget_unlinked(t);
	if (set.rotation && s.rotations < 2 && s.sequencer_b1 && any_live(s)) {
		State more = t;

		more.at[SEQUENCER] = 20;
		out.add(more, who, "syncs memory, will rotate");
	}
	t.at[SEQUENCER] = IDLE;
	t.sequencer_b1 = 0;
	out.add(t, who, "syncs memory without them, ends");
}

static void take_all(State &s)
{
	for (Spool &p : s.spool) {
		if (p.name && p.n < p.offset)
			s.alarm = 1;
		p.taking = p.name ? p.n : p.offset;
	}
}

static void remember(State &s)
{
	for (Spool &p : s.spool) {
		for (int i = p.offset; i < p.taking; i++)
			s.memory |= facts_of(p.line[i]);
		p.offset = p.taking;
		if (p.ever < p.offset)
			p.ever = p.offset;
		p.taking = 0;
	}
}

static void put_down(State &s, bool taking)
{
	for (Spool &p : s.spool)
		p.told = taking ? p.taking : p.offset;
}

/* Had by a collector who can prove it, and its days are over. */
bool Mailbox::is_due(const State &s) const
{
	return set.expiry && s.late && (s.memory & HAD_A) &&
	       (s.msg[0].names & CUR);
}

/*
 * The sequencer that only reads: what it has is said in `taken`, and what
 * expires in a list, both behind its memory. Each cuts entries beyond memory
 * as it begins, so that there must not be two.
 */
void Mailbox::reader(const State &s, int actor, Out &out) const
{
	static const char *const names[] = {"sequencer", "another sequencer"};
	const char *const name = names[actor == SECOND];
	const int other = actor == SECOND ? SEQUENCER : SECOND;
	State t = s;

	switch (s.at[actor]) {
	case IDLE:
		if (rule(ONE_LEDGER) && alive(s, other))
			return;
		for (Spool &p : t.spool)
			p.durable = p.name;
		if (rule(SPOOL_SYNC))
			sync_spools(t);
		if (rule(SPOOL_SYNC) && t.back == BACK_WRITTEN)
			t.back = BACK_SYNCED;
		forget_unlinked(t);
		take_all(t);
		if (!rule(PLACES_LAST))
			put_down(t, true);
		t.tail = uint8_t(1 + (actor == SECOND));
		t.at[actor] = 1;
		out.add(t, name, "fsync spool/ and spools, takes lines");
		return;
	case 1:
		if (s.tail != 1 + (actor == SECOND))
			t.alarm = 6;
		remember(t);
		if (s.back == BACK_SYNCED)
			t.memory |= BACK_A;
		if (is_due(t) && rule(EXPIRE_ENTRY))
			t.memory |= EXPIRED_A;
		else if (is_due(t))
			t.expired = 1;
		t.at[actor] = 2;
		out.add(t, name, "syncs memory");
		return;
	default:
		put_down(t, false);
		if (s.memory & EXPIRED_A)
			t.expired = 1;
		else if (s.expired)
			t.memory |= EXPIRED_A;
		t.at[actor] = IDLE;
		out.add(t, name, "puts down how far it is, ends");
		return;
	}
}

void Mailbox::sequencer(const State &s, Out &out) const
{
	State t = s;
	auto go = [&](int step, const char *what) {
		t.at[SEQUENCER] = uint8_t(step);
		out.add(t, who, what);
	};

	switch (s.at[SEQUENCER]) {
	case IDLE:
		t.sequencer_b1 = !byte1(s);
		go(1, "begins, tries byte 1");
		return;
	case 1:
		if (rule(SPOOL_SYNC)) {
			sync_spools(t);
			if (t.back == BACK_WRITTEN)
				t.back = BACK_SYNCED;
		}
		takes_lines(t);
		go(2, "takes lines");
		return;
	case 2:
		scans_files(t);
		go(3, "scans tickets");
		return;
	case 3:
		if (rule(TICKET_SYNC))
			sync_names(t, CUR | IN_GONE);
		go(4, "fsync cur/, gone/, appends and syncs entries");
		return;
	case 4:
		if (!rule(TICKET_MEM) &&
		    drop_ticket(s, SEQUENCER, (s.memory | s.entries) & 3, out))
			return;
		t.memory |= t.entries;
		t.entries = t.rebooted = 0;
		for (Spool &p : t.spool) {
			if (p.name)
				p.offset = p.taking;
			if (p.ever < p.offset)
				p.ever = p.offset;
			p.taking = 0;
		}
		go(5, "syncs memory");
		return;
	case 5:
		t.published = t.memory;
		go(6, "publishes");
		return;
	case 6:
		if (drop_ticket(s, SEQUENCER, s.memory & 3, out))
			return;
		if (rule(TMP_SYNC))
			sync_names(t, TMP);
		go(7, "fsync tmp/");
		return;
	case 7:
		clears_gone(s, out);
		return;
	case 8:
	case 9:
		drops_spools(s, out);
		return;
	default:
		rotate(s, out);
		return;
	}
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The second half of sweep, as long as no ledger takes what lies in spool/ and
 * gone/: under byte 1 it carries batches on, then removes tickets, then names
 * in gone/, then spools that are old. And who copies a mailbox in use.
 */
#include "mailbox.h"

static const char who[] = "keeper";

static uint8_t facts(const State &s)
{
	uint8_t all = 0;

	for (const Spool &p : s.spool)
		for (int i = 0; p.name && i < p.n; i++)
			all |= facts_of(p.line[i]);
	return all;
}

static uint8_t cut_without_line(const State &s)
{
	for (int m = 0; m < MESSAGES; m++)
		if (s.msg[m].cut && (s.msg[m].names & (CUR | IN_GONE)) &&
		    !(s.entries & GONE_A << m))
			return uint8_t(1 << m);
	return 0;
}

static bool is_there(const State &s, uint8_t messages)
{
	for (int m = 0; m < MESSAGES; m++)
		if ((messages >> m & 1) &&
		    ((s.msg[m].names | s.msg[m].durable) & (CUR | IN_GONE)))
			return true;
	return false;
}

uint8_t Mailbox::dead_and_kept(const State &s)
{
	uint8_t messages = 0;

	for (int m = 0; m < MESSAGES; m++)
		if (!writing(s, m) && ((s.msg[m].names & (CUR | IN_GONE)) ||
				       (s.entries & GONE_A << m)))
			messages |= uint8_t(1 << m);
	return messages;
}

/* Old ones; with a ledger those that it has, but never the newest. */
bool Mailbox::may_drop(const State &s, int k) const
{
	bool newer = false;

	if (!set.reads)
		return s.late;
	for (int i = k + 1; i < SPOOLS; i++)
		newer = newer || s.spool[i].name;
	return newer && (!rule(WAIT_LEDGER) || s.spool[k].told >= s.spool[k].n);
}

/* Undo or hold keeps what is in gone/, for a while. */
bool Mailbox::may_leave(const State &s, int m) const
{
	if (s.saw_hold)
		return false;
	return !set.undo || m != 0 || s.msg[0].cut || s.late;
}

/* What the ledger lists as expired goes the way of what was deleted. */
bool Mailbox::moves_expired(const State &s, Out &out) const
{
	State t = s;

	if (!s.expired || !(s.msg[0].names & CUR) ||
	    (rule(EXPIRE_HOLD) && s.saw_hold))
		return false;
	if (s.hold_said)
		t.alarm = 5;
	rename(t, 0, s.msg[0].names & KEPT ? KEPT : KEPT_U, 0,
	       s.msg[0].names & KEPT ? GONE : GONE_U);
	out.add(t, who, "moves what has expired to gone/");
	return true;
}

/*
 * mailbox.conf is written whole and synced; a sweep that is at work is waited
 * for, since it has read the settings of before.
 */
void Mailbox::holder(const State &s, Out &out) const
{
	static const char holds[] = "holder";
	State t = s;

	switch (s.at[HOLDER]) {
	case IDLE:
		if (s.held)
			return;
		t.held = 1;
		t.at[HOLDER] = 1;
		out.add(t, holds, "replaces mailbox.conf, synced");
		return;
	case 1:
		if (rule(HOLD_WAIT) && (s.keeper_b1 || alive(s, SWEEP)))
			return;
		t.hold_said = 1;
		t.at[HOLDER] = IDLE;
		out.add(t, holds, "says that it is held");
		return;
	}
}

void Mailbox::keeper(const State &s, Out &out) const
{
	State t = s;
	uint8_t cut;
	bool again;
	auto go = [&](int step, const char *what) {
		t.at[KEEPER] = uint8_t(step);
		if (step == IDLE)
			t.keeper_b1 = t.entries = t.tickets = t.open[KEEPER] =
				t.saw_hold = 0;
		out.add(t, who, what);
	};

	switch (s.at[KEEPER]) {
	case IDLE:
		if (set.hold && !rule(HOLD_B1)) {
			t.saw_hold = s.held;
			go(10, "reads mailbox.conf");
			return;
		}
		if (byte1(s))
			return;
		t.keeper_b1 = 1;
		t.saw_hold = s.held;
		go(1, "has byte 1, reads mailbox.conf");
		return;
	case 10:
		if (byte1(s))
			return;
		t.keeper_b1 = 1;
		go(1, "has byte 1");
		return;
	case 1:
		if (rule(CARRY_SYNC))
			sync_spools(t);
		t.entries = facts(s);
		go(2, "syncs and reads the spools");
		return;
	case 2:
		cut = rule(CUT_GONE) ? cut_without_line(s) : 0;
		if (!cut) {
			go(4, "knows a line for every cut file");
			return;
		}
		if (!open_spool(t, KEEPER) ||
		    !append(t, KEEPER, uint8_t(LINE_BATCH | cut), again)) {
			t = s;
			go(IDLE, "finds the disk full, ends");
			return;
		}
		t.entries |= uint8_t(cut * GONE_A);
		go(3, "appends gone by=full");
		return;
	case 3:
		sync_spool(t, s.open[KEEPER] - 1);
		go(2, "fsync spool");
		return;
	case 4:
		if (carry(t, uint8_t(s.entries / GONE_A & 3))) {
			go(4, "carries a batch on: cur/ to gone/");
			return;
		}
		if (set.undo &&
		    (s.back == BACK_WRITTEN || s.back == BACK_SYNCED) &&
		    (s.msg[0].names & (GONE | GONE_U))) {
			if (rule(BACK_SYNC))
				t.back = BACK_SYNCED;
			finish_undo(t);
			go(4, "finishes an undo: gone/A to cur/B");
			return;
		}
		t.tickets = dead_and_kept(s);
		go(5, "lists the tickets that may go");
		return;
	case 5:
		if (rule(KEEP_SYNC))
			sync_names(t, CUR | IN_GONE);
		go(6, "fsync cur/, gone/");
		return;
	case 6:
		if (drop_ticket(s, KEEPER, s.tickets, out))
			return;
		if (rule(TMP_SYNC))
			sync_names(t, TMP);
		go(7, "fsync tmp/");
		return;
	case 7:
		if (moves_expired(s, out))
			return;
		for (int m = 0; m < MESSAGES; m++) {
			const uint8_t names = s.msg[m].names;
			const bool left = (s.entries & GONE_A << m) ||
					  (m == 0 && s.expired);

			if (!left || !(names & IN_GONE) || (names & TMP) ||
			    !may_leave(s, m))
				continue;
			if (s.hold_said)
				t.alarm = 5;
			t.msg[m].names &= uint8_t(~IN_GONE);
			out.add(t, who, "unlinks the name in gone/", letter(m));
			return;
		}
		sync_names(t, CUR | IN_GONE);
		go(8, "fsync gone/");
		return;
	case 8:
		for (int k = 0; k < SPOOLS; k++) {
			const Spool &p = s.spool[k];
			uint8_t gone = 0;

			for (int i = 0; i < p.n; i++)
				if (p.line[i] & LINE_BATCH)
					gone |= p.line[i] & 3;
			if (!p.name || !may_drop(s, k) ||
			    (rule(DROP_CARRIED) && is_there(s, gone)))
				continue;
			if (set.reads && p.ever < p.n)
				t.alarm = 4;
			t.spool[k].name = NO_NAME;
			out.add(t, who, "unlinks an old spool");
			return;
		}
		go(IDLE, "ends");
		return;
	}
}

/* --- a copy of a mailbox in use --------------------------------------------
 */

enum { COPY_TMP = 1, COPY_CUR = 2, COPY_GONE = 4, COPY_SPOOL = 8, OPENED = 16 };

static void read_names(State &s, uint8_t which)
{
	for (int m = 0; m < MESSAGES; m++)
		s.copy_names[m] |= s.msg[m].names & which;
}

/* It goes on elsewhere, with what was read: whole and synced. */
static void open_copy(State &s)
{
	for (int m = 0; m < MESSAGES; m++) {
		s.msg[m].names = s.msg[m].durable = s.copy_names[m];
		s.copy_names[m] = 0;
	}
	for (int k = 0; k < SPOOLS; k++) {
		Spool &p = s.spool[k];

		p.n = p.synced = s.copy_lines[k];
		p.name = p.durable = p.n ? LIVE : NO_NAME;
		for (int i = p.n; i < LINES; i++)
			p.line[i] = 0;
		s.copy_lines[k] = 0;
	}
	s.promised = s.copy_promised;
	s.collected = s.copy_collected;
	s.copied = OPENED;
}

void Mailbox::copier(const State &s, Out &out) const
{
	static const char copies[] = "copier";
	static const struct {
		uint8_t dir, names;
		const char *says;
	} dirs[] = {
		{COPY_TMP, TMP, "reads tmp/"},
		{COPY_CUR, CUR, "reads cur/"},
		{COPY_GONE, IN_GONE, "reads gone/"},
	};

	if (!set.copy || s.copied == OPENED)
		return;
	for (const auto &d : dirs) {
		State t = s;

		if (s.copied & d.dir)
			continue;
		if (!s.copied) {
			t.copy_promised = s.promised;
			t.copy_collected = s.collected;
		}
		t.copied |= d.dir;
		read_names(t, d.names);
		out.add(t, copies, d.says);
	}
	State t = s;
	if (!(s.copied & COPY_SPOOL)) {
		if (!s.copied) {
			t.copy_promised = s.promised;
			t.copy_collected = s.collected;
		}
		t.copied |= COPY_SPOOL;
		for (int k = 0; k < SPOOLS; k++)
			t.copy_lines[k] = s.spool[k].name ? s.spool[k].n : 0;
		out.add(t, copies, "reads spool/");
	}
	if (s.copied != (COPY_TMP | COPY_CUR | COPY_GONE | COPY_SPOOL))
		return;
	t = s;
	for (int i = 0; i < ACTORS; i++)
		kill(t, i);
	open_copy(t);
	out.add(t, copies, "opens the copy elsewhere");
}

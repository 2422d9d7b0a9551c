/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What may happen, and what must hold: at every moment, and once everybody was
 * killed and sweep, a login and the sequencer (or the keeper) have run.
 */
#include "mailbox.h"

static const char *const actors[ACTORS] = {
	"writer A",  "writer B", "sweep",  "collector", "undo",
	"sequencer", "keeper",	 "copier", "holder",	"second"};

State Mailbox::begin() const
{
	State s;

	memset(&s, 0, sizeof(s));
	if (!set.two)
		s.at[WRITER_B] = DONE;
	return s;
}

bool Mailbox::byte1(const State &s) const
{
	return alive(s, COLLECTOR) || s.sequencer_b1 || s.keeper_b1 ||
	       (rule(UNDO_B1) && alive(s, UNDO)) ||
	       (rule(SWEEP_B1) && alive(s, SWEEP));
}

void Mailbox::kill(State &s, int who)
{
	const bool writer = who == WRITER_A || who == WRITER_B;

	s.at[who] = writer ? DONE : IDLE;
	s.open[who] = 0;
	if (who == COLLECTOR)
		s.marked = s.to_move = s.batched = 0;
	if (who == SWEEP)
		s.sweeping = s.looked = 0;
	if (who == KEEPER)
		s.entries = s.keeper_b1 = s.tickets = s.saw_hold = 0;
	if (who != SEQUENCER && who != SECOND)
		return;
	if (!alive(s, KEEPER)) /* they are its notes, then */
		s.entries = 0;
	s.sequencer_b1 = s.rotating = 0;
	for (Spool &p : s.spool)
		p.taking = 0;
}

void Mailbox::step(const State &s, int who, bool resting, Out &out) const
{
	switch (who) {
	case WRITER_A:
	case WRITER_B:
		writer(s, who, out);
		break;
	case SWEEP:
		sweep(s, out);
		break;
	case COLLECTOR:
		collector(s, resting, out);
		break;
	case UNDO:
		undo(s, out);
		break;
	case SEQUENCER:
		if (set.reads)
			reader(s, who, out);
		else if (!set.no_ledger)
			sequencer(s, out);
		break;
	case KEEPER:
		if (set.no_ledger)
			keeper(s, out);
		break;
	case COPIER:
		if (!resting)
			copier(s, out);
		break;
	case HOLDER:
		if (set.hold && !resting)
			holder(s, out);
		break;
	case SECOND:
		if (set.second && !resting)
			reader(s, who, out);
		break;
	}
}

void Mailbox::next(const State &s, Out &out) const
{
	for (int who = 0; who < ACTORS; who++)
		step(s, who, false, out);
	for (int who = 0; who < ACTORS && s.kills < set.kills; who++) {
		State t = s;

		if (!alive(s, who))
			continue;
		kill(t, who);
		t.kills++;
		out.add(t, "KILL", actors[who]);
	}
	if (s.cuts < set.cuts)
		power_cut(s, out);
	if ((set.undo || set.no_ledger) && !set.copy && !s.late) {
		State t = s;

		t.late = 1;
		out.add(t, "days", "pass");
	}
}

/* --- what must hold --------------------------------------------------------
 */

static bool there(const State &s, int m)
{
	const Message &x = s.msg[m];

	return (x.names & (CUR | IN_GONE | TICKET_P)) && x.data && !x.cut;
}

/* Promised, never given to a collector, nowhere. */
bool Mailbox::lost(const State &s, int m) const
{
	if (!(s.promised >> m & 1) || (s.covered >> m & 1) || there(s, m))
		return false;
	if (m == 0 && (s.memory & EXPIRED_A))
		return false;
	if (m == 0 && is_new_here(s, 1) &&
	    (there(s, 1) || (s.memory & GONE_A << 1)))
		return false;
	return !(s.memory & END_OF_UNDO);
}

const char *Mailbox::wrong(const State &s) const
{
	if (s.alarm == 1)
		return "a spool is shorter than its offset";
	if (s.alarm == 2)
		return "lines are entered twice";
	if (s.alarm == 3)
		return "a line is written where nobody reads it";
	if (s.alarm == 4)
		return "a spool goes before the ledger has it";
	if (s.alarm == 5)
		return "something goes that is under hold";
	if (s.alarm == 6)
		return "memory tells of entries that another one has cut";
	if (s.published & ~s.memory)
		return "published entries were taken back";
	for (int m = 0; m < MESSAGES; m++) {
		if (lost(s, m))
			return "promised mail is nowhere";
		if ((s.collected >> m & 1) && (s.msg[m].names & CUR))
			return "it is in cur/ again after +OK";
		if (s.at[COLLECTOR] == 5 && (s.marked >> m & 1) && s.msg[m].cut)
			return "a file cut to nothing is listed and served";
	}
	return nullptr;
}

/* Sweep, a login that collects nothing, the ledger's or sweep's own half. */
State Mailbox::at_rest(State s) const
{
	static const int in_turn[] = {SWEEP, COLLECTOR, SEQUENCER, KEEPER};
	Out m;

	for (int who = 0; who < ACTORS; who++)
		kill(s, who);
	for (int round = 0; round < 4; round++) {
		for (int who : in_turn) {
			for (int k = 0; k < 80; k++) {
				m.clear();
				step(s, who, true, m);
				if (m.to.empty())
					break;
				s = m.to[0];
				if (wrong(s))
					return s;
				if (!alive(s, who) && (who != SWEEP || k > 8))
					break;
			}
		}
	}
	return s;
}

/* A message when all is at rest, with a ledger. */
static const char *wrong_in_ledger(const State &s, int m, bool undo_is_on,
				   bool is_new)
{
	const uint8_t cur = s.msg[m].names & CUR,
		      gone = s.msg[m].names & IN_GONE;
	const bool kept = s.memory & KEPT_A << m, left = s.memory & GONE_A << m;
	const bool undone = s.memory & BACK_A;
	const bool is_old = m == 0 && undone;

	if (cur && left)
		return "in cur/ and gone in the ledger";
	if (cur && undo_is_on && m == 1 && !undone)
		return "undone without a back";
	if (cur && !kept && !(is_new && undone))
		return "in cur/ without kept";
	if (gone && !left)
		return "a stray file in gone/ without a line";
	if (gone && !(undo_is_on && m == 0))
		return "a name in gone/ is never unlinked";
	if (gone && is_old)
		return "an undo was not finished";
	if (cur || gone || left || is_old || !(kept || (is_new && undone)))
		return nullptr;
	return (s.covered >> m & 1) ? "vanished after QUIT without a line"
				    : "missing: kept, no file, no line";
}

static bool has_batch(const State &s, int m)
{
	for (const Spool &p : s.spool)
		for (int i = 0; p.name && i < p.n; i++)
			if ((p.line[i] & LINE_BATCH) && (p.line[i] >> m & 1))
				return true;
	return false;
}

/* The same without one, or with one that only reads. */
static const char *wrong_in_files(const State &s, int m, bool copy, bool undo)
{
	const uint8_t cur = s.msg[m].names & CUR,
		      gone = s.msg[m].names & IN_GONE;

	if (undo && m == 0 && gone && s.back)
		return "an undo was not finished";
	if (undo && m == 1 && cur && !(s.memory & BACK_A))
		return "undone without a back";
	if (((undo && m == 0) || s.held) && gone && !cur)
		return nullptr;
	if (cur && has_batch(s, m))
		return "in cur/ with a batch that names it";
	if (gone && has_batch(s, m))
		return "a name in gone/ is never unlinked";
	if (gone && !copy)
		return "a stray file in gone/ without a line";
	return nullptr;
}

const char *Mailbox::wrong_message(const State &s, int m) const
{
	const Message &x = s.msg[m];
	const char *w;

	if (x.names & TMP)
		return "a ticket stays for ever";
	if ((x.names & CUR) && (x.names & IN_GONE) && !set.copy)
		return "in cur/ and in gone/";
	if ((x.names & CUR) && x.cut)
		return "a file cut to nothing is listed";
	if (m == 0 && (s.memory & EXPIRED_A))
		return nullptr;
	w = set.no_ledger ? wrong_in_files(s, m, set.copy, set.undo)
			  : wrong_in_ledger(s, m, set.undo, is_new_here(s, m));
	if (w)
		return w;
	if (!(s.promised >> m & 1) || (s.covered >> m & 1) || (x.names & CUR))
		return nullptr;
	if (m == 0 && (s.memory & BACK_A) &&
	    ((s.msg[1].names & CUR) || (s.memory & GONE_A << 1)))
		return nullptr;
	if ((x.names & IN_GONE) && (s.memory & GONE_A << m))
		return nullptr;
	return (s.memory & END_OF_UNDO) ? nullptr
					: "promised mail is not listed";
}

const char *Mailbox::wrong_at_rest(const State &now) const
{
	State s = now;

	for (int who = 0; who < ACTORS; who++)
		kill(s, who);
	s.hold_said = 0;
	s.kills = s.cuts = s.sessions = s.late = 0;
	s.fulls = s.rotations = 2;
	s.undone = 1;
	if (!rested.insert(s).second)
		return nullptr;
	s = at_rest(s);
	if (const char *w = wrong(s))
		return w;
	for (int m = 0; m < MESSAGES; m++)
		if (const char *w = wrong_message(s, m))
			return w;
	if (set.no_ledger)
		return nullptr;
	if (s.back && s.back < BACK_TAKEN && !(s.memory & BACK_A))
		return "an undo is never entered";
	for (const Spool &p : s.spool) {
		if (p.name && p.offset < p.n)
			return "lines are never taken";
		if (p.name == TAKEN)
			return "a spool is never dropped";
	}
	return nullptr;
}

std::string Mailbox::tell(const State &s) const
{
	static const char *const names[] = {"tmp",  "tmp,P",  "cur",   "cur,U",
					    "gone", "gone,U", "gone,F"};
	std::string all;

	for (int m = 0; m < MESSAGES; m++) {
		all += letter(m);
		all += ':';
		for (int i = 0; i < 7; i++)
			if (s.msg[m].names >> i & 1)
				all += std::string(" ") + names[i];
		all += "; ";
	}
	for (const Spool &p : s.spool)
		if (p.name)
			all += std::string(p.name == TAKEN ? "taken "
							   : "spool ") +
			       std::to_string(p.n) + " ";
	return all;
}

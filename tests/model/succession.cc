/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See succession.h. A run first looks at memory, and goes on from its stage. */
#include "succession.h"

enum : uint8_t {
	IDLE = 0,
	MOVES = 10,
	BEGINS = 20,
	GOES_ON = 30,
	DROPS = 40,
};

static void go(Succession_state t, int at, const char *what,
	       Moves<Succession_state> &out)
{
	t.at = uint8_t(at);
	out.add(t, "ledger", what);
}

static void sync(File_name &f)
{
	f.durable = f.seen;
}

Succession_state Succession::begin() const
{
	State s;

	memset(&s, 0, sizeof(s));
	s.stage = SETTLED;
	s.origin = 1;
	s.size = s.published[1] = s.written[1] = s.synced[1] = 2;
	for (File_name &f : s.here)
		f.seen = f.durable = 1;
	return s;
}

/* --- what root asks for ----------------------------------------------------
 */

/* Decided by one replacement of memory. */
void Succession::act(const State &s, Out &out) const
{
	const bool drop = set.ending == DROP_IT;
	State t = s;

	if (s.acts == 2 || s.stage == FORGOTTEN || s.stage == DROPPING ||
	    (rule(ONE_ACT) && s.stage != SETTLED))
		return;
	t.acts++;
	if (!rule(DECIDE_FIRST)) {
		go(t, MOVES + 5, "moves before it has decided", out);
		return;
	}
	t.before = s.origin;
	t.stage = drop ? DROPPING : MOVING;
	if (!drop)
		t.origin = uint8_t(2 + s.acts);
	t.size = 0;
	out.add(t, "root", drop ? "drops it" : "begins another one");
	if (set.ending != RESUME_IT || s.acts)
		return;
	/* It was lost before, as a whole or but for an older part. */
	for (File_name &f : t.here)
		f.seen = f.durable = 0;
	t.lost = 1;
	out.add(t, "root", "resumes what was lost");
}

/* --- the files are moved ---------------------------------------------------
 */

static void rename_one(Succession_state &s, int f)
{
	File_name &to = s.former[s.before][f];

	if (!s.here[f].seen)
		return;
	if (to.seen)
		s.hurt |= uint8_t(1 << to.seen);
	to.seen = s.here[f].seen;
	s.here[f].seen = 0;
}

void Succession::moves(const State &s, Out &out) const
{
	State t = s;

	switch (s.at) {
	case MOVES:
		t.former_folder.seen = 1;
		go(t, MOVES + 1, "mkdir former/", out);
		return;
	case MOVES + 1:
		if (rule(FORMER_SYNC))
			sync(t.former_folder);
		go(t, MOVES + 2, "fsync the folder", out);
		return;
	case MOVES + 2:
	case MOVES + 3:
		rename_one(t, s.at - (MOVES + 2));
		go(t, s.at + 1, "moves a file", out);
		return;
	case MOVES + 4:
		for (int f = 0; rule(MOVE_SYNC) && f < FILES; f++) {
			sync(t.here[f]);
			sync(t.former[s.before][f]);
		}
		sync(t.former_folder);
		if (rule(MOVED_FIRST))
			t.stage = BEGINNING;
		go(t, BEGINS, "fsync both, memory: all is moved", out);
		return;
	case MOVES + 5: /* without DECIDE_FIRST */
		t.before = s.origin;
		rename_one(t, ENTRIES);
		go(t, MOVES + 6, "moves a file", out);
		return;
	default:
		t.origin = uint8_t(1 + s.acts);
		t.stage = MOVING;
		t.size = 0;
		go(t, MOVES, "memory: decided", out);
		return;
	}
}

/* --- the one that goes on --------------------------------------------------
 */

void Succession::begins(const State &s, Out &out) const
{
	const uint8_t o = s.origin;
	State t = s;

	switch (s.at) {
	case BEGINS: /* what lies there is cut to nothing */
		if (s.here[ENTRIES].seen && s.here[ENTRIES].seen != o)
			t.hurt |= uint8_t(1 << s.here[ENTRIES].seen);
		t.here[ENTRIES].seen = o;
		t.written[o] = 1;
		t.synced[o] = 0;
		t.next[s.before] = o;
		go(t, BEGINS + 1, "writes the first entry", out);
		return;
	default:
		if (rule(COUNT_SYNCED)) {
			t.synced[o] = t.written[o];
			sync(t.here[ENTRIES]);
		}
		t.size = t.written[o];
		t.stage = ACCOUNTING;
		go(t, GOES_ON, "syncs it, memory: to be accounted for", out);
		return;
	}
}

void Succession::goes_on(const State &s, Out &out) const
{
	const uint8_t o = s.origin;
	State t = s;

	if (s.stage == ACCOUNTING && s.at == GOES_ON) {
		t.written[o] = 2;
		go(t, GOES_ON + 1, "names what is not there", out);
	} else if (s.stage == ACCOUNTING) {
		if (rule(COUNT_SYNCED)) {
			t.synced[o] = t.written[o];
			sync(t.here[ENTRIES]);
		}
		t.size = t.written[o];
		t.stage = TELLING;
		go(t, GOES_ON, "syncs it, memory: to be told", out);
	} else if (s.stage == TELLING && s.at == GOES_ON) {
		t.told |= uint8_t(1 << s.before);
		go(t, GOES_ON + 1, "tells the host's ledger", out);
	} else if (s.stage == TELLING) {
		if (rule(TELL_FIRST))
			t.told_durable = t.told;
		t.stage = SETTLED;
		go(t, GOES_ON, "syncs that, memory: settled", out);
	} else {
		t.published[o] = s.size;
		t.here[CHECKPOINT] = {o, o};
		t.told_durable = t.told; /* the host's own end of a run */
		go(t, IDLE, "publishes, ends", out);
	}
}

/* --- none goes on ----------------------------------------------------------
 */

void Succession::drops(const State &s, Out &out) const
{
	State t = s;

	switch (s.at) {
	case DROPS:
		t.told |= uint8_t(1 << s.origin);
		go(t, DROPS + 1, "tells the host's ledger", out);
		return;
	case DROPS + 1:
		if (rule(DROP_TOLD))
			t.told_durable = t.told;
		if (!rule(DROP_MEMORY))
			t.stage = FORGOTTEN;
		go(t, DROPS + 2, "syncs that", out);
		return;
	case DROPS + 2:
	case DROPS + 3:
		t.here[s.at - (DROPS + 2)].seen = 0;
		go(t, s.at + 1, "removes a file", out);
		return;
	case DROPS + 4:
		for (File_name &f : t.here)
			sync(f);
		go(t, DROPS + 5, "fsync", out);
		return;
	case DROPS + 5:
		t.stage = FORGOTTEN;
		go(t, DROPS + 6, "removes its memory", out);
		return;
	default:
		t.told_durable = t.told; /* the host's own end of a run */
		go(t, IDLE, "ends", out);
		return;
	}
}

/* --- a run -----------------------------------------------------------------
 */

/* What lies there and what memory says: an alarm where they do not fit. */
void Succession::looks(const State &s, Out &out) const
{
	const uint8_t there = s.here[ENTRIES].seen;
	State t = s;

	t.told = s.told_durable; /* beyond the host's memory */
	if (s.stage == FORGOTTEN) {
		t.alarm = s.here[CHECKPOINT].seen != 0;
		go(t, IDLE, "finds no memory", out);
		return;
	}
	if (s.stage == DROPPING) {
		go(t, DROPS, "begins, will drop", out);
		return;
	}
	if (s.stage == MOVING || s.stage == BEGINNING) {
		go(t, s.stage == MOVING ? MOVES : BEGINS, "begins behind it",
		   out);
		return;
	}
	if (there != s.origin || s.written[there] < s.size)
		t.alarm = 1;
	else
		t.written[there] = s.size;
	go(t, GOES_ON, "begins, cuts to memory", out);
}

void Succession::run(const State &s, Out &out) const
{
	if (s.at == IDLE)
		looks(s, out);
	else if (s.at < BEGINS)
		moves(s, out);
	else if (s.at < GOES_ON)
		begins(s, out);
	else if (s.at < DROPS)
		goes_on(s, out);
	else
		drops(s, out);
}

/* --- the power -------------------------------------------------------------
 */

/* A rename is done or not, as one: both names of it are as before, or not. */
static void cut_file(Succession_state &s, int f, bool keep)
{
	auto settle = [keep](File_name &n) {
		(keep ? n.durable : n.seen) = keep ? n.seen : n.durable;
	};

	settle(s.here[f]);
	for (File_name(&of)[FILES] : s.former)
		settle(of[f]);
}

void Succession::power_cut(const State &s, Out &out) const
{
	for (int what = 0; what < 16; what++) {
		State t = s;

		t.at = IDLE;
		t.cuts++;
		cut_file(t, ENTRIES, what & 1);
		cut_file(t, CHECKPOINT, what & 2);
		if (what & 4)
			memcpy(t.synced, t.written, sizeof(t.synced));
		memcpy(t.written, t.synced, sizeof(t.written));
		t.told = t.told_durable;
		if (!(what & 8) && !t.former_folder.durable) {
			/* With all that lies in it. */
			t.former_folder.seen = 0;
			memset(t.former, 0, sizeof(t.former));
		}
		t.former_folder.durable = t.former_folder.seen;
		out.add(t, "POWER CUT", "leaves what it may");
	}
}

void Succession::next(const State &s, Out &out) const
{
	State t = s;

	run(s, out);
	if (s.at == IDLE)
		act(s, out);
	if (s.at != IDLE && s.kills < set.kills) {
		t.at = IDLE;
		t.kills++;
		out.add(t, "KILL", "ledger");
	}
	if (s.cuts < set.cuts)
		power_cut(s, out);
}

/* --- what must hold --------------------------------------------------------
 */

const char *Succession::wrong(const State &s) const
{
	for (int o = 1; o < ORIGINS; o++)
		if (s.published[o] && (s.hurt >> o & 1))
			return "a ledger that was signed is written over";
	if (s.alarm)
		return "false alarm: the ledger is not as memory has it";
	return nullptr;
}

/* Runs, until one changes nothing. */
Succession_state Succession::at_rest(State s) const
{
	State before;
	Out out;

	s.at = IDLE;
	do {
		before = s;
		do {
			out.clear();
			run(s, out);
			s = out.to[0];
		} while (s.at != IDLE && !s.alarm);
	} while (!s.alarm && memcmp(&before, &s, sizeof(s)) != 0);
	return s;
}

/* It goes on; or the host says how it ended, and it is there as it was. */
bool Succession::is_accounted_for(const State &s, int o) const
{
	const File_name *former = s.former[o];
	const bool whole = former[ENTRIES].seen == o &&
			   former[CHECKPOINT].seen == o &&
			   s.written[o] >= s.published[o];

	if (s.stage != FORGOTTEN && s.origin == o)
		return s.here[ENTRIES].seen == o && s.size >= 2 &&
		       s.written[o] >= s.published[o];
	if (!(s.told_durable >> o & 1))
		return false;
	return set.ending == DROP_IT ||
	       (s.next[o] && (whole || (o == 1 && s.lost)));
}

const char *Succession::wrong_at_rest(const State &now) const
{
	const State s = at_rest(now);

	if (const char *w = wrong(s))
		return w;
	if (s.stage != SETTLED && s.stage != FORGOTTEN)
		return "what was decided is never through";
	if (s.stage == FORGOTTEN && s.here[ENTRIES].seen)
		return "a dropped ledger stays";
	for (int o = 1; o < ORIGINS; o++)
		if (s.published[o] && !is_accounted_for(s, o))
			return "a ledger that was signed is lost untold";
	return nullptr;
}

std::string Succession::tell(const State &s) const
{
	static const char *const stages[] = {
		"no memory",  "settled", "moving",  "beginning",
		"accounting", "telling", "dropping"};

	return std::string(stages[s.stage]) + ": " + std::to_string(s.size) +
	       " of ledger " + std::to_string(s.origin) + ", here " +
	       std::to_string(s.here[ENTRIES].seen) +
	       std::to_string(s.here[CHECKPOINT].seen) + ", told " +
	       std::to_string(s.told) + " of them synced " +
	       std::to_string(s.told_durable);
}

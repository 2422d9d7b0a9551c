/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Spools: who appends opens the live one with the highest number, or makes one
 * above all that are there; the sequencer takes them away.
 */
#include "mailbox.h"

static int highest(const State &s)
{
	for (int k = SPOOLS; k--;)
		if (s.spool[k].name)
			return k;
	return -1;
}

static int live(const State &s)
{
	for (int k = SPOOLS; k--;)
		if (s.spool[k].name == LIVE)
			return k;
	return -1;
}

static int oldest(const State &s)
{
	for (int k = 0; k < SPOOLS; k++)
		if (s.spool[k].name == LIVE)
			return k;
	return -1;
}

/* A new file under a name that memory may remember from another one. */
static bool make_spool(State &s, int k)
{
	if (k >= SPOOLS)
		return false;
	Spool &p = s.spool[k];

	p.n = p.synced = 0;
	memset(p.line, 0, sizeof(p.line));
	p.name = LIVE;
	return true;
}

/* own: the live one is not to be had within a second. */
bool Mailbox::open_spool(State &s, int who, bool own) const
{
	int k = own ? -1 : live(s);

	if (own && live(s) < 0)
		return false;
	if (k < 0) {
		k = highest(s) + 1;
		if (!make_spool(s, k))
			return false;
	}
	s.open[who] = static_cast<uint8_t>(k + 1);
	return true;
}

/* Locked, looked, written with one call. again: it must be opened once more. */
bool Mailbox::append(State &s, int who, uint8_t line, bool &again) const
{
	Spool &p = s.spool[s.open[who] - 1];

	again = rule(APPEND_NAME) && p.name != LIVE;
	if (again || p.n == LINES)
		return false;
	if (!p.name)
		s.alarm = 3;
	/* Killed or cut in between: nothing but a name that is durable sooner. */
	if (rule(SPOOL_DIR) && p.n == 0)
		for (Spool &each : s.spool)
			each.durable = each.name;
	p.line[p.n++] = line;
	return true;
}

/* The messages in whole batches of the spools that a login has listed. */
uint8_t Mailbox::batched(const State &s) const
{
	uint8_t messages = 0;

	for (int k = 0; k < SPOOLS; k++) {
		const Spool &p = s.spool[k];

		if (!p.name)
			continue;
		for (int i = 0; i < p.n; i++)
			if (p.line[i] & LINE_BATCH)
				messages |= p.line[i] & 3;
	}
	return messages;
}

/*
 * The sequencer, behind everything else of a run and under byte 1: a successor
 * is made and synced before a spool becomes <n>.taken.
 */
void Mailbox::rotate(const State &s, Out &out) const
{
	static const char who[] = "sequencer";
	State t = s;
	const int k = oldest(s);

	switch (s.at[SEQUENCER]) {
	case 20:
		t.rotations++;
		t.rotating = static_cast<uint8_t>(k + 1);
		if (rule(SPOOL_NEXT) && k == highest(s)) {
			if (!make_spool(t, highest(s) + 1))
				return;
			t.at[SEQUENCER] = 21;
			out.add(t, who, "makes the next spool");
			return;
		}
		t.at[SEQUENCER] = 22;
		out.add(t, who, "chooses a spool");
		return;
	case 21:
		if (rule(SPOOL_DIR))
			for (Spool &p : t.spool)
				p.durable = p.name;
		t.at[SEQUENCER] = 22;
		out.add(t, who, "fsync spool/");
		return;
	case 22:
		t.spool[s.rotating - 1].name = TAKEN;
		t.rotating = 0;
		t.sequencer_b1 = 0;
		t.at[SEQUENCER] = IDLE;
		out.add(t, who, "locks a spool, renames it to .taken, ends");
		return;
	}
}

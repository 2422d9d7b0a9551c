/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The disk. A name that was made or removed is on it for certain once its
 * directory was synced; until then a power cut keeps or drops each by itself.
 * A rename is whole or not at all, across directories too: its two halves are
 * tied.
 */
#include "mailbox.h"

struct Tie {
	int a_of;
	uint8_t a;
	int b_of;
	uint8_t b;
};

/* Every rename there is, as the two names that it changes. */
static const Tie ties[] = {
	{0, TICKET, 0, TICKET_P}, {1, TICKET, 1, TICKET_P},
	{0, KEPT, 0, GONE},	  {1, KEPT, 1, GONE},
	{0, KEPT_U, 0, GONE_U},	  {1, KEPT_U, 1, GONE_U},
	{0, KEPT, 0, GONE_F},	  {1, KEPT, 1, GONE_F},
	{0, KEPT_U, 0, GONE_F},	  {1, KEPT_U, 1, GONE_F},
	{0, GONE, 0, GONE_F},	  {1, GONE, 1, GONE_F},
	{0, GONE, 1, KEPT},	  {0, GONE_U, 1, KEPT_U},
};

static uint8_t pending(const State &s, int m)
{
	return s.msg[m].names ^ s.msg[m].durable;
}

/* One half made, the other removed, neither synced. */
static bool tied(const State &s, const Tie &t)
{
	return (pending(s, t.a_of) & t.a) && (pending(s, t.b_of) & t.b) &&
	       !(s.msg[t.a_of].names & t.a) != !(s.msg[t.b_of].names & t.b);
}

/* Makes durable what is named, and the other halves of its renames. */
void Mailbox::sync_names(State &s, uint8_t which) const
{
	uint8_t done[MESSAGES];

	for (int m = 0; m < MESSAGES; m++)
		done[m] = pending(s, m) & which;
	for (const Tie &t : ties) {
		if (!tied(s, t))
			continue;
		if (done[t.a_of] & t.a)
			done[t.b_of] |= t.b;
		else if (done[t.b_of] & t.b)
			done[t.a_of] |= t.a;
	}
	for (int m = 0; m < MESSAGES; m++)
		s.msg[m].durable ^= done[m];
}

/*
 * Where both names are there already they are, after a copy with hard links,
 * two names of one inode: rename() does nothing and says that it has.
 */
void Mailbox::rename(State &s, int m, uint8_t from, int to_m, uint8_t to) const
{
	Message &a = s.msg[m], &b = s.msg[to_m];

	if (!(a.names & from))
		return;
	if (m == to_m && (b.names & to) && !rule(RENAME_SAME))
		return;
	a.names &= static_cast<uint8_t>(~from);
	b.names |= to;
	if (m == to_m)
		return;
	b.data = a.data;
	b.cut = a.cut;
	b.cut_durable = a.cut_durable;
}

void Mailbox::sync_spool(State &s, int k) const
{
	s.spool[k].synced = s.spool[k].n;
}

void Mailbox::sync_spools(State &s) const
{
	for (int k = 0; k < SPOOLS; k++)
		if (s.spool[k].name)
			sync_spool(s, k);
	/* Also the name of one without a line: its number is not used twice. */
	if (rule(SPOOL_DIR))
		for (Spool &p : s.spool)
			p.durable = p.name;
}

/* --- a power cut -----------------------------------------------------------
 */

static const char cuts[] = "POWER CUT";

static bool whole_renames(const State &s, const uint8_t dropped[MESSAGES])
{
	for (const Tie &t : ties)
		if (tied(s, t) &&
		    !(dropped[t.a_of] & t.a) != !(dropped[t.b_of] & t.b))
			return false;
	return true;
}

static void keep_what_is(State &s, const uint8_t dropped[MESSAGES], int uncut)
{
	for (int m = 0; m < MESSAGES; m++) {
		Message &x = s.msg[m];

		x.names ^= dropped[m];
		x.durable = x.names;
		if (uncut >> m & 1)
			x.cut = x.cut_durable;
		x.cut_durable = x.cut;
		if (x.data == WRITTEN)
			x.data = NOTHING;
	}
}

static bool can_uncut(const State &s, int uncut)
{
	for (int m = 0; m < MESSAGES; m++)
		if ((uncut >> m & 1) && s.msg[m].cut == s.msg[m].cut_durable)
			return false;
	return true;
}

/* Spool k keeps its old or its new name, and any number of its lines. */
void Mailbox::cut_spools(const State &s, int k, Out &out) const
{
	if (k == SPOOLS) {
		out.add(s, cuts, "leaves what it may");
		return;
	}
	const Spool &was = s.spool[k];
	const uint8_t names[] = {was.durable, was.name};

	for (int i = 0; i < (was.durable == was.name ? 1 : 2); i++) {
		for (uint8_t n = was.synced; n <= was.n; n++) {
			State t = s;
			Spool &p = t.spool[k];

			p.name = p.durable = names[i];
			p.n = p.name ? n : 0;
			p.synced = p.n;
			for (int l = p.n; l < LINES; l++)
				p.line[l] = 0;
			cut_spools(t, k + 1, out);
			if (!p.name)
				break;
		}
	}
}

/* The next smaller subset of a set; the empty one comes last. */
static bool next_subset(uint8_t &part, uint8_t of)
{
	if (!part)
		return false;
	part = uint8_t((part - 1) & of);
	return true;
}

void Mailbox::cut_files(const State &s, const uint8_t dropped[], Out &out) const
{
	if (!whole_renames(s, dropped))
		return;
	for (int uncut = 0; uncut < 4; uncut++) {
		State t = s;

		if (!can_uncut(s, uncut))
			continue;
		keep_what_is(t, dropped, uncut);
		cut_spools(t, 0, out);
	}
}

void Mailbox::cut_names(const State &s, Out &out) const
{
	const uint8_t all[MESSAGES] = {pending(s, 0), pending(s, 1)};
	uint8_t dropped[MESSAGES] = {all[0], all[1]};

	do {
		dropped[1] = all[1];
		do {
			cut_files(s, dropped, out);
		} while (next_subset(dropped[1], all[1]));
	} while (next_subset(dropped[0], all[0]));
}

void Mailbox::power_cut(const State &before, Out &out) const
{
	State s = before;

	for (int who = 0; who < ACTORS; who++)
		kill(s, who);
	s.cuts++;
	s.rebooted = 1;
	if (s.back == BACK_WRITTEN) {
		State t = s;

		t.back = NO_BACK;
		cut_names(t, out);
		s.back = BACK_SYNCED;
	}
	cut_names(s, out);
}

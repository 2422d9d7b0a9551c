/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who collects, under byte 1: logs in (first carrying through what an earlier
 * session began), fetches, and leaves by QUIT or by hanging up. And who undoes.
 */
#include "mailbox.h"

static const char who[] = "collector";
static const char undoer[] = "undo";

/* Messages as the set of their names in cur/, four bits each. */
uint8_t Mailbox::names_of(const State &s, uint8_t messages)
{
	uint8_t all = 0;

	for (int m = 0; m < MESSAGES; m++)
		if (messages >> m & 1)
			all |= uint8_t((s.msg[m].names & CUR) << 4 * m);
	return all;
}

/* One rename from cur/ to gone/; false: there was none left. */
bool Mailbox::move_one(State &s, bool without_line) const
{
	for (int b = 0; b < 8; b++) {
		const int m = b >= 4;
		const uint8_t from = uint8_t(1 << (b - 4 * m));
		uint8_t to = from == KEPT ? GONE : GONE_U;

		if (!(s.to_move >> b & 1))
			continue;
		s.to_move &= uint8_t(~(1 << b));
		if (without_line && rule(GONE_NAME))
			to = GONE_F;
		rename(s, m, from, m, to);
		return true;
	}
	return false;
}

void Mailbox::finish_undo(State &s) const
{
	if (s.msg[0].names & GONE)
		rename(s, 0, GONE, 1, KEPT);
	else
		rename(s, 0, GONE_U, 1, KEPT_U);
}

/* A name in gone/ that was moved without a line, and of which none is known. */
static uint8_t to_put_back(const State &s, int m, uint8_t names)
{
	const uint8_t there = s.msg[m].names & names;

	if (s.msg[m].cut || (s.batched >> m & 1))
		return 0;
	return there & GONE ? GONE : there & GONE_U ? GONE_U : there & GONE_F;
}

/* What a session has marked and not yet said. */
static uint8_t unsaid(const State &s)
{
	uint8_t messages = s.marked;

	for (int m = 0; m < MESSAGES; m++)
		if (s.msg[m].cut && (s.msg[m].names & CUR))
			messages &= uint8_t(~(1 << m));
	return messages;
}

static uint8_t first_of(uint8_t messages)
{
	return messages & 1 ? 1 : messages;
}

static void cut(State &s, uint8_t messages)
{
	for (int m = 0; m < MESSAGES; m++)
		if (messages >> m & 1)
			s.msg[m].cut = 1;
}

void Mailbox::logs_in(const State &s, bool resting, Out &out) const
{
	State t = s;
	auto go = [&](int step, const char *what) {
		t.at[COLLECTOR] = uint8_t(step);
		if (step == IDLE)
			t.marked = t.batched = 0;
		out.add(t, who, what);
	};

	switch (s.at[COLLECTOR]) {
	case IDLE:
		if (byte1(s) || (!resting && s.sessions >= set.sessions))
			return;
		t.sessions++;
		go(1, "logs in, has byte 1");
		return;
	case 1:
		if (rule(CARRY_SYNC))
			sync_spools(t);
		if (rule(BACK_SYNC) && t.back == BACK_WRITTEN)
			t.back = BACK_SYNCED;
		t.batched = batched(s);
		t.to_move = names_of(s, t.batched);
		go(2, "reads the spools");
		return;
	case 2:
		if (move_one(t, false)) {
			go(2, "carries a batch on: cur/ to gone/");
			if (!set.full || s.fulls >= 2 || !s.to_move)
				return;
			t = s;
			t.fulls++;
			t.to_move = 0;
			for (int m = 0; m < MESSAGES; m++)
				if ((s.batched >> m & 1) &&
				    (s.msg[m].names & CUR))
					cut(t, uint8_t(1 << m));
			sync_names(t, CUR | IN_GONE);
			go(2, "finds no room for a name: cuts it in cur/");
			return;
		}
		if ((s.back == BACK_WRITTEN || s.back == BACK_SYNCED) &&
		    (s.msg[0].names & (GONE | GONE_U))) {
			finish_undo(t);
			go(2, "finishes an undo: gone/A to cur/B");
			return;
		}
		for (int m = 0; m < MESSAGES; m++) {
			const uint8_t from = to_put_back(
				s, m, rule(GONE_NAME) ? GONE_F : IN_GONE);

			if (!from)
				continue;
			if (rule(PUT_SYNC))
				sync_names(t, CUR | IN_GONE);
			rename(t, m, from, m, from == GONE_U ? KEPT_U : KEPT);
			go(2, "puts back what was moved without a line");
			return;
		}
		for (int m = 0; m < MESSAGES; m++)
			if ((s.msg[m].names & CUR) && !(s.batched >> m & 1))
				t.marked |= uint8_t(1 << m);
		if (rule(LIST_SYNC))
			sync_names(t, CUR);
		t.batched = 0;
		if (resting || !t.marked)
			go(IDLE, "lists nothing, ends");
		else
			go(5, "lists and fetches");
		return;
	}
}

/* QUIT: the line, the renames, both directories, the reply. */
void Mailbox::leaves(const State &s, Out &out) const
{
	State t = s;
	bool again;
	auto go = [&](int step, const char *what) {
		t.at[COLLECTOR] = uint8_t(step);
		if (step == IDLE)
			t.marked = t.open[COLLECTOR] = 0;
		out.add(t, who, what);
		t = s;
	};

	switch (s.at[COLLECTOR]) {
	case 5:
		go(IDLE, "hangs up");
		if (!set.expiry)
			t.covered |= t.marked;
		go(6, "is read QUIT from");
		return;
	case 6:
		if (open_spool(t, COLLECTOR))
			go(7, "opens a spool");
		t = s;
		if (set.rotation && open_spool(t, COLLECTOR, true))
			go(7, "makes a spool of its own");
		return;
	case 7:
		if (!unsaid(s))
			go(8, "has said all");
		else if (append(t, COLLECTOR,
				uint8_t((set.expiry ? LINE_HAD : LINE_BATCH) |
					unsaid(s)),
				again))
			go(8, "appends its batch");
		else if (again)
			go(6, "finds its spool renamed");
		if (!set.full || s.fulls >= 2 || !unsaid(s))
			return;
		t = s;
		t.fulls++;
		t.to_move = names_of(s, unsaid(s));
		go(20, "finds the disk full");
		return;
	case 8:
		sync_spool(t, s.open[COLLECTOR] - 1);
		t.to_move = set.expiry ? 0 : names_of(s, s.marked);
		go(9, "fsync spool");
		return;
	case 9:
		if (move_one(t, false)) {
			go(9, "renames cur/ to gone/");
			return;
		}
		sync_names(t, CUR);
		go(11, "fsync cur/");
		return;
	case 11:
		sync_names(t, IN_GONE);
		go(12, "fsync gone/");
		return;
	case 12:
		if (!set.expiry)
			t.collected |= s.marked;
		go(IDLE, "says +OK");
		return;
	}
}

/* No room for a line: moved as ,F, cut, and then there is room, or not. */
void Mailbox::full_disk(const State &s, Out &out) const
{
	State t = s;
	bool again;
	auto go = [&](int step, const char *what) {
		t.at[COLLECTOR] = uint8_t(step);
		if (step == IDLE)
			t.marked = t.open[COLLECTOR] = 0;
		out.add(t, who, what);
		t = s;
	};

	switch (s.at[COLLECTOR]) {
	case 20:
		if (s.to_move == names_of(s, unsaid(s)) &&
		    append(t, COLLECTOR,
			   uint8_t(LINE_BATCH | first_of(unsaid(s))), again))
			go(30, "finds no room for a name: one message's batch");
		t = s;
		if (move_one(t, true)) {
			go(20, "renames cur/ to gone/,F");
			return;
		}
		if (rule(FULL_SYNC))
			sync_names(t, CUR | IN_GONE);
		go(21, "fsync cur/, gone/");
		return;
	case 21:
		cut(t, unsaid(s));
		go(22, "cuts them to nothing");
		return;
	case 22:
		if (append(t, COLLECTOR, uint8_t(LINE_BATCH | unsaid(s)),
			   again))
			go(23, "appends its batch");
		else if (again)
			go(24, "finds its spool renamed");
		if (s.fulls >= 2)
			return;
		t = s;
		t.fulls++;
		go(rule(FULL_KEEP) ? IDLE : 25, "finds the disk full: -ERR");
		return;
	case 23:
		sync_spool(t, s.open[COLLECTOR] - 1);
		go(26, "fsync spool");
		return;
	case 24:
		if (open_spool(t, COLLECTOR))
			go(22, "opens a spool");
		return;
	case 25:
		for (int m = 0; m < MESSAGES; m++)
			if (s.marked >> m & 1)
				t.msg[m].names &= uint8_t(~IN_GONE);
		go(9, "unlinks them");
		return;
	case 26:
		for (int m = 0; m < MESSAGES; m++)
			if (s.marked >> m & 1)
				rename(t, m, GONE_F, m, GONE);
		go(9, "takes the ,F off");
		return;
	case 30:
		if (rule(ROOM_SYNC))
			sync_spool(t, s.open[COLLECTOR] - 1);
		go(31, "fsync spool");
		return;
	case 31:
		if (rule(FULL_SYNC))
			sync_names(t, CUR | IN_GONE);
		go(32, "fsync cur/, gone/");
		return;
	case 32:
		cut(t, first_of(unsaid(s)));
		go(7, "cuts it in cur/");
		return;
	}
}

void Mailbox::collector(const State &s, bool resting, Out &out) const
{
	const uint8_t step = s.at[COLLECTOR];

	if (step < 5)
		logs_in(s, resting, out);
	else if (step < 20)
		leaves(s, out);
	else
		full_disk(s, out);
}

/* --- undo ------------------------------------------------------------------
 */

static bool may_undo(const State &s, uint8_t batched)
{
	const Message &a = s.msg[0];

	return !s.undone && (a.names & (GONE | GONE_U)) && !a.cut &&
	       !(s.memory & END_OF_UNDO) &&
	       ((s.memory & GONE_A) || (batched & 1));
}

void Mailbox::undo(const State &s, Out &out) const
{
	State t = s;
	auto go = [&](int step, const char *what) {
		t.at[UNDO] = uint8_t(step);
		out.add(t, undoer, what);
	};

	if (!set.undo)
		return;
	switch (s.at[UNDO]) {
	case IDLE:
		if (!may_undo(s, batched(s)) || (rule(UNDO_B1) && byte1(s)))
			return;
		if (rule(UNDO_TICKET) &&
		    ((s.msg[0].names | s.msg[0].durable) & TMP))
			return;
		t.undone = 1;
		go(1, "has byte 1, sees gone/A");
		return;
	case 1:
		if (rule(UNDO_SYNC))
			sync_names(t, CUR | IN_GONE);
		t.back = BACK_WRITTEN;
		go(2, "fsync cur/, gone/, appends back A as=B");
		return;
	case 2:
		if (t.back == BACK_WRITTEN)
			t.back = BACK_SYNCED;
		go(3, "fsync admin.spool");
		return;
	case 3:
		finish_undo(t);
		go(4, "renames gone/A to cur/B");
		return;
	case 4:
		sync_names(t, CUR | IN_GONE);
		t.promised |= 2;
		go(IDLE, "fsync cur/, gone/, says that it is back");
		return;
	}
}

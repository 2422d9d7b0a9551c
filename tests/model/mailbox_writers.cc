/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who brings mail: smtp-journal (250 after the fsync of cur/), a proxy (a copy
 * ",P" that is durable before upstream gets the last line); and sweep, which
 * sees to the tickets of writers that died.
 */
#include "mailbox.h"

static const char *const writers[] = {"writer A", "writer B"};

void Mailbox::writer(const State &s, int who, Out &out) const
{
	const int m = who == WRITER_A ? 0 : 1;
	const bool journal = m == 1 || set.journal;
	const uint8_t bit = uint8_t(1 << m);
	State t = s;
	Message &x = t.msg[m];
	bool again;
	auto go = [&](int step, const char *what) {
		t.at[who] = uint8_t(step);
		out.add(t, writers[m], what);
		t = s;
	};

	switch (s.at[who]) {
	case IDLE:
		x.names |= TICKET;
		x.data = WRITTEN;
		go(1, "creates and locks tmp/, writes");
		break;
	case 1:
		x.data = SYNCED;
		go(journal ? 2 : 10, "fsync file");
		break;
	case 2:
		x.names |= KEPT;
		go(3, "link into cur/");
		break;
	case 3:
		sync_names(t, CUR);
		go(4, "fsync cur/");
		break;
	case 4:
		t.promised |= bit;
		go(5, "says 250");
		break;
	case 5:
		if (open_spool(t, who))
			go(6, "opens a spool");
		t = s;
		if (set.rotation && open_spool(t, who, true))
			go(6, "makes a spool of its own");
		t = s;
		go(DONE, "has no spool in time, ends");
		break;
	case 6:
		if (append(t, who, uint8_t(LINE_KEPT | m), again)) {
			t.open[who] = 0;
			go(DONE, "appends kept, ends");
		} else if (again) {
			t.open[who] = 0;
			go(5, "finds its spool renamed");
		} else {
			t.open[who] = 0;
			go(DONE, "has no room, ends");
		}
		break;
	case 10:
		rename(t, m, TICKET, m, TICKET_P);
		go(11, "renames to ,P");
		break;
	case 11:
		sync_names(t, TMP);
		go(12, "fsync tmp/");
		break;
	case 12:
		if (!set.copy)
			t.promised |= bit;
		go(2, "hears upstream's ok");
		if (!set.copy)
			t.promised |= bit;
		go(DONE, "dies between upstream's ok and hearing it");
		go(13, "hears upstream refuse");
		break;
	case 13:
		x.names &= uint8_t(~TICKET_P);
		go(DONE, "unlinks ,P");
		break;
	}
}

/* --- sweep -----------------------------------------------------------------
 */

static const char sweeper[] = "sweep";

void Mailbox::sweep(const State &s, Out &out) const
{
	const int m = s.sweeping;
	State t = s;
	auto go = [&](int step, const char *what) {
		t.at[SWEEP] = uint8_t(step);
		if (step == IDLE)
			t.sweeping = t.looked = 0;
		out.add(t, sweeper, what, letter(m));
	};

	switch (s.at[SWEEP]) {
	case IDLE:
		if (rule(SWEEP_B1) && byte1(s))
			return;
		for (int v = 0; v < MESSAGES; v++) {
			const uint8_t names = s.msg[v].names;

			if (!(names & TMP) || writing(s, v))
				continue;
			if ((s.memory & KEPT_A << v) && !(names & TICKET_P))
				continue; /* the sequencer's */
			t = s;
			t.sweeping = uint8_t(v);
			t.looked = names & CUR;
			t.at[SWEEP] = 1;
			out.add(t, sweeper, "locks a ticket, looks in cur/",
				letter(v));
		}
		break;
	case 1:
		t.looked |= s.msg[m].names & IN_GONE;
		if (rule(SWEEP_LINE) && (batched(s) >> m & 1))
			t.looked = 1;
		go(t.looked ? IDLE : 2, "looks in gone/ and in the spools");
		break;
	case 2:
		if (s.msg[m].names & TICKET_P) {
			t.msg[m].names |= KEPT_U;
			go(3, "links into cur/ with U");
		} else {
			t.msg[m].names &= uint8_t(~TICKET);
			go(IDLE, "unlinks the ticket");
		}
		break;
	case 3:
		sync_names(t, CUR);
		go(IDLE, "fsync cur/");
		break;
	}
}

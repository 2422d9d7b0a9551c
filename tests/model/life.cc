/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See life.h. Byte 1: who collects; byte 2: shared by who is at work here. */
#include "life.h"

enum : uint8_t { IDLE = 0, DONE = 99 };

static const char *const persons[] = {"writer", "old writer", "old collector",
				      "collector", "administrator"};

static bool at_work(const Life_state &s, int who)
{
	return s.at[who] != IDLE && s.at[who] != DONE;
}

static void go(Life_state t, int who, int at, const char *what,
	       Moves<Life_state> &out)
{
	t.at[who] = uint8_t(at);
	out.add(t, persons[who], what);
}

Life_state Life::begin() const
{
	State s;

	memset(&s, 0, sizeof(s));
	s.conf = s.conf_durable = 1;
	s.format = s.format_durable = upgrading() ? 1 : 2;
	s.converted = s.converted_durable = !upgrading();
	if (!upgrading())
		s.at[OLD_WRITER] = s.at[OLD_COLLECTOR] = DONE;
	return s;
}

/* --- locks -----------------------------------------------------------------
 */

/* The administrator's acts hold their bytes from step 2 to their end. */
static bool admin_holds(const Life_state &s)
{
	return at_work(s, ADMIN) && s.at[ADMIN] >= 2;
}

bool Life::byte1_free(const State &s) const
{
	const bool old = at_work(s, OLD_COLLECTOR) && s.at[OLD_COLLECTOR] >= 2;

	return !old && !at_work(s, NEW_COLLECTOR) && !admin_holds(s);
}

bool Life::byte2_shared(const State &s) const
{
	const uint8_t fresh = s.at[NEW_WRITER], old = s.at[OLD_WRITER];

	return (at_work(s, NEW_WRITER) && fresh >= 2 && fresh < 8) ||
	       (at_work(s, OLD_WRITER) && old >= 2 && old < 6);
}

/* rekey leaves byte 2 alone: mail goes on to arrive. */
bool Life::byte2_free(const State &s) const
{
	return !admin_holds(s) || set.act == REKEY_IT ||
	       (upgrading() && !rule(UPGRADE_B2));
}

/* --- writers ---------------------------------------------------------------
 */

/* RCPT: mailbox.conf, byte 2, look again; DATA; link, fsync, look again. */
void Life::new_writer(const State &s, Out &out) const
{
	const int who = NEW_WRITER;
	State t = s;

	switch (s.at[who]) {
	case IDLE:
		if (s.format != 2 || s.deleted)
			return;
		t.read_key = s.conf;
		go(t, who, 1, "opens the mailbox, reads mailbox.conf", out);
		return;
	case 1:
		if (!byte2_free(s))
			go(s, who, DONE, "finds byte 2 held: 450", out);
		else if (s.deleted && rule(HOLD_LOOK))
			go(s, who, DONE, "has byte 2, finds it deleted: 550",
			   out);
		else
			go(s, who, 2, "has byte 2", out);
		return;
	case 2:
		t.mail[0].ticket = 1;
		t.mail[0].key = s.read_key;
		go(t, who, 3, "writes and syncs tmp/", out);
		return;
	case 3:
		t.mail[0].place = IN_CUR;
		go(t, who, 4, "link into cur/", out);
		return;
	case 4:
		t.mail[0].durable = IN_CUR;
		t.late = s.told;
		go(t, who, 5, "fsync cur/", out);
		return;
	case 5:
		if (rule(CONF_AGAIN) && s.conf != s.read_key) {
			t.mail[0].place = NOWHERE;
			t.mail[0].ticket = 0;
			go(t, who, 8, "reads another key: unlinks it", out);
			return;
		}
		go(s, who, 6, "reads the same key", out);
		return;
	case 6:
		t.promised |= 1;
		if (s.converted)
			t.lines |= 1;
		go(t, who, DONE,
		   "says 250, appends kept where there is a spool", out);
		return;
	case 8:
		go(s, who, DONE, "says 451", out);
		return;
	}
}

/* Format 1: the index takes the message after the 250, and its ticket. */
void Life::old_writer(const State &s, Out &out) const
{
	const int who = OLD_WRITER;
	State t = s;

	switch (s.at[who]) {
	case IDLE:
		if (s.format == 1)
			go(s, who, 1, "reads format 1", out);
		return;
	case 1:
		if (byte2_free(s))
			go(s, who, 2, "has byte 2", out);
		return;
	case 2:
		t.mail[1] = {NOWHERE, NOWHERE, 1, 1};
		go(t, who, 3, "writes and syncs tmp/", out);
		return;
	case 3:
		t.mail[1].place = IN_CUR;
		go(t, who, 4, "link into cur/", out);
		return;
	case 4:
		t.mail[1].durable = IN_CUR;
		go(t, who, 5, "fsync cur/", out);
		return;
	case 5:
		t.promised |= 2;
		go(t, who, 6, "says 250", out);
		return;
	case 6:
		t.mail[1].ticket = 0;
		go(t, who, DONE, "enters its index, unlinks the ticket", out);
		return;
	}
}

/* --- collectors ------------------------------------------------------------
 */

static void leave(Life_state &s, uint8_t which, Place to)
{
	for (int i = 0; i < 2; i++) {
		if (!(which >> i & 1) || s.mail[i].place != IN_CUR)
			continue;
		s.mail[i].place = to;
		s.mail[i].ticket = 0;
	}
}

static void sync_files(Life_state &s)
{
	for (Mail &x : s.mail)
		x.durable = x.place;
}

static uint8_t listed(const Life_state &s)
{
	return uint8_t((s.mail[0].place == IN_CUR) +
		       (s.mail[1].place == IN_CUR) * 2);
}

/* The old one unlinks and says so; the new one writes a line before. */
void Life::collector(const State &s, int who, Out &out) const
{
	const bool old = who == OLD_COLLECTOR;
	State t = s;

	switch (s.at[who]) {
	case IDLE:
		if (s.deleted || s.format != (old ? 1 : 2))
			return;
		if (!old && !s.converted)
			return; /* [SYS/TEMP] */
		if (old)
			go(s, who, 1, "reads format 1", out);
		else if (byte1_free(s))
			go(s, who, 2, "has byte 1", out);
		return;
	case 1:
		if (byte1_free(s))
			go(s, who, 2, "has byte 1", out);
		return;
	case 2:
		t.leaving[old] = listed(s);
		t.covered |= listed(s);
		if (!old)
			t.lines |= uint8_t(listed(s) << 2);
		go(t, who, 3, "is read QUIT from, its line is synced", out);
		return;
	case 3:
		leave(t, s.leaving[old], old ? NOWHERE : IN_GONE_DIR);
		go(t, who, 4, "takes the names out of cur/", out);
		return;
	case 4:
		sync_files(t);
		go(t, who, DONE, "syncs, says +OK", out);
		return;
	}
}

/* --- the administrator -----------------------------------------------------
 */

void Life::deletes(const State &s, Out &out) const
{
	State t = s;

	switch (s.at[ADMIN]) {
	case IDLE:
		go(s, ADMIN, 1, "will delete", out);
		return;
	case 1:
		if (byte1_free(s) && (!byte2_shared(s) || !rule(DELETE_B2)))
			go(s, ADMIN, 2, "has bytes 2 and 1", out);
		return;
	case 2:
		t.counted = listed(s);
		go(t, ADMIN, 3, "counts, is told yes", out);
		return;
	case 3:
		t.deleted = 1;
		go(t, ADMIN, 4, "renames to .gone-*", out);
		return;
	case 4:
		t.deleted_durable = 1;
		t.told = 1;
		go(t, ADMIN, DONE, "fsync mailboxes/, says so", out);
		return;
	}
}

static void move_to_lost(Life_state &s)
{
	for (Mail &x : s.mail)
		if (x.place == IN_CUR)
			x.place = IN_LOST;
	sync_files(s);
}

void Life::resets(const State &s, Out &out) const
{
	State t = s;

	switch (s.at[ADMIN]) {
	case IDLE:
		go(s, ADMIN, 1, "will reset", out);
		return;
	case 1:
		if (byte1_free(s) && (!byte2_shared(s) || !rule(RESET_B2)))
			go(s, ADMIN, 2, "has bytes 1 and 2", out);
		return;
	case 2:
		move_to_lost(t);
		go(t, ADMIN, 3, "moves every message to lost/, syncs both",
		   out);
		return;
	case 3:
		t.conf = 2;
		go(t, ADMIN, 4, "replaces identity.age, then mailbox.conf",
		   out);
		return;
	case 4:
		t.conf_durable = 2;
		t.told = 1;
		go(t, ADMIN, DONE, "syncs, shows the password", out);
		return;
	}
}

void Life::rekeys(const State &s, Out &out) const
{
	State t = s;

	switch (s.at[ADMIN]) {
	case IDLE:
		if (byte1_free(s))
			go(s, ADMIN, 2, "will rekey, has byte 1", out);
		return;
	case 2:
		t.conf = 2;
		go(t, ADMIN, 3, "renames mailbox.conf with the new key", out);
		return;
	case 3:
		t.conf_durable = 2;
		go(t, ADMIN, 4, "syncs", out);
		return;
	case 4:
		t.told = 1;
		go(t, ADMIN, DONE, "says that old keys open nothing to come",
		   out);
		return;
	}
}

static bool old_ones(const Life_state &s)
{
	return at_work(s, OLD_WRITER) || at_work(s, OLD_COLLECTOR);
}

/* Format 2 first; then the old ones are waited for; then the directories. */
void Life::upgrades(const State &s, Out &out) const
{
	State t = s;

	switch (s.at[ADMIN]) {
	case IDLE:
		if (s.converted && s.format == 2)
			return;
		t.format = rule(FORMAT_FIRST) ? 2 : s.format;
		go(t, ADMIN, 1, "writes format 2", out);
		return;
	case 1:
		if ((old_ones(s) && rule(UPGRADE_WAIT)) ||
		    (byte2_shared(s) && rule(UPGRADE_B2)) || !byte1_free(s))
			return;
		if (rule(FORMAT_SYNC))
			t.format_durable = s.format;
		go(t, ADMIN, 2, "has synced it, has waited, has its bytes",
		   out);
		return;
	case 2:
		if (rule(UPGRADE_SYNC))
			sync_files(t);
		t.lines |= listed(s);
		go(t, ADMIN, 3, "fsync cur/, enters what lies there", out);
		return;
	case 3:
		t.converted = 1;
		go(t, ADMIN, 4, "makes spool/ and gone/", out);
		return;
	case 4:
		t.converted_durable = 1;
		t.format = 2;
		go(t, ADMIN, 5, "syncs them", out);
		return;
	case 5:
		t.format_durable = 2;
		go(t, ADMIN, IDLE, "ends", out);
		return;
	}
}

void Life::admin(const State &s, Out &out) const
{
	switch (set.act) {
	case DELETE_IT:
		deletes(s, out);
		return;
	case RESET_IT:
		resets(s, out);
		return;
	case REKEY_IT:
		rekeys(s, out);
		return;
	case UPGRADE_IT:
		upgrades(s, out);
		return;
	}
}

/* --- all of it -------------------------------------------------------------
 */

/* Each thing that was not synced is there or not, by itself. */
void Life::power_cut(const State &s, Out &out) const
{
	for (unsigned dropped = 0; dropped < 128; dropped++) {
		State t = s;

		for (int i = 0; i < 2; i++) {
			Mail &x = t.mail[i];

			if (dropped >> i & 1)
				x.place = x.durable;
			if ((dropped >> 2 >> i & 1))
				x.ticket = 0; /* tmp/ is not synced */
			x.durable = x.place;
		}
		if (dropped & 16)
			t.conf = s.conf_durable;
		if (dropped & 32)
			t.format = s.format_durable;
		if (dropped & 64) {
			t.deleted = s.deleted_durable;
			t.converted = s.converted_durable;
		}
		t.conf_durable = t.conf;
		t.format_durable = t.format;
		t.deleted_durable = t.deleted;
		t.converted_durable = t.converted;
		for (int who = 0; who < PERSONS; who++)
			if (at_work(s, who))
				t.at[who] = who == ADMIN ? IDLE : DONE;
		t.cuts++;
		out.add(t, "POWER CUT", "leaves what it may");
	}
}

void Life::next(const State &s, Out &out) const
{
	new_writer(s, out);
	old_writer(s, out);
	collector(s, OLD_COLLECTOR, out);
	collector(s, NEW_COLLECTOR, out);
	admin(s, out);
	for (int who = 0; who < PERSONS && s.kills < set.kills; who++) {
		State t = s;

		if (!at_work(s, who))
			continue;
		t.at[who] = who == ADMIN ? IDLE : DONE;
		t.kills++;
		out.add(t, "KILL", persons[who]);
	}
	if (s.cuts < set.cuts)
		power_cut(s, out);
}

static const char *wrong_mail(const Life_state &s, int i, bool upgraded)
{
	const Mail &x = s.mail[i];
	const uint8_t bit = uint8_t(1 << i);
	const bool promised = (s.promised & bit) && !(s.covered & bit);

	if (promised && x.place == NOWHERE)
		return "promised mail is nowhere";
	if (promised && s.deleted_durable && !(s.counted & bit))
		return "promised mail was deleted uncounted";
	if (promised && x.place == IN_CUR && s.told && x.key != s.conf &&
	    !upgraded && s.late)
		return "mail that came later is sealed to a key of before";
	return nullptr;
}

const char *Life::wrong(const State &s) const
{
	for (int i = 0; i < 2; i++)
		if (const char *w = wrong_mail(s, i, upgrading()))
			return w;
	if (set.act == RESET_IT && s.told && (s.promised & 1) &&
	    s.mail[0].place == IN_CUR && s.mail[0].key != s.conf)
		return "mail in cur/ that no password opens";
	if (upgrading() && s.converted && s.format == 1 && s.converted_durable)
		return "the old version may work on what was converted";
	return nullptr;
}

/* Nobody is at work any more: what left has a line, what lies there too. */
const char *Life::wrong_at_rest(const State &s) const
{
	if (!upgrading() || !s.converted)
		return nullptr;
	for (int i = 0; i < 2; i++) {
		const Mail &x = s.mail[i];
		const bool kept = (s.lines >> i & 1) || x.ticket;

		if (x.place == NOWHERE && (s.lines >> i & 1) &&
		    !(s.lines >> 2 >> i & 1))
			return "missing: entered, no file, no line";
		if (x.place == IN_CUR && !kept && !s.cuts && x.durable)
			return "in cur/ with neither ticket nor line";
	}
	return nullptr;
}

std::string Life::tell(const State &s) const
{
	static const char *const places[] = {"-", "cur", "lost", "gone"};

	return std::string(places[s.mail[0].place]) + " " +
	       places[s.mail[1].place] + " format " + std::to_string(s.format) +
	       (s.converted ? " converted" : "") + " key " +
	       std::to_string(s.conf) + (s.deleted ? " deleted" : "");
}

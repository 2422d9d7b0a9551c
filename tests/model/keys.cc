/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See keys.h. Byte 3 is held exclusively by commands, shared by logins. */
#include "keys.h"

enum : uint8_t { AT_REST = 0 };

/* Change::also. */
enum : uint8_t { ALONE, FROM_NEXT, INTO_LOST };

static bool same(Envelope a, Envelope b)
{
	return a.password == b.password && a.keys == b.keys;
}

static bool used_mark(const Keys_state &s)
{
	return s.file[NEXT].password && same(s.mark, s.file[NEXT]);
}

/* Which file a password opens, or SLOTS; never a retired one. */
static int opens_which(const Keys_state &s, uint8_t password)
{
	if (s.file[NEXT].password == password)
		return NEXT;
	if (s.file[IDENT].password == password && !used_mark(s))
		return IDENT;
	return SLOTS;
}

bool Keys::opens(const State &s, uint8_t password) const
{
	return password && opens_which(s, password) != SLOTS;
}

Keys_state Keys::begin() const
{
	State s;

	memset(&s, 0, sizeof(s));
	s.file[IDENT] = {1, 1};
	s.file[CONF] = {0, 1};
	s.made = s.keys = s.shown = s.used = 1;
	return s;
}

/* --- the directory ---------------------------------------------------------
 */

static void put(Keys_state &s, Slot slot, Envelope e)
{
	if (s.changes < CHANGES)
		s.change[s.changes++] = {slot, 0, s.file[slot], e};
	s.file[slot] = e;
}

/* identity.age.next over identity.age: one rename. */
static void promote(Keys_state &s)
{
	const Envelope e = s.file[NEXT];

	put(s, IDENT, e);
	s.change[s.changes - 1].also = FROM_NEXT;
	s.file[NEXT] = {0, 0};
}

static void sync_directory(Keys_state &s)
{
	memset(s.change, 0, sizeof(s.change));
	s.changes = 0;
	s.lost_synced = s.lost_n;
}

static void undo_changes(Keys_state &s)
{
	for (int i = s.changes; i--;) {
		const Change &c = s.change[i];

		s.file[c.slot] = c.before;
		if (c.also == FROM_NEXT)
			s.file[NEXT] = c.after;
	}
	for (; s.lost_n > s.lost_synced; s.lost_n--)
		s.lost[s.lost_n - 1] = {0, 0};
}

/* One change that reached the disk; nothing, where its source never did. */
static void redo(Keys_state &s, const Change &c)
{
	if (c.also == FROM_NEXT) {
		if (!same(s.file[NEXT], c.after))
			return;
		s.file[NEXT] = {0, 0};
	}
	if (c.also == INTO_LOST) {
		if (!same(s.file[c.slot], c.before))
			return;
		s.lost[s.lost_n++] = c.before;
	}
	s.file[c.slot] = c.after;
}

/* Any of the unsynced changes may have reached the disk, in their order. */
void Keys::power_cut(const State &s, Out &out) const
{
	for (unsigned kept = 0; kept < 1u << s.changes; kept++) {
		State t = s;

		undo_changes(t);
		for (int i = 0; i < s.changes; i++)
			if (kept >> i & 1)
				redo(t, s.change[i]);
		sync_directory(t);
		t.command = NO_COMMAND;
		t.at = AT_REST;
		memset(t.login, 0, sizeof(t.login));
		t.cuts++;
		t.mark = t.mark_synced = s.mark;
		out.add(t, "POWER CUT", "leaves what it may");
		t.mark = t.mark_synced = s.mark_synced;
		out.add(t, "POWER CUT", "leaves what it may");
	}
}

/* --- commands --------------------------------------------------------------
 */

static const char *const commands[] = {"nobody", "passwd", "confirm", "cancel",
				       "settle", "rekey",  "reset"};

static void go(Keys_state t, int at, const char *what, Moves<Keys_state> &out)
{
	const char *who = commands[t.command];

	t.at = uint8_t(at);
	if (at == AT_REST)
		t.command = NO_COMMAND;
	out.add(t, who, what);
}

/* From when on a command keeps logins out. */
bool Keys::exclusive(const State &s) const
{
	if (s.command == NO_COMMAND || s.at < 2)
		return false;
	return s.command != PASSWD || rule(B3_PASSWD) || s.at < 5;
}

void Keys::begins(const State &s, Out &out) const
{
	for (uint8_t c = PASSWD; c <= RESET; c++) {
		State t = s;

		if (s.file[UNFINISHED].keys && rule(RESET_MARK) && c != RESET &&
		    c != SETTLE)
			continue; /* refused */
		if ((c == PASSWD || c == RESET) && s.made == set.passwords)
			continue;
		if ((c == REKEY || c == RESET) && s.keys == set.private_keys)
			continue;
		if ((c == REKEY && !set.rekey) || (c == RESET && !set.reset))
			continue;
		t.command = c;
		go(t, 1, "begins", out);
	}
}

/* What every command does first. */
void Keys::settles(const State &s, Out &out) const
{
	State t = s;
	bool readers = false;

	switch (s.at) {
	case 1:
		for (const Login &l : s.login)
			readers = readers || (l.at >= 2 && l.at <= 4);
		if (!readers)
			go(s, 2, "has byte 3", out);
		return;
	case 2:
		if (used_mark(s) &&
		    (rule(SETTLE_FIRST) || s.command == SETTLE)) {
			promote(t);
			if (!rule(MARK_STAYS))
				t.mark = t.mark_synced = {0, 0};
			go(t, 3, "promotes .next, which was used", out);
			return;
		}
		go(s, rule(SYNC_FIRST) ? 3 : 4, "finds nothing to promote",
		   out);
		return;
	case 3:
		sync_directory(t);
		go(t, 4, "fsync directory", out);
		return;
	}
}

void Keys::goes_on(const State &s, Out &out) const
{
	State t = s;

	switch (s.command) {
	case SETTLE:
		go(s, AT_REST, "ends", out);
		return;
	case CANCEL:
		if (!s.file[NEXT].password || used_mark(s)) {
			go(s, AT_REST, "has nothing to do", out);
			return;
		}
		t.cancelled |= uint8_t(1 << s.file[NEXT].password);
		put(t, NEXT, {0, 0});
		go(t, 40, "unlinks .next", out);
		return;
	case CONFIRM:
		if (!s.file[NEXT].password || s.file[NEXT].password > s.shown) {
			go(s, AT_REST, "has nothing to do", out);
			return;
		}
		promote(t);
		go(t, 41, "promotes .next", out);
		return;
	case PASSWD:
		go(s, 5, "writes and syncs a file", out);
		return;
	case REKEY:
		if (s.file[NEXT].password)
			go(s, AT_REST, "is refused: .next is pending", out);
		else
			go(s, 20, "has the password, writes and syncs a file",
			   out);
		return;
	case RESET:
		if (!s.file[UNFINISHED].keys ||
		    s.file[IDENT].keys == s.replaced) {
			t.replaced = s.file[IDENT].keys;
			t.replaced_password = s.file[IDENT].password;
			t.replaced_next = s.file[NEXT].password;
		}
		go(t, 30, "writes and syncs a file", out);
		return;
	}
}

void Keys::passwd(const State &s, Out &out) const
{
	State t = s;

	switch (s.at) {
	case 5:
		if (s.file[NEXT].password)
			t.cancelled |= uint8_t(1 << s.file[NEXT].password);
		t.made++;
		put(t, NEXT, {t.made, s.file[IDENT].keys});
		go(t, 6, "renames it to .next", out);
		return;
	case 6:
		if (rule(SHOW_LAST)) {
			sync_directory(t);
			go(t, 7, "fsync directory", out);
		} else {
			t.shown = s.made;
			go(t, 40, "shows the password", out);
		}
		return;
	case 7:
		t.shown = s.made;
		go(t, AT_REST, "shows the password", out);
		return;
	case 40:
		sync_directory(t);
		go(t, AT_REST, "fsync directory", out);
		return;
	case 41:
		sync_directory(t);
		if (t.forced < t.file[IDENT].password)
			t.forced = t.file[IDENT].password;
		go(t, AT_REST, "fsync directory, says so", out);
		return;
	}
}

/* The new pair is durable with the old one before mail is sealed to it. */
void Keys::rekey(const State &s, Out &out) const
{
	const uint8_t fresh = uint8_t(1 << s.keys);
	State t = s;

	switch (s.at) {
	case 20:
		t.keys++;
		put(t, IDENT,
		    {s.file[IDENT].password,
		     uint8_t(s.file[IDENT].keys | fresh)});
		go(t, 21, "renames it over identity.age", out);
		return;
	case 21:
		if (rule(KEY_FIRST))
			sync_directory(t);
		go(t, 22, "fsync directory", out);
		return;
	case 22:
		put(t, CONF, {0, uint8_t(1 << (s.keys - 1))});
		go(t, 23, "renames mailbox.conf", out);
		return;
	case 23:
		sync_directory(t);
		go(t, AT_REST, "fsync directory, says so", out);
		return;
	}
}

/*
 * One rename, to a number of its own. Without that, what holds the same key is
 * taken for it, and it stays where it is.
 */
static void into_lost(Keys_state &s, Slot slot, bool numbered)
{
	const Envelope e = s.file[slot];

	for (int i = 0; i < s.lost_n; i++)
		if (!numbered && s.lost[i].keys == e.keys)
			return;
	if (!e.password || s.lost_n == LOST || s.changes == CHANGES)
		return;
	s.change[s.changes++] = {slot, INTO_LOST, e, {0, 0}};
	s.file[slot] = {0, 0};
	s.lost[s.lost_n++] = e;
}

/* What a retired password opens must not lie in lost/. */
static bool retired_in_lost(const Keys_state &s)
{
	for (int i = 0; i < s.lost_n; i++)
		if ((s.lost[i].keys & s.replaced) &&
		    s.lost[i].password < s.replaced_password)
			return true;
	return false;
}

void Keys::reset(const State &s, Out &out) const
{
	State t = s;

	switch (s.at) {
	case 30:
		put(t, UNFINISHED, {0, 1});
		go(t, 31, "makes reset.unfinished", out);
		return;
	case 31:
		sync_directory(t);
		go(t, 32, "fsync directory", out);
		return;
	case 32:
		into_lost(t, IDENT, rule(LOST_NUMBER));
		go(t, 33, "moves identity.age to lost/", out);
		return;
	case 33:
		into_lost(t, NEXT, rule(LOST_NUMBER));
		go(t, 34, "moves an unused .next to lost/", out);
		return;
	case 34:
		if (rule(LOST_SYNC))
			sync_directory(t);
		go(t, 35, "fsync lost/ and directory", out);
		return;
	case 35:
		t.made++;
		t.keys++;
		put(t, CONF, {0, uint8_t(1 << (t.keys - 1))});
		go(t, 36, "renames mailbox.conf with the new key", out);
		return;
	case 36:
		if (rule(LOST_SYNC))
			sync_directory(t);
		put(t, NEXT, {0, 0});
		put(t, IDENT, {t.made, uint8_t(1 << (t.keys - 1))});
		go(t, 38, "fsync, renames a new identity.age", out);
		return;
	case 38:
		if (rule(SHOW_LAST))
			sync_directory(t);
		go(t, 39, "fsync directory", out);
		return;
	case 39:
		t.wrong_lost = retired_in_lost(s);
		t.shown = t.forced = s.file[IDENT].password;
		put(t, UNFINISHED, {0, 0});
		go(t, 40, "shows the password, unlinks reset.unfinished", out);
		return;
	}
}

void Keys::command(const State &s, Out &out) const
{
	if (s.command == NO_COMMAND)
		begins(s, out);
	else if (s.at < 4)
		settles(s, out);
	else if (s.at == 4)
		goes_on(s, out);
	else if (s.at < 20 || s.at >= 40)
		passwd(s, out);
	else if (s.at < 30)
		rekey(s, out);
	else
		reset(s, out);
}

/* --- logins ----------------------------------------------------------------
 */

static const char *const logins[] = {"login 1", "login 2"};

/* Whether the mark must be written, or synced, before +OK. */
static uint8_t after_opening(const Keys_state &s, Envelope opened,
			     bool mark_identity, bool again)
{
	const bool next = same(s.file[NEXT], opened);

	if (!next && s.file[NEXT].password)
		return 4; /* the old password, while a new one waits */
	if (!same(s.mark, opened))
		return next || mark_identity ? 2 : 4;
	return again ? 3 : 4;
}

/* scrypt without a lock; byte 3; what was opened is looked for; the mark; +OK.
 */
void Keys::login(const State &s, int i, Out &out) const
{
	const Login &l = s.login[i];
	State t = s;
	int slot;
	auto step = [&](int at, const char *what) {
		t.login[i].at = uint8_t(at);
		if (!at)
			t.login[i].opened = {0, 0};
		out.add(t, logins[i], what);
	};

	switch (l.at) {
	case 0:
		for (uint8_t p = 1; p <= s.shown; p++) {
			t = s;
			slot = opens_which(s, p);
			if (slot == SLOTS)
				continue;
			t.login[i].opened = s.file[slot];
			step(1, "opens");
		}
		return;
	case 1:
		if (exclusive(s))
			return;
		if (rule(LOGIN_RESET) && s.file[UNFINISHED].keys) {
			step(0, "finds reset.unfinished: refused");
			return;
		}
		slot = opens_which(s, l.opened.password);
		if (rule(LOOK_AGAIN) &&
		    (slot == SLOTS || !same(s.file[slot], l.opened)))
			step(0, "has byte 3, finds another file: refused");
		else
			step(after_opening(s, l.opened, rule(IDENT_MARK),
					   rule(SYNC_AGAIN)),
			     "has byte 3, finds it in force");
		return;
	case 2:
		t.mark = l.opened;
		step(3, "writes the mark");
		return;
	case 3:
		if (rule(MARK_SYNC))
			t.mark_synced = t.mark;
		step(4, "fsync lock");
		return;
	case 4:
		if (l.opened.password > s.used)
			t.used = l.opened.password;
		step(0, "says +OK");
		return;
	}
}

void Keys::next(const State &s, Out &out) const
{
	command(s, out);
	for (int i = 0; i < LOGINS; i++)
		login(s, i, out);
	if (s.kills < set.kills) {
		for (int i = -1; i < LOGINS; i++) {
			State t = s;

			if (i < 0 ? !s.command : !s.login[i].at)
				continue;
			if (i < 0)
				t.command = t.at = 0;
			else
				t.login[i] = {0, {0, 0}};
			t.kills++;
			out.add(t, "KILL",
				i < 0 ? commands[s.command] : logins[i]);
		}
	}
	if (s.cuts < set.cuts)
		power_cut(s, out);
}

/* --- what must hold --------------------------------------------------------
 */

static uint8_t in_force(const Keys_state &s)
{
	return s.used > s.forced ? s.used : s.forced;
}

/* A reset that began ends every password: none is promised until it is done. */
static bool resetting(const Keys_state &s)
{
	return s.file[UNFINISHED].keys || (s.command == RESET && s.at >= 30);
}

const char *Keys::wrong_now(const State &s) const
{
	const uint8_t live = in_force(s), last = s.shown;
	bool any = false;

	if (resetting(s))
		return nullptr;
	for (uint8_t p = 1; p <= s.shown; p++)
		any = any || opens(s, p);
	if (!any)
		return "no password opens";
	if (last > live && !(s.cancelled >> last & 1) && !s.command &&
	    !opens(s, last))
		return "the password last shown does not open";
	if (!opens(s, live) &&
	    !(s.file[NEXT].password > live && used_mark(s)) &&
	    s.file[IDENT].password <= live)
		return "the password last used does not open";
	return nullptr;
}

const char *Keys::wrong_after_settle(const State &s) const
{
	if (resetting(s))
		return nullptr;
	for (uint8_t p = 1; p < in_force(s); p++)
		if (opens(s, p))
			return "a retired password opens after settle";
	return nullptr;
}

/* What was sealed to the keys before a reset opens with this password. */
static bool lost_opens(const Keys_state &s, uint8_t password)
{
	for (int i = 0; i < s.lost_n; i++)
		if (s.lost[i].password == password &&
		    (s.lost[i].keys & s.replaced) == s.replaced)
			return true;
	return false;
}

static bool kept_in_lost(const Keys_state &s)
{
	if ((s.file[IDENT].keys & s.replaced) == s.replaced)
		return true;
	return lost_opens(s, s.replaced_password) &&
	       (!s.replaced_next || lost_opens(s, s.replaced_next) ||
		s.file[NEXT].password == s.replaced_next);
}

const char *Keys::wrong(const State &s) const
{
	const char *w = wrong_now(s);

	if (w)
		return w;
	if (s.wrong_lost)
		return "a retired password opens what lies in lost/";
	if (s.replaced && !kept_in_lost(s))
		return "a reset lost the identity that it replaced";
	if (!(s.file[CONF].keys & (s.file[IDENT].keys | s.file[NEXT].keys)) &&
	    !resetting(s))
		return "mail is sealed to a key that nobody has";
	return nullptr;
}

const char *Keys::wrong_at_rest(const State &s) const
{
	State t = s;
	const char *w;

	if (used_mark(t)) {
		t.file[IDENT] = t.file[NEXT];
		t.file[NEXT] = {0, 0};
	}
	w = wrong_now(t);
	return w ? w : wrong_after_settle(t);
}

std::string Keys::tell(const State &s) const
{
	auto name = [](Envelope e) {
		return e.password ? std::to_string(e.password) + "/" +
					    std::to_string(e.keys)
				  : std::string("-");
	};

	return "identity " + name(s.file[IDENT]) + " next " +
	       name(s.file[NEXT]) + " mark " + name(s.mark) + " conf " +
	       std::to_string(s.file[CONF].keys) + " lost " +
	       std::to_string(s.lost_n);
}

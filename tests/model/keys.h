/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The world of keys: identity.age, identity.age.next, the key in mailbox.conf,
 * lost/ and the mark *password used*. One administrator's command after the
 * other, and two logins with any password that was ever shown. A password is
 * known by its number: a higher one is a newer one.
 */
#ifndef MODEL_KEYS_H
#define MODEL_KEYS_H

#include "rules.h"
#include "search.h"

/* What lies in a file: the private keys (a set) under one password; 0: no file.
 */
struct Envelope {
	uint8_t password, keys;
};

enum Slot : uint8_t { IDENT, NEXT, CONF, UNFINISHED, SLOTS };

/* One change of names in the mailbox's directory that no fsync has seen. */
struct Change {
	uint8_t slot, also; /* what else the same rename changes */
	Envelope before, after;
};

enum Command : uint8_t {
	NO_COMMAND,
	PASSWD,
	CONFIRM,
	CANCEL,
	SETTLE,
	REKEY,
	RESET
};

enum { CHANGES = 6, LOGINS = 2, LOST = 4 };

struct Login {
	uint8_t at;
	Envelope opened;
};

struct Keys_state {
	Envelope file[SLOTS]; /* CONF and UNFINISHED: keys alone */
	Change change[CHANGES];
	uint8_t changes;
	Envelope mark, mark_synced;
	Envelope lost[LOST];
	uint8_t lost_n, lost_synced;
	uint8_t command, at;
	Login login[LOGINS];
	uint8_t made, keys; /* how many there were ever */
	/* what was said: only to judge by */
	uint8_t shown, used, forced; /* the highest password of each */
	uint8_t cancelled;	     /* a set of passwords, as bits */
	uint8_t replaced;	     /* by a reset: the keys of before */
	uint8_t replaced_password;   /* what must open them in lost/ */
	uint8_t replaced_next;	     /* and the unused one, if any */
	uint8_t wrong_lost;	     /* a retired envelope went into lost/ */
	uint8_t kills, cuts;
};

struct Keys_setting {
	Rules rules;
	bool reset, rekey;
	uint8_t passwords, private_keys; /* how many there may be */
	uint8_t kills, cuts;
};

class Keys
{
      public:
	using State = Keys_state;
	explicit Keys(const Keys_setting &setting) : set(setting)
	{
	}

	State begin() const;
	void next(const State &, Moves<State> &) const;
	const char *wrong(const State &) const;
	const char *wrong_at_rest(const State &) const;
	std::string tell(const State &) const;

      private:
	using Out = Moves<State>;
	const Keys_setting set;

	bool rule(Rule r) const
	{
		return set.rules.on[r];
	}

	void command(const State &, Out &) const;
	void begins(const State &, Out &) const;
	void settles(const State &, Out &) const;
	void goes_on(const State &, Out &) const;
	void passwd(const State &, Out &) const;
	void rekey(const State &, Out &) const;
	void reset(const State &, Out &) const;
	void login(const State &, int i, Out &) const;
	void power_cut(const State &, Out &) const;
	bool exclusive(const State &) const;
	const char *wrong_now(const State &) const;
	const char *wrong_after_settle(const State &) const;
	bool opens(const State &, uint8_t password) const;
};

#endif

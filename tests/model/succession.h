/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The world of a ledger that another one takes the place of: adopt, resume,
 * drop, one after another, killed and cut anywhere, and the runs that go on
 * with what is left. Files of a ledger: its entries and its checkpoint.
 */
#ifndef MODEL_SUCCESSION_H
#define MODEL_SUCCESSION_H

#include "rules.h"
#include "search.h"

enum Ending : uint8_t { ADOPT_IT, RESUME_IT, DROP_IT };

enum { ORIGINS = 4 }; /* 0 is none; the first one is there as it begins */

enum Of_ledger : uint8_t { ENTRIES, CHECKPOINT, FILES };

/* memory/<name>, which is replaced as a whole and synced. */
enum Stage : uint8_t {
	FORGOTTEN,
	SETTLED,
	MOVING,
	BEGINNING,
	ACCOUNTING,
	TELLING,
	DROPPING,
};

/* Whose file has a name: as seen, as synced. */
struct File_name {
	uint8_t seen, durable;
};

struct Succession_state {
	uint8_t stage, origin, before,
		size; /* memory; entries that it counts */
	File_name here[FILES];
	File_name former[ORIGINS][FILES];
	File_name former_folder;		   /* the name former/ */
	uint8_t written[ORIGINS], synced[ORIGINS]; /* entries */
	uint8_t next[ORIGINS]; /* that the first entry of it names */
	/* The host's ledger: whose end it tells, as seen, as synced. */
	uint8_t told, told_durable;
	uint8_t at; /* of the one run that there can be */
	/* only to judge by */
	uint8_t published[ORIGINS], hurt, alarm, lost;
	uint8_t acts, kills, cuts;
};

struct Succession_setting {
	Rules rules;
	Ending ending;
	uint8_t kills, cuts;
};

class Succession
{
      public:
	using State = Succession_state;
	explicit Succession(const Succession_setting &setting) : set(setting)
	{
	}

	State begin() const;
	void next(const State &, Moves<State> &) const;
	const char *wrong(const State &) const;
	const char *wrong_at_rest(const State &) const;
	std::string tell(const State &) const;

      private:
	using Out = Moves<State>;
	const Succession_setting set;

	bool rule(Rule r) const
	{
		return set.rules.on[r];
	}

	void act(const State &, Out &) const;
	void run(const State &, Out &) const;
	void looks(const State &, Out &) const;
	void moves(const State &, Out &) const;
	void begins(const State &, Out &) const;
	void goes_on(const State &, Out &) const;
	void drops(const State &, Out &) const;
	void power_cut(const State &, Out &) const;
	State at_rest(State) const;
	bool is_accounted_for(const State &, int origin) const;
};

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The world of a mailbox's life: what is done to it as a whole while a message
 * arrives. One transaction, one collector, one administrator's act: delete,
 * reset, rekey, or the upgrade from format 1 with the last sessions of the old
 * version still at work.
 */
#ifndef MODEL_LIFE_H
#define MODEL_LIFE_H

#include "rules.h"
#include "search.h"

enum Act_of_admin : uint8_t { DELETE_IT, RESET_IT, REKEY_IT, UPGRADE_IT };

enum Person : uint8_t {
	NEW_WRITER,
	OLD_WRITER, /* of the version before, as are the next two */
	OLD_COLLECTOR,
	NEW_COLLECTOR,
	ADMIN,
	PERSONS
};

enum Place : uint8_t { NOWHERE, IN_CUR, IN_LOST, IN_GONE_DIR };

/* What the two writers brought: 0 the new one's, 1 the old one's. */
struct Mail {
	uint8_t place, durable;
	uint8_t ticket;
	uint8_t key;
};

struct Life_state {
	Mail mail[2];
	uint8_t at[PERSONS];
	uint8_t leaving[2]; /* by the new collector, the old one */
	uint8_t read_key;   /* by the transaction, from mailbox.conf */
	uint8_t conf, conf_durable;
	uint8_t deleted, deleted_durable; /* renamed to .gone-* */
	uint8_t format, format_durable;
	uint8_t converted, converted_durable; /* spool/, gone/ are there */
	uint8_t lines; /* in the spool: kept 1, 2; batch 4, 8; synced */
	/* what was said: only to judge by */
	uint8_t promised, covered, counted;
	uint8_t told; /* the act was reported as done */
	uint8_t late; /* committed after that */
	uint8_t kills, cuts;
};

struct Life_setting {
	Rules rules;
	Act_of_admin act;
	uint8_t kills, cuts;
};

class Life
{
      public:
	using State = Life_state;
	explicit Life(const Life_setting &setting) : set(setting)
	{
	}

	State begin() const;
	void next(const State &, Moves<State> &) const;
	const char *wrong(const State &) const;
	const char *wrong_at_rest(const State &) const;
	std::string tell(const State &) const;

      private:
	using Out = Moves<State>;
	const Life_setting set;

	bool rule(Rule r) const
	{
		return set.rules.on[r];
	}
	bool upgrading() const
	{
		return set.act == UPGRADE_IT;
	}

	void new_writer(const State &, Out &) const;
	void old_writer(const State &, Out &) const;
	void collector(const State &, int who, Out &) const;
	void admin(const State &, Out &) const;
	void deletes(const State &, Out &) const;
	void resets(const State &, Out &) const;
	void rekeys(const State &, Out &) const;
	void upgrades(const State &, Out &) const;
	void power_cut(const State &, Out &) const;
	bool byte1_free(const State &) const;
	bool byte2_free(const State &) const;
	bool byte2_shared(const State &) const;
};

#endif

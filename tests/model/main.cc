/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs the search through every scenario, then without each rule of order.
 *
 *	model			what scripts/check runs
 *	model --all		every bound twice as wide, each rule in each
 *scenario model SCENARIO [-RULE]... [kills=N] [cuts=N] [sessions=N] [states=N]
 *				one, with the trace of what it finds
 */
#include <cstdlib>

#include "keys.h"
#include "life.h"
#include "mailbox.h"
#include "succession.h"

enum World { MAILBOX, KEYS, LIFE, SUCCESSION };

/* What a scenario of the world of messages is about, in any combination. */
enum : unsigned {
	JOURNAL = 1,
	TWO = 2,
	WITH_UNDO = 4,
	FULL = 8,
	ROTATION = 16,
	NO_LEDGER = 32,
	COPY = 64,
	CAN_RESET = 128, /* of keys */
	CAN_REKEY = 256,
	ONLY_ALL = 512, /* too many states for every day */
	READS = 1024,
	HOLD = 2048,
	EXPIRY = 4096,
	SECOND_LEDGER = 8192,
};

struct Scenario {
	const char *name;
	World world;
	unsigned about; /* of LIFE: an Act_of_admin; of SUCCESSION: an Ending */
	uint8_t kills, cuts;
};

static const Scenario scenarios[] = {
	{"journal", MAILBOX, JOURNAL, 1, 1},
	{"proxy", MAILBOX, 0, 1, 1},
	{"undo", MAILBOX, WITH_UNDO, 1, 1},
	{"undo-journal", MAILBOX, WITH_UNDO | JOURNAL, 1, 1},
	{"full", MAILBOX, FULL | JOURNAL, 1, 1},
	{"full-proxy", MAILBOX, FULL, 1, 1},
	{"rotation", MAILBOX, ROTATION, 1, 1},
	{"rotation-full", MAILBOX, ROTATION | FULL | ONLY_ALL, 1, 1},
	{"two", MAILBOX, TWO | ONLY_ALL, 1, 1},
	{"keeper", MAILBOX, NO_LEDGER, 2, 2},
	{"keeper-journal", MAILBOX, NO_LEDGER | JOURNAL, 2, 2},
	{"keeper-full", MAILBOX, NO_LEDGER | FULL, 2, 1},
	{"entering", MAILBOX, NO_LEDGER | READS | ROTATION | JOURNAL, 1, 1},
	{"undo-entering", MAILBOX, NO_LEDGER | READS | WITH_UNDO | JOURNAL, 1,
	 1},
	{"hold", MAILBOX, NO_LEDGER | READS | WITH_UNDO | HOLD | JOURNAL, 1, 0},
	{"expiry", MAILBOX, NO_LEDGER | READS | EXPIRY, 1, 1},
	{"expiry-hold", MAILBOX, NO_LEDGER | READS | EXPIRY | HOLD | JOURNAL, 1,
	 0},
	{"two-ledgers", MAILBOX,
	 NO_LEDGER | READS | SECOND_LEDGER | JOURNAL | ROTATION, 1, 0},
	{"copy", MAILBOX, NO_LEDGER | COPY, 0, 0},
	{"passwords", KEYS, 0, 1, 1},
	{"rekey", KEYS, CAN_REKEY, 1, 1},
	{"reset", KEYS, CAN_RESET, 1, 1},
	{"delete", LIFE, DELETE_IT, 2, 2},
	{"reset-mail", LIFE, RESET_IT, 2, 2},
	{"rekey-mail", LIFE, REKEY_IT, 2, 2},
	{"upgrade", LIFE, UPGRADE_IT, 2, 2},
	{"adopt", SUCCESSION, ADOPT_IT, 2, 1},
	{"resume", SUCCESSION, RESUME_IT, 2, 1},
	{"drop", SUCCESSION, DROP_IT, 2, 1},
};

static const struct {
	const char *name, *scenario, *says;
} rules[NRULES] = {
#define X(name, scenario, says) {#name, scenario, says},
	RULES(X)
#undef X
};

struct Bounds {
	int kills = -1, cuts = -1; /* those of the scenario */
	int sessions = 2;
	size_t states = 8000000;
	bool first = false, quiet = false;
};

template <class World, class Setting>
static Found search(const Setting &setting, const Bounds &b)
{
	World world(setting);

	return Search<World>(world).run(b.states, b.first, b.quiet);
}

static Found run_mailbox(const Scenario &s, const Rules &on, const Bounds &b)
{
	Setting set;

	set.rules = on;
	set.journal = s.about & JOURNAL;
	set.two = s.about & TWO;
	set.undo = s.about & WITH_UNDO;
	set.full = s.about & FULL;
	set.rotation = s.about & ROTATION;
	set.no_ledger = s.about & NO_LEDGER;
	set.copy = s.about & COPY;
	set.reads = s.about & READS;
	set.hold = s.about & HOLD;
	set.expiry = s.about & EXPIRY;
	set.second = s.about & SECOND_LEDGER;
	set.kills = uint8_t(b.kills < 0 ? s.kills : b.kills);
	set.cuts = uint8_t(b.cuts < 0 ? s.cuts : b.cuts);
	set.sessions = uint8_t(b.sessions);
	return search<Mailbox>(set, b);
}

static Found run_keys(const Scenario &s, const Rules &on, const Bounds &b)
{
	Keys_setting set;

	set.rules = on;
	set.reset = s.about & CAN_RESET;
	set.rekey = s.about & CAN_REKEY;
	set.passwords = 3;
	set.private_keys = set.reset ? 3 : 2;
	set.kills = uint8_t(b.kills < 0 ? s.kills : b.kills);
	set.cuts = uint8_t(b.cuts < 0 ? s.cuts : b.cuts);
	return search<Keys>(set, b);
}

static Found run_life(const Scenario &s, const Rules &on, const Bounds &b)
{
	Life_setting set;

	set.rules = on;
	set.act = Act_of_admin(s.about);
	set.kills = uint8_t(b.kills < 0 ? s.kills : b.kills);
	set.cuts = uint8_t(b.cuts < 0 ? s.cuts : b.cuts);
	return search<Life>(set, b);
}

static Found run_succession(const Scenario &s, const Rules &on, const Bounds &b)
{
	Succession_setting set;

	set.rules = on;
	set.ending = Ending(s.about);
	set.kills = uint8_t(b.kills < 0 ? s.kills : b.kills);
	set.cuts = uint8_t(b.cuts < 0 ? s.cuts : b.cuts);
	return search<Succession>(set, b);
}

static Found run(const Scenario &s, const Rules &on, const Bounds &b)
{
	switch (s.world) {
	case MAILBOX:
		return run_mailbox(s, on, b);
	case KEYS:
		return run_keys(s, on, b);
	case LIFE:
		return run_life(s, on, b);
	default:
		return run_succession(s, on, b);
	}
}

static Rules all_rules()
{
	Rules r;

	for (bool &on : r.on)
		on = true;
	return r;
}

static const Scenario *scenario_named(const std::string &name)
{
	for (const Scenario &s : scenarios)
		if (name == s.name)
			return &s;
	return nullptr;
}

static int rule_named(const std::string &name)
{
	for (int r = 0; r < NRULES; r++)
		if (name == rules[r].name)
			return r;
	return -1;
}

/* --- all of them -----------------------------------------------------------
 */

static bool check_scenario(const Scenario &s, const Bounds &b)
{
	const Found f = run(s, all_rules(), b);

	if (f.violations.empty())
		printf("ok model-%s\n", s.name);
	for (const std::string &v : f.violations)
		printf("not ok model-%s %s\n", s.name, v.c_str());
	printf("figure model-%s %zu states%s\n", s.name, f.states,
	       f.all ? "" : ", there are more");
	fflush(stdout);
	return f.violations.empty();
}

/* Without rule r: something must break where the table says. */
static bool check_rule(int r, const Bounds &b)
{
	const Scenario *s = scenario_named(rules[r].scenario);
	Rules on = all_rules();
	Found f;

	on.on[r] = false;
	if (s)
		f = run(*s, on, b);
	printf("%s model-without-%s %s: %s\n",
	       f.violations.empty() ? "not ok" : "ok", rules[r].name,
	       rules[r].scenario,
	       f.violations.empty() ? "nothing breaks without it"
				    : f.violations.begin()->c_str());
	fflush(stdout);
	return !f.violations.empty();
}

/* The same in every scenario of its world, for who wants to know it all. */
static void tell_rule(int r, Bounds b)
{
	const Scenario *its = scenario_named(rules[r].scenario);
	Rules on = all_rules();

	b.quiet = true;
	on.on[r] = false;
	for (const Scenario &s : scenarios) {
		if (!its || s.world != its->world || (s.about & ONLY_ALL))
			continue;
		for (const std::string &v : run(s, on, b).violations)
			printf("# without %s, %s: %s\n", rules[r].name, s.name,
			       v.c_str());
		fflush(stdout);
	}
}

static int check(bool all)
{
	Bounds b, first;
	bool good = true;

	if (all)
		b.kills = b.cuts = 2;
	first.first = first.quiet = true;
	for (const Scenario &s : scenarios) {
		Bounds here = b;

		if (!all && s.world == MAILBOX && (s.about & ONLY_ALL))
			continue;
		if (s.world == MAILBOX && (s.about & COPY))
			here.kills = here.cuts = 0;
		good = check_scenario(s, here) && good;
	}
	for (int r = 0; r < NRULES; r++) {
		good = check_rule(r, first) && good;
		if (all)
			tell_rule(r, Bounds());
	}
	return good ? 0 : 1;
}

/* --- one -------------------------------------------------------------------
 */

static bool number(const std::string &arg, const char *key, int &n)
{
	const size_t length = strlen(key);

	if (arg.compare(0, length, key) != 0)
		return false;
	n = atoi(arg.c_str() + length);
	return true;
}

static bool argument(const std::string &arg, Rules &on, Bounds &b)
{
	const int r = arg[0] == '-' ? rule_named(arg.substr(1)) : -1;
	int states = 0;

	if (r >= 0)
		on.on[r] = false;
	if (number(arg, "states=", states))
		b.states = size_t(states);
	return r >= 0 || states > 0 || number(arg, "kills=", b.kills) ||
	       number(arg, "cuts=", b.cuts) ||
	       number(arg, "sessions=", b.sessions);
}

static int one(int argc, char **argv)
{
	const Scenario *s = scenario_named(argv[1]);
	Rules on = all_rules();
	Bounds b;

	for (int i = 2; s && i < argc; i++)
		if (!argument(argv[i], on, b))
			s = nullptr;
	if (!s) {
		fprintf(stderr, "usage: model [--all | SCENARIO [-RULE]... "
				"[kills=N] [cuts=N] [sessions=N] "
				"[states=N]]\nscenarios:");
		for (const Scenario &known : scenarios)
			fprintf(stderr, " %s", known.name);
		fprintf(stderr, "\nrules:\n");
		for (const auto &r : rules)
			fprintf(stderr, "  %-14s %s\n", r.name, r.says);
		return 64;
	}
	const Found f = run(*s, on, b);
	printf("%zu states%s, %zu kinds of violation\n", f.states,
	       f.all ? "" : " (there are more)", f.violations.size());
	return f.violations.empty() ? 0 : 1;
}

int main(int argc, char **argv)
{
	if (argc == 1)
		return check(false);
	if (argc == 2 && std::string(argv[1]) == "--all")
		return check(true);
	return one(argc, argv);
}

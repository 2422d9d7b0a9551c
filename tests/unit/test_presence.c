/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files held against what was received, by their sizes and by their octets. */
#include "common/base.h"

#include <sys/resource.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "store/presence.h"
#include "tests/unit/store_rig.h"

static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 131072, 200000};

struct sight {
	char ulid[N_ELEMENTS(sizes)][ULID_LEN + 1];
	struct mailbox *m;
	struct evidence v;
	struct presence *p;
	unsigned odd;
	char last[ULID_LEN + 1];
};

/* As a ledger has it that entered each of them. */
static void enter_all(struct sight *s)
{
	for (unsigned i = 0; i < N_ELEMENTS(sizes); i++) {
		struct judged j = {.i = i,
				   .source = JUDGE_SPOOL,
				   .entry = {.kind = ENTRY_KEPT,
					     .kept = {.octets = sizes[i]}}};

		memcpy(j.entry.kept.ulid, s->ulid[i], ULID_LEN + 1);
		evidence_take(&s->v, &j);
	}
}

static void begin(const struct store_rig *rig, struct sight *s)
{
	struct err e;

	s->m = mailbox_look_into(rig->store, rig->id, &e);
	assert_non_null(s->m);
	s->p = presence_begin(s->m, &e);
	assert_non_null(s->p);
}

static void end(struct sight *s)
{
	presence_free(&s->p);
	mailbox_close(&s->m);
}

static void keep_all(const struct store_rig *rig, struct sight *s)
{
	struct mailbox *m = store_rig_open(rig);

	*s = (struct sight){.odd = 0};
	for (unsigned i = 0; i < N_ELEMENTS(sizes); i++)
		store_rig_keep(m, i, sizes[i], s->ulid[i]);
	mailbox_close(&m);
	enter_all(s);
}

static bool note_odd(void *arg, const char *ulid)
{
	struct sight *s = arg;

	s->odd++;
	memcpy(s->last, ulid, sizeof(s->last));
	return true;
}

static void sizes_are_looked_at_in_slices(void **state)
{
	const struct store_rig *rig = *state;
	char after[ULID_LEN + 1] = "";
	struct sight s;
	unsigned n = 0;

	keep_all(rig, &s);
	begin(rig, &s);
	do {
		presence_odd_sizes(s.p, &s.v, after, 2, note_odd, &s);
		if (after[0])
			assert_string_equal(after, s.ulid[2 * n + 1]);
		n++;
	} while (after[0]);
	assert_int_equal(n, (N_ELEMENTS(sizes) + 1) / 2);
	assert_int_equal(s.odd, 0);
	end(&s);
	evidence_release(&s.v);
}

/* In cur/ and in gone/; cut to nothing in gone/, a full disk did it. */
static void a_file_of_another_size_is_seen(void **state)
{
	const struct store_rig *rig = *state;
	char after[ULID_LEN + 1] = "";
	struct sight s;

	keep_all(rig, &s);
	store_rig_shell("cd '%s/mailboxes/%s' && truncate -s -1 cur/%s*",
			rig->path, rig->id, s.ulid[3]);
	begin(rig, &s);
	presence_odd_sizes(s.p, &s.v, after, 100, note_odd, &s);
	assert_int_equal(s.odd, 1);
	assert_string_equal(s.last, s.ulid[3]);
	end(&s);
	store_rig_shell("cd '%s/mailboxes/%s' && mv cur/%s* gone && "
			"mv cur/%s* gone && truncate -s 0 gone/%s*",
			rig->path, rig->id, s.ulid[3], s.ulid[4], s.ulid[4]);
	s.odd = 0;
	begin(rig, &s);
	presence_odd_sizes(s.p, &s.v, after, 100, note_odd, &s);
	assert_int_equal(s.odd, 1);
	assert_string_equal(s.last, s.ulid[3]);
	assert_string_equal(after, "");
	end(&s);
	evidence_release(&s.v);
}

/* What nobody entered, or has left meanwhile, is odd to nobody. */
static void only_what_was_received_is_looked_at(void **state)
{
	const struct store_rig *rig = *state;
	char after[ULID_LEN + 1] = "";
	struct sight s;

	keep_all(rig, &s);
	evidence_release(&s.v);
	store_rig_shell("cd '%s/mailboxes/%s' && truncate -s -1 cur/*.age",
			rig->path, rig->id);
	begin(rig, &s);
	presence_odd_sizes(s.p, &s.v, after, 100, note_odd, &s);
	enter_all(&s);
	store_rig_shell("rm '%s/mailboxes/%s'/cur/*.age", rig->path, rig->id);
	presence_odd_sizes(s.p, &s.v, after, 100, note_odd, &s);
	assert_int_equal(s.odd, 0);
	end(&s);
	evidence_release(&s.v);
}

static void count_missing(void *arg, enum presence_fault fault,
			  UNUSED const char *ulid, UNUSED uint64_t entry)
{
	unsigned *missing = arg;

	*missing += fault == PRESENCE_MISSING;
}

/* Whether all of it could be read; and then nothing is missing. */
static bool look_with(const struct store_rig *rig, struct sight *s,
		      rlim_t descriptors)
{
	struct rlimit all, few;
	struct presence_report report;
	unsigned missing = 0;
	bool read = false;
	struct err e;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
	few = (struct rlimit){descriptors, all.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	s->m = mailbox_look_into(rig->store, rig->id, &e);
	s->p = s->m ? presence_begin(s->m, &e) : NULL;
	if (s->p)
		read = presence_end(s->p, &s->v, count_missing, &missing,
				    &report, &e) == 0;
	end(s);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
	assert_int_equal(missing, 0);
	return read;
}

/* A reset has put it into lost/, and there are too few descriptors. */
static void what_cannot_be_read_is_not_missing(void **state)
{
	const struct store_rig *rig = *state;
	rlim_t descriptors = 0;
	struct sight s;

	keep_all(rig, &s);
	store_rig_shell("cd '%s/mailboxes/%s' && mkdir -p lost/1 && "
			"mv cur/%s* lost/1 && touch lost/identity.age.1",
			rig->path, rig->id, s.ulid[3]);
	while (!look_with(rig, &s, descriptors))
		assert_true(++descriptors < 100);
	assert_true(descriptors > 3);
	evidence_release(&s.v);
}

#define RIGGED(test)                                                           \
	cmocka_unit_test_setup_teardown(test, store_rig_setup,                 \
					store_rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIGGED(sizes_are_looked_at_in_slices),
		RIGGED(a_file_of_another_size_is_seen),
		RIGGED(only_what_was_received_is_looked_at),
		RIGGED(what_cannot_be_read_is_not_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

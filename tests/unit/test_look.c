/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One look of the ledger at a mailbox: what has no room in it is the next
 * one's, and nobody makes it long or large.
 */
#include "common/base.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "handlers/ledger/sight.h"
#include "store/seal/age.h"
#include "store/file_digest.h"
#include "tests/unit/store_rig.h"

#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

enum {
	ROOM = 64 * 1024 * 1024, /* of addresses; of the unit's 384 MiB */
	FORGED = 600 * 1000,	 /* lines in one spool */
	MIB = 1024 * 1024,
};

struct rig {
	struct store_rig *store;
	char path[TEST_DIR_SIZE];
	struct ledger_place place;
	struct book book;
	struct memory_look slice;
};

static int setup(void **state)
{
	struct rig *rig = xcalloc(1, sizeof(*rig));
	void *store = NULL;
	struct err e;

	store_rig_setup(&store);
	rig->store = store;
	test_dir_make(rig->path);
	rig->place.dir = open(rig->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(rig->place.dir, "memory", 0700), 0);
	rig->place.memory = openat(rig->place.dir, "memory",
				   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(ledger_key_load(rig->place.dir, "gw.example",
					 &rig->place.key, &e),
			 0);
	assert_int_equal(book_open(&rig->book, &rig->place, rig->store->id, &e),
			 0);
	rig->slice = (struct memory_look){.parts = 1, .left = 1};
	*state = rig;
	return 0;
}

static int teardown(void **state)
{
	struct rig *rig = *state;
	void *store = rig->store;

	book_close(&rig->book);
	ledger_key_release(&rig->place.key);
	close(rig->place.memory);
	close(rig->place.dir);
	test_dir_remove(rig->path);
	free(rig);
	return store_rig_teardown(&store);
}

static void enter_kept(struct rig *rig, const char *by, const char *ulid,
		       uint64_t octets, const uint8_t digest[DIGEST_SIZE])
{
	struct entry entry = {.kind = ENTRY_KEPT,
			      .kept = {.octets = octets, .when = 1700000000}};
	struct err e;

	snprintf(entry.kept.by, sizeof(entry.kept.by), "%s", by);
	memcpy(entry.kept.ulid, ulid, ULID_LEN + 1);
	memcpy(entry.kept.sha256, digest, DIGEST_SIZE);
	assert_int_equal(book_add_entry(&rig->book, &entry, &e), 0);
}

static void enter(struct rig *rig, const char *ulid, uint64_t octets)
{
	enter_kept(rig, "found", ulid, octets, (uint8_t[DIGEST_SIZE]){0});
}

/* As a spool has it. */
static void enter_said(struct rig *rig, const char *ulid, uint64_t octets)
{
	struct entry taken = {.kind = ENTRY_TAKEN,
			      .taken = {.spool = "local.1",
					.to = 100,
					.lines = 1,
					.when = 1700000000}};
	struct err e;

	assert_int_equal(book_add_entry(&rig->book, &taken, &e), 0);
	enter_kept(rig, "writer", ulid, octets, (uint8_t[DIGEST_SIZE]){0});
}

static void keep(struct rig *rig, size_t octets, unsigned n,
		 char (*ulid_r)[ULID_LEN + 1])
{
	struct mailbox *m = store_rig_open(rig->store);

	for (unsigned i = 0; i < n; i++) {
		store_rig_keep(m, i, octets, ulid_r[i]);
		enter(rig, ulid_r[i], octets);
	}
	mailbox_close(&m);
}

static int look(struct rig *rig, struct sight *s, struct err *e)
{
	struct mailbox *m;
	int result;

	assert_int_equal(book_commit(&rig->book, e), 0);
	*s = (struct sight){.book = &rig->book, .slice = &rig->slice};
	m = mailbox_look_into(rig->store->store, rig->store->id, e);
	assert_non_null(m);
	result = sight_take(s, m, e);
	mailbox_close(&m);
	return result;
}

static void ulid_of(unsigned i, char ulid_r[ULID_LEN + 1])
{
	snprintf(ulid_r, ULID_LEN + 1, "01J5ZX3K7Q8W9E2R4T%08u", i);
}

/* It has no time at all, and looks at one file. */
static void one_file_at_least_is_compared(void **state)
{
	struct rig *rig = *state;
	char ulid[3][ULID_LEN + 1];
	struct sight s;
	struct err e;

	keep(rig, 100, 3, ulid);
	store_rig_shell("cd '%s/mailboxes/%s' && truncate -s -1 cur/*.age",
			rig->store->path, rig->store->id);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(look(rig, &s, &e), 0);
		assert_int_equal(s.found.n, 1);
		assert_int_equal(s.found.list[0].kind, FIND_OTHER_FILE);
		assert_string_equal(s.found.list[0].ulid, ulid[i]);
		assert_string_equal(s.after, i < 2 ? ulid[i] : "");
		assert_false(s.is_part);
		memcpy(rig->slice.after, s.after, sizeof(s.after));
		sight_release(&s);
	}
}

static void enter_missing(struct rig *rig, const struct finds *f)
{
	struct entry entry = {.kind = ENTRY_MISSING,
			      .missing = {.by = "found", .when = 1700000001}};
	struct err e;

	for (size_t i = 0; i < f->n; i++) {
		memcpy(entry.missing.ulid, f->list[i].ulid, ULID_LEN + 1);
		assert_int_equal(book_add_entry(&rig->book, &entry, &e), 0);
	}
}

/* So many are not there: they are looked for again until all are entered. */
static void what_has_no_room_is_the_next_ones(void **state)
{
	struct rig *rig = *state;
	char ulid[ULID_LEN + 1];
	struct sight s;
	struct err e;

	for (unsigned i = 0; i < FINDS_MAX + 10; i++) {
		ulid_of(i, ulid);
		enter(rig, ulid, 100);
	}
	assert_int_equal(look(rig, &s, &e), 0);
	assert_int_equal(s.found.n, FINDS_MAX);
	assert_true(s.is_part);
	enter_missing(rig, &s.found);
	sight_release(&s);
	assert_int_equal(look(rig, &s, &e), 0);
	assert_int_equal(s.found.n, 10);
	assert_int_equal(s.still, FINDS_MAX);
	assert_false(s.is_part);
	sight_release(&s);
}

/* By much more than anybody would read: its beginning is another one's. */
static void what_has_grown_is_another_file(void **state)
{
	struct rig *rig = *state;
	struct mailbox *m = store_rig_open(rig->store);
	char ulid[ULID_LEN + 1], path[256];
	uint8_t digest[DIGEST_SIZE];
	struct sight s;
	struct err e;

	store_rig_keep(m, 0, 100, ulid);
	mailbox_close(&m);
	enter_said(rig, ulid, 100);
	store_rig_shell("cd '%s/mailboxes/%s' && truncate -s 1T cur/*.age",
			rig->store->path, rig->store->id);
	assert_int_equal(look(rig, &s, &e), 0);
	assert_int_equal(s.found.n, 1);
	assert_int_equal(s.found.list[0].kind, FIND_OTHER_FILE);
	store_rig_shell("cd '%s/mailboxes/%s' && truncate -s %llu cur/*.age && "
			"mv cur/*.age cut",
			rig->store->path, rig->store->id,
			(unsigned long long)(age_payload_size(100) + MIB));
	store_rig_path(rig->store, "cut", path);
	assert_int_equal(file_digest_at(AT_FDCWD, path, digest), 0);
	assert_memory_equal(s.found.list[0].digest, digest, sizeof(digest));
	sight_release(&s);
}

/* Whatever its name claims: its digest is that of what was found. */
static void what_was_found_so_long_is_the_same(void **state)
{
	struct rig *rig = *state;
	const char *const ulid = "01J5ZX3K7Q8W9E2R4T00000000";
	uint8_t digest[DIGEST_SIZE];
	char path[256];
	struct sight s;
	struct err e;

	store_rig_path(rig->store, "cur/01J5ZX3K7Q8W9E2R4T00000000,W=5.age",
		       path);
	store_rig_shell("truncate -s 3M '%s'", path);
	assert_int_equal(file_digest_at(AT_FDCWD, path, digest), 0);
	enter_kept(rig, "found", ulid, 5, digest);
	assert_int_equal(look(rig, &s, &e), 0);
	assert_int_equal(s.found.n, 0);
	sight_release(&s);
	store_rig_shell("truncate -s 1T '%s'", path);
	assert_int_equal(look(rig, &s, &e), 0);
	assert_int_equal(s.found.n, 0);
	sight_release(&s);
}

/* --- a spool of lies -------------------------------------------------------
 */

static void forge(const struct rig *rig)
{
	char path[256], ulid[ULID_LEN + 1];
	FILE *f;

	store_rig_path(rig->store, "spool/local.9", path);
	f = fopen(path, "w");
	assert_non_null(f);
	for (unsigned i = 0; i < FORGED; i++) {
		ulid_of(i, ulid);
		fprintf(f, "gone ulid=%s by=full time=2026-11-30T02:49:25Z\n",
			ulid);
	}
	assert_int_equal(fclose(f), 0);
}

/* So many addresses more than there are now. */
static void limit_addresses(rlim_t room, struct rlimit *before_r)
{
	struct rlimit few;
	unsigned long pages;
	FILE *f = fopen("/proc/self/statm", "r");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%lu", &pages), 1);
	fclose(f);
	assert_int_equal(getrlimit(RLIMIT_AS, before_r), 0);
	few = *before_r;
	few.rlim_cur = pages * (rlim_t)getpagesize() + room;
	if (!IS_SANITIZED)
		assert_int_equal(setrlimit(RLIMIT_AS, &few), 0);
}

static void tell(const struct rig *rig, const char *ulid)
{
	char path[256];
	FILE *f;

	store_rig_path(rig->store, "spool/local.8", path);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "gone ulid=%s by=full time=2026-11-30T02:49:25Z\n", ulid);
	assert_int_equal(fclose(f), 0);
}

/* They take no room, and hide nothing: one is missing, of another one a spool
 * tells.
 */
static void lies_have_bounds(void **state)
{
	struct rig *rig = *state;
	char missing[ULID_LEN + 1], told[ULID_LEN + 1];
	struct rlimit before;
	struct sight s;
	struct err e;

	ulid_of(FORGED, missing);
	ulid_of(FORGED + 1, told);
	enter(rig, missing, 100);
	enter(rig, told, 100);
	forge(rig);
	tell(rig, told);
	limit_addresses(ROOM, &before);
	assert_int_equal(look(rig, &s, &e), 0);
	assert_int_equal(s.found.n, 1);
	assert_string_equal(s.found.list[0].ulid, missing);
	sight_release(&s);
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
}

/* As where handlers had claimed that many came: nothing is said of them. */
static void of_too_many_nothing_is_found(void **state)
{
	struct rig *rig = *state;
	struct sight s = {.book = &rig->book, .slice = &rig->slice};
	char ulid[ULID_LEN + 1];
	struct mailbox *m;
	struct err e;

	for (unsigned i = 0; i <= EVIDENCE_PART_ENTRIES; i++) {
		ulid_of(i, ulid);
		evidence_message(&s.v, ulid);
	}
	enter(rig, "01J5ZX3K7Q8W9E2R5T00000000", 100);
	assert_int_equal(book_commit(&rig->book, &e), 0);
	m = mailbox_look_into(rig->store->store, rig->store->id, &e);
	assert_non_null(m);
	assert_int_equal(sight_take(&s, m, &e), 0);
	assert_true(s.too_many);
	assert_int_equal(s.found.n, 0);
	mailbox_close(&m);
	sight_release(&s);
}

#define RIGGED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIGGED(one_file_at_least_is_compared),
		RIGGED(what_has_no_room_is_the_next_ones),
		RIGGED(what_has_grown_is_another_file),
		RIGGED(what_was_found_so_long_is_the_same),
		RIGGED(lies_have_bounds),
		RIGGED(of_too_many_nothing_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

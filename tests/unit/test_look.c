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

static void enter(struct rig *rig, const char *ulid, uint64_t octets)
{
	struct entry entry = {
		.kind = ENTRY_KEPT,
		.kept = {.octets = octets, .by = "found", .when = 1700000000}};
	struct err e;

	memcpy(entry.kept.ulid, ulid, ULID_LEN + 1);
	assert_int_equal(book_add_entry(&rig->book, &entry, &e), 0);
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
	uint8_t digest[DIGEST_SIZE];
	char ulid[1][ULID_LEN + 1], path[256];
	struct sight s;
	struct err e;

	keep(rig, 100, 1, ulid);
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

static void take_all(struct rig *rig)
{
	struct memory *m = &rig->book.memory;
	char path[256];
	struct stat st;

	store_rig_path(rig->store, "spool/local.9", path);
	assert_int_equal(stat(path, &st), 0);
	assert_true(memory_set_offset(m, "local.9", (uint64_t)st.st_size,
				      (const uint8_t[DIGEST_SIZE]){0}));
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

/* What was taken is not read again; what came since has bounds. */
static void lies_have_bounds(void **state)
{
	struct rig *rig = *state;
	struct rlimit before;
	struct sight s;
	struct err e;

	forge(rig);
	limit_addresses(ROOM, &before);
	assert_int_equal(look(rig, &s, &e), -1);
	assert_int_equal(e.kind, ERR_TEMP);
	assert_int_equal(s.found.n, 0);
	sight_release(&s);
	take_all(rig);
	assert_int_equal(look(rig, &s, &e), 0);
	assert_int_equal(s.found.n, 0);
	sight_release(&s);
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
}

#define RIGGED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIGGED(one_file_at_least_is_compared),
		RIGGED(what_has_no_room_is_the_next_ones),
		RIGGED(what_has_grown_is_another_file),
		RIGGED(lies_have_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

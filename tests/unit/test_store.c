/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The promises of docs/store.md on a real store: kept is kept, whatever dies,
 * whatever lies in a spool, wherever the mailbox is copied to.
 */
#include "common/base.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/admin/admin.h"
#include "store/lock_file.h"
#include "store/seal/session_key.h"
#include "store/spool.h"
#include "tests/unit/store_rig.h"

static const size_t sizes[] = {0,     1,     64 * 1024 - 1,
			       65536, 65537, 3 * 65536 + 5};

static void account_now(struct mailbox *m)
{
	struct err e;

	if (mailbox_account(m, NULL, &e) < 0)
		fail_msg("%s", e.text);
}

static struct sweep_report sweep_now(struct mailbox *m)
{
	struct sweep_report report;
	struct err e;

	if (mailbox_sweep(m, &report, &e) < 0)
		fail_msg("%s", e.text);
	assert_false(report.busy);
	return report;
}

static struct counters counters_of(const struct mailbox *m)
{
	struct counters c;
	struct err e;

	assert_int_equal(mailbox_counters(m, &c, &e), 0);
	return c;
}

/* --- keeping and collecting --------------------------------------------------
 */

static void what_is_kept_is_collected(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	char ulid[N_ELEMENTS(sizes)][ULID_LEN + 1];
	struct collection *c;
	size_t removed;
	struct err e;

	for (unsigned i = 0; i < N_ELEMENTS(sizes); i++)
		store_rig_keep(m, i, sizes[i], ulid[i]);
	account_now(m);
	assert_int_equal(store_rig_count(rig, "tmp"), N_ELEMENTS(sizes));
	assert_int_equal(counters_of(m).messages, N_ELEMENTS(sizes));
	sweep_now(m);
	assert_int_equal(store_rig_count(rig, "tmp"), 0);
	assert_int_equal(counters_of(m).messages, N_ELEMENTS(sizes));

	c = store_rig_login(rig);
	assert_int_equal(collection_count(c), N_ELEMENTS(sizes));
	for (unsigned i = 0; i < N_ELEMENTS(sizes); i++) {
		assert_string_equal(collection_message(c, i).ulid, ulid[i]);
		store_rig_check(c, i, i, sizes[i]);
	}
	/* All but the third go; nothing that is not marked does. */
	for (unsigned i = 0; i < N_ELEMENTS(sizes); i++)
		collection_mark(c, i, i != 2);
	assert_int_equal(collection_update(c, &removed, NULL, &e), 0);
	assert_int_equal(removed, N_ELEMENTS(sizes) - 1);
	collection_free(&c);
	assert_int_equal(store_rig_count(rig, "gone"), N_ELEMENTS(sizes) - 1);
	assert_int_equal(sweep_now(m).left, N_ELEMENTS(sizes) - 1);
	assert_int_equal(store_rig_count(rig, "gone"), 0);

	c = store_rig_login(rig);
	assert_int_equal(collection_count(c), 1);
	assert_string_equal(collection_message(c, 0).ulid, ulid[2]);
	store_rig_check(c, 0, 2, sizes[2]);
	assert_int_equal(counters_of(m).messages, 1);
	assert_int_equal(counters_of(m).octets, sizes[2]);
	collection_free(&c);
	mailbox_close(&m);
}

/* A directory is read in an order of its own. */
static void the_order_is_that_of_ulids(void **state)
{
	enum { SOME = 40 };
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	char ulid[SOME][ULID_LEN + 1];
	struct collection *c;

	for (unsigned i = 0; i < SOME; i++)
		store_rig_keep(m, i, i, ulid[i]);
	c = store_rig_login(rig);
	assert_int_equal(collection_count(c), SOME);
	for (size_t i = 0; i < SOME; i++)
		assert_string_equal(collection_message(c, i).ulid, ulid[i]);
	collection_free(&c);
	mailbox_close(&m);
}

static void an_aborted_message_leaves_nothing(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	struct delivery *d;
	struct err e;

	d = delivery_begin(m, &e);
	assert_non_null(d);
	assert_int_equal(delivery_write(d, (const uint8_t *)"x", 1, &e), 0);
	delivery_abort(&d);
	delivery_abort(&d);
	assert_int_equal(store_rig_count(rig, "tmp"), 0);
	assert_int_equal(store_rig_count(rig, "cur"), 0);
	mailbox_close(&m);
}

static void updating_nothing_is_a_collection_too(void **state)
{
	struct store_rig *rig = *state;
	const struct activity activity = {
		.when = 1800000000,
		.program = "pop3-serve",
		.peer = "192.0.2.1",
		.outcome = "collected",
	};
	struct collection *c = store_rig_login(rig);
	struct mailbox *m = collection_mailbox(c);
	size_t removed;
	struct err e;

	assert_int_equal(collection_update(c, &removed, &activity, &e), 0);
	assert_int_equal(removed, 0);
	assert_int_equal(counters_of(m).last_collected, 1800000000);
	collection_free(&c);
}

/* --- who may -------------------------------------------------------------- */

static void a_wrong_password_and_an_unknown_id_are_alike(void **state)
{
	struct store_rig *rig = *state;
	struct secret wrong = SECRET_EMPTY;
	struct err e;

	secret_set(&wrong, "wrong", 5);
	assert_null(collection_login(rig->store, rig->id, &wrong,
				     STORE_RIG_LOG_N, &e));
	assert_int_equal(e.kind, ERR_PASSWORD);
	assert_null(collection_login(rig->store,
				     "mbx-00000000000000000000000000000000",
				     &rig->password, STORE_RIG_LOG_N, &e));
	assert_int_equal(e.kind, ERR_PASSWORD);
	secret_release(&wrong);
}

static void one_collects_at_a_time(void **state)
{
	struct store_rig *rig = *state;
	struct collection *c = store_rig_login(rig);
	struct err e;

	assert_null(collection_login(rig->store, rig->id, &rig->password,
				     STORE_RIG_LOG_N, &e));
	assert_int_equal(e.kind, ERR_BUSY);
	collection_free(&c);
	c = store_rig_login(rig);
	collection_free(&c);
}

static int swept = -1; /* `lock`, with the byte of who collects */

static void end_sweep(int number)
{
	(void)number;
	close(swept);
	swept = -1;
}

/* Stands for a sweep of another process: its lock lies in another open file. */
static void keep_as_a_sweep(const struct store_rig *rig, unsigned ms)
{
	struct flock byte = {.l_type = F_WRLCK, .l_start = 1, .l_len = 1};
	struct itimerval after = {.it_value.tv_usec = ms * 1000};
	char path[256];

	store_rig_path(rig, "lock", path);
	swept = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(fcntl(swept, F_OFD_SETLK, &byte), 0);
	assert_true(signal(SIGALRM, end_sweep) != SIG_ERR);
	assert_int_equal(setitimer(ITIMER_REAL, &after, NULL), 0);
}

static void a_sweeps_moment_turns_nobody_away(void **state)
{
	struct store_rig *rig = *state;
	struct collection *c;

	keep_as_a_sweep(rig, 300);
	c = store_rig_login(rig);
	assert_int_equal(swept, -1);
	collection_free(&c);
	assert_true(signal(SIGALRM, SIG_DFL) != SIG_ERR);
}

static void absent_is_said_only_of_what_is_absent(void **state)
{
	struct store_rig *rig = *state;
	char path[256];
	struct err e;

	assert_null(mailbox_open(rig->store,
				 "mbx-00000000000000000000000000000000", &e));
	assert_int_equal(e.kind, ERR_ABSENT);
	store_rig_path(rig, "mailbox.conf", path);
	store_rig_shell("mv '%s' '%s.away'", path, path);
	assert_null(mailbox_open(rig->store, rig->id, &e));
	assert_int_equal(e.kind, ERR_TEMP);
	store_rig_shell("mv '%s.away' '%s'", path, path);
	/* Not mounted: an empty directory where the store was. */
	store_rig_shell("mv '%s/format' '%s/away'", rig->path, rig->path);
	assert_null(store_open(rig->path, &e));
	assert_int_equal(e.kind, ERR_TEMP);
	store_rig_shell("mv '%s/away' '%s/format'", rig->path, rig->path);
}

static void a_held_mailbox_is_not_deleted(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig), *other = store_rig_open(rig);
	struct err e;

	assert_int_equal(mailbox_hold(m, &e), 0);
	assert_int_equal(mailbox_hold(other, &e), 0);
	mailbox_release(other);
	assert_int_equal(
		mailbox_lock_byte(other, MAILBOX_BYTE_USE, true, 0, &e), -1);
	assert_int_equal(e.kind, ERR_BUSY);
	mailbox_release(m);
	assert_int_equal(
		mailbox_lock_byte(other, MAILBOX_BYTE_USE, true, 0, &e), 0);
	mailbox_close(&other);
	/* Renamed away under its user's feet: absent. */
	store_rig_shell("mv '%s/mailboxes/%s' '%s/mailboxes/.gone'", rig->path,
			rig->id, rig->path);
	assert_int_equal(mailbox_hold(m, &e), -1);
	assert_int_equal(e.kind, ERR_ABSENT);
	mailbox_close(&m);
}

static void room_is_what_is_left_beyond_the_reserve(void **state)
{
	struct store_rig *rig = *state;
	struct err e;

	assert_int_equal(store_room(rig->store, 1, &e), 0);
	store_set_reserve(rig->store, UINT64_MAX);
	assert_int_equal(store_room(rig->store, 1, &e), -1);
	assert_int_equal(e.kind, ERR_FULL);
	store_set_reserve(rig->store, 1);
	assert_int_equal(store_room(rig->store, UINT64_MAX, &e), -1);
	assert_int_equal(e.kind, ERR_FULL);
}

/* 64 KiB are sealed at once: two of them reach the disk for certain. */
static void the_reserve_holds_while_a_message_grows(void **state)
{
	static const uint8_t octets[2 * 64 * 1024];
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	struct delivery *d;
	struct err e;

	d = delivery_begin(m, &e);
	assert_non_null(d);
	assert_int_equal(delivery_write(d, octets, sizeof(octets), &e), 0);
	store_set_reserve(rig->store, UINT64_MAX);
	assert_int_equal(delivery_write(d, octets, sizeof(octets), &e), -1);
	assert_int_equal(e.kind, ERR_FULL);
	delivery_abort(&d);
	assert_null(delivery_begin(m, &e));
	assert_int_equal(e.kind, ERR_FULL);
	mailbox_close(&m);
}

static void the_end_of_a_message_meets_the_reserve_too(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	struct delivery *d;
	struct err e;

	d = delivery_begin(m, &e);
	assert_non_null(d);
	assert_int_equal(delivery_write(d, (const uint8_t *)"x", 1, &e), 0);
	store_set_reserve(rig->store, UINT64_MAX);
	assert_int_equal(delivery_commit(&d, 0, &e), -1);
	assert_int_equal(e.kind, ERR_FULL);
	mailbox_close(&m);
}

/* --- quota and rate ------------------------------------------------------- */

enum { QUOTA = 100000 };

/* As mailbox.conf would say. */
static struct mailbox *open_limited(const struct store_rig *rig, uint64_t quota,
				    uint64_t rate)
{
	struct mailbox *m = store_rig_open(rig);

	((struct mailbox_conf *)mailbox_settings(m))->quota = quota;
	((struct mailbox_conf *)mailbox_settings(m))->rate = rate;
	return m;
}

static enum err_kind write_some(struct mailbox *m, size_t n,
				struct delivery **d_r)
{
	static const uint8_t octets[2 * QUOTA];
	struct err e = {.kind = ERR_NONE};

	*d_r = delivery_begin(m, &e);
	assert_non_null(*d_r);
	return delivery_write(*d_r, octets, n, &e) < 0 ? e.kind : ERR_NONE;
}

static uint64_t being_written(const struct mailbox *m)
{
	struct counters c;
	struct err e;

	assert_int_equal(mailbox_counters(m, &c, &e), 0);
	return c.writing;
}

static void a_quota_is_for_what_waits(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = open_limited(rig, QUOTA, 0);
	struct delivery *d;
	struct err e;

	assert_int_equal(mailbox_room(m, QUOTA, &e), 0);
	assert_int_equal(mailbox_room(m, QUOTA + 1, &e), -1);
	assert_int_equal(e.kind, ERR_QUOTA);
	assert_int_equal(write_some(m, QUOTA + 1, &d), ERR_QUOTA);
	delivery_abort(&d);
	assert_int_equal(being_written(m), 0);
	assert_int_equal(write_some(m, QUOTA, &d), ERR_NONE);
	assert_int_equal(delivery_commit(&d, 0, &e), 0);
	assert_int_equal(being_written(m), 0);
	/* It counts at once, and once: not again with the lines. */
	assert_int_equal(mailbox_room(m, 0, &e), -1);
	assert_int_equal(mailbox_account(m, NULL, &e), 0);
	((struct mailbox_conf *)mailbox_settings(m))->quota = QUOTA + 1;
	assert_int_equal(mailbox_room(m, 1, &e), 0);
	mailbox_close(&m);
}

static void a_rate_is_for_what_came(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = open_limited(rig, 0, QUOTA);
	struct delivery *d;
	struct err e;

	assert_int_equal(write_some(m, QUOTA, &d), ERR_NONE);
	assert_int_equal(delivery_commit(&d, 0, &e), 0);
	store_rig_shell("rm -f %s/mailboxes/%s/cur/*", rig->path, rig->id);
	assert_int_equal(write_some(m, 1, &d), ERR_QUOTA);
	delivery_abort(&d);
	mailbox_close(&m);
}

static void sessions_side_by_side_share_a_quota(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *one = open_limited(rig, QUOTA, 0);
	struct mailbox *other = open_limited(rig, QUOTA, 0);
	struct delivery *first, *second;

	assert_int_equal(write_some(one, 2 * QUOTA / 3, &first), ERR_NONE);
	assert_int_equal(write_some(other, QUOTA / 2, &second), ERR_QUOTA);
	delivery_abort(&second);
	delivery_abort(&first);
	assert_int_equal(write_some(other, QUOTA / 2, &second), ERR_NONE);
	delivery_abort(&second);
	mailbox_close(&one);
	mailbox_close(&other);
}

static void write_limited(const struct store_rig *rig)
{
	struct delivery *d;

	if (write_some(open_limited(rig, QUOTA, 0), QUOTA, &d))
		_exit(1);
}

static void the_sweep_gives_back_what_dead_writers_had(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = open_limited(rig, QUOTA, 0);
	struct sweep_report report;
	struct delivery *d;
	struct err e;

	store_rig_killed(write_limited, rig);
	assert_int_equal(being_written(m), QUOTA);
	assert_int_equal(mailbox_sweep(m, &report, &e), 0);
	assert_int_equal(being_written(m), 0);
	assert_int_equal(write_some(m, QUOTA, &d), ERR_NONE);
	delivery_abort(&d);
	mailbox_close(&m);
}

/* --- what dies on the way ------------------------------------------------- */

static void write_half(const struct store_rig *rig)
{
	struct mailbox *m = store_rig_open(rig);
	struct err e;
	struct delivery *d = delivery_begin(m, &e);

	if (!d || delivery_write(d, (const uint8_t *)"half", 4, &e) < 0)
		_exit(1);
}

static void the_sweep_removes_what_dead_writers_left(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	struct sweep_report report;
	struct delivery *alive;
	struct err e;

	alive = delivery_begin(m, &e);
	assert_non_null(alive);
	store_rig_killed(write_half, rig);
	assert_int_equal(store_rig_count(rig, "tmp"), 2);
	assert_int_equal(mailbox_sweep(m, &report, &e), 0);
	assert_int_equal(report.removed, 1);
	assert_int_equal(store_rig_count(rig, "tmp"), 1);
	assert_int_equal(delivery_commit(&alive, 0, &e), 0);
	assert_int_equal(sweep_now(m).removed, 0);
	assert_int_equal(store_rig_count(rig, "tmp"), 0);
	assert_int_equal(store_rig_count(rig, "cur"), 1);
	mailbox_close(&m);
}

static void keep_and_die(const struct store_rig *rig)
{
	struct mailbox *m = store_rig_open(rig);
	char ulid[ULID_LEN + 1];

	store_rig_keep(m, 7, 700, ulid);
}

static void a_writer_killed_after_the_commit_loses_nothing(void **state)
{
	struct store_rig *rig = *state;
	struct collection *c;

	store_rig_killed(keep_and_die, rig);
	assert_int_equal(store_rig_count(rig, "tmp"), 1);
	c = store_rig_login(rig);
	assert_int_equal(collection_count(c), 1);
	store_rig_check(c, 0, 7, 700);
	collection_free(&c);
}

/*
 * Of messages of one microsecond the ULIDs do not tell which came first: so
 * each is looked up by its size.
 */
static void check_all(struct collection *c, unsigned n)
{
	assert_int_equal(collection_count(c), n);
	for (size_t i = 0; i < n; i++) {
		unsigned seed = (unsigned)collection_message(c, i).octets;

		assert_true(seed < n);
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(seed,
					     collection_message(c, k).octets);
		store_rig_check(c, i, seed, seed);
	}
}

static void a_file_put_back_by_hand_is_served(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	char ulid[ULID_LEN + 1], path[256];
	struct collection *c;

	store_rig_keep(m, 1, 10, ulid);
	store_rig_keep(m, 2, 20, ulid);
	account_now(m);
	store_rig_path(rig, "cur", path);
	store_rig_shell("mv '%s/%s,W=20.age' '%s/..'", path, ulid, path);
	c = store_rig_login(rig);
	assert_int_equal(collection_count(c), 1);
	collection_free(&c);
	store_rig_shell("mv '%s/../%s,W=20.age' '%s'", path, ulid, path);
	c = store_rig_login(rig);
	assert_int_equal(collection_count(c), 2);
	store_rig_check(c, 1, 2, 20);
	collection_free(&c);
	mailbox_close(&m);
}

static void a_copy_is_opened_elsewhere(void **state)
{
	struct store_rig *rig = *state, copy = *rig;
	struct mailbox *m = store_rig_open(rig);
	char ulid[ULID_LEN + 1];
	struct collection *c;
	struct err e;

	for (unsigned i = 0; i < 3; i++)
		store_rig_keep(m, i, i, ulid);
	account_now(m);
	store_rig_keep(m, 3, 3, ulid);
	snprintf(copy.path, sizeof(copy.path), "%.100s.copy", rig->path);
	store_rig_shell("cp -a '%s' '%s'", rig->path, copy.path);
	copy.store = store_open(copy.path, &e);
	assert_non_null(copy.store);
	c = store_rig_login(&copy);
	check_all(c, 4);
	collection_free(&c);
	store_free(&copy.store);
	store_rig_shell("rm -rf '%s'", copy.path);
	mailbox_close(&m);
}

static void many_leave_in_batches(void **state)
{
	enum { MANY = 5000 }; /* more than one fsync covers */
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	char ulid[ULID_LEN + 1];
	struct collection *c;
	size_t removed;
	struct err e;

	for (unsigned i = 0; i < MANY; i++)
		store_rig_keep(m, i, 1, ulid);
	account_now(m);
	assert_int_equal(counters_of(m).messages, MANY);
	c = store_rig_login(rig);
	assert_int_equal(collection_count(c), MANY);
	for (unsigned i = 0; i < MANY; i++)
		collection_mark(c, i, true);
	assert_int_equal(collection_update(c, &removed, NULL, &e), 0);
	assert_int_equal(removed, MANY);
	assert_int_equal(counters_of(m).messages, 0);
	assert_int_equal(counters_of(m).oldest, 0);
	assert_int_equal(store_rig_count(rig, "cur"), 0);
	collection_free(&c);
	while (store_rig_count(rig, "gone") > 0)
		sweep_now(m);
	assert_int_equal(store_rig_count(rig, "tmp"), 0);
	mailbox_close(&m);
}

/* --- damage --------------------------------------------------------------- */

static void damage_is_told_and_the_others_come(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	char ulid[3][ULID_LEN + 1], path[256];
	const uint8_t *bytes;
	struct collection *c;
	struct reader *r;
	size_t n = 1;
	struct err e;

	for (unsigned i = 0; i < 3; i++)
		store_rig_keep(m, i, 200000, ulid[i]);
	store_rig_path(rig, "cur", path);
	/* One octet in the third chunk; and one file that lost its end. */
	store_rig_shell("printf X | dd of='%s/%s,W=200000.age' bs=1 "
			"seek=140000 conv=notrunc status=none",
			path, ulid[0]);
	store_rig_shell("truncate -s -1 '%s/%s,W=200000.age'", path, ulid[1]);
	c = store_rig_login(rig);
	r = reader_open(c, 0, &e);
	assert_non_null(r);
	while (reader_next(r, &bytes, &n, &e) == 0)
		assert_true(n > 0);
	assert_int_equal(e.kind, ERR_DAMAGED);
	reader_close(&r);
	assert_null(reader_open(c, 1, &e));
	assert_int_equal(e.kind, ERR_DAMAGED);
	store_rig_check(c, 2, 2, 200000);
	collection_free(&c);
	/* The next session knows it at once, and can delete them. */
	c = store_rig_login(rig);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(collection_message(c, i).flags,
				 MESSAGE_DAMAGED);
		assert_null(reader_open(c, i, &e));
		assert_int_equal(e.kind, ERR_DAMAGED);
		collection_mark(c, i, true);
	}
	assert_int_equal(collection_update(c, &n, NULL, &e), 0);
	assert_int_equal(n, 2);
	collection_free(&c);
	mailbox_close(&m);
}

/* --- a proxy's copy ------------------------------------------------------- */

static struct delivery *prepare(struct mailbox *m)
{
	struct err e;
	struct delivery *d = delivery_begin(m, &e);

	if (!d || delivery_write(d, (const uint8_t *)"copy", 4, &e) < 0 ||
	    delivery_prepare(d, &e) < 0)
		fail_msg("%s", e.text);
	return d;
}

static void a_copy_becomes_visible_on_upstreams_yes(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	struct delivery *d = prepare(m);
	struct collection *c;
	struct err e;

	sweep_now(m); /* its writer lives: not touched */
	assert_int_equal(store_rig_count(rig, "tmp"), 1);
	assert_int_equal(store_rig_count(rig, "cur"), 0);
	assert_int_equal(delivery_commit(&d, 0, &e), 0);
	sweep_now(m);
	assert_int_equal(store_rig_count(rig, "tmp"), 0);
	c = store_rig_login(rig);
	assert_int_equal(collection_count(c), 1);
	assert_int_equal(collection_message(c, 0).flags, 0);
	collection_free(&c);
	d = prepare(m);
	delivery_abort(&d);
	assert_int_equal(store_rig_count(rig, "tmp"), 0);
	mailbox_close(&m);
}

static void die_prepared(const struct store_rig *rig)
{
	prepare(store_rig_open(rig));
}

static void a_copy_without_an_answer_is_kept_unconfirmed(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	struct collection *c;

	store_rig_killed(die_prepared, rig);
	assert_int_equal(store_rig_count(rig, "cur"), 0);
	c = store_rig_login(rig);
	assert_int_equal(collection_count(c), 1);
	assert_int_equal(collection_message(c, 0).flags, MESSAGE_UNCONFIRMED);
	assert_int_equal(collection_message(c, 0).octets, 4);
	collection_free(&c);
	mailbox_close(&m);
}

/* tar, cp and rsync make two files of a copy that is kept and still a ticket.
 */
static void a_copied_copy_is_there_once(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	struct delivery *d = prepare(m);
	struct collection *c;
	char tmp[256];
	struct err e;

	assert_int_equal(delivery_commit(&d, MESSAGE_NORMALISED, &e), 0);
	store_rig_path(rig, "tmp", tmp);
	store_rig_shell("cd '%s' && cp *,P.age two && mv two *,P.age", tmp);
	sweep_now(m);
	assert_int_equal(store_rig_count(rig, "tmp"), 0);
	assert_int_equal(store_rig_count(rig, "cur"), 1);
	c = store_rig_login(rig);
	assert_int_equal(collection_count(c), 1);
	assert_int_equal(collection_message(c, 0).flags, MESSAGE_NORMALISED);
	collection_free(&c);
	mailbox_close(&m);
}

/* --- how messages leave ---------------------------------------------------
 */

static void keep_some(struct mailbox *m, unsigned n, char ulid[][ULID_LEN + 1])
{
	for (unsigned i = 0; i < n; i++)
		store_rig_keep(m, i, i, ulid[i]);
	account_now(m);
	sweep_now(m);
}

static void delete_all(struct store_rig *rig)
{
	struct collection *c = store_rig_login(rig);
	size_t removed;
	struct err e;

	for (size_t i = 0; i < collection_count(c); i++)
		collection_mark(c, i, true);
	if (collection_update(c, &removed, NULL, &e) < 0)
		fail_msg("%s", e.text);
	collection_free(&c);
}

static size_t listed(struct store_rig *rig)
{
	struct collection *c = store_rig_login(rig);
	size_t n = collection_count(c);

	collection_free(&c);
	return n;
}

/* The lines are durable, the moving was lost: as a power cut may leave it. */
static void what_a_batch_says_is_carried_through(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	char ulid[3][ULID_LEN + 1], path[256];

	keep_some(m, 3, ulid);
	delete_all(rig);
	store_rig_path(rig, "cur", path);
	store_rig_shell("mv '%s'/../gone/*,W=1.age '%s'/", path, path);
	/* Two names of one file: rename() would do nothing. */
	store_rig_shell("ln '%s'/../gone/%s,W=2.age '%s'/", path, ulid[2],
			path);
	assert_int_equal(listed(rig), 0);
	assert_int_equal(store_rig_count(rig, "cur"), 0);
	assert_int_equal(store_rig_count(rig, "gone"), 3);
	store_rig_shell("mv '%s'/../gone/*,W=1.age '%s'/", path, path);
	sweep_now(m);
	assert_int_equal(store_rig_count(rig, "cur"), 0);
	sweep_now(m);
	assert_int_equal(store_rig_count(rig, "gone"), 0);
	mailbox_close(&m);
}

static void only_what_no_line_names_comes_back(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	char ulid[3][ULID_LEN + 1], path[256];

	keep_some(m, 3, ulid);
	store_rig_path(rig, "cur", path);
	/* Moved on a full disk, and killed: one before it was cut. */
	store_rig_shell("cd '%s' && mv %s,W=0.age ../gone/%s,W=0,F.age && "
			"mv %s,W=1.age ../gone/%s,W=1,F.age && "
			": >../gone/%s,W=1,F.age && "
			"mv %s,W=2.age ../gone/",
			path, ulid[0], ulid[0], ulid[1], ulid[1], ulid[1],
			ulid[2]);
	assert_int_equal(listed(rig), 1);
	/* The cut one is said and removed; what nobody explains stays. */
	sweep_now(m);
	assert_int_equal(store_rig_count(rig, "gone"), 1);
	assert_int_equal(store_rig_count(rig, "cur"), 1);
	assert_int_equal(listed(rig), 1);
	mailbox_close(&m);
}

static void one_name_of_two_is_shown_and_both_leave(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	char ulid[1][ULID_LEN + 1], path[256];
	struct collection *c;

	keep_some(m, 1, ulid);
	store_rig_path(rig, "cur", path);
	store_rig_shell("cd '%s' && ln %s,W=0.age %s,W=0,U.age", path, ulid[0],
			ulid[0]);
	c = store_rig_login(rig);
	assert_int_equal(collection_count(c), 1);
	assert_int_equal(collection_message(c, 0).flags, 0);
	collection_free(&c);
	delete_all(rig);
	assert_int_equal(store_rig_count(rig, "cur"), 0);
	assert_int_equal(listed(rig), 0);
	mailbox_close(&m);
}

/* --- spools ----------------------------------------------------------------
 */

struct found {
	const struct store_rig *rig;
	uint8_t public[SESSION_KEY_SIZE];
	unsigned kept, batches, good_signatures, collected, gone, other;
};

static void find_line(void *arg, const char *text, size_t n)
{
	struct found *f = arg;
	struct entry e;

	if (entry_parse(text, n, &e) && e.kind == ENTRY_KEPT)
		f->kept++;
	else
		f->other++;
}

static void find_batch(void *arg, const struct spool_batch *b)
{
	struct found *f = arg;
	const char *at = b->lines, *end = at + b->n_octets, *text;
	struct buf part;
	struct entry e;
	size_t n;

	f->batches++;
	buf_init(&part, LINE_OCTETS_MAX);
	assert_true(entry_signed_part(b->session, &part));
	f->good_signatures += session_key_verify(f->public, part.data, part.len,
						 b->session->signature);
	buf_release(&part);
	while (spool_next_line(&at, end, &text, &n)) {
		assert_true(entry_parse(text, n, &e));
		f->collected += e.kind == ENTRY_COLLECTED && e.collected.ended;
		f->gone += e.kind == ENTRY_GONE;
	}
}

static void read_spools(const struct mailbox *m, struct found *f)
{
	const struct spool_visitor v = {find_line, find_batch, f};
	struct err e;

	if (spool_read_all(m, &v, &e) < 0)
		fail_msg("%s", e.text);
}

static void what_happened_is_written_and_signed(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	struct found f = {.rig = rig};
	char ulid[2][ULID_LEN + 1];
	struct collection *c;
	size_t removed;
	struct err e;

	assert_true(
		session_key_parse(mailbox_settings(m)->session_key, f.public));
	keep_some(m, 2, ulid);
	c = store_rig_login(rig);
	store_rig_check(c, 0, 0, 0);
	collection_mark(c, 0, true);
	collection_mark(c, 1, true);
	assert_int_equal(collection_update(c, &removed, NULL, &e), 0);
	collection_free(&c);
	read_spools(m, &f);
	assert_int_equal(f.kept, 2);
	assert_int_equal(f.batches, 1);
	assert_int_equal(f.good_signatures, 1);
	assert_int_equal(f.collected, 1);
	assert_int_equal(f.gone, 2);
	assert_int_equal(f.other, 0);
	mailbox_close(&m);
}

static void half_a_line_is_ended_and_passed_over(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	struct found f = {.rig = rig};
	char ulid[2][ULID_LEN + 1], path[256];

	keep_some(m, 1, ulid);
	store_rig_path(rig, "spool/local.1", path);
	store_rig_shell("printf 'kept ulid=01J5' >>'%s'", path);
	keep_some(m, 2, ulid);
	read_spools(m, &f);
	assert_int_equal(f.kept, 3);
	assert_int_equal(f.other, 1);
	mailbox_close(&m);
}

/* A batch that lacks its last line claims nothing, nor does its rest. */
static void half_a_batch_is_none(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	struct found f = {.rig = rig};
	char ulid[2][ULID_LEN + 1], path[256];

	keep_some(m, 2, ulid);
	delete_all(rig);
	store_rig_path(rig, "spool/local.1", path);
	store_rig_shell("sed -i '$d' '%s' && cd \"$(dirname '%s')\" && "
			"mv ../gone/* ../cur/",
			path, path);
	read_spools(m, &f);
	assert_int_equal(f.batches, 0);
	assert_int_equal(f.gone, 0);
	assert_int_equal(listed(rig), 2);
	mailbox_close(&m);
}

/* As a handler that was taken over may leave it, run inside spool/. */
static const char *const forged[] = {
	"ln -s ../mailbox.conf local.9",
	"ln ../seen local.9",
	"mkfifo local.9",
	"mkdir local.9",
	"truncate -s 67108865 local.9",
	"head -c 3000000 /dev/urandom >local.9",
	"for i in $(seq 2 200); do : >local.$i; done",
	"printf 'session id=%s n=256' 01J5ZX3K7Q8W9E2R4T6Y0P1M3N >local.9",
};

static void what_is_no_spool_stops_nobody(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	char ulid[1][ULID_LEN + 1], path[256], conf[256];

	store_rig_path(rig, "spool", path);
	store_rig_path(rig, "mailbox.conf", conf);
	store_rig_shell("cp '%s' '%s.before'", conf, conf);
	for (size_t i = 0; i < N_ELEMENTS(forged); i++) {
		store_rig_shell("cd '%s' && %s", path, forged[i]);
		keep_some(m, 1, ulid);
		assert_int_equal(listed(rig), 1);
		delete_all(rig);
		sweep_now(m);
		sweep_now(m);
		assert_int_equal(store_rig_count(rig, "gone"), 0);
		store_rig_shell("cmp -s '%s' '%s.before' && rm -rf '%s'/*",
				conf, conf, path);
	}
	mailbox_close(&m);
}

static void a_spool_that_is_held_is_left_alone(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	struct flock f = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char ulid[1][ULID_LEN + 1], path[256];
	int fd;

	keep_some(m, 1, ulid);
	store_rig_path(rig, "spool/local.1", path);
	fd = open(path, O_RDWR);
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &f), 0);
	store_rig_keep(m, 1, 1, ulid[0]);
	account_now(m);
	close(fd);
	assert_int_equal(store_rig_count(rig, "spool"), 2);
	mailbox_close(&m);
}

static void old_spools_are_dropped(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	struct flock f = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char ulid[2][ULID_LEN + 1], path[256];
	int writer;

	store_rig_path(rig, "spool", path);
	keep_some(m, 2, ulid);
	delete_all(rig);
	store_rig_shell("cd '%s' && : >local.2 && touch -d '-15 days' local.1 "
			"&& ln ../gone/*W=1.age ../tmp/%s.age",
			path, ulid[1]);
	/* Not while it names what must still lie in gone/. */
	store_rig_path(rig, "tmp", path);
	snprintf(path + strlen(path), 64, "/%s.age", ulid[1]);
	writer = open(path, O_RDWR);
	assert_int_equal(fcntl(writer, F_OFD_SETLK, &f), 0);
	assert_int_equal(sweep_now(m).spools, 0);
	assert_int_equal(store_rig_count(rig, "gone"), 1);
	close(writer);
	assert_int_equal(sweep_now(m).spools, 1);
	assert_int_equal(store_rig_count(rig, "gone"), 0);
	assert_int_equal(store_rig_count(rig, "spool"), 1);
	mailbox_close(&m);
}

/* --- keys ------------------------------------------------------------------
 */

static int add_key(struct mailbox_conf *conf, const void *key,
		   struct err *e UNUSED)
{
	conf_strings_add(&conf->recipients, key);
	return 0;
}

static void what_is_sealed_to_keys_of_before_comes_again(void **state)
{
	static const char key[] = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjeh"
				  "u9d9dl0jq3yqqvfafg";
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig), *other = store_rig_open(rig);
	struct delivery *d, *copy;
	struct err e;

	assert_int_equal(mailbox_hold(m, &e), 0);
	d = delivery_begin(m, &e);
	assert_non_null(d);
	copy = prepare(m);
	if (mailbox_update(other, add_key, key, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(delivery_commit(&d, 0, &e), -1);
	assert_int_equal(e.kind, ERR_TEMP);
	assert_int_equal(store_rig_count(rig, "cur"), 0);
	/* What upstream has taken is there only once. */
	assert_int_equal(delivery_commit(&copy, 0, &e), 0);
	assert_int_equal(store_rig_count(rig, "cur"), 1);
	mailbox_close(&other);
	mailbox_close(&m);
}

static void add_activity(struct mailbox *m, int64_t when, const char *outcome,
			 bool refused)
{
	const struct activity a = {
		.when = when,
		.program = "smtp-journal",
		.peer = "192.0.2.7",
		.outcome = outcome,
		.messages = 1,
		.octets = 100,
		.refused = refused,
	};
	struct err e;

	assert_int_equal(mailbox_account(m, &a, &e), 0);
}

static void activity_is_read_newest_first(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	struct activity_list l;
	struct counters c;
	struct err e;

	assert_int_equal(mailbox_activity(m, 0, INT64_MAX, &l, &e), 0);
	assert_int_equal(l.n, 0);
	for (int i = 0; i < 300; i++)
		add_activity(m, 1000000 + i, "kept", false);
	add_activity(m, 1000300, "refused", true);
	store_rig_keep(m, 1, 100, (char[ULID_LEN + 1]){0});
	assert_int_equal(mailbox_activity(m, 1000100, 1000300, &l, &e), 0);
	assert_int_equal(l.n, 201);
	assert_false(l.more);
	assert_string_equal(l.list[0].outcome, "refused");
	for (size_t i = 0; i < l.n; i++)
		assert_int_equal(l.list[i].when, 1000300 - (int64_t)i);
	activity_release(&l);
	assert_int_equal(mailbox_counters(m, &c, &e), 0);
	assert_int_equal(c.last_refused, 1000300);
	mailbox_close(&m);
}

/* A clock was ahead by a year, and was set right. */
static void activity_of_a_time_to_come_is_not_shown(void **state)
{
	enum { NOW = 1000000, YEAR = 366 * 86400 };
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	struct activity_list l;
	struct err e;

	add_activity(m, NOW + YEAR, "kept", false);
	assert_int_equal(mailbox_activity(m, 0, NOW, &l, &e), 0);
	assert_int_equal(l.n, 0);
	add_activity(m, NOW, "kept", false);
	add_activity(m, NOW + 1, "refused", false);
	assert_int_equal(mailbox_activity(m, 0, NOW, &l, &e), 0);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.list[0].when, NOW);
	activity_release(&l);
	mailbox_close(&m);
}

/* Any number of names, by who was taken over. */
static void a_flooded_spool_is_looked_at_in_part(void **state)
{
	const struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	struct spool_list l;
	struct aside aside;
	struct err e;

	store_rig_shell("cd '%s/mailboxes/%s/spool' && "
			"touch $(seq -f 'local.%%.0f' 1 3000) "
			"$(seq -f 'aside.local.%%.0f' 1 6000)",
			rig->path, rig->id);
	assert_int_equal(spool_scan(m, &l, &e), 0);
	assert_in_range(l.n, SPOOLS_MAX, 1024);
	assert_int_equal(l.list[l.n - 1].n, 3000);
	for (size_t i = 0; i < SPOOLS_MAX; i++)
		assert_int_equal(l.list[l.n - 1 - i].n, 3000 - i);
	spool_list_release(&l);
	store_aside_of(rig->store, rig->id, &aside);
	assert_in_range(aside.n, 1, 4096);
	mailbox_close(&m);
}

#define RIGGED(test)                                                           \
	cmocka_unit_test_setup_teardown(test, store_rig_setup,                 \
					store_rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIGGED(what_is_kept_is_collected),
		RIGGED(the_order_is_that_of_ulids),
		RIGGED(an_aborted_message_leaves_nothing),
		RIGGED(updating_nothing_is_a_collection_too),
		RIGGED(a_wrong_password_and_an_unknown_id_are_alike),
		RIGGED(one_collects_at_a_time),
		RIGGED(a_sweeps_moment_turns_nobody_away),
		RIGGED(absent_is_said_only_of_what_is_absent),
		RIGGED(a_held_mailbox_is_not_deleted),
		RIGGED(room_is_what_is_left_beyond_the_reserve),
		RIGGED(the_reserve_holds_while_a_message_grows),
		RIGGED(the_end_of_a_message_meets_the_reserve_too),
		RIGGED(a_quota_is_for_what_waits),
		RIGGED(a_rate_is_for_what_came),
		RIGGED(sessions_side_by_side_share_a_quota),
		RIGGED(the_sweep_gives_back_what_dead_writers_had),
		RIGGED(the_sweep_removes_what_dead_writers_left),
		RIGGED(a_writer_killed_after_the_commit_loses_nothing),
		RIGGED(a_file_put_back_by_hand_is_served),
		RIGGED(a_copy_is_opened_elsewhere),
		RIGGED(many_leave_in_batches),
		RIGGED(damage_is_told_and_the_others_come),
		RIGGED(a_copy_becomes_visible_on_upstreams_yes),
		RIGGED(a_copy_without_an_answer_is_kept_unconfirmed),
		RIGGED(a_copied_copy_is_there_once),
		RIGGED(what_a_batch_says_is_carried_through),
		RIGGED(only_what_no_line_names_comes_back),
		RIGGED(one_name_of_two_is_shown_and_both_leave),
		RIGGED(what_happened_is_written_and_signed),
		RIGGED(half_a_line_is_ended_and_passed_over),
		RIGGED(half_a_batch_is_none),
		RIGGED(what_is_no_spool_stops_nobody),
		RIGGED(a_spool_that_is_held_is_left_alone),
		RIGGED(old_spools_are_dropped),
		RIGGED(what_is_sealed_to_keys_of_before_comes_again),
		RIGGED(activity_is_read_newest_first),
		RIGGED(activity_of_a_time_to_come_is_not_shown),
		RIGGED(a_flooded_spool_is_looked_at_in_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

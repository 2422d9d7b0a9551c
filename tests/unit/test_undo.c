/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was deleted, on a real store under a clock of our own: it stays as long
 * as undo or hold say, comes back as a new message, also where somebody was
 * killed amid it, and a clock that jumps lets nothing go.
 */
#include "common/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/admin/admin.h"
#include "store/steady.h"
#include "tests/unit/store_rig.h"

enum { DAY = 24 * 3600 };

static time_t ahead; /* of the clock that files are stamped with */

time_t __real_time(time_t *t);
time_t __wrap_time(time_t *t);

time_t __wrap_time(time_t *t)
{
	time_t now = __real_time(NULL) + ahead;

	if (t)
		*t = now;
	return now;
}

static int setup(void **state)
{
	ahead = 0;
	return store_rig_setup(state);
}

/* --- what people and timers do --------------------------------------------
 */

static int set_keys(struct mailbox_conf *conf, const void *arg, struct err *e)
{
	const char *const *pair = arg;

	return mailbox_conf_set(conf, pair[0], pair[1], e);
}

static void set(const struct store_rig *rig, const char *key, const char *value)
{
	const char *const pair[] = {key, value};
	struct mailbox *m = store_rig_open(rig);
	struct err e;

	if (mailbox_update(m, set_keys, pair, &e) < 0)
		fail_msg("%s", e.text);
	mailbox_close(&m);
}

static int suspend(struct mailbox_conf *conf, const void *arg UNUSED,
		   struct err *e UNUSED)
{
	conf->suspended = true;
	return 0;
}

static void hold(const struct store_rig *rig, bool on)
{
	struct mailbox *m = store_rig_open(rig);
	struct err e;

	if (mailbox_set_hold(m, on, &e) < 0)
		fail_msg("%s", e.text);
	mailbox_close(&m);
}

static uint64_t sweep(const struct store_rig *rig)
{
	struct mailbox *m = store_rig_open(rig);
	struct sweep_report report;
	struct err e;

	if (mailbox_sweep(m, &report, &e) < 0)
		fail_msg("%s", e.text);
	mailbox_close(&m);
	return report.left;
}

/* So that the clock is believed: it is looked at every day. */
static void days_pass(const struct store_rig *rig, unsigned days)
{
	for (unsigned i = 0; i < days; i++) {
		ahead += DAY;
		(void)sweep(rig);
	}
}

static void keep(const struct store_rig *rig, unsigned seed, size_t n,
		 char ulid_r[ULID_LEN + 1])
{
	struct mailbox *m = store_rig_open(rig);

	store_rig_keep(m, seed, n, ulid_r);
	mailbox_close(&m);
}

static void collect_all(const struct store_rig *rig)
{
	struct collection *c = store_rig_login(rig);
	struct err e;
	size_t removed;

	for (size_t i = 0; i < collection_count(c); i++)
		collection_mark(c, i, true);
	if (collection_update(c, &removed, NULL, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(removed, collection_count(c));
	collection_free(&c);
}

static struct undo_report undo(const struct store_rig *rig, int64_t since)
{
	struct mailbox *m = store_rig_open(rig);
	struct undo_report report;
	struct err e;

	if (mailbox_undo(m, since, &report, &e) < 0)
		fail_msg("%s", e.text);
	mailbox_close(&m);
	return report;
}

static struct counters counters(const struct store_rig *rig)
{
	struct mailbox *m = store_rig_open(rig);
	struct counters c;
	struct err e;

	assert_int_equal(mailbox_counters(m, &c, &e), 0);
	mailbox_close(&m);
	return c;
}

/* --- undo ------------------------------------------------------------------
 */

static void without_undo_it_goes(void **state)
{
	const struct store_rig *rig = *state;
	char ulid[ULID_LEN + 1];

	keep(rig, 1, 10, ulid);
	collect_all(rig);
	assert_int_equal(sweep(rig), 1);
	assert_int_equal(undo(rig, INT64_MIN).back, 0);
}

static void it_stays_so_many_days_and_is_counted(void **state)
{
	const struct store_rig *rig = *state;
	char ulid[ULID_LEN + 1];

	set(rig, "undo", "5");
	keep(rig, 1, 100, ulid);
	keep(rig, 2, 23, ulid);
	collect_all(rig);
	assert_int_equal(sweep(rig), 0);
	assert_int_equal(counters(rig).messages, 0);
	assert_int_equal(counters(rig).deleted_messages, 2);
	assert_int_equal(counters(rig).deleted_octets, 123);
	days_pass(rig, 4);
	assert_int_equal(store_rig_count(rig, "gone"), 2);
	days_pass(rig, 2);
	assert_int_equal(store_rig_count(rig, "gone"), 0);
	assert_int_equal(counters(rig).deleted_messages, 0);
}

static void it_comes_back_as_a_new_message(void **state)
{
	const struct store_rig *rig = *state;
	char ulid[2][ULID_LEN + 1];
	struct collection *c;

	set(rig, "undo", "5");
	keep(rig, 1, 100, ulid[0]);
	keep(rig, 2, 70000, ulid[1]);
	collect_all(rig);
	(void)sweep(rig);
	assert_int_equal(undo(rig, INT64_MIN).back, 2);
	assert_int_equal(counters(rig).messages, 2);
	c = store_rig_login(rig);
	assert_int_equal(collection_count(c), 2);
	store_rig_check(c, 0, 1, 100);
	store_rig_check(c, 1, 2, 70000);
	assert_string_not_equal(collection_message(c, 0).ulid, ulid[0]);
	assert_string_not_equal(collection_message(c, 1).ulid, ulid[1]);
	collection_free(&c);
	assert_int_equal(undo(rig, INT64_MIN).back, 0);
	collect_all(rig);
	(void)sweep(rig);
	assert_int_equal(undo(rig, INT64_MIN).back, 2);
}

static void what_left_before_stays(void **state)
{
	const struct store_rig *rig = *state;
	char ulid[ULID_LEN + 1];

	set(rig, "undo", "5");
	keep(rig, 1, 10, ulid);
	collect_all(rig);
	assert_int_equal(undo(rig, time(NULL) + 5).back, 0);
	assert_int_equal(undo(rig, time(NULL) - 60).back, 1);
}

/* With the line written and nothing moved. */
static void who_finds_a_line_finishes_it(void **state)
{
	const struct store_rig *rig = *state;
	char ulid[ULID_LEN + 1], spool[256];
	struct collection *c;

	set(rig, "undo", "5");
	keep(rig, 1, 10, ulid);
	collect_all(rig);
	store_rig_path(rig, "admin.spool", spool);
	store_rig_shell("echo 'back time=2026-11-30T00:00:00Z "
			"by=administrator who=- how=shell what=undo ulid=%s "
			"as=01J5ZX3K7Q8W9E2R4T6Y0P1M3P' >>'%s'",
			ulid, spool);
	c = store_rig_login(rig);
	assert_int_equal(collection_count(c), 1);
	assert_string_equal(collection_message(c, 0).ulid,
			    "01J5ZX3K7Q8W9E2R4T6Y0P1M3P");
	store_rig_check(c, 0, 1, 10);
	collection_free(&c);
	assert_int_equal(store_rig_count(rig, "gone"), 0);
}

static void what_was_cut_does_not_come_back(void **state)
{
	const struct store_rig *rig = *state;
	char ulid[ULID_LEN + 1], gone[256];
	struct undo_report report;

	set(rig, "undo", "5");
	keep(rig, 1, 10, ulid);
	collect_all(rig);
	store_rig_path(rig, "gone", gone);
	store_rig_shell("truncate -s 0 '%s'/*", gone);
	report = undo(rig, INT64_MIN);
	assert_int_equal(report.back, 0);
	assert_int_equal(report.cut, 1);
}

static void below_the_reserve_the_oldest_go(void **state)
{
	const struct store_rig *rig = *state;
	struct undo_report report;
	struct mailbox *m;
	char ulid[ULID_LEN + 1];
	struct err e;

	set(rig, "undo", "5");
	keep(rig, 1, 10, ulid);
	collect_all(rig);
	assert_int_equal(sweep(rig), 0);
	store_set_reserve(rig->store, UINT64_MAX / 2);
	m = store_rig_open(rig);
	assert_int_equal(mailbox_undo(m, INT64_MIN, &report, &e), -1);
	assert_int_equal(e.kind, ERR_FULL);
	mailbox_close(&m);
	assert_int_equal(sweep(rig), 1);
	assert_int_equal(counters(rig).deleted_messages, 0);
	store_set_reserve(rig->store, 0);
}

/* It would come back sealed to a key that nobody has any more. */
static void a_reset_takes_it_along(void **state)
{
	const struct store_rig *rig = *state;
	char ulid[ULID_LEN + 1], lost[256];
	struct secret password;
	struct mailbox *m;
	struct err e;

	set(rig, "undo", "5");
	keep(rig, 1, 10, ulid);
	collect_all(rig);
	m = store_rig_open(rig);
	if (mailbox_update(m, suspend, NULL, &e) < 0 ||
	    mailbox_reset(m, 0, STORE_RIG_LOG_N, &password, &e) < 0 ||
	    mailbox_reset_end(m, &e) < 0)
		fail_msg("%s", e.text);
	secret_release(&password);
	mailbox_close(&m);
	assert_int_equal(store_rig_count(rig, "gone"), 0);
	store_rig_path(rig, "lost", lost);
	store_rig_shell("ls '%s'/*/%s,W=10.age", lost, ulid);
	assert_int_equal(undo(rig, INT64_MIN).back, 0);
}

/* Its spool was dropped, or came from elsewhere. */
static void what_no_line_names_goes_in_the_end(void **state)
{
	const struct store_rig *rig = *state;
	char ulid[ULID_LEN + 1], spool[256];

	keep(rig, 1, 10, ulid);
	collect_all(rig);
	store_rig_path(rig, "spool", spool);
	store_rig_shell("rm '%s'/*", spool);
	days_pass(rig, 13);
	assert_int_equal(store_rig_count(rig, "gone"), 1);
	days_pass(rig, 2);
	assert_int_equal(store_rig_count(rig, "gone"), 0);
}

/* --- the clock -------------------------------------------------------------
 */

static void a_clock_that_jumps_lets_nothing_go(void **state)
{
	const struct store_rig *rig = *state;
	char ulid[ULID_LEN + 1];

	set(rig, "undo", "5");
	keep(rig, 1, 10, ulid);
	collect_all(rig);
	days_pass(rig, 3);
	ahead += 365 * DAY;
	assert_int_equal(sweep(rig), 0);
	assert_int_equal(sweep(rig), 0);
	days_pass(rig, 1);
	assert_int_equal(store_rig_count(rig, "gone"), 1);
	ahead = 4 * DAY;
	days_pass(rig, 1);
	assert_int_equal(store_rig_count(rig, "gone"), 1);
	days_pass(rig, 3);
	assert_int_equal(store_rig_count(rig, "gone"), 0);
}

static void a_steady_clock_is_believed_after_two_days(UNUSED void **state)
{
	struct steady s = {.last = 0};
	uint8_t bytes[STEADY_SIZE];
	int64_t now = 1800000000;

	assert_int_equal(steady_look(&s, now), STEADY_NOT_LONG);
	assert_int_equal(steady_look(&s, now + DAY), STEADY_NOT_LONG);
	assert_int_equal(steady_look(&s, now + DAY - 60), STEADY_NOT_LONG);
	assert_int_equal(steady_look(&s, now + 2 * DAY), STEADY);
	steady_encode(&s, bytes);
	steady_decode(bytes, sizeof(bytes), &s);
	assert_int_equal(steady_look(&s, now + 4 * DAY), STEADY);
	assert_int_equal(steady_look(&s, now + 6 * DAY + 1), STEADY_JUMPED);
	assert_int_equal(steady_look(&s, now + 7 * DAY), STEADY_NOT_LONG);
	assert_int_equal(steady_look(&s, now), STEADY_JUMPED);
	bytes[9] ^= 1;
	steady_decode(bytes, sizeof(bytes), &s);
	assert_int_equal(s.last, 0);
	steady_decode(bytes, 0, &s);
	assert_int_equal(s.last, 0);
}

/* --- hold ------------------------------------------------------------------
 */

static void under_hold_nothing_goes(void **state)
{
	struct store_rig *rig = *state;
	char ulid[ULID_LEN + 1];
	struct mailbox *m;
	struct secret password;
	struct err e;

	hold(rig, true);
	keep(rig, 1, 10, ulid);
	collect_all(rig);
	days_pass(rig, 20);
	assert_int_equal(store_rig_count(rig, "gone"), 1);
	assert_int_equal(counters(rig).deleted_messages, 1);
	store_set_reserve(rig->store, UINT64_MAX / 2);
	assert_int_equal(sweep(rig), 0);
	store_set_reserve(rig->store, 0);
	m = store_rig_open(rig);
	assert_int_equal(mailbox_delete(&m, 10, &e), -1);
	assert_int_equal(e.kind, ERR_STATE);
	assert_int_equal(mailbox_reset(m, 10, STORE_RIG_LOG_N, &password, &e),
			 -1);
	assert_int_equal(e.kind, ERR_STATE);
	mailbox_close(&m);
	assert_int_equal(undo(rig, INT64_MIN).back, 1);
	collect_all(rig);
	hold(rig, false);
	assert_int_equal(sweep(rig), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_STORE(test)                                                       \
	cmocka_unit_test_setup_teardown(test, setup, store_rig_teardown)
		WITH_STORE(without_undo_it_goes),
		WITH_STORE(it_stays_so_many_days_and_is_counted),
		WITH_STORE(it_comes_back_as_a_new_message),
		WITH_STORE(what_left_before_stays),
		WITH_STORE(who_finds_a_line_finishes_it),
		WITH_STORE(what_was_cut_does_not_come_back),
		WITH_STORE(below_the_reserve_the_oldest_go),
		WITH_STORE(a_reset_takes_it_along),
		WITH_STORE(what_no_line_names_goes_in_the_end),
		WITH_STORE(a_clock_that_jumps_lets_nothing_go),
		cmocka_unit_test(a_steady_clock_is_believed_after_two_days),
		WITH_STORE(under_hold_nothing_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

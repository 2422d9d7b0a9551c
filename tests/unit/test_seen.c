/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fetched message is kept once: across sessions, devices, and torn files. */
#include "common/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/seen.h"
#include "tests/unit/store_rig.h"

static struct seen *open_seen(struct mailbox *m)
{
	struct err e;
	struct seen *s = seen_open(m, &e);

	if (!s)
		fail_msg("%s", e.text);
	return s;
}

/* Fetches a message of that text; true: it was kept now. */
static bool fetch(struct mailbox *m, struct seen *s, const char *server,
		  const char *user, const char *uidl, const char *text)
{
	const struct fetched f = {.server = server, .user = user, .uidl = uidl};
	struct delivery *d;
	bool kept = false;
	struct err e;

	d = delivery_begin(m, &e);
	seen_begin_message(s);
	seen_add_octets(s, (const uint8_t *)text, strlen(text));
	if (!d ||
	    delivery_write(d, (const uint8_t *)text, strlen(text), &e) < 0 ||
	    delivery_prepare(d, &e) < 0 ||
	    seen_keep(s, &f, &d, 0, &kept, &e) < 0)
		fail_msg("%s", e.text);
	assert_null(d);
	return kept;
}

static void the_same_is_kept_once(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	struct seen *s = open_seen(m);

	assert_true(fetch(m, s, "s", "u", "1", "text"));
	assert_false(fetch(m, s, "s", "u", "1", "text"));
	/* Anything that differs makes another message. */
	assert_true(fetch(m, s, "s", "u", "1", "Text"));
	assert_true(fetch(m, s, "s", "u", "2", "text"));
	assert_true(fetch(m, s, "s", "v", "1", "text"));
	assert_true(fetch(m, s, "t", "u", "1", "text"));
	/* Fields do not run into each other. */
	assert_true(fetch(m, s, "su", "", "1", "text"));
	assert_true(fetch(m, s, "s", "u1", "", "text"));
	seen_close(&s);
	s = open_seen(m);
	assert_false(fetch(m, s, "s", "u", "2", "text"));
	seen_close(&s);
	assert_int_equal(store_rig_count(rig, "cur"), 7);
	mailbox_close(&m);
}

static void two_devices_at_once_keep_one(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	struct seen *a = open_seen(m), *b = open_seen(m);

	for (char text[2] = "a"; text[0] < 'f'; text[0]++) {
		assert_true(fetch(m, a, "s", "u", "1", text));
		assert_false(fetch(m, b, "s", "u", "1", text));
	}
	seen_close(&a);
	seen_close(&b);
	mailbox_close(&m);
}

static void what_the_server_no_longer_has_is_forgotten(void **state)
{
	const struct fetched account = {.server = "s", .user = "u", .uidl = ""};
	const char *const there[] = {"9", "2"};
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	struct seen *s = open_seen(m), *other = open_seen(m);
	struct err e;

	assert_true(fetch(m, s, "s", "u", "1", "one"));
	assert_true(fetch(m, s, "s", "u", "2", "two"));
	assert_true(fetch(m, s, "s", "v", "1", "one"));
	assert_int_equal(seen_retain(s, &account, there, 2, &e), 0);
	/* Also where another session had read the file before. */
	assert_true(fetch(m, other, "s", "u", "1", "one"));
	assert_false(fetch(m, other, "s", "u", "2", "two"));
	assert_false(fetch(m, s, "s", "v", "1", "one"));
	assert_false(fetch(m, s, "s", "u", "1", "one"));
	assert_int_equal(seen_retain(s, &account, there, 0, &e), 0);
	assert_true(fetch(m, s, "s", "u", "2", "two"));
	seen_close(&s);
	seen_close(&other);
	mailbox_close(&m);
}

/* A lost or torn file costs copies, never a message. */
static void a_torn_file_goes_on(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	struct seen *s = open_seen(m);
	char path[256];

	store_rig_path(rig, "seen", path);
	assert_true(fetch(m, s, "s", "u", "1", "one"));
	assert_true(fetch(m, s, "s", "u", "2", "two"));
	seen_close(&s);
	store_rig_shell("truncate -s -7 '%s'", path);
	s = open_seen(m);
	assert_false(fetch(m, s, "s", "u", "1", "one"));
	assert_true(fetch(m, s, "s", "u", "2", "two"));
	assert_false(fetch(m, s, "s", "u", "2", "two"));
	/* Emptied while a session has it open. */
	store_rig_shell(": >'%s'", path);
	assert_true(fetch(m, s, "s", "u", "1", "one"));
	assert_false(fetch(m, s, "s", "u", "1", "one"));
	seen_close(&s);
	store_rig_shell("echo nonsense >'%s'", path);
	s = open_seen(m);
	assert_true(fetch(m, s, "s", "u", "1", "one"));
	seen_close(&s);
	mailbox_close(&m);
}

static void many_are_remembered(void **state)
{
	enum { MANY = 600 };
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	struct seen *s = open_seen(m);
	char uidl[16];

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < MANY; i++) {
			snprintf(uidl, sizeof(uidl), "%d", i);
			assert_int_equal(fetch(m, s, "s", "u", uidl, "x"),
					 round == 0);
		}
		seen_close(&s);
		s = open_seen(m);
	}
	seen_close(&s);
	mailbox_close(&m);
}

#define RIGGED(test)                                                           \
	cmocka_unit_test_setup_teardown(test, store_rig_setup,                 \
					store_rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIGGED(the_same_is_kept_once),
		RIGGED(two_devices_at_once_keep_one),
		RIGGED(what_the_server_no_longer_has_is_forgotten),
		RIGGED(a_torn_file_goes_on),
		RIGGED(many_are_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

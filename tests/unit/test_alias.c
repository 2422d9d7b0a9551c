/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Short names of mailboxes on a real store: made once, found both ways, taken
 * back, gone with the mailbox; drawn again where somebody has them; and links
 * that are none of ours.
 */
#include "common/base.h"

#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/random_id.h"
#include "store/admin/admin.h"
#include "tests/unit/store_rig.h"

/* What is drawn next; NULL: chance has its way. */
static const char *const *draws;

void __real_mailbox_alias_new(char alias_r[MAILBOX_ALIAS_LEN + 1]);
void __wrap_mailbox_alias_new(char alias_r[MAILBOX_ALIAS_LEN + 1]);

void __wrap_mailbox_alias_new(char alias_r[MAILBOX_ALIAS_LEN + 1])
{
	if (!draws) {
		__real_mailbox_alias_new(alias_r);
		return;
	}
	assert_non_null(*draws);
	memcpy(alias_r, *draws++, MAILBOX_ALIAS_LEN + 1);
}

static void make(const struct store_rig *rig, char alias[MAILBOX_ALIAS_LEN + 1])
{
	struct mailbox *m = store_rig_open(rig);
	struct err e;

	if (mailbox_alias_make(m, alias, &e) < 0)
		fail_msg("%s", e.text);
	mailbox_close(&m);
}

static void expect_none(const struct store_rig *rig, const char *alias)
{
	char id[MAILBOX_ID_LEN + 1];
	struct err e;

	assert_int_equal(store_alias_id(rig->store, alias, id, &e), -1);
	assert_int_equal(e.kind, ERR_ABSENT);
}

static void an_alias_is_found_both_ways(void **state)
{
	const struct store_rig *rig = *state;
	char alias[MAILBOX_ALIAS_LEN + 1], again[MAILBOX_ALIAS_LEN + 1];
	char id[MAILBOX_ID_LEN + 1];
	struct err e;

	expect_none(rig, "k3j5abcxyz");
	make(rig, alias);
	assert_true(mailbox_alias_parse(alias, strlen(alias), again));
	assert_string_equal(alias, again);
	assert_int_equal(store_alias_id(rig->store, alias, id, &e), 0);
	assert_string_equal(id, rig->id);
	make(rig, again);
	assert_string_equal(alias, again);
	expect_none(rig, "k3j5abcxyz");
}

static void one_that_is_taken_back_is_gone(void **state)
{
	const struct store_rig *rig = *state;
	char alias[MAILBOX_ALIAS_LEN + 1], next[MAILBOX_ALIAS_LEN + 1];
	struct mailbox *m = store_rig_open(rig);
	struct err e;

	make(rig, alias);
	assert_int_equal(mailbox_alias_remove(m, &e), 0);
	expect_none(rig, alias);
	assert_int_equal(mailbox_alias_remove(m, &e), 0);
	mailbox_close(&m);
	make(rig, next);
	assert_string_not_equal(alias, next);
}

/* The name of another stays the other's, wherever it leads. */
static void one_that_is_taken_is_drawn_again(void **state)
{
	static const char *const four[] = {"aaaaaaaaaa", "aaaaaaaaaa",
					   "bbbbbbbbbb", "cccccccccc", NULL};
	const struct store_rig *rig = *state;
	char alias[MAILBOX_ALIAS_LEN + 1], id[MAILBOX_ID_LEN + 1];
	struct err e;

	store_rig_shell("cd %s/aliases && ln -s ../mailboxes/other aaaaaaaaaa "
			"&& touch bbbbbbbbbb",
			rig->path);
	draws = four;
	make(rig, alias);
	assert_string_equal(alias, "cccccccccc");
	assert_null(*draws);
	draws = NULL;
	assert_int_equal(store_alias_id(rig->store, alias, id, &e), 0);
	assert_string_equal(id, rig->id);
	store_rig_shell("cd %s/aliases && test ! -s bbbbbbbbbb && "
			"test $(readlink aaaaaaaaaa) = ../mailboxes/other",
			rig->path);
}

static void an_older_store_gets_the_folder(void **state)
{
	const struct store_rig *rig = *state;
	char alias[MAILBOX_ALIAS_LEN + 1], path[256];
	struct stat st;

	store_rig_shell("rmdir %s/aliases", rig->path);
	expect_none(rig, "k3j5abcxyz");
	make(rig, alias);
	snprintf(path, sizeof(path), "%s/aliases", rig->path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 02750);
}

static int suspend(struct mailbox_conf *c, const void *arg UNUSED,
		   struct err *e UNUSED)
{
	c->suspended = true;
	return 0;
}

static void it_goes_with_the_mailbox(void **state)
{
	const struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	char alias[MAILBOX_ALIAS_LEN + 1];
	struct err e;

	make(rig, alias);
	assert_int_equal(mailbox_update(m, suspend, NULL, &e), 0);
	assert_int_equal(mailbox_delete(&m, 0, &e), 0);
	expect_none(rig, alias);
}

static void links_of_others_lead_nowhere(void **state)
{
	const struct store_rig *rig = *state;
	char alias[MAILBOX_ALIAS_LEN + 1];

	make(rig, alias);
	store_rig_shell("cd %s/aliases && ln -s /etc aaaaaaaaaa && "
			"ln -s ../mailboxes/.. bbbbbbbbbb && "
			"ln -s ../mailboxes/%s/tmp cccccccccc",
			rig->path, rig->id);
	expect_none(rig, "aaaaaaaaaa");
	expect_none(rig, "bbbbbbbbbb");
	expect_none(rig, "cccccccccc");
}

int main(void)
{
#define ON_A_STORE(test)                                                       \
	cmocka_unit_test_setup_teardown(test, store_rig_setup,                 \
					store_rig_teardown)
	const struct CMUnitTest tests[] = {
		ON_A_STORE(an_alias_is_found_both_ways),
		ON_A_STORE(one_that_is_taken_back_is_gone),
		ON_A_STORE(one_that_is_taken_is_drawn_again),
		ON_A_STORE(an_older_store_gets_the_folder),
		ON_A_STORE(it_goes_with_the_mailbox),
		ON_A_STORE(links_of_others_lead_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

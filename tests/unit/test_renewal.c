/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What makes an acceptor give way, and what does not. */
#include "common/base.h"
#include "handlers/session/renewal.h"

#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/test_dir.h"

static char dir[TEST_DIR_SIZE];

/* The same path until the next two are asked for. */
static const char *path(const char *name)
{
	static char text[2][128];
	static unsigned turn;

	snprintf(text[++turn % 2], sizeof(text[0]), "%s/%s", dir, name);
	return text[turn % 2];
}

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(path(name), "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int make_files(void **state)
{
	char text[512];

	(void)state;
	test_dir_make(dir);
	assert_int_equal(mkdir(path("store"), 0755), 0);
	assert_int_equal(mkdir(path("store/mailboxes"), 0755), 0);
	assert_int_equal(mkdir(path("run"), 0755), 0);
	write_file("certificate", "c");
	write_file("key", "k");
	write_file("program", "p");
	snprintf(text, sizeof(text),
		 "store = '%s/store'\nruntime = '%s/run'\n"
		 "tls { certificate = '%s/certificate'\nkey = '%s/key' }\n",
		 dir, dir, dir, dir);
	write_file("conf", text);
	return 0;
}

static int remove_files(void **state)
{
	(void)state;
	test_dir_remove(dir);
	return 0;
}

static struct renewal *note(void)
{
	struct err e;
	struct conf *conf = conf_read(path("conf"), &e);
	struct renewal *r;

	assert_non_null(conf);
	r = renewal_new(conf, path("program"));
	conf_free(&conf);
	return r;
}

static void replace(const char *name)
{
	write_file("new", name);
	assert_int_equal(rename(path("new"), path(name)), 0);
}

static void test_files(void **state)
{
	static const struct {
		const char *name;
		enum renewal_need need;
	} rows[] = {
		{"certificate", RENEWAL_SETTINGS},
		{"key", RENEWAL_SETTINGS},
		{"program", RENEWAL_PROGRAM},
	};
	struct renewal *r = note();

	(void)state;
	assert_int_equal(renewal_look(r), RENEWAL_NONE);
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		replace(rows[i].name);
		assert_int_equal(renewal_look(r), rows[i].need);
		assert_int_equal(renewal_look(r), rows[i].need);
		renewal_note(r);
		assert_int_equal(renewal_look(r), RENEWAL_NONE);
		assert_int_equal(unlink(path(rows[i].name)), 0);
		assert_int_equal(renewal_look(r), rows[i].need);
		renewal_note(r);
		assert_int_equal(renewal_look(r), RENEWAL_NONE);
		replace(rows[i].name);
		assert_int_equal(renewal_look(r), rows[i].need);
		renewal_note(r);
	}
	renewal_free(&r);
	assert_null(r);
}

/* Rights of a file may have been what was wrong with it. */
static void test_rights(void **state)
{
	struct renewal *r = note();

	(void)state;
	assert_int_equal(chmod(path("key"), 0400), 0);
	assert_int_equal(renewal_look(r), RENEWAL_SETTINGS);
	renewal_free(&r);
}

/* The more telling of two. */
static void test_both(void **state)
{
	struct renewal *r = note();

	(void)state;
	replace("program");
	replace("key");
	assert_int_equal(renewal_look(r), RENEWAL_PROGRAM);
	renewal_free(&r);
}

/* What lies in the store is no matter; that it is another one, is. */
static void test_store(void **state)
{
	struct renewal *r = note();

	(void)state;
	assert_int_equal(mkdir(path("store/mailboxes/one"), 0755), 0);
	assert_int_equal(chmod(path("store/mailboxes"), 0700), 0);
	assert_int_equal(renewal_look(r), RENEWAL_NONE);
	assert_int_equal(rename(path("store/mailboxes"), path("store/old")), 0);
	assert_int_equal(renewal_look(r), RENEWAL_PROGRAM);
	assert_int_equal(mkdir(path("store/mailboxes"), 0755), 0);
	assert_int_equal(renewal_look(r), RENEWAL_PROGRAM);
	renewal_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_rights),
		cmocka_unit_test(test_both),
		cmocka_unit_test(test_store),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}

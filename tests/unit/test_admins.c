/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The administrators' file: who is let in, and what is left on the disk. */
#include "common/base.h"
#include "handlers/admin/admins.h"

#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/admin/admin.h"
#include "tests/support/test_dir.h"

static char directory[TEST_DIR_SIZE], file[128];
static struct store *store;
static struct err e;

static int setup(void **state)
{
	(void)state;
	test_dir_make(directory);
	snprintf(file, sizeof(file), "%s/console", directory);
	assert_int_equal(mkdir(file, 0700), 0);
	snprintf(file, sizeof(file), "%s/console/admins", directory);
	assert_int_equal(store_init(directory, &e), 0);
	store = store_open(directory, &e);
	assert_non_null(store);
	store_acts_for(store, "tester", "test");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	store_free(&store);
	test_dir_remove(directory);
	return 0;
}

/* The last line of the store's spool ends so. */
static void assert_told(const char *end)
{
	char path[128], text[4096] = "";
	FILE *f;
	size_t n, n_end = strlen(end);

	snprintf(path, sizeof(path), "%s/admin.spool", directory);
	f = fopen(path, "re");
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	assert_true(n > n_end);
	assert_string_equal(text + n - n_end, end);
}

static struct secret secret_of(const char *text)
{
	struct secret s = SECRET_EMPTY;

	secret_set(&s, text, strlen(text));
	return s;
}

static int add(const char *name, const char *text, bool one_time)
{
	struct secret s = secret_of(text);
	int result = admins_add(file, store, name, &s, one_time, &e);

	secret_release(&s);
	return result;
}

static int verify(const char *name, const char *text, struct admin *admin)
{
	struct secret s = secret_of(text);
	int result = admins_verify(file, name, &s, admin, &e);

	secret_release(&s);
	return result;
}

static void the_right_password_and_no_other(void **state)
{
	struct admin admin;
	struct stat st;

	(void)state;
	assert_int_equal(verify("anna", "correct horse", &admin), -1);
	assert_int_equal(e.kind, ERR_PASSWORD);
	assert_int_equal(add("anna", "correct horse", false), 0);
	assert_int_equal(add("bob", "battery staple", true), 0);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(verify("anna", "correct horse", &admin), 0);
	assert_string_equal(admin.name, "anna");
	assert_false(admin.one_time);
	assert_int_equal(verify("bob", "battery staple", &admin), 0);
	assert_true(admin.one_time);
	assert_int_equal(verify("bob", "correct horse", &admin), -1);
	assert_int_equal(e.kind, ERR_PASSWORD);
	assert_int_equal(verify("carl", "correct horse", &admin), -1);
	assert_int_equal(e.kind, ERR_PASSWORD);
}

static void a_password_is_replaced(void **state)
{
	struct secret new = secret_of("another password");
	struct admin before, after;

	(void)state;
	assert_int_equal(add("anna", "correct horse", true), 0);
	assert_int_equal(add("bob", "battery staple", false), 0);
	assert_int_equal(admins_find(file, "anna", &before, &e), 0);
	assert_int_equal(
		admins_set_password(file, store, "anna", &new, false, &e), 0);
	assert_told(" by=administrator who=tester how=test what=passwd "
		    "name=anna\n");
	assert_int_equal(verify("anna", "correct horse", &after), -1);
	assert_int_equal(verify("anna", "another password", &after), 0);
	assert_false(after.one_time);
	assert_string_not_equal(before.hash, after.hash);
	assert_int_equal(verify("bob", "battery staple", &after), 0);
	assert_int_equal(
		admins_set_password(file, store, "carl", &new, false, &e), -1);
	assert_int_equal(e.kind, ERR_ABSENT);
	assert_told("what=passwd name=anna\n"); /* what was refused is not */
	secret_release(&new);
}

static void one_is_removed_and_the_others_stay(void **state)
{
	struct admin admin;

	(void)state;
	assert_int_equal(add("anna", "correct horse", false), 0);
	assert_int_equal(add("bob", "battery staple", false), 0);
	assert_int_equal(add("anna", "correct horse", false), -1);
	assert_int_equal(e.kind, ERR_STATE);
	assert_told("what=add name=bob\n");
	assert_int_equal(admins_remove(file, store, "anna", &e), 0);
	assert_told("what=remove name=anna\n");
	assert_int_equal(admins_remove(file, store, "anna", &e), -1);
	assert_int_equal(e.kind, ERR_ABSENT);
	assert_int_equal(verify("anna", "correct horse", &admin), -1);
	assert_int_equal(verify("bob", "battery staple", &admin), 0);
}

static void names_and_passwords_have_a_form(void **state)
{
	static const char *const bad_names[] = {
		"", "Anna", "a:b", "a b", ".a", "-a", "a\n", "a/b", "\xc3\xa4",
	};
	char too_long[ADMIN_NAME_MAX + 2];

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(bad_names); i++) {
		assert_int_equal(add(bad_names[i], "correct horse", false), -1);
		assert_int_equal(e.kind, ERR_CONFIG);
	}
	memset(too_long, 'a', sizeof(too_long) - 1);
	too_long[sizeof(too_long) - 1] = '\0';
	assert_int_equal(add(too_long, "correct horse", false), -1);
	assert_int_equal(add("anna", "too short", false), -1);
	assert_int_equal(e.kind, ERR_CONFIG);
	/* nine characters of eighteen octets */
	assert_int_equal(add("anna",
			     "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
			     "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4",
			     false),
			 -1);
	assert_int_equal(access(file, F_OK), -1);
}

/* An unknown name costs what a known one costs: the hash is computed. */
static void an_unknown_name_costs_the_same(void **state)
{
	struct timespec a, b, c;
	struct admin admin;
	double known, unknown;

	(void)state;
	assert_int_equal(add("anna", "correct horse", false), 0);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	for (int i = 0; i < 5; i++)
		assert_int_equal(verify("anna", "wrong password", &admin), -1);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	for (int i = 0; i < 5; i++)
		assert_int_equal(verify("nobody", "wrong password", &admin),
				 -1);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &c);
	known = (double)(b.tv_sec - a.tv_sec) * 1e9 +
		(double)(b.tv_nsec - a.tv_nsec);
	unknown = (double)(c.tv_sec - b.tv_sec) * 1e9 +
		  (double)(c.tv_nsec - b.tv_nsec);
	if (unknown < known / 2 || unknown > known * 2)
		fail_msg("known %.0f ns, unknown %.0f ns", known, unknown);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_right_password_and_no_other,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_password_is_replaced, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			one_is_removed_and_the_others_stay, setup, teardown),
		cmocka_unit_test_setup_teardown(names_and_passwords_have_a_form,
						setup, teardown),
		cmocka_unit_test_setup_teardown(an_unknown_name_costs_the_same,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

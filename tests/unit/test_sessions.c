/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions and forms as files: what begins, what ends, what counts once. */
#include "common/base.h"
#include "handlers/console/sign_in/sessions.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/admin/files.h"
#include "tests/support/test_dir.h"

enum { IDLE = 600 };

struct fixture {
	char path[TEST_DIR_SIZE];
	int state;
	char token[SESSION_TOKEN_LEN + 1];
};

static struct err e;

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	test_dir_make(f->path);
	f->state = open(f->path, O_RDONLY | O_DIRECTORY);
	session_token_new(f->token);
	assert_int_equal(
		session_start(f->state, f->token, "anna", "0123abcd", IDLE, &e),
		0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	close(f->state);
	test_dir_remove(f->path);
	free(f);
	return 0;
}

/* The path of the session's file: the digest of the token. */
static void file_of(const struct fixture *f, const char *token, char path[256])
{
	char hex[DIGEST_HEX_LEN + 1];

	digest_hex(token, strlen(token), hex);
	snprintf(path, 256, "%s/sessions/%s", f->path, hex);
}

static void set_age_of(const char *path, time_t seconds)
{
	struct timespec times[2] = {{.tv_sec = time(NULL) - seconds},
				    {.tv_sec = time(NULL) - seconds}};

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void set_age(const struct fixture *f, const char *token, time_t seconds)
{
	char path[256];

	file_of(f, token, path);
	set_age_of(path, seconds);
}

static enum session_state look_up(const struct fixture *f, const char *token,
				  bool used, struct session_facts *facts)
{
	return session_look_up(f->state, token, IDLE, used, facts);
}

static void a_session_is_found_by_its_cookie_alone(void **state)
{
	struct fixture *f = *state;
	struct session_facts facts;
	char other[SESSION_TOKEN_LEN + 1], path[256];

	assert_int_equal(look_up(f, f->token, true, &facts), SESSION_ALIVE);
	assert_string_equal(facts.name, "anna");
	assert_string_equal(facts.stamp, "0123abcd");
	session_token_new(other);
	assert_true(session_token_valid(other));
	assert_int_equal(look_up(f, other, true, &facts), SESSION_NONE);
	/* The cookie is nowhere on the disk. */
	snprintf(path, sizeof(path), "%s/sessions/%s", f->path, f->token);
	assert_int_equal(access(path, F_OK), -1);
	file_of(f, f->token, path);
	assert_int_equal(access(path, F_OK), 0);
}

static void a_session_ends_when_it_is_idle(void **state)
{
	struct fixture *f = *state;
	struct session_facts facts;

	set_age(f, f->token, IDLE - 5);
	assert_int_equal(look_up(f, f->token, false, &facts), SESSION_ALIVE);
	set_age(f, f->token, IDLE + 5);
	assert_int_equal(look_up(f, f->token, true, &facts), SESSION_ENDED);
	assert_int_equal(look_up(f, f->token, true, &facts), SESSION_NONE);
}

static void use_keeps_it_alive_and_a_refresh_does_not(void **state)
{
	struct fixture *f = *state;
	struct session_facts facts;
	struct stat st;
	char path[256];

	file_of(f, f->token, path);
	set_age(f, f->token, IDLE / 2);
	assert_int_equal(look_up(f, f->token, false, &facts), SESSION_ALIVE);
	assert_int_equal(stat(path, &st), 0);
	assert_true(time(NULL) - st.st_mtim.tv_sec >= IDLE / 2);
	assert_int_equal(look_up(f, f->token, true, &facts), SESSION_ALIVE);
	assert_int_equal(stat(path, &st), 0);
	assert_true(time(NULL) - st.st_mtim.tv_sec < IDLE / 2);
}

static void a_session_ends_after_its_time(void **state)
{
	struct fixture *f = *state;
	struct session_facts facts;
	char path[256];
	FILE *out;

	file_of(f, f->token, path);
	out = fopen(path, "w");
	fprintf(out, "anna 0123abcd %jd\n",
		(intmax_t)time(NULL) - SESSION_MAX - 1);
	fclose(out);
	assert_int_equal(look_up(f, f->token, true, &facts), SESSION_ENDED);
}

static void all_of_one_name_end(void **state)
{
	struct fixture *f = *state;
	struct session_facts facts;
	char second[SESSION_TOKEN_LEN + 1], other[SESSION_TOKEN_LEN + 1];

	session_token_new(second);
	session_token_new(other);
	assert_int_equal(session_start(f->state, second, "anna", "x", IDLE, &e),
			 0);
	assert_int_equal(session_start(f->state, other, "bob", "x", IDLE, &e),
			 0);
	assert_int_equal(session_end_all(f->state, "anna"), 2);
	assert_int_equal(look_up(f, f->token, true, &facts), SESSION_NONE);
	assert_int_equal(look_up(f, second, true, &facts), SESSION_NONE);
	assert_int_equal(look_up(f, other, true, &facts), SESSION_ALIVE);
	session_end(f->state, other);
	assert_int_equal(look_up(f, other, true, &facts), SESSION_NONE);
}

static void what_has_ended_is_cleared_away(void **state)
{
	struct fixture *f = *state;
	char second[SESSION_TOKEN_LEN + 1], path[256];

	set_age(f, f->token, IDLE + 5);
	session_token_new(second);
	assert_int_equal(session_start(f->state, second, "bob", "x", IDLE, &e),
			 0);
	file_of(f, f->token, path);
	assert_int_equal(access(path, F_OK), -1);
}

/* Somebody who signs in at the same time loses nothing by it. */
static void what_is_being_written_stays(void **state)
{
	struct fixture *f = *state;
	char second[SESSION_TOKEN_LEN + 1], path[256];

	for (time_t age = 0; age <= SESSION_TOUCH; age += SESSION_TOUCH) {
		file_of(f, f->token, path);
		assert_int_equal(truncate(path, 0), 0);
		set_age_of(path, age);
		session_token_new(second);
		assert_int_equal(
			session_start(f->state, second, "bob", "x", IDLE, &e),
			0);
		assert_int_equal(access(path, F_OK), age ? -1 : 0);
	}
}

static void a_form_counts_once(void **state)
{
	struct fixture *f = *state;
	char name[SESSION_TOKEN_LEN + 1];

	form_name_new(name);
	assert_int_equal(form_spend(f->state, name, &e), 0);
	assert_int_equal(form_spend(f->state, name, &e), -1);
	assert_int_equal(e.kind, ERR_STATE);
	assert_int_equal(form_spend(f->state, "", &e), -1);
	assert_int_equal(form_spend(f->state, "../sessions/x", &e), -1);
}

/* Old, or left by a clock that was ahead by more than a session lasts. */
static void forms_of_another_time_are_forgotten(void **state)
{
	static const struct {
		time_t age;
		bool kept;
	} rows[] = {{FORM_MAX + 9, false},
		    {FORM_MAX - 9, true},
		    {9 - FORM_MAX, true},
		    {-FORM_MAX - 9, false}};
	struct fixture *f = *state;
	char name[SESSION_TOKEN_LEN + 1], next[SESSION_TOKEN_LEN + 1];
	char path[256];

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		form_name_new(name);
		assert_int_equal(form_spend(f->state, name, &e), 0);
		snprintf(path, sizeof(path), "%s/forms/%s", f->path, name);
		set_age_of(path, rows[i].age);
		form_name_new(next);
		assert_int_equal(form_spend(f->state, next, &e), 0);
		assert_int_equal(access(path, F_OK), rows[i].kept ? 0 : -1);
	}
}

static void tokens_have_a_form(void **state)
{
	char token[SESSION_TOKEN_LEN + 2];

	(void)state;
	session_token_new(token);
	assert_true(session_token_valid(token));
	token[SESSION_TOKEN_LEN] = '0';
	token[SESSION_TOKEN_LEN + 1] = '\0';
	assert_false(session_token_valid(token));
	token[SESSION_TOKEN_LEN] = '\0';
	token[3] = 'A';
	assert_false(session_token_valid(token));
	assert_false(session_token_valid(""));
}

#define RIGGED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIGGED(a_session_is_found_by_its_cookie_alone),
		RIGGED(a_session_ends_when_it_is_idle),
		RIGGED(use_keeps_it_alive_and_a_refresh_does_not),
		RIGGED(a_session_ends_after_its_time),
		RIGGED(all_of_one_name_end),
		RIGGED(what_has_ended_is_cleared_away),
		RIGGED(what_is_being_written_stays),
		RIGGED(a_form_counts_once),
		RIGGED(forms_of_another_time_are_forgotten),
		RIGGED(tokens_have_a_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

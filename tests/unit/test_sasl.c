/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every way a PLAIN message can be wrong. */
#include "common/base.h"
#include "handlers/session/sasl.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MESSAGE(text) (text), sizeof(text) - 1

static const struct {
	const char *name;
	const char *bytes;
	size_t n;
	const char *user; /* NULL: refused */
	const char *password;
	bool for_another;
} messages[] = {
	{"plain", MESSAGE("\0user\0secret"), "user", "secret", false},
	{"same authzid", MESSAGE("user\0user\0secret"), "user", "secret",
	 false},
	{"spaces and 8-bit", MESSAGE("\0u ser\0s \xc3\xa4 "), "u ser",
	 "s \xc3\xa4 ", false},
	{"other authzid", MESSAGE("root\0user\0secret"), "user", "secret",
	 true},
	{"prefix as authzid", MESSAGE("use\0user\0secret"), "user", "secret",
	 true},
	{"longer authzid", MESSAGE("userr\0user\0secret"), "user", "secret",
	 true},
	{"no user", MESSAGE("\0\0secret"), NULL, NULL, false},
	{"no password", MESSAGE("\0user\0"), NULL, NULL, false},
	{"one NUL", MESSAGE("user\0secret"), NULL, NULL, false},
	{"no NUL", MESSAGE("user"), NULL, NULL, false},
	{"three NULs", MESSAGE("\0user\0sec\0ret"), NULL, NULL, false},
	{"NUL at the end", MESSAGE("\0user\0secret\0"), NULL, NULL, false},
	{"two NULs alone", MESSAGE("\0\0"), NULL, NULL, false},
	{"nothing", MESSAGE(""), NULL, NULL, false},
};

static void plain_messages_are_read_strictly(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(messages); i++) {
		struct sasl_login l = {.user = ""};
		bool taken = sasl_plain_parse(
			(const uint8_t *)messages[i].bytes, messages[i].n, &l);

		if (taken != (messages[i].user != NULL))
			fail_msg("%s: %s", messages[i].name,
				 taken ? "taken" : "refused");
		if (taken) {
			assert_string_equal(l.user, messages[i].user);
			assert_int_equal(l.for_another,
					 messages[i].for_another);
			assert_true(secret_equal(&l.password,
						 messages[i].password,
						 strlen(messages[i].password)));
		}
		sasl_login_release(&l);
		assert_null(l.password.bytes);
		assert_string_equal(l.user, "");
	}
}

static void a_user_may_be_as_long_as_its_field_and_no_longer(void **state)
{
	struct sasl_login l = {.user = ""};
	char message[600];

	(void)state;
	memset(message, 'u', sizeof(message));
	message[0] = '\0';
	message[1 + sizeof(l.user) - 1] = '\0';
	assert_true(sasl_plain_parse((const uint8_t *)message, 520, &l));
	assert_int_equal(strlen(l.user), sizeof(l.user) - 1);
	sasl_login_release(&l);

	message[1 + sizeof(l.user) - 1] = 'u';
	message[1 + sizeof(l.user)] = '\0';
	assert_false(sasl_plain_parse((const uint8_t *)message, 520, &l));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_messages_are_read_strictly),
		cmocka_unit_test(
			a_user_may_be_as_long_as_its_field_and_no_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

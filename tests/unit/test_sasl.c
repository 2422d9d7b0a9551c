/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Base64 and PLAIN: RFC 4648's vectors, every length both ways, every text
 * that is not base64, and every way a PLAIN message can be wrong.
 */
#include "common/base.h"
#include "handlers/session/sasl.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "common/base64.h"
#include "common/buf.h"

static const struct {
	const char *plain, *text;
} vectors[] = {
	/* RFC 4648 10 */
	{"", ""},
	{"f", "Zg=="},
	{"fo", "Zm8="},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg=="},
	{"fooba", "Zm9vYmE="},
	{"foobar", "Zm9vYmFy"},
	{"\xfb\xff\xbf", "+/+/"},
};

static void base64_vectors_hold_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(vectors); i++) {
		const char *plain = vectors[i].plain, *text = vectors[i].text;
		struct secret s = SECRET_EMPTY;
		struct buf b;

		assert_true(base64_decode(text, strlen(text), &s));
		assert_true(secret_equal(&s, plain, strlen(plain)));
		secret_release(&s);

		buf_init(&b, 64);
		assert_true(base64_encode((const uint8_t *)plain, strlen(plain),
					  &b));
		assert_string_equal(b.data, text);
		buf_release(&b);
	}
}

static void base64_round_trips_every_length(void **state)
{
	uint8_t bytes[260];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 151 + 7);
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		struct secret s = SECRET_EMPTY;
		struct buf b;

		buf_init(&b, 512);
		assert_true(base64_encode(bytes, n, &b));
		assert_int_equal(b.len, (n + 2) / 3 * 4);
		assert_true(base64_decode(b.data, b.len, &s));
		assert_true(secret_equal(&s, bytes, n));
		secret_release(&s);
		buf_release(&b);
	}
}

static const char *const not_base64[] = {
	"Z",	"Zg",	    "Zg=",	  "Zm9vY",    "====",
	"=",	"=g==",	    "Z===",	  "Zg==Zg==", "Zg=g",
	"Zm9=", "Zh==",	    "Zm8=Zm8=",	  "Zm 9",     "Zm9v\n",
	"Zm9-", "Zm9_",	    "Zm9v Zm9v",  "Zm9v====", "Zm9v===",
	"*",	"Zm9vYmF*", "\xc3\xa4Zm",
};

static void what_is_not_base64_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(not_base64); i++) {
		struct secret s = SECRET_EMPTY;

		if (base64_decode(not_base64[i], strlen(not_base64[i]), &s))
			fail_msg("taken: \"%s\"", not_base64[i]);
		assert_null(s.bytes);
	}
}

/* Of the 256 octets exactly the 64 digits may stand in a group. */
static void only_the_alphabet_is_taken(void **state)
{
	size_t taken = 0;

	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		char text[4] = {'A', (char)c, 'A', 'A'};
		struct secret s = SECRET_EMPTY;

		if (!base64_decode(text, sizeof(text), &s))
			continue;
		taken++;
		secret_release(&s);
	}
	assert_int_equal(taken, 64);
}

static void encoding_stops_at_the_buffers_limit(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 7);
	assert_false(base64_encode((const uint8_t *)"foob", 4, &b));
	buf_release(&b);
}

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
		cmocka_unit_test(base64_vectors_hold_both_ways),
		cmocka_unit_test(base64_round_trips_every_length),
		cmocka_unit_test(what_is_not_base64_is_refused),
		cmocka_unit_test(only_the_alphabet_is_taken),
		cmocka_unit_test(encoding_stops_at_the_buffers_limit),
		cmocka_unit_test(plain_messages_are_read_strictly),
		cmocka_unit_test(
			a_user_may_be_as_long_as_its_field_and_no_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

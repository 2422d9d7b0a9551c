/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RFC 4648's vectors, every length both ways, and every text that is not
 * base64.
 */
#include "common/base.h"
#include "common/base64.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

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
	"Z",	       "Zg",	   "Zg=",	 "Zm9vY",    "====",
	"=",	       "=g==",	   "Z===",	 "Zg==Zg==", "Zg=g",
	"Zm9=",	       "Zh==",	   "Zm8=Zm8=",	 "Zm 9",     "Zm9v\n",
	"Zm9-",	       "Zm9_",	   "Zm9v Zm9v",	 "Zm9v====", "Zm9v===",
	"*",	       "Zm9vYmF*", "\xc3\xa4Zm", "Zg= =",    "Zg \n",
	"Zm9v\r\n\t ", " Zm9vYg=",
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64_vectors_hold_both_ways),
		cmocka_unit_test(base64_round_trips_every_length),
		cmocka_unit_test(what_is_not_base64_is_refused),
		cmocka_unit_test(only_the_alphabet_is_taken),
		cmocka_unit_test(encoding_stops_at_the_buffers_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

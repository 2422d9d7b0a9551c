/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bech32: the format's own examples, every length both ways and in both
 * cases, and that no text with one or two wrong characters is taken.
 */
#include "common/base.h"
#include "store/seal/bech32.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "common/buf.h"

static const char symbols[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

static const char private_hrp[] = "AGE-SECRET-KEY-";

/* The example of c2sp.org/age: 32 octets of 0x42, and their public key. */
static const char private_key[] =
	"AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ"
	"4EGAEX";
static const char recipient[] =
	"age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

static bool decodes(const char *text, const char *hrp)
{
	uint8_t out[32];
	bool taken;

	memset(out, 0xa5, sizeof(out));
	taken = bech32_decode(text, strlen(text), hrp, out, sizeof(out));
	for (size_t i = 0; !taken && i < sizeof(out); i++)
		assert_int_equal(out[i], 0);
	return taken;
}

static void the_examples_read_and_write_back(void **state)
{
	uint8_t out[32];
	struct buf b;

	(void)state;
	assert_true(bech32_decode(private_key, strlen(private_key), private_hrp,
				  out, sizeof(out)));
	for (size_t i = 0; i < sizeof(out); i++)
		assert_int_equal(out[i], 0x42);
	buf_init(&b, 100);
	assert_true(bech32_encode(private_hrp, out, sizeof(out), &b));
	assert_string_equal(b.data, private_key);

	buf_reset(&b);
	assert_true(bech32_decode(recipient, strlen(recipient), "age", out,
				  sizeof(out)));
	assert_true(bech32_encode("age", out, sizeof(out), &b));
	assert_string_equal(b.data, recipient);
	buf_release(&b);
}

static const struct {
	const char *name, *text, *hrp;
} refused[] = {
	{"empty", "", "age"},
	{"hrp alone", "age", "age"},
	{"no data", "age1", "age"},
	{"other hrp",
	 "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
	 "agf"},
	{"shorter hrp",
	 "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
	 "ag"},
	{"all of it in the other case",
	 "AGE1ZVKYG2LQZRAA2LNJVQEJ32NKUU0UES2S82HZRYE869XEEXVN73EQUNUJWJ",
	 "age"},
	{"hrp in the other case",
	 "AGE1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
	 "age"},
	{"data in the other case",
	 "age1ZVKYG2LQZRAA2LNJVQEJ32NKUU0UES2S82HZRYE869XEEXVN73EQUNUJWJ",
	 "age"},
	{"one letter in the other case",
	 "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwJ",
	 "age"},
	{"private key in lower case",
	 "age-secret-key-1gfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpq4"
	 "egaex",
	 "AGE-SECRET-KEY-"},
	{"padding that is not zero",
	 "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZ"
	 "GFPYYSJZGFPYYSJZGFPYYSJZGFPPG0UGY5",
	 "AGE-SECRET-KEY-"},
	{"a symbol more",
	 "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZ"
	 "GFPYYSJZGFPYYSJZGFPYYSJZGFPQQ74RJQ6",
	 "AGE-SECRET-KEY-"},
	{"33 octets",
	 "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZ"
	 "GFPYYSJZGFPYYSJZGFPYYSJZGFPYYYS582C",
	 "AGE-SECRET-KEY-"},
	{"31 octets",
	 "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZ"
	 "GFPYYSJZGFPYYSJZGFPYYSJZGGEGVYQK",
	 "AGE-SECRET-KEY-"},
	{"space behind",
	 "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj ",
	 "age"},
	{"space before",
	 " age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
	 "age"},
	{"no separator",
	 "age0zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
	 "age"},
};

static void what_is_not_bech32_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(refused); i++)
		if (decodes(refused[i].text, refused[i].hrp))
			fail_msg("taken: %s", refused[i].name);
}

/* The checksum finds up to four errors in a text of this length. */
static void one_wrong_character_is_found_anywhere(void **state)
{
	char text[sizeof(recipient)];

	(void)state;
	for (size_t i = 0; i < strlen(recipient); i++) {
		for (unsigned c = 1; c < 256; c++) {
			memcpy(text, recipient, sizeof(text));
			text[i] = (char)c;
			if (decodes(text, "age") != (text[i] == recipient[i]))
				fail_msg("%s", text);
		}
	}
}

static void two_wrong_symbols_are_found_anywhere(void **state)
{
	size_t n = strlen(recipient);
	char text[sizeof(recipient)];

	(void)state;
	for (size_t i = 4; i < n; i++) {
		for (size_t j = i + 1; j < n; j++) {
			memcpy(text, recipient, sizeof(text));
			text[i] = text[i] == 'q' ? 'p' : 'q';
			text[j] = symbols[(i * 7 + j) % 32];
			if (text[j] == recipient[j])
				text[j] = text[j] == 'l' ? '7' : 'l';
			if (decodes(text, "age"))
				fail_msg("%s", text);
		}
	}
}

static void a_text_cut_anywhere_is_refused(void **state)
{
	uint8_t out[32];

	(void)state;
	for (size_t n = 0; n < strlen(recipient); n++)
		assert_false(
			bech32_decode(recipient, n, "age", out, sizeof(out)));
}

static void round_trip(const char *hrp, const uint8_t *bytes, size_t n)
{
	uint8_t out[64];
	struct buf b;

	buf_init(&b, 200);
	assert_true(bech32_encode(hrp, bytes, n, &b));
	assert_true(bech32_decode(b.data, b.len, hrp, out, n));
	assert_memory_equal(out, bytes, n);
	assert_false(bech32_decode(b.data, b.len, hrp, out, n + 1));
	buf_release(&b);
}

static void every_length_goes_round_in_both_cases(void **state)
{
	uint8_t bytes[63];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 157 + 11);
	for (size_t n = 1; n <= sizeof(bytes); n++) {
		round_trip("age", bytes, n);
		round_trip("AGE-SECRET-KEY-", bytes, n);
	}
}

static void encoding_stops_at_the_buffers_limit(void **state)
{
	static const uint8_t bytes[32];

	(void)state;
	for (size_t max = 0; max <= strlen(recipient); max++) {
		struct buf b;

		buf_init(&b, max);
		assert_int_equal(bech32_encode("age", bytes, sizeof(bytes), &b),
				 max == strlen(recipient));
		buf_release(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_read_and_write_back),
		cmocka_unit_test(what_is_not_bech32_is_refused),
		cmocka_unit_test(one_wrong_character_is_found_anywhere),
		cmocka_unit_test(two_wrong_symbols_are_found_anywhere),
		cmocka_unit_test(a_text_cut_anywhere_is_refused),
		cmocka_unit_test(every_length_goes_round_in_both_cases),
		cmocka_unit_test(encoding_stops_at_the_buffers_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

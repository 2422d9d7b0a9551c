/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The header's grammar as a table, every header also cut at every place; the
 * sizes of payloads; and the formulas against published values.
 */
#include "common/base.h"
#include "store/seal/age.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/num.h"

#define V1  "age-encryption.org/v1\n"
#define MAC "--- WyJp9F/9FOZh7gJdheq2WIJcwHgYc8NIVh3ddwhrcNg\n"
#define S64 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

static const struct {
	const char *plain, *text;
} base64[] = {
	{"", ""},
	{"f", "Zg"},
	{"fo", "Zm8"},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg"},
	{"fooba", "Zm9vYmE"},
	{"\xfb\xff\xbf", "+/+/"},
};

static void base64_is_that_of_rfc_4648_without_padding(void **state)
{
	uint8_t out[8];
	struct buf b;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(base64); i++) {
		const char *plain = base64[i].plain, *text = base64[i].text;
		size_t n = strlen(plain);

		assert_true(age_base64_decode(text, strlen(text), out, n));
		assert_memory_equal(out, plain, n);
		buf_init(&b, 16);
		assert_true(age_base64_add(&b, (const uint8_t *)plain, n));
		assert_string_equal(b.data, text);
		buf_release(&b);
	}
}

static const struct {
	const char *text;
	size_t n_out;
} not_base64[] = {
	{"Zg==", 1},   {"Zm8=", 2},	{"Zh", 1},    {"Zm9", 2},  {"Z", 0},
	{"Z", 1},      {"Zg", 0},	{"Zg", 2},    {"Zm9v", 2}, {"Zm9v", 4},
	{"Zm9-", 3},   {"Zm9_", 3},	{"Zm 9v", 3}, {" Zg", 1},  {"Zg\n", 1},
	{"Zm9v\n", 3}, {"\xc3\xa4", 1},
};

static void base64_of_another_length_or_form_is_refused(void **state)
{
	uint8_t out[8];

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(not_base64); i++)
		if (age_base64_decode(not_base64[i].text,
				      strlen(not_base64[i].text), out,
				      not_base64[i].n_out))
			fail_msg("taken: \"%s\"", not_base64[i].text);
}

static void base64_goes_round_at_every_length(void **state)
{
	uint8_t bytes[100], out[100];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 151 + 7);
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		struct buf b;

		buf_init(&b, 200);
		assert_true(age_base64_add(&b, bytes, n));
		assert_true(age_base64_decode(b.data, b.len, out, n));
		assert_memory_equal(out, bytes, n);
		buf_release(&b);
	}
}

static const struct {
	const char *name;
	enum age_parse expected;
	size_t stanzas;
	const char *header;
} headers[] = {
	{"one stanza", AGE_PARSE_OK, 1, V1 "-> a\n\n" MAC},
	{"body", AGE_PARSE_OK, 1, V1 "-> a b\nZm9v\n" MAC},
	{"full line and empty one", AGE_PARSE_OK, 1,
	 V1 "-> a\n" S64 "\n\n" MAC},
	{"two full lines", AGE_PARSE_OK, 1,
	 V1 "-> a\n" S64 "\n" S64 "\nZg\n" MAC},
	{"three stanzas", AGE_PARSE_OK, 3,
	 V1 "-> a\n\n-> b c d\nZm8\n-> ~ !\n\n" MAC},
	{"twelve arguments", AGE_PARSE_OK, 1,
	 V1 "-> 1 2 3 4 5 6 7 8 9 10 11 12\n\n" MAC},
	{"type that looks like an end", AGE_PARSE_OK, 1, V1 "-> ---\n\n" MAC},

	{"no stanza", AGE_PARSE_BAD, 0, V1 MAC},
	{"other version", AGE_PARSE_BAD, 0,
	 "age-encryption.org/v2\n-> a\n\n" MAC},
	{"longer version", AGE_PARSE_BAD, 0,
	 "age-encryption.org/v10\n-> a\n\n" MAC},
	{"shorter version", AGE_PARSE_BAD, 0,
	 "age-encryption.org/v\n-> a\n\n" MAC},
	{"version in upper case", AGE_PARSE_BAD, 0,
	 "AGE-encryption.org/v1\n-> a\n\n" MAC},
	{"CRLF behind the version", AGE_PARSE_BAD, 0,
	 "age-encryption.org/v1\r\n-> a\n\n" MAC},
	{"something before it", AGE_PARSE_BAD, 0, "\n" V1 "-> a\n\n" MAC},
	{"armor", AGE_PARSE_BAD, 0, "-----BEGIN AGE ENCRYPTED FILE-----\n"},

	{"no arguments", AGE_PARSE_BAD, 0, V1 "-> \n\n" MAC},
	{"no space", AGE_PARSE_BAD, 0, V1 "->\n\n" MAC},
	{"no space before the type", AGE_PARSE_BAD, 0, V1 "->a\n\n" MAC},
	{"two spaces before the type", AGE_PARSE_BAD, 0, V1 "->  a\n\n" MAC},
	{"two spaces between", AGE_PARSE_BAD, 0, V1 "-> a  b\n\n" MAC},
	{"space behind", AGE_PARSE_BAD, 0, V1 "-> a \n\n" MAC},
	{"tab", AGE_PARSE_BAD, 0, V1 "-> a\tb\n\n" MAC},
	{"CR in the arguments", AGE_PARSE_BAD, 0, V1 "-> a\r\n\n" MAC},
	{"DEL in the arguments", AGE_PARSE_BAD, 0, V1 "-> a\x7f\n\n" MAC},
	{"8-bit in the arguments", AGE_PARSE_BAD, 0, V1 "-> a\xc3\xa4\n\n" MAC},
	{"other start", AGE_PARSE_BAD, 0, V1 "=> a\n\n" MAC},

	{"no body", AGE_PARSE_BAD, 0, V1 "-> a\n" MAC},
	{"full line and no end", AGE_PARSE_BAD, 0, V1 "-> a\n" S64 "\n" MAC},
	{"long line", AGE_PARSE_BAD, 0, V1 "-> a\n" S64 "AAAA\n" MAC},
	{"two short lines", AGE_PARSE_BAD, 0, V1 "-> a\nZg\nZg\n" MAC},
	{"padding", AGE_PARSE_BAD, 0, V1 "-> a\nZg==\n" MAC},
	{"five digits", AGE_PARSE_BAD, 0, V1 "-> a\nZm9vY\n" MAC},
	{"bits left over of one octet", AGE_PARSE_BAD, 0, V1 "-> a\nZh\n" MAC},
	{"bits left over of two", AGE_PARSE_BAD, 0, V1 "-> a\nZm9\n" MAC},
	{"CR behind the body", AGE_PARSE_BAD, 0, V1 "-> a\nZm9v\r\n" MAC},
	{"space in the body", AGE_PARSE_BAD, 0, V1 "-> a\nZm 9v\n" MAC},

	{"MAC without a space", AGE_PARSE_BAD, 0,
	 V1 "-> a\n\n---WyJp9F/9FOZh7gJdheq2WIJcwHgYc8NIVh3ddwhrcNg\n"},
	{"MAC behind two spaces", AGE_PARSE_BAD, 0,
	 V1 "-> a\n\n---  WyJp9F/9FOZh7gJdheq2WIJcwHgYc8NIVh3ddwhrcNg\n"},
	{"MAC and a space", AGE_PARSE_BAD, 0,
	 V1 "-> a\n\n--- WyJp9F/9FOZh7gJdheq2WIJcwHgYc8NIVh3ddwhrcNg \n"},
	{"MAC and a CR", AGE_PARSE_BAD, 0,
	 V1 "-> a\n\n--- WyJp9F/9FOZh7gJdheq2WIJcwHgYc8NIVh3ddwhrcNg\r\n"},
	{"MAC too short", AGE_PARSE_BAD, 0,
	 V1 "-> a\n\n--- WyJp9F/9FOZh7gJdheq2WIJcwHgYc8NIVh3ddwhrcN\n"},
	{"MAC with padding", AGE_PARSE_BAD, 0,
	 V1 "-> a\n\n--- WyJp9F/9FOZh7gJdheq2WIJcwHgYc8NIVh3ddwhrcNg=\n"},
	{"MAC not canonical", AGE_PARSE_BAD, 0,
	 V1 "-> a\n\n--- WyJp9F/9FOZh7gJdheq2WIJcwHgYc8NIVh3ddwhrcNh\n"},
	{"MAC alone", AGE_PARSE_BAD, 0, V1 "-> a\n\n---\n"},
	{"four dashes", AGE_PARSE_BAD, 0,
	 V1 "-> a\n\n---- WyJp9F/9FOZh7gJdheq2WIJcwHgYc8NIVh3ddwhrcN\n"},

	{"nothing", AGE_PARSE_MORE, 0, ""},
	{"version without its end", AGE_PARSE_MORE, 0, "age-encryption.org/v1"},
	{"version", AGE_PARSE_MORE, 0, V1},
	{"MAC without its end", AGE_PARSE_MORE, 0,
	 V1 "-> a\n\n--- WyJp9F/9FOZh7gJdheq2WIJcwHgYc8NIVh3ddwhrcNg"},
};

static size_t count_stanzas(const struct age_header *h)
{
	const char *rest = h->stanzas, *end = rest + h->stanzas_len;
	struct age_stanza stanza;
	size_t n = 0;

	while (age_stanza_next(&rest, end, &stanza))
		n++;
	assert_ptr_equal(rest, end);
	return n;
}

/* Behind a good header anything may follow; a part of it is never enough. */
static void check_whole_and_cut(const char *name, const uint8_t *bytes,
				size_t n)
{
	struct age_header h;

	assert_int_equal(age_header_parse(bytes, n + 6, &h), AGE_PARSE_OK);
	assert_int_equal(h.length, n);
	assert_memory_equal(bytes + h.mac_covers - 4, "\n---", 4);
	for (size_t cut = 0; cut < n; cut++) {
		/* Exactly as long as it is, so that a sanitizer sees more. */
		uint8_t *part = malloc(cut + 1);

		assert_non_null(part);
		memcpy(part, bytes, cut);
		if (age_header_parse(part, cut, &h) != AGE_PARSE_MORE)
			fail_msg("%s: cut at %zu", name, cut);
		free(part);
	}
}

static void headers_are_read_by_their_grammar(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(headers); i++) {
		size_t n = strlen(headers[i].header);
		struct age_header h;
		struct buf b;

		buf_init(&b, 1000);
		assert_true(buf_adds(&b, headers[i].header));
		if (age_header_parse((const uint8_t *)b.data, n, &h) !=
		    headers[i].expected)
			fail_msg("%s", headers[i].name);
		if (headers[i].expected == AGE_PARSE_OK) {
			assert_int_equal(count_stanzas(&h), headers[i].stanzas);
			assert_true(buf_add(&b, "\0-> x\n", 6));
			check_whole_and_cut(headers[i].name,
					    (const uint8_t *)b.data, n);
		}
		buf_release(&b);
	}
}

static void a_stanza_is_lent_in_pieces(void **state)
{
	static const char header[] = V1 "-> type one 2\n" S64 "\nZm8\n"
					"-> 1 2 3 4 5 6 7 8 9 10\n\n" MAC;
	struct age_header h;
	struct age_stanza s;
	const char *rest, *end;

	(void)state;
	assert_int_equal(
		age_header_parse((const uint8_t *)header, strlen(header), &h),
		AGE_PARSE_OK);
	rest = h.stanzas;
	end = rest + h.stanzas_len;
	assert_true(age_stanza_next(&rest, end, &s));
	assert_int_equal(s.n_args, 3);
	assert_int_equal(s.arg_len[0], 4);
	assert_memory_equal(s.args[0], "type", 4);
	assert_int_equal(s.arg_len[1], 3);
	assert_memory_equal(s.args[1], "one", 3);
	assert_int_equal(s.arg_len[2], 1);
	assert_memory_equal(s.args[2], "2", 1);
	assert_int_equal(s.body_len, strlen(S64 "\nZm8"));
	assert_memory_equal(s.body, S64 "\nZm8", s.body_len);

	assert_true(age_stanza_next(&rest, end, &s));
	assert_int_equal(s.n_args, 10);
	assert_memory_equal(s.args[AGE_STANZA_ARGS - 1], "8", 1);
	assert_int_equal(s.body_len, 0);
	assert_false(age_stanza_next(&rest, end, &s));
}

static const struct {
	uint64_t plain, payload;
} sizes[] = {
	{0, 32},
	{1, 33},
	{65535, 65567},
	{65536, 65568},
	{65537, 65585},
	{131072, 131120},
	{131073, 131137},
	{UINT64_C(1) << 40, (UINT64_C(1) << 40) + 16 + (UINT64_C(16) << 24)},
};

static void payloads_have_one_tag_a_chunk(void **state)
{
	uint64_t plain;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(sizes); i++) {
		assert_int_equal(age_payload_size(sizes[i].plain),
				 sizes[i].payload);
		assert_true(age_payload_plaintext(sizes[i].payload, &plain));
		assert_int_equal(plain, sizes[i].plain);
	}
}

/* Of all sizes up to three chunks, those that some plaintext has, and no other.
 */
static void sizes_that_no_plaintext_has_are_refused(void **state)
{
	uint64_t next = 0, plain;

	(void)state;
	for (uint64_t payload = 0; payload < 3 * 65552; payload++) {
		bool possible = payload == age_payload_size(next);

		if (age_payload_plaintext(payload, &plain) != possible)
			fail_msg("%ju", (uintmax_t)payload);
		if (possible)
			assert_int_equal(plain, next++);
	}
}

static void from_hex(const char *hex, uint8_t *out, size_t n)
{
	assert_true(num_parse_hex(hex, strlen(hex), out, n));
}

/* RFC 5869 A.1 and A.3, of whose output we take the first 32 octets. */
static void hkdf_is_that_of_rfc_5869(void **state)
{
	uint8_t key[22], salt[13], expected[32], out[32];

	(void)state;
	memset(key, 0x0b, sizeof(key));
	from_hex("000102030405060708090a0b0c", salt, sizeof(salt));
	from_hex("3cb25f25faacd57a90434f64d0362f2a"
		 "2d2d0a90cf1a5a4c5db02d56ecc4c5bf",
		 expected, sizeof(expected));
	age_hkdf(key, sizeof(key), salt, sizeof(salt),
		 "\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9", out);
	assert_memory_equal(out, expected, sizeof(out));

	from_hex("8da4e775a563c18f715f802a063c5a31"
		 "b8a11f5c5ee1879ec3454e5f3c738d2d",
		 expected, sizeof(expected));
	age_hkdf(key, sizeof(key), salt, 0, "", out);
	assert_memory_equal(out, expected, sizeof(out));
}

/* The file key and the header of a public vector. */
static void the_header_mac_is_the_formats(void **state)
{
	static const char header[] =
		V1 "-> X25519 TEiF0ypqr+bpvcqXNyCVJpL7OuwPdVwPL7KQEbFDOCc\n"
		   "hjabGXwSLQ9c3S6Lw2i+S2Tu2fiwQHHslbBN6B41FLE\n" MAC;
	struct age_header h;
	uint8_t mac[32];

	(void)state;
	assert_int_equal(
		age_header_parse((const uint8_t *)header, strlen(header), &h),
		AGE_PARSE_OK);
	age_header_mac((const uint8_t *)"YELLOW SUBMARINE",
		       (const uint8_t *)header, h.mac_covers, mac);
	assert_memory_equal(mac, h.mac, sizeof(mac));
}

static void a_shared_secret_of_zero_wraps_nothing(void **state)
{
	uint8_t shared[32] = {0}, share[32] = {1}, public[32] = {2}, out[32];

	(void)state;
	assert_false(age_x25519_wrap_key(shared, share, public, out));
	for (size_t i = 0; i < sizeof(shared); i++) {
		memset(shared, 0, sizeof(shared));
		shared[i] = 0x80;
		assert_true(age_x25519_wrap_key(shared, share, public, out));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64_is_that_of_rfc_4648_without_padding),
		cmocka_unit_test(base64_of_another_length_or_form_is_refused),
		cmocka_unit_test(base64_goes_round_at_every_length),
		cmocka_unit_test(headers_are_read_by_their_grammar),
		cmocka_unit_test(a_stanza_is_lent_in_pieces),
		cmocka_unit_test(payloads_have_one_tag_a_chunk),
		cmocka_unit_test(sizes_that_no_plaintext_has_are_refused),
		cmocka_unit_test(hkdf_is_that_of_rfc_5869),
		cmocka_unit_test(the_header_mac_is_the_formats),
		cmocka_unit_test(a_shared_secret_of_zero_wraps_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

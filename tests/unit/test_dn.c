/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names against the hashes that `openssl x509 -hash` (3.0) gives for them, and
 * DER that is cut off, nested wrongly, or followed by something.
 */
#include "common/base.h"
#include "common/dn.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <gnutls/crypto.h>

#include "common/num.h"

enum { DER_MAX = 512 };

struct row {
	const char *hash, *der;
};

#define TEN_LETTERS "4162636465666768696a"
#define FIFTY	    TEN_LETTERS TEN_LETTERS TEN_LETTERS TEN_LETTERS TEN_LETTERS
#define LONG	    FIFTY FIFTY FIFTY FIFTY

static const struct row rows[] = {
	{"eea339da", "3000"},
	/* "Test CA" in PrintableString, UTF8String, and with white space */
	{"3387b84d", "30123110300e0603550403130754657374204341"},
	{"3387b84d", "30123110300e06035504030c0774657374206361"},
	{"3387b84d", "3018311630140603550403130d20205465737420092020434120"},
	{"5da78770", "300e310c300a06035504031303202020"},
	/* C, O with umlauts, CN */
	{"01cf80dc", "303f310b3009060355040613024445311e301c060355040a0c15"
		     "4dc3bc6c6c657220262053c3b6686e6520c384c396"
		     "3110300e06035504030c07526f6f74205231"},
	/* emailAddress in IA5String */
	{"f9878508", "301f311d301b06092a864886f70d010901160e"
		     "4341404578616d706c652e4f5247"},
	/* BMPString, UniversalString, T61String */
	{"b8e7052c", "301d311b301906035504031e12"
		     "005a00fc0072006900630068002020ac0058"},
	{"bbff1be6", "30173115301306035504031c0c"
		     "000000410001f60000000062"},
	{"26f9f21d", "3016311430120603550403140b4dfc6c6c65722020496e63"},
	/* kept as they are: NumericString, BIT STRING */
	{"7b515964", "3010310e300c060355040512053132203334"},
	{"ba39a627", "300e310c300a060355042d0303004142"},
	/* two attributes in one set */
	{"3fc50c7e",
	 "301a31183009060355040613024445300b0603550403130450616972"},
	/* lengths of two and three octets */
	{"82295056", "3081d63181d33081d0060355040a0c81c8" LONG},
	{"2835b7fd", "308201a13182019d30820199060355040a0c820190" LONG LONG},
};

static size_t from_hex(const char *hex, uint8_t der[DER_MAX])
{
	size_t n = strlen(hex) / 2;

	assert_true(n <= DER_MAX);
	assert_true(num_parse_hex(hex, strlen(hex), der, n));
	return n;
}

static bool canonical(const uint8_t *der, size_t n, struct buf *out)
{
	/* A copy of its own length, so that a sanitizer sees one more read. */
	uint8_t *copy = malloc(n ? n : 1);
	bool ok;

	assert_non_null(copy);
	memcpy(copy, der, n);
	buf_init(out, 4096);
	ok = dn_canonical(copy, n, out);
	free(copy);
	return ok;
}

static void test_hashes(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		uint8_t der[DER_MAX], sha1[20], reversed[4];
		size_t n = from_hex(rows[i].der, der);
		struct buf out;
		char hash[9];

		if (!canonical(der, n, &out))
			fail_msg("row %zu is a name", i);
		assert_int_equal(gnutls_hash_fast(GNUTLS_DIG_SHA1, out.data,
						  out.len, sha1),
				 0);
		for (size_t k = 0; k < 4; k++)
			reversed[k] = sha1[3 - k];
		num_write_hex(reversed, 4, hash);
		assert_string_equal(hash, rows[i].hash);
		buf_release(&out);
	}
}

static void test_cut_off(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		uint8_t der[DER_MAX + 1];
		size_t n = from_hex(rows[i].der, der);
		struct buf out;

		for (size_t part = 0; part < n; part++) {
			assert_false(canonical(der, part, &out));
			buf_release(&out);
		}
		der[n] = 0;
		assert_false(canonical(der, n + 1, &out));
		buf_release(&out);
	}
}

static void test_no_names(void **state)
{
	static const char *const bad[] = {
		"3100",				    /* not a SEQUENCE */
		"3080",				    /* indefinite length */
		"30850000000000",		    /* length of five octets */
		"3081",				    /* length cut off */
		"30023100",			    /* an empty set */
		"30023000",			    /* not a set */
		"300431023000",			    /* an empty attribute */
		"30043102310030",		    /* more behind it */
		"3009310730050603550403",	    /* a type without a value */
		"300e310c300a06035504031301410500", /* a third element */
		"300c310a30080603550403130241",	    /* a value over the end */
		"300c310a300806035504031e0141",	    /* half a BMP character */
		"300e310c300a06035504031c03000041", /* not a universal one */
		"300f310d300b06035504031c0400110000", /* beyond Unicode */
		"300c310a30080403550403130141",	      /* no OID */
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		uint8_t der[DER_MAX];
		size_t n = from_hex(bad[i], der);
		struct buf out;

		if (canonical(der, n, &out))
			fail_msg("%s is no name", bad[i]);
		buf_release(&out);
	}
}

/* One octet of a good name changed in every way: no read beyond it. */
static void test_any_octet(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		uint8_t der[DER_MAX];
		size_t n = from_hex(rows[i].der, der);

		for (size_t at = 0; at < n && at < 64; at++)
			for (int value = 0; value < 256; value++) {
				uint8_t kept = der[at];
				struct buf out;

				der[at] = (uint8_t)value;
				if (canonical(der, n, &out))
					assert_in_range(out.len, 0, 4 * n);
				buf_release(&out);
				der[at] = kept;
			}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hashes),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_no_names),
		cmocka_unit_test(test_any_octet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

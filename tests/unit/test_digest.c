/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SHA-256 and HMAC against published values. */
#include "common/base.h"
#include "common/digest.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* FIPS 180-4, the example of one block. */
static void sha256(void **state)
{
	char hex[DIGEST_HEX_LEN + 1];

	(void)state;
	digest_hex("abc", 3, hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223"
				 "b00361a396177a9cb410ff61f20015ad");
}

/* RFC 4231, test case 2. */
static void hmac(void **state)
{
	char hex[DIGEST_HEX_LEN + 1];

	(void)state;
	digest_keyed_hex("Jefe", "what do ya want for nothing?", hex);
	assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c7"
				 "5a003f089d2739839dec58b964ec3843");
}

static void equal(void **state)
{
	(void)state;
	assert_true(digest_equal("", ""));
	assert_true(digest_equal("ab", "ab"));
	assert_false(digest_equal("ab", "ac"));
	assert_false(digest_equal("ab", "abc"));
	assert_false(digest_equal("", "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256),
		cmocka_unit_test(hmac),
		cmocka_unit_test(equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The session key: what openssl derives and signs we derive and sign, and
 * nothing but that is taken for signed.
 */
#include "common/base.h"
#include "store/seal/session_key.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "common/num.h"

/*
 * Made with openssl 3.5: kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt
 * hexkey:PRIVATE -kdfopt "info:restante session 1" HKDF gives the seed;
 * behind 302e020100300506032b657004220420 it is a private key in DER for
 * pkey -pubout and for pkeyutl -sign -rawin.
 */
static const struct {
	const char *private_key, *public;
	const char *of_u, *of_pattern; /* signatures of "u", of 1280 octets */
} vectors[] = {
	{"0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
	 "7d0f1adee4b654f7984fdccc65a514545900663c9b1bef5884c4b9270e1dffb3",
	 "a5ebbd7131b2b0768e12075703fdf488fefdc1e8c3886fa456cb7c686acbcb5c"
	 "1a1ddd651d1bb305ae34991efaa1345ae0ad95724de99a156205d70294a53309",
	 "f66ea04c93dcffd4dc95ce4ce0f3cc1c27daf12e34699f712cd00b35b70d0dab"
	 "97137137570d6825b40d78daf441c59d6b3c549a8d30c0012f59bdb180a8f205"},
	{"4242424242424242424242424242424242424242424242424242424242424242",
	 "c9d3eb17ef0469e61bb6b68d231f02c1a2115dfd772680f8eda607b2e26b2288",
	 "d6b743ad66313de600bbf39ef5fb1aeb1a6f8f107cdecf08c1b4f163dbd64a2d"
	 "a2e73780321cde2195a9575e47dca61ee2d914cf1a97bef711625d125f54420f",
	 "18d6a0d57c4756cae82d3ff6147171e197b84bad210af1f791056f115d13d0bb"
	 "b7e1ebf5d058dcd29321a46995fe9dc1107cfe5de0441a586d38aa0d91c56607"},
};

static void read_hex(const char *hex, uint8_t *out, size_t n)
{
	assert_true(num_parse_hex(hex, strlen(hex), out, n));
}

static void key_of(size_t i, struct secret *key_r)
{
	secret_init(key_r, 32);
	read_hex(vectors[i].private_key, key_r->bytes, 32);
}

static void check_signature(const struct secret *key, const void *bytes,
			    size_t n, const char *hex)
{
	uint8_t expected[SESSION_SIGNATURE_SIZE], made[SESSION_SIGNATURE_SIZE];
	uint8_t public[SESSION_KEY_SIZE];

	read_hex(hex, expected, sizeof(expected));
	session_key_sign(key, bytes, n, made);
	assert_memory_equal(made, expected, sizeof(made));
	session_key_public(key, public);
	assert_true(session_key_verify(public, bytes, n, made));
}

static void openssl_derives_and_signs_the_same(void **state)
{
	uint8_t pattern[1280], public[SESSION_KEY_SIZE];
	uint8_t expected[SESSION_KEY_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = (uint8_t)i;
	for (size_t i = 0; i < N_ELEMENTS(vectors); i++) {
		struct secret key;

		key_of(i, &key);
		session_key_public(&key, public);
		read_hex(vectors[i].public, expected, sizeof(expected));
		assert_memory_equal(public, expected, sizeof(public));
		check_signature(&key, "u", 1, vectors[i].of_u);
		check_signature(&key, pattern, sizeof(pattern),
				vectors[i].of_pattern);
		secret_release(&key);
	}
}

/* Of several keys the first one counts, as it does for whom mail is sealed to.
 */
static void the_first_key_of_several_signs(void **state)
{
	struct secret one, both;
	uint8_t a[SESSION_KEY_SIZE], b[SESSION_KEY_SIZE];

	(void)state;
	key_of(0, &one);
	secret_init(&both, 64);
	memcpy(both.bytes, one.bytes, 32);
	memset(both.bytes + 32, 7, 32);
	session_key_public(&one, a);
	session_key_public(&both, b);
	assert_memory_equal(a, b, sizeof(a));
	secret_release(&one);
	secret_release(&both);
}

static void every_bit_counts(void **state)
{
	uint8_t public[SESSION_KEY_SIZE], made[SESSION_SIGNATURE_SIZE];
	uint8_t text[] = "used";
	struct secret key;

	(void)state;
	key_of(0, &key);
	session_key_public(&key, public);
	session_key_sign(&key, text, sizeof(text), made);
	for (size_t i = 0; i < 8 * sizeof(made); i++) {
		made[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_false(
			session_key_verify(public, text, sizeof(text), made));
		made[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t i = 0; i < 8 * sizeof(text); i++) {
		text[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_false(
			session_key_verify(public, text, sizeof(text), made));
		text[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	assert_false(session_key_verify(public, text, sizeof(text) - 1, made));
	public[3] ^= 1;
	assert_false(session_key_verify(public, text, sizeof(text), made));
	secret_release(&key);
}

static void the_setting_is_read_strictly(void **state)
{
	uint8_t public[SESSION_KEY_SIZE];

	(void)state;
	assert_true(session_key_parse(vectors[0].public, public));
	assert_int_equal(public[0], 0x7d);
	assert_false(session_key_parse("", public));
	assert_false(session_key_parse(vectors[0].public + 1, public));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openssl_derives_and_signs_the_same),
		cmocka_unit_test(the_first_key_of_several_signs),
		cmocka_unit_test(every_bit_counts),
		cmocka_unit_test(the_setting_is_read_strictly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A session key is announced: what is computed is what another program
 * computes from docs/ledger.md, and nothing but that is believed.
 */
#include "common/base.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "common/log.h"
#include "common/num.h"
#include "handlers/ledger/key.h"
#include "store/seal/x25519.h"

#define ID "mbx-00112233445566778899aabbccddeeff"

struct scene {
	struct ledger_key ledger;
	uint8_t private_key[AGE_KEY_SIZE];
	struct announce_ends ends;
	struct entry_announced said;
};

/* Keys of 1, 2, 3 … and of 64, 65, 66 …; a session key of 171. */
static int setup(void **state)
{
	struct scene *s = xcalloc(1, sizeof(*s));
	uint8_t session_key[ENTRY_SESSION_KEY_LEN / 2];

	secret_init(&s->ledger.seed, 32);
	for (unsigned i = 0; i < AGE_KEY_SIZE; i++) {
		s->private_key[i] = (uint8_t)(i + 1);
		s->ledger.seed.bytes[i] = (uint8_t)(i + 64);
	}
	ledger_key_exchange(&s->ledger, s->ends.ledger);
	x25519_public(s->ends.mailbox, s->private_key);
	memset(session_key, 171, sizeof(session_key));
	num_write_hex(session_key, sizeof(session_key), s->said.session_key);
	memcpy(s->said.mailbox, ID, sizeof(ID));
	assert_true(announce_mac(s->private_key, s->ends.ledger, &s->ends,
				 &s->said, s->said.mac));
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	secret_release(&s->ledger.seed);
	free(s);
	return 0;
}

static void assert_hex(const uint8_t *bytes, const char *want)
{
	char hex[2 * AGE_KEY_SIZE + 1];

	num_write_hex(bytes, AGE_KEY_SIZE, hex);
	assert_string_equal(hex, want);
}

/* Computed with Python's cryptography. */
static void it_is_what_others_compute(void **state)
{
	const struct scene *s = *state;

	assert_hex(s->ends.ledger, "09d5b89d35651c3a986deef50e032c4a"
				   "dac9e916cabfa22bf060765b00063c5f");
	assert_hex(s->ends.mailbox, "07a37cbc142093c8b755dc1b10e86cb4"
				    "26374ad16aa853ed0bdfc0b2b86d1c7c");
	assert_hex(s->said.mac, "24b80edee73ebf866ca979e32230a096"
				"9b5bb5d4650dd85efadc39ff2311b640");
	assert_true(ledger_key_proves(&s->ledger, s->ends.mailbox, &s->said));
}

static void nothing_else_is_believed(void **state)
{
	struct scene *s = *state;
	struct entry_announced other = s->said;
	uint8_t another[AGE_KEY_SIZE];

	other.mac[31] ^= 1;
	assert_false(ledger_key_proves(&s->ledger, s->ends.mailbox, &other));
	other = s->said;
	other.session_key[0] = 'c';
	assert_false(ledger_key_proves(&s->ledger, s->ends.mailbox, &other));
	other = s->said;
	other.mailbox[MAILBOX_ID_LEN - 1] = '0';
	assert_false(ledger_key_proves(&s->ledger, s->ends.mailbox, &other));
	/* Another mailbox's word, and what was said to another ledger. */
	s->private_key[1] ^= 1;
	x25519_public(another, s->private_key);
	assert_false(ledger_key_proves(&s->ledger, another, &s->said));
	s->ledger.seed.bytes[0] ^= 1;
	assert_false(ledger_key_proves(&s->ledger, s->ends.mailbox, &s->said));
}

/* With a point of low order everybody could compute it. */
static void no_end_is_a_point_of_low_order(void **state)
{
	struct scene *s = *state;
	static const uint8_t zero[AGE_KEY_SIZE];

	memset(s->ends.ledger, 0, sizeof(s->ends.ledger));
	assert_false(announce_mac(s->private_key, zero, &s->ends, &s->said,
				  s->said.mac));
	assert_false(ledger_key_proves(&s->ledger, zero, &s->said));
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STAGED(it_is_what_others_compute),
		STAGED(nothing_else_is_believed),
		STAGED(no_end_is_a_point_of_low_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

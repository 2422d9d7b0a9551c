/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * STREAM, chunk by chunk: what was sealed opens at its own place and at no
 * other, and what has been touched does not open at all.
 */
#include "common/base.h"
#include "store/seal/stream.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nettle/chacha-poly1305.h>

#include <cmocka.h>

#include "common/num.h"

enum { FULL = AGE_CHUNK_SIZE };

static const uint8_t file_key[] = "YELLOW SUBMARINE";
static const uint8_t nonce[] = "0123456789abcdef";

static uint8_t plain[FULL], opened[FULL], sealed[FULL + AGE_TAG_SIZE];

static int fill_plain(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t)(i * 151 >> 3);
	return 0;
}

/* The payload of the public vector "x25519", which says "age". */
static void the_known_payload_comes_out(void **state)
{
	static const char nonce_hex[] = "eecf62c7ce91b433274e68d4f2f9134c";
	static const char hex[] = "b74c5bfef7beaa52c8f0bc0e992c1e8331fb66";
	uint8_t known[AGE_NONCE_SIZE], expected[3 + AGE_TAG_SIZE];
	struct stream s;

	(void)state;
	assert_true(num_parse_hex(nonce_hex, strlen(nonce_hex), known,
				  sizeof(known)));
	assert_true(
		num_parse_hex(hex, strlen(hex), expected, sizeof(expected)));
	stream_init(&s, file_key, known);
	stream_seal(&s, (const uint8_t *)"age", 3, true, sealed);
	assert_memory_equal(sealed, expected, sizeof(expected));
	stream_release(&s);
}

static void nonces_count_in_big_endian_and_mark_the_last(void **state)
{
	static const uint8_t expected[] = {0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 1};
	const struct stream s = {.counter = 0x0102030405060708};
	uint8_t n[STREAM_NONCE_SIZE];

	(void)state;
	stream_nonce(&s, true, n);
	assert_memory_equal(n, expected, sizeof(n));
	stream_nonce(&s, false, n);
	assert_memory_equal(n, expected, sizeof(n) - 1);
	assert_int_equal(n[sizeof(n) - 1], 0);
}

/* Seals and opens one chunk in place. */
static void chunk_goes_round(struct stream *out, struct stream *in, size_t n,
			     bool last)
{
	memcpy(sealed, plain, n);
	stream_seal(out, sealed, n, last, sealed);
	assert_true(stream_open(in, sealed, n + AGE_TAG_SIZE, last, opened));
	assert_memory_equal(opened, plain, n);
}

static void chunks_open_in_their_order(void **state)
{
	static const size_t last_sizes[] = {1,	  63,	64,	  65,
					    4096, 4097, FULL - 1, FULL};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(last_sizes); i++) {
		struct stream out, in;

		stream_init(&out, file_key, nonce);
		stream_init(&in, file_key, nonce);
		for (size_t chunk = 0; chunk < i; chunk++)
			chunk_goes_round(&out, &in, FULL, false);
		chunk_goes_round(&out, &in, last_sizes[i], true);
		assert_true(out.ended && in.ended);
		stream_release(&out);
		stream_release(&in);
	}
}

static void the_counter_goes_beyond_one_octet(void **state)
{
	struct stream out, in;

	(void)state;
	stream_init(&out, file_key, nonce);
	stream_init(&in, file_key, nonce);
	for (size_t chunk = 0; chunk < 258; chunk++)
		chunk_goes_round(&out, &in, FULL, false);
	chunk_goes_round(&out, &in, 1, true);
	stream_release(&out);
	stream_release(&in);
}

/* An empty last chunk behind others, as a writer who ignores the rule does. */
static void seal_empty_chunk(const struct stream *s)
{
	uint8_t n[STREAM_NONCE_SIZE];
	struct chacha_poly1305_ctx aead;

	stream_nonce(s, true, n);
	chacha_poly1305_set_key(&aead, s->key);
	chacha_poly1305_set_nonce(&aead, n);
	chacha_poly1305_digest(&aead, AGE_TAG_SIZE, sealed);
}

static void only_a_first_chunk_may_be_empty(void **state)
{
	struct stream out, in;

	(void)state;
	stream_init(&out, file_key, nonce);
	stream_init(&in, file_key, nonce);
	seal_empty_chunk(&out);
	assert_true(stream_open(&in, sealed, AGE_TAG_SIZE, true, opened));
	stream_init(&in, file_key, nonce);
	chunk_goes_round(&out, &in, 0, true);

	stream_init(&out, file_key, nonce);
	stream_init(&in, file_key, nonce);
	chunk_goes_round(&out, &in, FULL, false);
	seal_empty_chunk(&out);
	assert_false(stream_open(&in, sealed, AGE_TAG_SIZE, true, opened));
	stream_release(&out);
	stream_release(&in);
}

static void every_flipped_bit_is_found(void **state)
{
	enum { N = 40 };
	uint8_t zero[N] = {0};
	struct stream s;

	(void)state;
	stream_init(&s, file_key, nonce);
	stream_seal(&s, plain, N, true, sealed);
	for (size_t bit = 0; bit < 8 * (N + AGE_TAG_SIZE); bit++) {
		stream_init(&s, file_key, nonce);
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		memset(opened, 0xa5, N);
		assert_false(stream_open(&s, sealed, N + AGE_TAG_SIZE, true,
					 opened));
		/* Nothing that is not authentic is left to be read. */
		assert_memory_equal(opened, zero, N);
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_true(stream_open(&s, sealed, N + AGE_TAG_SIZE, true,
					opened));
	}
	stream_release(&s);
}

static void a_chunk_opens_at_its_own_place_alone(void **state)
{
	static const struct {
		const char *name;
		uint64_t counter;
		bool last;
		uint8_t file_key, nonce; /* added to their first octet */
		bool opens;
	} rows[] = {
		{"its own", 1, false, 0, 0, true},
		{"as the last", 1, true, 0, 0, false},
		{"one before", 0, false, 0, 0, false},
		{"one behind", 2, false, 0, 0, false},
		{"far behind", UINT64_C(1) << 56 | 1, false, 0, 0, false},
		{"other file key", 1, false, 1, 0, false},
		{"other file", 1, false, 0, 1, false},
	};
	struct stream s;

	(void)state;
	stream_init(&s, file_key, nonce);
	s.counter = 1;
	stream_seal(&s, plain, FULL, false, sealed);
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		uint8_t other_key[AGE_FILE_KEY_SIZE], other[AGE_NONCE_SIZE];

		memcpy(other_key, file_key, sizeof(other_key));
		memcpy(other, nonce, sizeof(other));
		other_key[0] = (uint8_t)(other_key[0] + rows[i].file_key);
		other[0] = (uint8_t)(other[0] + rows[i].nonce);
		stream_init(&s, other_key, other);
		s.counter = rows[i].counter;
		if (stream_open(&s, sealed, sizeof(sealed), rows[i].last,
				opened) != rows[i].opens)
			fail_msg("%s", rows[i].name);
		/* What failed may be tried as the other kind. */
		assert_int_equal(s.counter, rows[i].counter + rows[i].opens);
	}
	stream_release(&s);
}

static void a_chunk_of_a_wrong_size_is_not_even_tried(void **state)
{
	static uint8_t more[FULL + AGE_TAG_SIZE + 1];
	struct stream s;

	(void)state;
	stream_init(&s, file_key, nonce);
	for (size_t n = 0; n < AGE_TAG_SIZE; n++)
		assert_false(stream_open(&s, more, n, true, opened));
	assert_false(stream_open(&s, more, sizeof(more), true, opened));
	stream_seal(&s, plain, 100, true, sealed);
	stream_init(&s, file_key, nonce);
	assert_false(stream_open(&s, sealed, 100, false, opened));
	assert_true(stream_open(&s, sealed, 100 + AGE_TAG_SIZE, true, opened));
	/* Nothing comes behind the last one. */
	s.counter = 0;
	assert_false(stream_open(&s, sealed, 100 + AGE_TAG_SIZE, true, opened));
	stream_release(&s);
}

/* Whether sealing n octets behind `before` full chunks is taken for a bug. */
static bool sealing_aborts(size_t before, bool ended, size_t n, bool last)
{
	const struct rlimit no_core = {0, 0};
	int status;
	pid_t pid = fork();

	if (!pid) {
		struct stream s;

		setrlimit(RLIMIT_CORE, &no_core);
		signal(SIGABRT, SIG_DFL);
		if (!freopen("/dev/null", "w", stderr))
			_exit(1);
		stream_init(&s, file_key, nonce);
		s.counter = before;
		s.ended = ended;
		stream_seal(&s, plain, n, last, sealed);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void sealing_what_no_reader_takes_is_a_bug(void **state)
{
	(void)state;
	assert_false(sealing_aborts(0, false, 0, true));
	assert_false(sealing_aborts(1, false, 1, true));
	assert_true(sealing_aborts(1, false, 0, true));
	assert_true(sealing_aborts(0, false, FULL - 1, false));
	assert_true(sealing_aborts(0, true, 1, true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_known_payload_comes_out),
		cmocka_unit_test(nonces_count_in_big_endian_and_mark_the_last),
		cmocka_unit_test(chunks_open_in_their_order),
		cmocka_unit_test(the_counter_goes_beyond_one_octet),
		cmocka_unit_test(only_a_first_chunk_may_be_empty),
		cmocka_unit_test(every_flipped_bit_is_found),
		cmocka_unit_test(a_chunk_opens_at_its_own_place_alone),
		cmocka_unit_test(a_chunk_of_a_wrong_size_is_not_even_tried),
		cmocka_unit_test(sealing_what_no_reader_takes_is_a_bug),
	};

	return cmocka_run_group_tests(tests, fill_plain, NULL);
}

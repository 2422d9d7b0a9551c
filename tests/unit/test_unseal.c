/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The unsealer: files of other writers, headers that are authentic and yet
 * wrong, every cut and every flipped bit, sources that stutter and fail. The
 * public vectors are run apart (tests/vectors); these need no network.
 */
#include "common/base.h"
#include "store/seal/unseal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/num.h"
#include "tests/unit/age_parts.h"

/* The identity and the stanza of the public vectors: with it and their file
 * key a header of any content can be given its right MAC. */
static const char identity[] =
	"AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q"
	"2P2LM0";
static const uint8_t file_key[] = "YELLOW SUBMARINE";

#define SHARE  "TEiF0ypqr+bpvcqXNyCVJpL7OuwPdVwPL7KQEbFDOCc"
#define BODY   "hjabGXwSLQ9c3S6Lw2i+S2Tu2fiwQHHslbBN6B41FLE\n"
#define X25519 "-> X25519 " SHARE "\n" BODY
#define SALT   "rF0/NwblUHHTpgQgRpe5CQ"
#define SCRYPT                                                                 \
	"-> scrypt " SALT " 10\ngUjEymFKMVXQEKdMMHL24oYexjE3TIC0O0zGSqJ2aUY\n"

static struct secret private_key, passphrase;
static const struct unseal_key by_key = {.private_key = &private_key};
static const struct unseal_key by_passphrase = {.passphrase = &passphrase};

static int make_keys(void **state)
{
	struct err e;

	(void)state;
	secret_set(&passphrase, "password", 8);
	return identity_parse(identity, strlen(identity), &private_key, &e);
}

static int release_keys(void **state)
{
	(void)state;
	secret_release(&private_key);
	secret_release(&passphrase);
	return 0;
}

/* A file of n plaintext octets behind any stanzas, authentic in every part. */
static void make_file(const char *stanzas, size_t n, struct buf *plain,
		      struct memory_sink *m)
{
	const struct sink sink = {.push = memory_push, .to = m};
	struct err e = {.kind = ERR_NONE};
	struct sealer *s;
	struct buf b;

	memory_sink_init(m);
	buf_init(plain, FILE_MAX);
	fill_plain(plain, n);
	buf_init(&b, AGE_HEADER_MAX);
	assert_true(buf_adds(&b, stanzas));
	s = sealer_new_with(file_key, &b, &sink, &e);
	assert_non_null(s);
	assert_int_equal(
		sealer_write(s, (const uint8_t *)plain->data, plain->len), 0);
	assert_int_equal(sealer_end(s), 0);
	sealer_free(&s);
	buf_release(&b);
}

static const struct {
	const char *name, *file;
	size_t n;
	const struct unseal_key *key;
} foreign[] = {
#define FILE_OF(text) (text), sizeof(text) - 1
	{"x25519",
	 FILE_OF("age-encryption.org/v1\n" X25519
		 "--- WyJp9F/9FOZh7gJdheq2WIJcwHgYc8NIVh3ddwhrcNg\n"
		 "\356\317b\307\316\221\2643'Nh\324\362\371\023L"
		 "\267L[\376\367\276\252R\310\360\274\016\231,\036\203"
		 "1\373f"),
	 &by_key},
	{"scrypt",
	 FILE_OF("age-encryption.org/v1\n" SCRYPT
		 "--- IOXiQYStkoT1mvZW2tFOqZdhRVvj58egABx/sWfZQbc\n"
		 "\0335\306\346\207\335\000\332:\303y\254\237t,!\375\030"
		 "Z\033\236=\355s\235\024\254j\232P\022M\270f\330"),
	 &by_passphrase},
};

static void files_of_other_writers_open(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(foreign); i++) {
		struct buf file, plain;

		buf_init(&file, 1000);
		assert_true(buf_add(&file, foreign[i].file, foreign[i].n));
		if (open_file(&file, foreign[i].key, &plain) != ERR_NONE)
			fail_msg("%s", foreign[i].name);
		assert_string_equal(plain.data, "age");
		buf_release(&plain);
		buf_release(&file);
	}
}

/* All with the MAC that belongs to them: what is wrong is the stanza alone. */
static const struct {
	const char *name;
	enum err_kind by_key, by_passphrase;
	const char *stanzas;
} stanzas[] = {
	{"X25519", ERR_NONE, ERR_PASSWORD, X25519},
	{"scrypt", ERR_PASSWORD, ERR_NONE, SCRYPT},
	{"among others", ERR_NONE, ERR_PASSWORD,
	 "-> a\n\n" X25519 "-> b c d e f g h i j k l\n\n"},
	{"twice", ERR_NONE, ERR_PASSWORD, X25519 X25519},
	{"behind another's", ERR_NONE, ERR_PASSWORD,
	 "-> X25519 " SHARE
	 "\nAAAAGXwSLQ9c3S6Lw2i+S2Tu2fiwQHHslbBN6B41FLE\n" X25519},
	{"another's", ERR_PASSWORD, ERR_PASSWORD,
	 "-> X25519 " SHARE "\nAAAAGXwSLQ9c3S6Lw2i+S2Tu2fiwQHHslbBN6B41FLE\n"},
	{"lower case type", ERR_PASSWORD, ERR_PASSWORD,
	 "-> x25519 " SHARE "\n" BODY},
	{"upper case type", ERR_PASSWORD, ERR_PASSWORD,
	 "-> SCRYPT " SALT " 10\n" BODY},
	{"unknown types", ERR_PASSWORD, ERR_PASSWORD,
	 "-> X25519x " SHARE "\n" BODY "-> X2551 " SHARE "\n" BODY},

	{"X25519 without a share", ERR_DAMAGED, ERR_DAMAGED,
	 "-> X25519\n" BODY},
	{"X25519 with more", ERR_DAMAGED, ERR_DAMAGED,
	 "-> X25519 " SHARE " 1\n" BODY},
	{"share too short", ERR_DAMAGED, ERR_DAMAGED,
	 "-> X25519 TEiF0ypqr+bpvcqXNyCVJpL7OuwPdVwPL7KQEbFDOA\n" BODY},
	{"share too long", ERR_DAMAGED, ERR_DAMAGED,
	 "-> X25519 " SHARE "A\n" BODY},
	{"share not canonical", ERR_DAMAGED, ERR_DAMAGED,
	 "-> X25519 TEiF0ypqr+bpvcqXNyCVJpL7OuwPdVwPL7KQEbFDOCd\n" BODY},
	{"share padded", ERR_DAMAGED, ERR_DAMAGED,
	 "-> X25519 " SHARE "=\n" BODY},
	{"body too long", ERR_DAMAGED, ERR_DAMAGED,
	 "-> X25519 " SHARE "\nhjabGXwSLQ9c3S6Lw2i+S2Tu2fiwQHHslbBN6B41FLEA\n"},
	{"body empty", ERR_DAMAGED, ERR_DAMAGED, "-> X25519 " SHARE "\n\n"},
	{"sound one first", ERR_DAMAGED, ERR_DAMAGED,
	 X25519 "-> X25519 " SHARE " 1\n" BODY},
	{"share of low order", ERR_DAMAGED, ERR_PASSWORD,
	 "-> X25519 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n" BODY},
	{"share is the identity", ERR_DAMAGED, ERR_PASSWORD,
	 "-> X25519 AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n" BODY},

	{"scrypt and X25519", ERR_DAMAGED, ERR_DAMAGED, SCRYPT X25519},
	{"X25519 and scrypt", ERR_DAMAGED, ERR_DAMAGED, X25519 SCRYPT},
	{"scrypt twice", ERR_DAMAGED, ERR_DAMAGED, SCRYPT SCRYPT},
	{"scrypt and an unknown one", ERR_DAMAGED, ERR_DAMAGED,
	 SCRYPT "-> a\n\n"},
	{"scrypt without anything", ERR_DAMAGED, ERR_DAMAGED,
	 "-> scrypt\n" BODY},
	{"no work factor", ERR_DAMAGED, ERR_DAMAGED,
	 "-> scrypt " SALT "\n" BODY},
	{"scrypt with more", ERR_DAMAGED, ERR_DAMAGED,
	 "-> scrypt " SALT " 10 1\n" BODY},
	{"salt too short", ERR_DAMAGED, ERR_DAMAGED,
	 "-> scrypt rF0/NwblUHHTpgQgRpe5 10\n" BODY},
	{"work factor 0", ERR_DAMAGED, ERR_DAMAGED,
	 "-> scrypt " SALT " 0\n" BODY},
	{"work factor 010", ERR_DAMAGED, ERR_DAMAGED,
	 "-> scrypt " SALT " 010\n" BODY},
	{"work factor +10", ERR_DAMAGED, ERR_DAMAGED,
	 "-> scrypt " SALT " +10\n" BODY},
	{"work factor -10", ERR_DAMAGED, ERR_DAMAGED,
	 "-> scrypt " SALT " -10\n" BODY},
	{"work factor 0xa", ERR_DAMAGED, ERR_DAMAGED,
	 "-> scrypt " SALT " 0xa\n" BODY},
	{"work factor 10.", ERR_DAMAGED, ERR_DAMAGED,
	 "-> scrypt " SALT " 10.\n" BODY},
	{"work factor 23", ERR_DAMAGED, ERR_DAMAGED,
	 "-> scrypt " SALT " 23\n" BODY},
	{"work factor beyond 64 bits", ERR_DAMAGED, ERR_DAMAGED,
	 "-> scrypt " SALT " 18446744073709551617\n" BODY},
	{"work factor 11 for 10", ERR_PASSWORD, ERR_PASSWORD,
	 "-> scrypt " SALT " 11\n"
	 "gUjEymFKMVXQEKdMMHL24oYexjE3TIC0O0zGSqJ2aUY\n"},
};

static void expect(const char *name, const struct buf *file,
		   const struct unseal_key *key, enum err_kind kind)
{
	struct memory_source m = memory_of(file);
	struct buf plain;
	bool at_new;
	enum err_kind got = open_from(&m, key, &plain, &at_new);

	if (got != kind || at_new != (kind != ERR_NONE))
		fail_msg("%s: %d in place of %d", name, got, kind);
	buf_release(&plain);
}

static void stanzas_are_what_their_type_says_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(stanzas); i++) {
		struct memory_sink m;
		struct buf plain;

		make_file(stanzas[i].stanzas, 10, &plain, &m);
		expect(stanzas[i].name, &m.file, &by_key, stanzas[i].by_key);
		expect(stanzas[i].name, &m.file, &by_passphrase,
		       stanzas[i].by_passphrase);
		buf_release(&plain);
		buf_release(&m.file);
	}
}

/* Any failure will do, but what was lent before it is the message's start. */
static void must_not_open(const char *name, size_t where, struct buf *file,
			  const struct buf *whole)
{
	struct memory_source m = memory_of(file);
	struct buf plain;
	bool at_new;
	enum err_kind kind = open_from(&m, &by_key, &plain, &at_new);

	if (kind != ERR_DAMAGED && kind != ERR_PASSWORD)
		fail_msg("%s %zu: %d", name, where, kind);
	assert_true(plain.len <= whole->len);
	assert_memory_equal(plain.data, whole->data, plain.len);
	buf_release(&plain);
}

static void a_file_cut_anywhere_does_not_open(void **state)
{
	struct memory_sink m;
	struct buf plain;

	(void)state;
	make_file(X25519, 50, &plain, &m);
	while (m.file.len > 0) {
		m.file.len--;
		must_not_open("cut at", m.file.len, &m.file, &plain);
	}
	buf_release(&plain);
	buf_release(&m.file);
}

static void a_file_cut_between_chunks_does_not_open(void **state)
{
	enum { SEALED_CHUNK = AGE_CHUNK_SIZE + AGE_TAG_SIZE };
	struct memory_sink m;
	struct buf plain;

	(void)state;
	make_file(X25519, 3 * AGE_CHUNK_SIZE, &plain, &m);
	for (size_t chunks = 2; chunks > 0; chunks--) {
		m.file.len -= SEALED_CHUNK;
		must_not_open("chunks", chunks, &m.file, &plain);
	}
	buf_release(&plain);
	buf_release(&m.file);
}

static void nothing_may_follow_the_last_chunk(void **state)
{
	static const size_t sizes[] = {0, 1, AGE_CHUNK_SIZE - 1,
				       AGE_CHUNK_SIZE};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(sizes); i++) {
		struct memory_sink m;
		struct buf plain;

		make_file(X25519, sizes[i], &plain, &m);
		for (size_t more = 0; more < 40; more++) {
			assert_true(buf_add(&m.file, "\n", 1));
			must_not_open("more", more, &m.file, &plain);
		}
		buf_release(&plain);
		buf_release(&m.file);
	}
}

static void every_flipped_bit_of_a_file_is_found(void **state)
{
	struct memory_sink m;
	struct buf plain;

	(void)state;
	make_file("-> other stanza\nZm9v\n" X25519, 20, &plain, &m);
	for (size_t bit = 0; bit < 8 * m.file.len; bit++) {
		m.file.data[bit / 8] ^= (char)(1 << bit % 8);
		must_not_open("bit", bit, &m.file, &plain);
		m.file.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	expect("as it was", &m.file, &by_key, ERR_NONE);
	buf_release(&plain);
	buf_release(&m.file);
}

static void chunks_do_not_change_places(void **state)
{
	enum { SEALED_CHUNK = AGE_CHUNK_SIZE + AGE_TAG_SIZE };
	struct memory_sink m;
	struct buf plain;
	uint8_t *chunks, *kept = malloc(SEALED_CHUNK);

	(void)state;
	assert_non_null(kept);
	make_file(X25519, 4 * AGE_CHUNK_SIZE, &plain, &m);
	chunks = (uint8_t *)m.file.data + m.file.len - 4 * SEALED_CHUNK;
	for (size_t i = 0; i < 3; i++) {
		uint8_t *a = chunks + i * SEALED_CHUNK, *b = a + SEALED_CHUNK;

		memcpy(kept, a, SEALED_CHUNK);
		memcpy(a, b, SEALED_CHUNK);
		must_not_open("doubled", i, &m.file, &plain);
		memcpy(b, kept, SEALED_CHUNK);
		must_not_open("changed", i, &m.file, &plain);
		memcpy(b, a, SEALED_CHUNK);
		memcpy(a, kept, SEALED_CHUNK);
	}
	expect("as it was", &m.file, &by_key, ERR_NONE);
	free(kept);
	buf_release(&plain);
	buf_release(&m.file);
}

static void a_source_may_stutter(void **state)
{
	static const size_t steps[] = {1, 2, 15, 1023, 4096, 65537};
	struct memory_sink m;
	struct buf plain;

	(void)state;
	make_file(X25519, AGE_CHUNK_SIZE + 3, &plain, &m);
	for (size_t i = 0; i < N_ELEMENTS(steps); i++) {
		struct memory_source source = memory_of(&m.file);
		struct buf out;
		bool at_new;

		source.step = steps[i];
		assert_int_equal(open_from(&source, &by_key, &out, &at_new),
				 ERR_NONE);
		assert_int_equal(out.len, plain.len);
		assert_memory_equal(out.data, plain.data, plain.len);
		buf_release(&out);
	}
	buf_release(&plain);
	buf_release(&m.file);
}

/* Until it does not fail any more: every call of it has been the one. */
static void a_source_that_fails_is_no_damage(void **state)
{
	enum err_kind kind = ERR_TEMP;
	struct memory_sink m;
	struct buf plain;
	size_t calls = 0;

	(void)state;
	make_file(X25519, 2 * AGE_CHUNK_SIZE, &plain, &m);
	for (; kind == ERR_TEMP; calls++) {
		struct memory_source source = memory_of(&m.file);
		struct buf out;
		bool at_new;

		source.step = 8192;
		source.calls = calls;
		kind = open_from(&source, &by_key, &out, &at_new);
		assert_memory_equal(out.data, plain.data, out.len);
		buf_release(&out);
	}
	assert_int_equal(kind, ERR_NONE);
	assert_true(calls > 16);
	buf_release(&plain);
	buf_release(&m.file);
}

/* An unknown stanza fills the header up to n octets. */
static void make_long_header(size_t n, struct memory_sink *m)
{
	struct buf s, plain;
	size_t fixed =
		strlen("age-encryption.org/v1\n" X25519 "-> fill \n\n") + 48;

	buf_init(&s, 2 * AGE_HEADER_MAX);
	assert_true(buf_adds(&s, X25519 "-> fill "));
	for (size_t i = fixed; i < n; i++)
		assert_true(buf_adds(&s, "a"));
	assert_true(buf_adds(&s, "\n\n"));
	make_file(s.data, 1, &plain, m);
	buf_release(&plain);
	buf_release(&s);
}

static void headers_are_read_up_to_their_limit(void **state)
{
	static const size_t sizes[] = {1023,	      1024, 1025,
				       2048,	      2049, AGE_HEADER_MAX - 1,
				       AGE_HEADER_MAX};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(sizes); i++) {
		struct memory_sink m;
		size_t at = strlen("age-encryption.org/v1\n" X25519 "-> fill ");

		make_long_header(sizes[i], &m);
		assert_int_equal(m.file.len, sizes[i] + age_payload_size(1));
		expect("long", &m.file, &by_key, ERR_NONE);
		/* One octet more is too many where the limit is reached. */
		if (sizes[i] == AGE_HEADER_MAX) {
			assert_true(buf_add(&m.file, "", 1));
			memmove(m.file.data + at + 1, m.file.data + at,
				m.file.len - at - 1);
			expect("too long", &m.file, &by_key, ERR_DAMAGED);
		}
		buf_release(&m.file);
	}
}

/* A strange chunk stands between two good ones, each authentic in its place. */
static void after_a_failure_nothing_more_is_lent(void **state)
{
	enum { SEALED_CHUNK = AGE_CHUNK_SIZE + AGE_TAG_SIZE };
	struct memory_sink m;
	struct memory_source from;
	const struct source source = {.pull = memory_pull, .from = &from};
	struct err e = {.kind = ERR_NONE};
	struct unsealer *u;
	const uint8_t *bytes;
	struct buf plain, strange;
	size_t n, header_size;

	(void)state;
	make_file(X25519, 3 * AGE_CHUNK_SIZE, &plain, &m);
	header_size = m.file.len - age_payload_size(plain.len);
	buf_init(&strange, FILE_MAX);
	n = header_size + AGE_NONCE_SIZE + SEALED_CHUNK;
	assert_true(buf_add(&strange, m.file.data, n));
	assert_true(buf_add(&strange, plain.data, SEALED_CHUNK));
	assert_true(buf_add(&strange, m.file.data + n, m.file.len - n));

	from = memory_of(&strange);
	u = unsealer_new(&by_key, &source, &e);
	assert_non_null(u);
	assert_int_equal(unsealer_header_size(u), header_size);
	assert_int_equal(unsealer_next(u, &bytes, &n, &e), 0);
	assert_int_equal(n, AGE_CHUNK_SIZE);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(unsealer_next(u, &bytes, &n, &e), -1);
		assert_int_equal(e.kind, ERR_DAMAGED);
		assert_int_equal(n, 0);
	}
	unsealer_free(&u);
	assert_null(u);
	unsealer_free(&u);
	buf_release(&strange);
	buf_release(&plain);
	buf_release(&m.file);
}

static void the_end_may_be_asked_for_again(void **state)
{
	struct memory_sink m;
	struct memory_source from;
	const struct source source = {.pull = memory_pull, .from = &from};
	struct err e = {.kind = ERR_NONE};
	struct unsealer *u;
	const uint8_t *bytes;
	struct buf plain;
	size_t n;

	(void)state;
	make_file(X25519, 0, &plain, &m);
	from = memory_of(&m.file);
	u = unsealer_new(&by_key, &source, &e);
	assert_non_null(u);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(unsealer_next(u, &bytes, &n, &e), 0);
		assert_int_equal(n, 0);
	}
	unsealer_free(&u);
	buf_release(&plain);
	buf_release(&m.file);
}

static void a_descriptor_is_a_source(void **state)
{
	uint8_t bytes[8];
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "abc", 3), 3);
	close(fds[1]);
	assert_int_equal(source_pull_fd(&fds[0], bytes, sizeof(bytes)), 3);
	assert_memory_equal(bytes, "abc", 3);
	assert_int_equal(source_pull_fd(&fds[0], bytes, sizeof(bytes)), 0);
	close(fds[0]);
	assert_int_equal(source_pull_fd(&fds[0], bytes, sizeof(bytes)), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_other_writers_open),
		cmocka_unit_test(stanzas_are_what_their_type_says_or_refused),
		cmocka_unit_test(a_file_cut_anywhere_does_not_open),
		cmocka_unit_test(a_file_cut_between_chunks_does_not_open),
		cmocka_unit_test(nothing_may_follow_the_last_chunk),
		cmocka_unit_test(every_flipped_bit_of_a_file_is_found),
		cmocka_unit_test(chunks_do_not_change_places),
		cmocka_unit_test(a_source_may_stutter),
		cmocka_unit_test(a_source_that_fails_is_no_damage),
		cmocka_unit_test(headers_are_read_up_to_their_limit),
		cmocka_unit_test(after_a_failure_nothing_more_is_lent),
		cmocka_unit_test(the_end_may_be_asked_for_again),
		cmocka_unit_test(a_descriptor_is_a_source),
	};

	return cmocka_run_group_tests(tests, make_keys, release_keys);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sealer: every size and every way of cutting what is written, each
 * recipient's key, sinks that fail at every call, and who may be a recipient.
 */
#include "common/base.h"
#include "store/seal/seal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "common/num.h"
#include "tests/unit/age_parts.h"
#include "tests/unit/cutting.h"

enum { N_KEYS = 3, SEALED_CHUNK = AGE_CHUNK_SIZE + AGE_TAG_SIZE };

static struct secret private_keys[N_KEYS];
static struct buf recipients[N_KEYS];
static char *list[N_KEYS];

static int make_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_KEYS; i++) {
		buf_init(&recipients[i], 100);
		identity_new(&private_keys[i], &recipients[i]);
		list[i] = recipients[i].data;
	}
	return 0;
}

static int release_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_KEYS; i++) {
		secret_release(&private_keys[i]);
		buf_release(&recipients[i]);
	}
	return 0;
}

/* -1 where the sink failed at any point. */
static int seal_into(struct memory_sink *m, size_t n_recipients,
		     const struct buf *plain, const struct cutting *cut)
{
	const struct sink sink = {.push = memory_push, .to = m};
	const uint8_t *bytes = (const uint8_t *)plain->data;
	struct err e = {.kind = ERR_NONE};
	struct sealer *s = sealer_new(list, n_recipients, &sink, &e);
	int status = 0;

	if (!s) {
		assert_int_equal(e.kind, ERR_TEMP);
		return -1;
	}
	assert_int_equal(m->file.len, sealer_header_size(s) + AGE_NONCE_SIZE);
	for (size_t at = 0; at < plain->len && status == 0;) {
		size_t piece = cutting_piece(cut, at, plain->len);

		status = sealer_write(s, bytes + at, piece);
		at += piece;
	}
	if (status == 0)
		assert_int_equal(sealer_plaintext(s), plain->len);
	if (sealer_end(s) < 0)
		status = -1;
	else
		assert_int_equal(m->file.len,
				 sealer_header_size(s) +
					 age_payload_size(plain->len));
	sealer_free(&s);
	assert_null(s);
	return status;
}

static void opens_to(const struct buf *file, size_t key,
		     const struct buf *plain)
{
	const struct unseal_key k = {.private_key = &private_keys[key]};
	struct buf out;

	assert_int_equal(open_file(file, &k, &out), ERR_NONE);
	assert_int_equal(out.len, plain->len);
	assert_memory_equal(out.data, plain->data, plain->len);
	buf_release(&out);
}

static void seal_and_open(const struct cutting *cut, const void *arg)
{
	const struct buf *plain = arg;
	struct memory_sink m;

	memory_sink_init(&m);
	assert_int_equal(seal_into(&m, 1, plain, cut), 0);
	assert_true(m.largest <= SEALED_CHUNK);
	opens_to(&m.file, 0, plain);
	buf_release(&m.file);
}

static void every_size_around_a_chunk_goes_round(void **state)
{
	static const size_t sizes[] = {
		0,
		1,
		15,
		AGE_CHUNK_SIZE - 1,
		AGE_CHUNK_SIZE,
		AGE_CHUNK_SIZE + 1,
		2 * AGE_CHUNK_SIZE - 1,
		2 * AGE_CHUNK_SIZE,
		2 * AGE_CHUNK_SIZE + 1,
		5 * AGE_CHUNK_SIZE + 17,
	};
	static const size_t steps[] = {SIZE_MAX,	   997,
				       AGE_CHUNK_SIZE - 1, AGE_CHUNK_SIZE,
				       AGE_CHUNK_SIZE + 1, 1};
	struct buf plain;

	(void)state;
	buf_init(&plain, FILE_MAX);
	for (size_t i = 0; i < N_ELEMENTS(sizes); i++) {
		fill_plain(&plain, sizes[i]);
		for (size_t j = 0; j < N_ELEMENTS(steps); j++)
			seal_and_open(&(struct cutting){.step = steps[j]},
				      &plain);
	}
	buf_release(&plain);
}

static void a_message_may_be_written_in_any_pieces(void **state)
{
	struct buf plain;

	(void)state;
	buf_init(&plain, FILE_MAX);
	fill_plain(&plain, 60);
	cutting_each(plain.len, seal_and_open, &plain);
	buf_release(&plain);
}

static void each_of_several_recipients_opens_it(void **state)
{
	const struct cutting whole = {.step = SIZE_MAX};
	struct buf plain;

	(void)state;
	buf_init(&plain, FILE_MAX);
	fill_plain(&plain, 1000);
	for (size_t n = 1; n <= N_KEYS; n++) {
		struct memory_sink m;

		memory_sink_init(&m);
		assert_int_equal(seal_into(&m, n, &plain, &whole), 0);
		for (size_t key = 0; key < N_KEYS; key++) {
			const struct unseal_key k = {
				.private_key = &private_keys[key]};
			struct buf out;

			if (key < n) {
				opens_to(&m.file, key, &plain);
				continue;
			}
			assert_int_equal(open_file(&m.file, &k, &out),
					 ERR_PASSWORD);
			buf_release(&out);
		}
		buf_release(&m.file);
	}
	buf_release(&plain);
}

/* File key, ephemeral share and nonce are new each time: no octet agrees. */
static void one_message_sealed_twice_is_two_files(void **state)
{
	const struct cutting whole = {.step = SIZE_MAX};
	struct memory_sink one, two;
	struct age_header h;
	struct buf plain;

	(void)state;
	buf_init(&plain, FILE_MAX);
	fill_plain(&plain, 1000);
	memory_sink_init(&one);
	memory_sink_init(&two);
	assert_int_equal(seal_into(&one, 1, &plain, &whole), 0);
	assert_int_equal(seal_into(&two, 1, &plain, &whole), 0);
	assert_int_equal(one.file.len, two.file.len);
	assert_int_equal(age_header_parse((const uint8_t *)one.file.data,
					  one.file.len, &h),
			 AGE_PARSE_OK);
	for (size_t at = h.length; at + 16 <= one.file.len; at += 16)
		assert_memory_not_equal(one.file.data + at, two.file.data + at,
					16);
	/* 43 digits of share and body */
	for (size_t i = 0; i < 2; i++) {
		size_t at =
			strlen("age-encryption.org/v1\n-> X25519 ") + i * 44;

		assert_memory_not_equal(one.file.data + at, two.file.data + at,
					43);
	}
	buf_release(&one.file);
	buf_release(&two.file);
	buf_release(&plain);
}

/* The header, two full chunks, the last: the sink fails at each in turn. */
static void a_sink_that_fails_is_noticed_wherever_it_fails(void **state)
{
	const struct cutting cut = {.step = 5000};
	struct memory_sink m;
	struct buf plain;

	(void)state;
	buf_init(&plain, FILE_MAX);
	fill_plain(&plain, 2 * AGE_CHUNK_SIZE + 1);
	for (size_t calls = 0; calls < 4; calls++) {
		memory_sink_init(&m);
		m.calls = calls;
		assert_int_equal(seal_into(&m, 1, &plain, &cut), -1);
		buf_release(&m.file);
	}
	memory_sink_init(&m);
	m.calls = 4;
	assert_int_equal(seal_into(&m, 1, &plain, &cut), 0);
	buf_release(&m.file);
	buf_release(&plain);
}

/* What it took is cut short for good: a gap must not be written over. */
static void a_sink_that_failed_is_given_nothing_more(void **state)
{
	static const uint8_t chunk[AGE_CHUNK_SIZE];
	struct memory_sink m;
	const struct sink sink = {.push = memory_push, .to = &m};
	struct err e = {.kind = ERR_NONE};
	struct sealer *s;
	size_t taken;

	(void)state;
	memory_sink_init(&m);
	s = sealer_new(list, 1, &sink, &e);
	assert_non_null(s);
	m.calls = 0;
	assert_int_equal(sealer_write(s, chunk, sizeof(chunk)), 0);
	assert_int_equal(sealer_write(s, chunk, 1), -1);
	taken = m.file.len;
	m.calls = SIZE_MAX;
	for (int i = 0; i < 3; i++)
		assert_int_equal(sealer_write(s, chunk, sizeof(chunk)), -1);
	assert_int_equal(sealer_end(s), -1);
	assert_int_equal(m.file.len, taken);
	sealer_free(&s);
	buf_release(&m.file);
}

static const struct {
	const char *name, *text;
} no_recipients[] = {
	{"empty", ""},
	{"a private key", "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPY"
			  "YSJZGFPYYSJZGFPQ4EGAEX"},
	{"upper case",
	 "AGE1ZVKYG2LQZRAA2LNJVQEJ32NKUU0UES2S82HZRYE869XEEXVN73EQUNUJWJ"},
	{"wrong checksum",
	 "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwq"},
	{"line end",
	 "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj\n"},
	{"other kind of key",
	 "age1tag1qt8lw0ual6avlwmwatk888yqnmdamm7xfd0wak53ut6elz5c4swx2yqdj4e"},
};

static void what_is_not_a_recipient_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(no_recipients); i++) {
		char *one = (char *)(uintptr_t)no_recipients[i].text;
		char *both[] = {list[0], one};
		const struct sink sink = {.push = memory_push};
		struct err e = {.kind = ERR_NONE};
		uint8_t public[AGE_KEY_SIZE];

		if (age_recipient_parse(one, public))
			fail_msg("taken: %s", no_recipients[i].name);
		/* Before the sink, which is none, sees anything. */
		assert_null(sealer_new(both, 2, &sink, &e));
		assert_int_equal(e.kind, ERR_CONFIG);
	}
}

/* The points of low order, and p + 1 as another way of writing one of them. */
static const char *const low_order[] = {
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
	"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

static void a_point_of_low_order_is_no_recipient(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(low_order); i++) {
		const struct sink sink = {.push = memory_push};
		struct err e = {.kind = ERR_NONE};
		uint8_t public[AGE_KEY_SIZE];
		struct buf text;

		assert_true(num_parse_hex(low_order[i], 64, public,
					  sizeof(public)));
		buf_init(&text, 100);
		assert_true(age_recipient_write(public, &text));
		if (age_recipient_parse(text.data, public))
			fail_msg("taken: %s", low_order[i]);
		assert_null(sealer_new(&text.data, 1, &sink, &e));
		assert_int_equal(e.kind, ERR_CONFIG);
		buf_release(&text);
	}
}

static void recipients_read_and_write_back(void **state)
{
	uint8_t public[AGE_KEY_SIZE];
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	assert_true(age_recipient_parse(list[1], public));
	assert_true(age_recipient_write(public, &b));
	assert_string_equal(b.data, list[1]);
	buf_release(&b);
}

/* What every reader takes: no more stanzas than 64 KiB of header hold. */
static void there_may_be_many_recipients_but_not_any_number(void **state)
{
	enum { STANZA = 98, MOST = (AGE_HEADER_MAX - 22 - 48) / STANZA };
	const struct unseal_key k = {.private_key = &private_keys[0]};
	char *many[MOST + 1];
	struct err e = {.kind = ERR_NONE};
	struct memory_sink m;
	const struct sink sink = {.push = memory_push, .to = &m};
	struct sealer *s;
	struct buf out;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(many); i++)
		many[i] = list[i + 1 < MOST ? 1 : 0];
	memory_sink_init(&m);
	assert_null(sealer_new(many, MOST + 1, &sink, &e));
	assert_int_equal(e.kind, ERR_CONFIG);
	assert_int_equal(m.file.len, 0);
	assert_null(sealer_new(many, 0, &sink, &e));
	assert_int_equal(e.kind, ERR_CONFIG);

	s = sealer_new(many, MOST, &sink, &e);
	assert_non_null(s);
	assert_int_equal(sealer_end(s), 0);
	sealer_free(&s);
	assert_int_equal(open_file(&m.file, &k, &out), ERR_NONE);
	buf_release(&out);
	buf_release(&m.file);
}

static void freeing_nothing_is_allowed(void **state)
{
	struct sealer *s = NULL;

	(void)state;
	sealer_free(&s);
	assert_null(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size_around_a_chunk_goes_round),
		cmocka_unit_test(a_message_may_be_written_in_any_pieces),
		cmocka_unit_test(each_of_several_recipients_opens_it),
		cmocka_unit_test(one_message_sealed_twice_is_two_files),
		cmocka_unit_test(
			a_sink_that_fails_is_noticed_wherever_it_fails),
		cmocka_unit_test(a_sink_that_failed_is_given_nothing_more),
		cmocka_unit_test(what_is_not_a_recipient_is_refused),
		cmocka_unit_test(a_point_of_low_order_is_no_recipient),
		cmocka_unit_test(recipients_read_and_write_back),
		cmocka_unit_test(
			there_may_be_many_recipients_but_not_any_number),
		cmocka_unit_test(freeing_nothing_is_allowed),
	};

	return cmocka_run_group_tests(tests, make_keys, release_keys);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is left in memory: after a message or an identity has been sealed or
 * opened and everything is released, no eight octets in a row of a key, a
 * password or a plaintext stand anywhere in the writable memory of the
 * process: heap, stack, or a library's own.
 *
 * What is looked for is kept masked, and compared without being unmasked. It
 * holds for a program linked with -z now, as ours are: binding a function at
 * its first call writes the vector registers, and what memcpy() left in them,
 * to the stack.
 */
#include "common/base.h"
#include "store/identity.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "common/mac.h"
#include "store/bech32.h"
#include "store/scrypt.h"
#include "store/stream.h"
#include "store/unwrap.h"
#include "store/x25519.h"
#include "tests/unit/age_parts.h"

enum { MASK = 0x5a, WINDOW = 8, MAX_NEEDLE = 96, MAX_MAPS = 256, QUICK = 6 };

struct needle {
	const char *name;
	size_t n;
	uint8_t masked[MAX_NEEDLE];
};

static struct needle needles[16];
static size_t n_needles;

static struct map {
	const uint8_t *start, *end;
} maps[MAX_MAPS];

static void look_for(const char *name, const void *bytes, size_t n)
{
	struct needle *needle = &needles[n_needles++];
	const uint8_t *b = bytes;

	assert_true(n_needles < N_ELEMENTS(needles) && n <= MAX_NEEDLE);
	needle->name = name;
	needle->n = n;
	for (size_t i = 0; i < n; i++)
		needle->masked[i] = b[i] ^ MASK;
}

static size_t read_maps(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	char line[512];
	size_t n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		uintptr_t start, end;
		char rights[5];

		if (sscanf(line, "%jx-%jx %4s", &start, &end, rights) != 3 ||
		    rights[0] != 'r' || rights[1] != 'w')
			continue;
		assert_true(n < MAX_MAPS);
		maps[n++] = (struct map){.start = (const uint8_t *)start,
					 .end = (const uint8_t *)end};
	}
	fclose(f);
	return n;
}

static bool stands_at(const uint8_t *p, const uint8_t *masked, uint8_t mask)
{
	for (size_t i = 0; i < WINDOW; i++)
		if ((p[i] ^ mask) != masked[i])
			return false;
	return true;
}

static size_t count_window(const struct map *map, const uint8_t *masked,
			   uint8_t mask)
{
	size_t n = 0;

	for (const uint8_t *p = map->start; p + WINDOW <= map->end; p++) {
		p = memchr(p, masked[0] ^ mask, (size_t)(map->end - p));
		if (!p || p + WINDOW > map->end)
			break;
		n += stands_at(p, masked, mask);
	}
	return n;
}

/* Places at which a part of the needle stands, also as a pad of HMAC. */
static size_t places_of(const struct needle *needle)
{
	static const uint8_t pads[] = {0, 0x36, 0x5c};
	size_t n_maps = read_maps(), n = 0;

	for (size_t at = 0; at + WINDOW <= needle->n; at += WINDOW)
		for (size_t i = 0; i < n_maps; i++)
			for (size_t j = 0; j < N_ELEMENTS(pads); j++)
				n += count_window(&maps[i], needle->masked + at,
						  pads[j] ^ MASK);
	return n;
}

static void nothing_is_left(const char *after)
{
	size_t left = 0;

	for (size_t i = 0; i < n_needles; i++) {
		size_t n = places_of(&needles[i]);

		if (n)
			print_error("after %s: %s stands at %zu places\n",
				    after, needles[i].name, n);
		left += n;
	}
	assert_int_equal(left, 0);
}

/* Everything that can be derived from a file, by the code under test. */
static void look_for_keys_of(const struct buf *file,
			     const struct unseal_key *key)
{
	const uint8_t *bytes = (const uint8_t *)file->data;
	uint8_t file_key[AGE_FILE_KEY_SIZE];
	struct age_header h;
	struct stream s;
	struct err e;

	assert_int_equal(age_header_parse(bytes, file->len, &h), AGE_PARSE_OK);
	assert_int_equal(unwrap_file_key(key, &h, file_key, &e), 0);
	look_for("file key", file_key, sizeof(file_key));
	stream_init(&s, file_key, bytes + h.length);
	look_for("payload key", s.key, sizeof(s.key));
	stream_release(&s);
	explicit_bzero(file_key, sizeof(file_key));
}

static void look_for_x25519_secrets(const struct buf *file,
				    const struct secret *private_key)
{
	size_t at = strlen("age-encryption.org/v1\n-> X25519 ");
	uint8_t share[AGE_KEY_SIZE], public[AGE_KEY_SIZE];
	uint8_t shared[AGE_KEY_SIZE], wrap_key[AGE_KEY_SIZE];

	assert_true(
		age_base64_decode(file->data + at, 43, share, sizeof(share)));
	x25519_public(public, private_key->bytes);
	x25519_shared(shared, private_key->bytes, share);
	assert_true(age_x25519_wrap_key(shared, share, public, wrap_key));
	look_for("shared secret", shared, sizeof(shared));
	look_for("X25519 wrap key", wrap_key, sizeof(wrap_key));
	explicit_bzero(shared, sizeof(shared));
	explicit_bzero(wrap_key, sizeof(wrap_key));
}

static void look_for_scrypt_secrets(const struct buf *file,
				    const struct secret *password)
{
	size_t at = strlen("age-encryption.org/v1\n-> scrypt ");
	uint8_t salt[SCRYPT_SALT_SIZE], wrap_key[AGE_KEY_SIZE];
	struct err e;

	assert_true(age_base64_decode(file->data + at, 22, salt, sizeof(salt)));
	assert_int_equal(scrypt_wrap_key(password, salt, QUICK, wrap_key, &e),
			 0);
	look_for("scrypt wrap key", wrap_key, sizeof(wrap_key));
	explicit_bzero(wrap_key, sizeof(wrap_key));
}

static void look_for_key_line(const struct secret *private_key)
{
	struct buf line;

	look_for("private key", private_key->bytes, private_key->len);
	buf_init(&line, 100);
	assert_true(bech32_encode("AGE-SECRET-KEY-", private_key->bytes,
				  private_key->len, &line));
	/* Behind the part that is in every such line. */
	look_for("private key as text", line.data + 16, line.len - 16);
	buf_release(&line);
}

/* A sanitizer's allocator keeps what is freed, and lets nobody read it. */
#if defined(__SANITIZE_ADDRESS__)
#define MEMORY_IS_OURS false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MEMORY_IS_OURS false
#endif
#endif
#ifndef MEMORY_IS_OURS
#define MEMORY_IS_OURS true
#endif

static int start(void **state)
{
	(void)state;
	n_needles = 0;
	return 0;
}

static void an_identity_leaves_nothing_behind(void **state)
{
	struct secret private_key = SECRET_EMPTY, password = SECRET_EMPTY;
	struct secret wrong = SECRET_EMPTY, opened = SECRET_EMPTY;
	const struct unseal_key key = {.passphrase = &password};
	struct buf recipient, file;
	struct err e;

	(void)state;
	if (!MEMORY_IS_OURS)
		skip();
	buf_init(&recipient, 100);
	buf_init(&file, 4096);
	password_new(&password);
	password_new(&wrong);
	identity_new(&private_key, &recipient);
	look_for("password", password.bytes, password.len);
	look_for("wrong password", wrong.bytes, wrong.len);
	look_for_key_line(&private_key);

	assert_int_equal(
		identity_seal(&private_key, &password, QUICK, &file, &e), 0);
	look_for_keys_of(&file, &key);
	look_for_scrypt_secrets(&file, &password);
	secret_release(&private_key);

	assert_int_equal(identity_open(&file, &password, &opened, &e), 0);
	secret_release(&opened);
	assert_int_equal(identity_open(&file, &wrong, &opened, &e), -1);
	identity_spend(&wrong, QUICK);
	secret_release(&password);
	secret_release(&wrong);
	nothing_is_left("an identity");
	buf_release(&recipient);
	buf_release(&file);
}

static void seal_pattern(char **to, struct memory_sink *m)
{
	const struct sink sink = {.push = memory_push, .to = m};
	uint8_t pattern[MAX_NEEDLE];
	struct err e;
	struct sealer *s = sealer_new(to, 1, &sink, &e);

	assert_non_null(s);
	random_bytes(pattern, sizeof(pattern));
	look_for("plaintext", pattern, sizeof(pattern));
	for (size_t i = 0; i < 2000; i++)
		assert_int_equal(sealer_write(s, pattern, sizeof(pattern)), 0);
	explicit_bzero(pattern, sizeof(pattern));
	assert_int_equal(sealer_end(s), 0);
	sealer_free(&s);
}

static void open_and_drop(const struct buf *file, const struct unseal_key *key,
			  size_t chunks)
{
	struct memory_source m = memory_of(file);
	const struct source source = {.pull = memory_pull, .from = &m};
	struct err e;
	struct unsealer *u = unsealer_new(key, &source, &e);
	const uint8_t *bytes;
	size_t n;

	assert_non_null(u);
	while (chunks-- > 0)
		assert_int_equal(unsealer_next(u, &bytes, &n, &e), 0);
	unsealer_free(&u);
}

static void a_message_leaves_nothing_behind(void **state)
{
	struct secret private_key = SECRET_EMPTY;
	const struct unseal_key key = {.private_key = &private_key};
	struct memory_sink m;
	struct buf recipient;

	(void)state;
	if (!MEMORY_IS_OURS)
		skip();
	memory_sink_init(&m);
	buf_init(&recipient, 100);
	identity_new(&private_key, &recipient);
	seal_pattern(&recipient.data, &m);
	nothing_is_left("sealing a message");

	look_for_key_line(&private_key);
	look_for_keys_of(&m.file, &key);
	look_for_x25519_secrets(&m.file, &private_key);
	for (size_t chunks = 0; chunks <= 4; chunks++)
		open_and_drop(&m.file, &key, chunks);
	secret_release(&private_key);
	nothing_is_left("opening a message");
	buf_release(&m.file);
	buf_release(&recipient);
}

/* The test itself can see: in heap, on the stack and in static memory. */
static void what_is_left_is_found(void **state)
{
	static uint8_t in_static[16];
	uint8_t *on_heap, on_stack[16];

	(void)state;
	if (!MEMORY_IS_OURS)
		skip();
	on_heap = malloc(16);
	assert_non_null(on_heap);
	random_bytes(on_stack, sizeof(on_stack));
	look_for("left", on_stack, sizeof(on_stack));
	assert_int_equal(places_of(&needles[0]), 2);
	memcpy(on_heap, on_stack, sizeof(on_stack));
	memcpy(in_static, on_stack, sizeof(on_stack));
	assert_int_equal(places_of(&needles[0]), 6);
	explicit_bzero(on_stack + WINDOW, WINDOW);
	assert_int_equal(places_of(&needles[0]), 5);
	explicit_bzero(on_heap, 16);
	explicit_bzero(on_stack, 16);
	explicit_bzero(in_static, 16);
	nothing_is_left("wiping");
	free(on_heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_is_left_is_found, start),
		cmocka_unit_test_setup(a_message_leaves_nothing_behind, start),
		cmocka_unit_test_setup(an_identity_leaves_nothing_behind,
				       start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

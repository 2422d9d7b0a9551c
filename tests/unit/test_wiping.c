/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is left in memory: after each step of sealing and opening, no eight
 * octets in a row of a key, a password or a plaintext stand anywhere in the
 * writable memory of the process but in the struct secrets handed in: not in
 * the heap, nor a library's own, nor the stack that the step ran on.
 *
 * Each step has a stack of its own, so that nothing that comes later covers
 * what it leaves there. What is looked for is kept masked, and compared without
 * being unmasked. It
 * holds for a program linked with -z now, as ours are: binding a function at
 * its first call writes the vector registers, and what memcpy() left in them,
 * to the stack.
 */
#include "common/base.h"
#include "store/seal/identity.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <ucontext.h>

#include <cmocka.h>

#include "common/random_id.h"
#include "store/seal/bech32.h"
#include "store/seal/scrypt.h"
#include "store/seal/session_key.h"
#include "store/seal/stream.h"
#include "store/seal/unwrap.h"
#include "store/seal/x25519.h"
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

		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &start, &end,
			   rights) != 3 ||
		    rights[0] != 'r' || rights[1] != 'w')
			continue;
		assert_true(n < MAX_MAPS);
		maps[n++] = (struct map){.start = (const uint8_t *)start,
					 .end = (const uint8_t *)end};
	}
	fclose(f);
	return n;
}

/* What the steps work on. */
static struct secret private_key, password, wrong, file_key;
static struct buf recipient, identity;
static struct memory_sink message;

static bool is_held(const struct secret *s, const uint8_t *p)
{
	return s->bytes && p >= s->bytes && p < s->bytes + s->mapped;
}

static bool may_stand_at(const uint8_t *p)
{
	return is_held(&private_key, p) || is_held(&password, p) ||
	       is_held(&wrong, p) || is_held(&file_key, p);
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
		n += stands_at(p, masked, mask) && !may_stand_at(p);
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

struct stack {
	uint8_t bytes[256 * 1024];
};

static void run_on(struct stack *stack, void (*step)(void))
{
	ucontext_t here, there;

	assert_int_equal(getcontext(&there), 0);
	there.uc_stack.ss_sp = stack->bytes;
	there.uc_stack.ss_size = sizeof(stack->bytes);
	there.uc_link = &here;
	makecontext(&there, step, 0);
	assert_int_equal(swapcontext(&here, &there), 0);
}

/* A step under test: its stack stays as it left it. */
static void run(void (*step)(void))
{
	static struct stack of_step;

	memset(&of_step, 0, sizeof(of_step));
	run_on(&of_step, step);
}

/* A step of the test's own, whose stack is nobody's business. */
static void prepare(void (*step)(void))
{
	static struct stack of_test;

	run_on(&of_test, step);
	explicit_bzero(&of_test, sizeof(of_test));
}

/* All that follows from a file, found by the code under test. */
static void look_for_keys_of(const struct buf *file,
			     const struct unseal_key *key)
{
	const uint8_t *bytes = (const uint8_t *)file->data;
	uint8_t mac_key[AGE_KEY_SIZE];
	struct age_header h;
	struct stream s;
	struct err e;

	secret_release(&file_key);
	secret_init(&file_key, AGE_FILE_KEY_SIZE);
	assert_int_equal(age_header_parse(bytes, file->len, &h), AGE_PARSE_OK);
	assert_int_equal(unwrap_file_key(key, &h, file_key.bytes, &e), 0);
	look_for("file key", file_key.bytes, file_key.len);
	age_hkdf(file_key.bytes, file_key.len, bytes, 0, "header", mac_key);
	look_for("MAC key", mac_key, sizeof(mac_key));
	stream_init(&s, file_key.bytes, bytes + h.length);
	look_for("payload key", s.key, sizeof(s.key));
}

static void look_for_message_keys(void)
{
	static const char before[] = "age-encryption.org/v1\n-> X25519 ";
	const struct unseal_key key = {.private_key = &private_key};
	uint8_t share[AGE_KEY_SIZE], public[AGE_KEY_SIZE];
	uint8_t shared[AGE_KEY_SIZE], wrap_key[AGE_KEY_SIZE];

	assert_true(age_base64_decode(message.file.data + strlen(before), 43,
				      share, sizeof(share)));
	x25519_public(public, private_key.bytes);
	x25519_shared(shared, private_key.bytes, share);
	assert_true(age_x25519_wrap_key(shared, share, public, wrap_key));
	look_for("shared secret", shared, sizeof(shared));
	look_for("X25519 wrap key", wrap_key, sizeof(wrap_key));
	look_for_keys_of(&message.file, &key);
}

static void look_for_identity_keys(void)
{
	static const char before[] = "age-encryption.org/v1\n-> scrypt ";
	const struct unseal_key key = {.passphrase = &password};
	uint8_t salt[SCRYPT_SALT_SIZE], wrap_key[AGE_KEY_SIZE];
	struct err e;

	assert_true(age_base64_decode(identity.data + strlen(before), 22, salt,
				      sizeof(salt)));
	assert_int_equal(scrypt_wrap_key(&password, salt, QUICK, wrap_key, &e),
			 0);
	look_for("scrypt wrap key", wrap_key, sizeof(wrap_key));
	look_for_keys_of(&identity, &key);
}

static void look_for_private_key(void)
{
	struct buf line;

	look_for("private key", private_key.bytes, private_key.len);
	buf_init(&line, 100);
	assert_true(bech32_encode("AGE-SECRET-KEY-", private_key.bytes,
				  private_key.len, &line));
	/* Behind the part that is in every such line. */
	look_for("private key as text", line.data + 16, line.len - 16);
	buf_release(&line);
}

static void look_for_passwords(void)
{
	look_for("password", password.bytes, password.len);
	look_for("wrong password", wrong.bytes, wrong.len);
}

static int start(void **state)
{
	(void)state;
	n_needles = 0;
	buf_init(&recipient, 100);
	buf_init(&identity, 4096);
	memory_sink_init(&message);
	return 0;
}

static int stop_looking(void **state)
{
	(void)state;
	secret_release(&private_key);
	secret_release(&password);
	secret_release(&wrong);
	secret_release(&file_key);
	buf_release(&recipient);
	buf_release(&identity);
	buf_release(&message.file);
	return 0;
}

static void make_key(void)
{
	identity_new(&private_key, &recipient);
}

static void make_passwords(void)
{
	password_new(&password);
	password_new(&wrong);
}

static void seal_identity(void)
{
	struct err e;

	assert_int_equal(
		identity_seal(&private_key, &password, QUICK, &identity, &e),
		0);
}

static void unwrap(const struct buf *file, const struct unseal_key *key)
{
	struct age_header h;
	struct err e;

	assert_int_equal(
		age_header_parse((const uint8_t *)file->data, file->len, &h),
		AGE_PARSE_OK);
	assert_int_equal(unwrap_file_key(key, &h, file_key.bytes, &e), 0);
}

static void unwrap_by_password(void)
{
	unwrap(&identity, &(struct unseal_key){.passphrase = &password});
}

static void unwrap_by_key(void)
{
	unwrap(&message.file,
	       &(struct unseal_key){.private_key = &private_key});
}

/* With any key: that it is a private one does not matter to the cipher. */
static void wrap(void)
{
	uint8_t body[AGE_WRAPPED_SIZE];

	age_wrap(private_key.bytes, file_key.bytes, body);
}

static void compute_mac(void)
{
	uint8_t mac[32];

	age_header_mac(file_key.bytes, (const uint8_t *)recipient.data,
		       recipient.len, mac);
}

static void open_identity(void)
{
	struct secret opened;
	struct err e;

	assert_int_equal(identity_open(&identity, &password, &opened, &e), 0);
	secret_release(&opened);
}

static void open_identity_wrongly(void)
{
	struct secret opened;
	struct err e;

	assert_int_equal(identity_open(&identity, &wrong, &opened, &e), -1);
}

static void spend(void)
{
	identity_spend(&wrong, QUICK);
}

static void seal_message(void)
{
	const struct sink sink = {.push = memory_push, .to = &message};
	uint8_t pattern[MAX_NEEDLE];
	struct err e;
	struct sealer *s = sealer_new(&recipient.data, 1, &sink, &e);

	assert_non_null(s);
	random_bytes(pattern, sizeof(pattern));
	look_for("plaintext", pattern, sizeof(pattern));
	for (size_t i = 0; i < 2000; i++)
		assert_int_equal(sealer_write(s, pattern, sizeof(pattern)), 0);
	explicit_bzero(pattern, sizeof(pattern));
	assert_int_equal(sealer_end(s), 0);
	sealer_free(&s);
}

static void open_chunks(size_t chunks)
{
	const struct unseal_key key = {.private_key = &private_key};
	struct memory_source m = memory_of(&message.file);
	const struct source source = {.pull = memory_pull, .from = &m};
	struct err e;
	struct unsealer *u = unsealer_new(&key, &source, &e);
	const uint8_t *bytes;
	size_t n;

	assert_non_null(u);
	while (chunks-- > 0)
		assert_int_equal(unsealer_next(u, &bytes, &n, &e), 0);
	unsealer_free(&u);
}

/* The seed of the session key is what must not stay. */
static void look_for_session_seed(void)
{
	static const uint8_t no_salt[1];
	uint8_t seed[32];

	age_hkdf(private_key.bytes, private_key.len, no_salt, 0,
		 "restante session 1", seed);
	look_for("seed", seed, sizeof(seed));
	explicit_bzero(seed, sizeof(seed));
}

static void sign(void)
{
	uint8_t signature[SESSION_SIGNATURE_SIZE];

	session_key_sign(&private_key, "used", 4, signature);
}

static void open_header(void)
{
	open_chunks(0);
}

static void open_one_chunk(void)
{
	open_chunks(1);
}

static void open_to_the_end(void)
{
	open_chunks(4);
}

struct step {
	const char *name;
	void (*run)(void);
	void (*look)(void); /* what only now is known; or NULL */
};

static const struct step identity_steps[] = {
	{"making a key", make_key, look_for_private_key},
	{"making passwords", make_passwords, look_for_passwords},
	{"signing", sign, look_for_session_seed},
	{"sealing an identity", seal_identity, look_for_identity_keys},
	{"unwrapping by a password", unwrap_by_password, NULL},
	{"opening an identity", open_identity, NULL},
	{"a wrong password", open_identity_wrongly, NULL},
	{"an unknown mailbox", spend, NULL},
};

static const struct step message_steps[] = {
	{"making a key", make_key, look_for_private_key},
	{"sealing a message", seal_message, look_for_message_keys},
	{"unwrapping by a key", unwrap_by_key, NULL},
	{"wrapping", wrap, NULL},
	{"computing a MAC", compute_mac, NULL},
	{"opening a header", open_header, NULL},
	{"opening a chunk", open_one_chunk, NULL},
	{"opening a message", open_to_the_end, NULL},
};

static void run_steps(const struct step *steps, size_t n)
{
	if (!MEMORY_IS_OURS)
		skip();
	for (size_t i = 0; i < n; i++) {
		run(steps[i].run);
		if (steps[i].look)
			prepare(steps[i].look);
		nothing_is_left(steps[i].name);
	}
}

static void an_identity_leaves_nothing_behind(void **state)
{
	(void)state;
	run_steps(identity_steps, N_ELEMENTS(identity_steps));
}

static void a_message_leaves_nothing_behind(void **state)
{
	(void)state;
	run_steps(message_steps, N_ELEMENTS(message_steps));
}

/* The test itself can see: in heap, on a stack and in static memory. */
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
		cmocka_unit_test_setup_teardown(what_is_left_is_found, start,
						stop_looking),
		cmocka_unit_test_setup_teardown(a_message_leaves_nothing_behind,
						start, stop_looking),
		cmocka_unit_test_setup_teardown(
			an_identity_leaves_nothing_behind, start, stop_looking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

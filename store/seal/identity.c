/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The mailbox's private keys and the envelopes they are kept in. Never touches
 * a file, and never has a key in clear outside a struct secret or a buffer that
 * is wiped before it is left.
 */
#include "common/base.h"
#include "store/seal/identity.h"

#include "common/log.h"
#include "common/random_id.h"
#include "store/seal/bech32.h"
#include "store/seal/scrypt.h"
#include "store/seal/seal.h"
#include "store/seal/unseal.h"
#include "store/seal/x25519.h"

static const char private_hrp[] = "AGE-SECRET-KEY-";

enum { KEY_LINE_MAX = 80 }; /* 74 characters and their LF */

void identity_new(struct secret *private_r, struct buf *recipient_r)
{
	secret_init(private_r, AGE_KEY_SIZE);
	random_bytes(private_r->bytes, AGE_KEY_SIZE);
	identity_recipient(private_r, recipient_r);
}

void identity_recipient(const struct secret *private_key,
			struct buf *recipient_r)
{
	uint8_t public[AGE_KEY_SIZE];

	x25519_public(public, private_key->bytes);
	if (!age_recipient_write(public, recipient_r))
		die_bug("identity_recipient: no room for the recipient");
}

/* Places for one more, before or behind those that are there. */
static void grow(struct secret *keys, size_t before, size_t behind)
{
	struct secret more;

	secret_init(&more, before + keys->len + behind);
	if (keys->len)
		memcpy(more.bytes + before, keys->bytes, keys->len);
	secret_release(keys);
	*keys = more;
}

static int check_room(const struct secret *keys, struct err *e)
{
	if (keys->len < (size_t)IDENTITY_KEYS_MAX * AGE_KEY_SIZE)
		return 0;
	return err_set(e, ERR_CONFIG, "more than %d keys", IDENTITY_KEYS_MAX);
}

int identity_put_new(struct secret *keys, struct err *e)
{
	if (check_room(keys, e) < 0)
		return -1;
	grow(keys, AGE_KEY_SIZE, 0);
	random_bytes(keys->bytes, AGE_KEY_SIZE);
	return 0;
}

static bool is_of(const uint8_t *key, const uint8_t *public)
{
	uint8_t own[AGE_KEY_SIZE];

	x25519_public(own, key);
	return memcmp(own, public, sizeof(own)) == 0;
}

/* The others keep their order. */
static void move_to_front(struct secret *keys, size_t at)
{
	struct secret key;

	secret_set(&key, keys->bytes + at, AGE_KEY_SIZE);
	memmove(keys->bytes + AGE_KEY_SIZE, keys->bytes, at);
	memcpy(keys->bytes, key.bytes, AGE_KEY_SIZE);
	secret_release(&key);
}

bool identity_put_first(struct secret *keys, const char *recipient)
{
	uint8_t public[AGE_KEY_SIZE];

	if (!age_recipient_parse(recipient, public))
		return false;
	for (size_t at = 0; at < keys->len; at += AGE_KEY_SIZE) {
		if (!is_of(keys->bytes + at, public))
			continue;
		move_to_front(keys, at);
		return true;
	}
	return false;
}

/* --- key files ------------------------------------------------------------ */

static int read_key_line(const char *line, size_t n, struct secret *keys,
			 struct err *e)
{
	if (check_room(keys, e) < 0)
		return -1;
	grow(keys, 0, AGE_KEY_SIZE);
	if (bech32_decode(line, n, private_hrp,
			  keys->bytes + keys->len - AGE_KEY_SIZE, AGE_KEY_SIZE))
		return 0;
	return err_set(e, ERR_CONFIG, "not an AGE-SECRET-KEY-1 line");
}

static int read_key_lines(const char *text, const char *end,
			  struct secret *keys, struct err *e)
{
	while (text < end) {
		const char *lf = memchr(text, '\n', (size_t)(end - text));
		size_t len = (size_t)((lf ? lf : end) - text);

		if (len && text[len - 1] == '\r')
			len--;
		if (len && text[0] != '#' &&
		    read_key_line(text, len, keys, e) < 0)
			return -1;
		text = lf ? lf + 1 : end;
	}
	if (keys->len == 0)
		return err_set(e, ERR_CONFIG, "no AGE-SECRET-KEY-1 line");
	return 0;
}

int identity_parse(const char *text, size_t n, struct secret *private_r,
		   struct err *e)
{
	*private_r = SECRET_EMPTY;
	if (read_key_lines(text, text + n, private_r, e) == 0)
		return 0;
	secret_release(private_r);
	return -1;
}

static int push_into_buf(void *to, const uint8_t *bytes, size_t n)
{
	return buf_add(to, bytes, n) ? 0 : -1;
}

static int seal_key_line(struct sealer *s, const uint8_t *key)
{
	struct buf line;
	int status;

	buf_init(&line, KEY_LINE_MAX);
	if (!bech32_encode(private_hrp, key, AGE_KEY_SIZE, &line) ||
	    !buf_adds(&line, "\n"))
		die_bug("seal_key_line: no room for a line");
	status = sealer_write(s, (const uint8_t *)line.data, line.len);
	buf_release(&line);
	return status;
}

static int seal_key_lines(struct sealer *s, const struct secret *keys)
{
	if (keys->len == 0 || keys->len % AGE_KEY_SIZE)
		die_bug("seal_key_lines: keys of %zu octets", keys->len);
	for (size_t at = 0; at < keys->len; at += AGE_KEY_SIZE)
		if (seal_key_line(s, keys->bytes + at) < 0)
			return -1;
	return sealer_end(s);
}

/* Behind the header, which was made or failed: s may be NULL. */
static int seal_key(struct sealer *s, const struct secret *private_key,
		    struct err *e)
{
	int status;

	if (!s)
		return -1;
	status = seal_key_lines(s, private_key);
	sealer_free(&s);
	if (status < 0)
		return err_set(e, ERR_TEMP, "no room for the identity file");
	return 0;
}

int identity_seal(const struct secret *private_key,
		  const struct secret *password, unsigned log_n,
		  struct buf *file_r, struct err *e)
{
	const struct sink sink = {.push = push_into_buf, .to = file_r};
	uint8_t file_key[AGE_FILE_KEY_SIZE];
	struct sealer *s = NULL;
	struct buf stanzas;

	random_bytes(file_key, sizeof(file_key));
	buf_init(&stanzas, AGE_HEADER_MAX);
	if (scrypt_stanza(password, log_n, file_key, &stanzas, e) == 0)
		s = sealer_new_with(file_key, &stanzas, &sink, e);
	explicit_bzero(file_key, sizeof(file_key));
	buf_release(&stanzas);
	return seal_key(s, private_key, e);
}

int identity_seal_to(const struct secret *private_key, char *const *recipients,
		     size_t n, struct buf *file_r, struct err *e)
{
	const struct sink sink = {.push = push_into_buf, .to = file_r};

	return seal_key(sealer_new(recipients, n, &sink, e), private_key, e);
}

struct memory {
	const char *bytes;
	size_t left;
};

static ssize_t pull_from_memory(void *from, uint8_t *bytes, size_t n)
{
	struct memory *m = from;
	size_t take = n < m->left ? n : m->left;

	memcpy(bytes, m->bytes, take);
	m->bytes += take;
	m->left -= take;
	return (ssize_t)take;
}

/* A key file fits into one chunk; what goes on behind it is none of ours. */
static int unseal_key_file(struct unsealer *u, struct secret *private_r,
			   struct err *e)
{
	const uint8_t *text;
	size_t n;

	if (unsealer_next(u, &text, &n, e) < 0)
		return -1;
	if (identity_parse((const char *)text, n, private_r, e) < 0) {
		e->kind = ERR_DAMAGED;
		return -1;
	}
	if (unsealer_next(u, &text, &n, e) == 0 && n == 0)
		return 0;
	secret_release(private_r);
	return err_set(e, ERR_DAMAGED, "more than one key file");
}

static int open_with_key(const struct buf *file, const struct unseal_key *key,
			 struct secret *private_r, struct err *e)
{
	struct memory m = {.bytes = file->data, .left = file->len};
	const struct source source = {.pull = pull_from_memory, .from = &m};
	struct unsealer *u = unsealer_new(key, &source, e);
	int status = -1;

	*private_r = SECRET_EMPTY;
	if (u)
		status = unseal_key_file(u, private_r, e);
	unsealer_free(&u);
	return status;
}

int identity_open(const struct buf *file, const struct secret *password,
		  struct secret *private_r, struct err *e)
{
	const struct unseal_key key = {.passphrase = password};

	return open_with_key(file, &key, private_r, e);
}

int identity_open_with(const struct buf *file, const struct secret *recovery,
		       struct secret *private_r, struct err *e)
{
	const struct unseal_key key = {.private_key = recovery};

	return open_with_key(file, &key, private_r, e);
}

/* A header like that of a real file, for which there is no password. */
static bool write_decoy(unsigned log_n, struct buf *out)
{
	uint8_t salt[SCRYPT_SALT_SIZE], body[AGE_WRAPPED_SIZE], mac[32];

	random_bytes(salt, sizeof(salt));
	random_bytes(body, sizeof(body));
	random_bytes(mac, sizeof(mac));
	return buf_adds(out, "age-encryption.org/v1\n-> scrypt ") &&
	       age_base64_add(out, salt, sizeof(salt)) &&
	       buf_addf(out, " %u\n", log_n) &&
	       age_base64_add(out, body, sizeof(body)) &&
	       buf_adds(out, "\n--- ") &&
	       age_base64_add(out, mac, sizeof(mac)) && buf_adds(out, "\n");
}

void identity_spend(const struct secret *password, unsigned log_n)
{
	struct secret none = SECRET_EMPTY;
	struct buf decoy;
	struct err e;

	buf_init(&decoy, AGE_HEADER_MAX);
	if (!write_decoy(log_n, &decoy) ||
	    identity_open(&decoy, password, &none, &e) == 0)
		die_bug("identity_spend: the decoy opened");
	buf_release(&decoy);
}

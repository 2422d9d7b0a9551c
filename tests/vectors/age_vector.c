/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs test vectors of the age format (C2SP CCTV): a text header that says
 * what must come of it, an empty line, an age file. Each one is read with
 * sources that hand out one octet, an odd number, or all of it at a time, and
 * what may be released is digested. Vectors that need what we do not implement
 * are named with the reason, and nothing else is left out.
 *
 *	age_vector FILE...
 */
#include "common/base.h"

#include <limits.h>

#include <nettle/sha2.h>

#include "common/buf.h"
#include "common/log.h"
#include "common/num.h"
#include "common/random_id.h"
#include "store/seal/identity.h"
#include "store/seal/stream.h"
#include "store/seal/unseal.h"

enum { MAX_KEYS = 4, MAX_FILE = 64 << 20 };

enum verdict { VERDICT_OK, VERDICT_FAILED, VERDICT_LEFT_OUT };

struct vector {
	char expect[32];
	bool has_payload, has_file_key;
	uint8_t payload[SHA256_DIGEST_SIZE]; /* digest of what is released */
	uint8_t file_key[AGE_FILE_KEY_SIZE];
	struct secret private_keys[MAX_KEYS], passphrases[MAX_KEYS];
	size_t n_private_keys, n_passphrases;
	bool armored, hybrid; /* what we do not have */
	const uint8_t *file;
	size_t n_file;
};

/* What came of one attempt; the words are those of the vectors. */
struct result {
	const char *outcome;
	uint8_t released[SHA256_DIGEST_SIZE];
	bool resealed; /* every chunk sealed again gave the same octets */
};

struct memory {
	const uint8_t *bytes;
	size_t left, step;
};

static ssize_t pull(void *from, uint8_t *bytes, size_t n)
{
	struct memory *m = from;

	n = n < m->step ? n : m->step;
	n = n < m->left ? n : m->left;
	memcpy(bytes, m->bytes, n);
	m->bytes += n;
	m->left -= n;
	return (ssize_t)n;
}

static bool value_of(const char *line, const char *key, const char **value_r)
{
	size_t n = strlen(key);

	*value_r = line + n + 2;
	return !strncmp(line, key, n) && line[n] == ':' && line[n + 1] == ' ';
}

static bool add_identity(struct vector *v, const char *text)
{
	struct err e;

	if (!strncmp(text, "AGE-SECRET-KEY-PQ-1", 19)) {
		v->hybrid = true;
		return true;
	}
	return v->n_private_keys < MAX_KEYS &&
	       identity_parse(text, strlen(text),
			      &v->private_keys[v->n_private_keys++], &e) == 0;
}

static bool add_passphrase(struct vector *v, const char *text)
{
	if (v->n_passphrases == MAX_KEYS)
		return false;
	secret_set(&v->passphrases[v->n_passphrases++], text, strlen(text));
	return true;
}

/* False: a key that is not known, or a value that does not belong to it. */
static bool read_line(struct vector *v, const char *line)
{
	const char *value;

	if (value_of(line, "comment", &value))
		return true;
	if (value_of(line, "expect", &value))
		return (size_t)snprintf(v->expect, sizeof(v->expect), "%s",
					value) < sizeof(v->expect);
	if (value_of(line, "payload", &value))
		return v->has_payload =
			       num_parse_hex(value, strlen(value), v->payload,
					     sizeof(v->payload));
	if (value_of(line, "file key", &value)) {
		/* One of another size is an aid to people alone. */
		v->has_file_key = num_parse_hex(
			value, strlen(value), v->file_key, sizeof(v->file_key));
		return true;
	}
	if (value_of(line, "identity", &value))
		return add_identity(v, value);
	if (value_of(line, "passphrase", &value))
		return add_passphrase(v, value);
	if (value_of(line, "armored", &value))
		return v->armored = !strcmp(value, "yes");
	return false;
}

static bool read_vector(struct buf *file, struct vector *v_r)
{
	char *line = file->data, *lf;

	*v_r = (struct vector){.armored = false};
	while ((lf = strchr(line, '\n')) && lf != line) {
		*lf = '\0';
		if (!read_line(v_r, line))
			return false;
		line = lf + 1;
	}
	if (!lf || !v_r->expect[0])
		return false;
	v_r->file = (const uint8_t *)lf + 1;
	v_r->n_file = file->len - (size_t)(lf + 1 - file->data);
	return true;
}

static void release_vector(struct vector *v)
{
	for (size_t i = 0; i < MAX_KEYS; i++) {
		secret_release(&v->private_keys[i]);
		secret_release(&v->passphrases[i]);
	}
}

static const char *header_outcome(const struct err *e)
{
	if (e->kind == ERR_PASSWORD)
		return "no match";
	if (e->kind != ERR_DAMAGED)
		return e->text;
	/* Told apart here alone: to the store both are one. */
	return strstr(e->text, "MAC") ? "HMAC failure" : "header failure";
}

/* The vector's file key gives the same MAC and the same chunks. */
struct resealer {
	struct stream stream;
	const uint8_t *at, *end;
	bool same;
};

static void resealer_start(struct resealer *r, const struct vector *v)
{
	struct age_header h;
	uint8_t mac[sizeof(h.mac)];

	*r = (struct resealer){.end = v->file + v->n_file};
	if (!v->has_file_key ||
	    age_header_parse(v->file, v->n_file, &h) != AGE_PARSE_OK)
		return;
	age_header_mac(v->file_key, v->file, h.mac_covers, mac);
	r->same = !memcmp(mac, h.mac, sizeof(mac));
	stream_init(&r->stream, v->file_key, v->file + h.length);
	r->at = v->file + h.length + AGE_NONCE_SIZE;
}

static void resealer_chunk(struct resealer *r, const uint8_t *plain, size_t n)
{
	static uint8_t sealed[AGE_CHUNK_SIZE + AGE_TAG_SIZE];
	size_t n_sealed = n + AGE_TAG_SIZE, left = (size_t)(r->end - r->at);

	r->same = r->same && !r->stream.ended && n_sealed <= left;
	if (!r->same)
		return;
	stream_seal(&r->stream, plain, n, n_sealed == left, sealed);
	r->same = !memcmp(sealed, r->at, n_sealed);
	r->at += n_sealed;
}

static const char *release_payload(struct unsealer *u, struct sha256_ctx *sha,
				   struct resealer *again)
{
	const uint8_t *bytes;
	struct err e;
	size_t n;

	for (;;) {
		if (unsealer_next(u, &bytes, &n, &e) < 0)
			return "payload failure";
		if (!n)
			break;
		sha256_update(sha, n, bytes);
		resealer_chunk(again, bytes, n);
	}
	if (again->same && !again->stream.ended) /* an empty payload */
		resealer_chunk(again, bytes, 0);
	return "success";
}

static struct result attempt(const struct vector *v,
			     const struct unseal_key *key, size_t step)
{
	struct memory m = {.bytes = v->file, .left = v->n_file, .step = step};
	const struct source source = {.pull = pull, .from = &m};
	struct result r = {.resealed = false};
	struct resealer again;
	struct sha256_ctx sha;
	static struct err e;
	struct unsealer *u = unsealer_new(key, &source, &e);

	sha256_init(&sha);
	resealer_start(&again, v);
	r.outcome = u ? release_payload(u, &sha, &again) : header_outcome(&e);
	r.resealed = again.same && again.at == again.end;
	sha256_digest(&sha, sizeof(r.released), r.released);
	unsealer_free(&u);
	return r;
}

/* With each key of the vector, or a random one, until one matches. */
static struct result attempt_keys(const struct vector *v, size_t step)
{
	struct result r = {.outcome = "no match"};
	struct secret other = SECRET_EMPTY;
	struct unseal_key key = {.private_key = &other};

	secret_init(&other, AGE_KEY_SIZE);
	random_bytes(other.bytes, other.len);
	if (!v->n_private_keys && !v->n_passphrases)
		r = attempt(v, &key, step);
	secret_release(&other);
	for (size_t i = 0;
	     i < v->n_private_keys && !strcmp(r.outcome, "no match"); i++) {
		key = (struct unseal_key){.private_key = &v->private_keys[i]};
		r = attempt(v, &key, step);
	}
	for (size_t i = 0;
	     i < v->n_passphrases && !strcmp(r.outcome, "no match"); i++) {
		key = (struct unseal_key){.passphrase = &v->passphrases[i]};
		r = attempt(v, &key, step);
	}
	return r;
}

/* NULL: as the vector has it; otherwise what was wrong. */
static const char *judge(const struct vector *v, const struct result *r)
{
	if (strcmp(r->outcome, v->expect) != 0)
		return r->outcome;
	if (v->has_payload &&
	    memcmp(r->released, v->payload, sizeof(v->payload)) != 0)
		return "another payload was released";
	if (!strcmp(v->expect, "success") && !(v->has_payload && r->resealed))
		return "sealed again it is another file";
	return NULL;
}

static enum verdict run_vector(const struct vector *v, const char *name)
{
	static const size_t steps[] = {SSIZE_MAX, 4099, 1};

	if (v->armored || (v->hybrid && !v->n_private_keys)) {
		printf("left out %s: %s\n", name,
		       v->armored ? "armor" : "hybrid identity");
		return VERDICT_LEFT_OUT;
	}
	for (size_t i = 0; i < N_ELEMENTS(steps); i++) {
		struct result r = attempt_keys(v, steps[i]);
		const char *wrong = judge(v, &r);

		if (wrong) {
			printf("not ok %s expected %s: %s\n", name, v->expect,
			       wrong);
			return VERDICT_FAILED;
		}
	}
	printf("ok %s\n", name);
	return VERDICT_OK;
}

static bool read_file(const char *path, struct buf *b)
{
	FILE *f = fopen(path, "re");
	char block[65536];
	size_t n;
	bool ok = f != NULL;

	while (ok && (n = fread(block, 1, sizeof(block), f)) > 0)
		ok = buf_add(b, block, n);
	ok = ok && !ferror(f);
	if (f)
		fclose(f);
	return ok;
}

static enum verdict run_file(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	enum verdict verdict = VERDICT_FAILED;
	struct vector v = {.armored = false};
	struct buf file;

	buf_init(&file, MAX_FILE);
	if (!read_file(path, &file))
		printf("not ok %s cannot be read\n", name);
	else if (!read_vector(&file, &v))
		printf("not ok %s is no vector that we know\n", name);
	else
		verdict = run_vector(&v, name);
	release_vector(&v);
	buf_release(&file);
	return verdict;
}

int main(int argc, char **argv)
{
	size_t count[] = {
		[VERDICT_OK] = 0, [VERDICT_FAILED] = 0, [VERDICT_LEFT_OUT] = 0};

	log_open("age_vector", LOG_STYLE_PERSON);
	if (argc < 2)
		die_usage("usage: age_vector FILE...");
	for (int i = 1; i < argc; i++)
		count[run_file(argv[i])]++;
	printf("vectors: %zu ok, %zu not ok, %zu left out\n", count[VERDICT_OK],
	       count[VERDICT_FAILED], count[VERDICT_LEFT_OUT]);
	return count[VERDICT_FAILED] ? 1 : 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sealer: header first, then chunk after chunk. Never holds a private key
 * but the ephemeral ones, each wiped with its stanza.
 */
#include "common/base.h"
#include "store/seal/seal.h"

#include <nettle/memops.h>

#include "common/buf.h"
#include "common/log.h"
#include "common/random_id.h"
#include "store/seal/bech32.h"
#include "store/seal/stream.h"
#include "store/seal/x25519.h"

struct sealer {
	struct sink sink;
	struct stream stream;
	size_t header_size;
	uint64_t plaintext;
	bool failed; /* the sink took no more */
	size_t held; /* octets in chunk; sealed once it is known what follows */
	uint8_t chunk[AGE_CHUNK_SIZE + AGE_TAG_SIZE]; /* sealed in place */
};

static const char recipient_hrp[] = "age";

static bool recipient_decode(const char *text, uint8_t public_r[AGE_KEY_SIZE])
{
	return bech32_decode(text, strlen(text), recipient_hrp, public_r,
			     AGE_KEY_SIZE);
}

/* With a point of low order every shared secret is zero, any scalar will do. */
static bool has_low_order(const uint8_t public[AGE_KEY_SIZE])
{
	static const uint8_t scalar[AGE_KEY_SIZE], zero[AGE_KEY_SIZE];
	uint8_t shared[AGE_KEY_SIZE];

	x25519_shared(shared, scalar, public);
	return memeql_sec(shared, zero, sizeof(zero));
}

bool age_recipient_parse(const char *text, uint8_t public_r[AGE_KEY_SIZE])
{
	return recipient_decode(text, public_r) && !has_low_order(public_r);
}

bool age_recipient_write(const uint8_t public[AGE_KEY_SIZE], struct buf *out)
{
	return bech32_encode(recipient_hrp, public, AGE_KEY_SIZE, out);
}

static bool stanza_write(const uint8_t share[AGE_KEY_SIZE],
			 const uint8_t body[AGE_WRAPPED_SIZE], struct buf *out)
{
	return buf_adds(out, "-> X25519 ") &&
	       age_base64_add(out, share, AGE_KEY_SIZE) &&
	       buf_adds(out, "\n") &&
	       age_base64_add(out, body, AGE_WRAPPED_SIZE) &&
	       buf_adds(out, "\n");
}

/* One recipient's stanza, with an ephemeral key of its own. */
static int add_recipient(const char *recipient,
			 const uint8_t file_key[AGE_FILE_KEY_SIZE],
			 struct buf *stanzas, struct err *e)
{
	uint8_t public[AGE_KEY_SIZE], share[AGE_KEY_SIZE];
	uint8_t body[AGE_WRAPPED_SIZE];
	struct {
		uint8_t ephemeral[AGE_KEY_SIZE];
		uint8_t shared[AGE_KEY_SIZE];
		uint8_t wrap_key[AGE_KEY_SIZE];
	} keys;
	bool wrapped;

	if (!recipient_decode(recipient, public))
		return err_set(e, ERR_CONFIG, "not an age recipient: %s",
			       recipient);
	random_bytes(keys.ephemeral, sizeof(keys.ephemeral));
	x25519_public(share, keys.ephemeral);
	x25519_shared(keys.shared, keys.ephemeral, public);
	wrapped =
		age_x25519_wrap_key(keys.shared, share, public, keys.wrap_key);
	if (wrapped)
		age_wrap(keys.wrap_key, file_key, body);
	explicit_bzero(&keys, sizeof(keys));
	if (!wrapped)
		return err_set(e, ERR_CONFIG, "a point of low order: %s",
			       recipient);
	if (!stanza_write(share, body, stanzas))
		return err_set(e, ERR_CONFIG, "too many recipients");
	return 0;
}

static int add_recipients(char *const *recipients, size_t n,
			  const uint8_t file_key[AGE_FILE_KEY_SIZE],
			  struct buf *stanzas, struct err *e)
{
	if (!n)
		return err_set(e, ERR_CONFIG, "no recipient to seal to");
	for (size_t i = 0; i < n; i++)
		if (add_recipient(recipients[i], file_key, stanzas, e) < 0)
			return -1;
	return 0;
}

static bool add_header(struct buf *out, const struct buf *stanzas,
		       const uint8_t file_key[AGE_FILE_KEY_SIZE])
{
	uint8_t mac[32];

	if (!buf_adds(out, "age-encryption.org/v1\n") ||
	    !buf_add(out, stanzas->data, stanzas->len) || !buf_adds(out, "---"))
		return false;
	age_header_mac(file_key, (const uint8_t *)out->data, out->len, mac);
	return buf_adds(out, " ") && age_base64_add(out, mac, sizeof(mac)) &&
	       buf_adds(out, "\n");
}

static struct sealer *sealer_alloc(const struct sink *sink, size_t header_size)
{
	struct sealer *s = xmalloc(sizeof(*s));

	/* The chunk's pages are left untouched until a message fills them. */
	s->sink = *sink;
	s->header_size = header_size;
	s->plaintext = 0;
	s->failed = false;
	s->held = 0;
	return s;
}

struct sealer *sealer_new_with(const uint8_t file_key[AGE_FILE_KEY_SIZE],
			       const struct buf *stanzas,
			       const struct sink *sink, struct err *e)
{
	uint8_t nonce[AGE_NONCE_SIZE];
	struct sealer *s = NULL;
	struct buf head;
	size_t header_size;

	random_bytes(nonce, sizeof(nonce));
	buf_init(&head, AGE_HEADER_MAX + sizeof(nonce));
	if (!add_header(&head, stanzas, file_key) ||
	    (header_size = head.len) > AGE_HEADER_MAX ||
	    !buf_add(&head, nonce, sizeof(nonce))) {
		err_set(e, ERR_CONFIG, "too many recipients");
	} else if (sink_push(sink, (const uint8_t *)head.data, head.len) < 0) {
		err_set(e, ERR_TEMP, "the sealed header cannot be written");
	} else {
		s = sealer_alloc(sink, header_size);
		stream_init(&s->stream, file_key, nonce);
	}
	buf_release(&head);
	return s;
}

struct sealer *sealer_new(char *const *recipients, size_t n,
			  const struct sink *sink, struct err *e)
{
	uint8_t file_key[AGE_FILE_KEY_SIZE];
	struct sealer *s = NULL;
	struct buf stanzas;

	random_bytes(file_key, sizeof(file_key));
	buf_init(&stanzas, AGE_HEADER_MAX);
	if (add_recipients(recipients, n, file_key, &stanzas, e) == 0)
		s = sealer_new_with(file_key, &stanzas, sink, e);
	explicit_bzero(file_key, sizeof(file_key));
	buf_release(&stanzas);
	return s;
}

static int push_chunk(struct sealer *s, bool last)
{
	size_t n = s->held;

	stream_seal(&s->stream, s->chunk, n, last, s->chunk);
	s->held = 0;
	if (sink_push(&s->sink, s->chunk, n + AGE_TAG_SIZE) == 0)
		return 0;
	s->failed = true;
	return -1;
}

int sealer_write(struct sealer *s, const uint8_t *bytes, size_t n)
{
	if (s->failed)
		return -1;
	if (s->stream.ended)
		die_bug("sealer_write behind sealer_end");
	while (n > 0) {
		size_t room = AGE_CHUNK_SIZE - s->held;
		size_t take = n < room ? n : room;

		/* A full chunk waits: it may turn out to be the last. */
		if (!room && push_chunk(s, false) < 0)
			return -1;
		memcpy(s->chunk + s->held, bytes, take);
		s->held += take;
		s->plaintext += take;
		bytes += take;
		n -= take;
	}
	return 0;
}

int sealer_end(struct sealer *s)
{
	return s->failed ? -1 : push_chunk(s, true);
}

size_t sealer_header_size(const struct sealer *s)
{
	return s->header_size;
}

uint64_t sealer_plaintext(const struct sealer *s)
{
	return s->plaintext;
}

void sealer_free(struct sealer **s_r)
{
	struct sealer *s = *s_r;

	if (!s)
		return;
	stream_release(&s->stream);
	/* What was sealed was sealed in place: no other plaintext is left. */
	explicit_bzero(s->chunk, s->held);
	free(s);
	*s_r = NULL;
}

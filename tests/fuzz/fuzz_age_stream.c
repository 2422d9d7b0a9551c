/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The payload of an age file, edited: chunks sealed under a known key, then
 * changed as the input says. It opens if and only if nothing was changed.
 */
#include "common/base.h"

#include "store/seal/stream.h"
#include "tests/fuzz/fuzz.h"

enum { CHUNKS = 3, LAST_MAX = 200 };

static const uint8_t file_key[AGE_FILE_KEY_SIZE] = {1};
static const uint8_t nonce[AGE_NONCE_SIZE] = {2};

struct payload {
	uint8_t bytes[CHUNKS * (AGE_CHUNK_SIZE + AGE_TAG_SIZE)];
	size_t n;
};

static void seal(struct payload *p, unsigned full, size_t last)
{
	static const uint8_t plain[AGE_CHUNK_SIZE];
	struct stream s;

	p->n = 0;
	stream_init(&s, file_key, nonce);
	for (unsigned i = 0; i < full; i++) {
		stream_seal(&s, plain, AGE_CHUNK_SIZE, false, p->bytes + p->n);
		p->n += AGE_CHUNK_SIZE + AGE_TAG_SIZE;
	}
	stream_seal(&s, plain, last, true, p->bytes + p->n);
	p->n += last + AGE_TAG_SIZE;
	stream_release(&s);
}

/* Opens as unseal.c does: a chunk that is not full must be the last. */
static bool opens(const struct payload *p)
{
	static uint8_t out[AGE_CHUNK_SIZE];
	struct stream s;
	size_t at = 0;
	bool well = true;

	stream_init(&s, file_key, nonce);
	while (well && !s.ended) {
		size_t n = p->n - at, full = AGE_CHUNK_SIZE + AGE_TAG_SIZE;

		if (n > full)
			n = full;
		well = n >= AGE_TAG_SIZE &&
		       (stream_open(&s, p->bytes + at, n, false, out) ||
			stream_open(&s, p->bytes + at, n, true, out));
		at += n;
	}
	stream_release(&s);
	return well && at == p->n;
}

/* One edit: what, and where. */
static void edit(struct payload *p, uint8_t what, size_t where)
{
	size_t chunk = AGE_CHUNK_SIZE + AGE_TAG_SIZE;

	if (what % 4 == 0 && p->n)
		p->bytes[where % p->n] ^= (uint8_t)(what | 1);
	else if (what % 4 == 1)
		p->n -= where % (p->n + 1);
	else if (what % 4 == 2 && p->n > chunk) /* the first chunk goes */
		memmove(p->bytes, p->bytes + chunk, p->n -= chunk);
	else if (what % 4 == 3 && p->n + chunk <= sizeof(p->bytes)) {
		memmove(p->bytes + chunk, p->bytes, p->n);
		p->n += chunk; /* and here it comes twice */
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct payload whole, edited;

	if (n < 3)
		return 0;
	seal(&whole, bytes[0] % CHUNKS, 1 + bytes[1] % LAST_MAX);
	edited.n = whole.n;
	memcpy(edited.bytes, whole.bytes, whole.n);
	for (size_t i = 3; i + 3 < n && i < 3 + 4 * 4; i += 4)
		edit(&edited, bytes[i],
		     (size_t)bytes[i + 1] << 16 | (size_t)bytes[i + 2] << 8 |
			     bytes[i + 3]);
	fuzz_require(opens(&edited) ==
		     (edited.n == whole.n &&
		      memcmp(edited.bytes, whole.bytes, whole.n) == 0));
	return 0;
}

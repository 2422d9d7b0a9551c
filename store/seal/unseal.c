/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The unsealer: the header whole, then chunk after chunk. Never lends an
 * octet that is not authentic.
 */
#include "common/base.h"
#include "store/seal/unseal.h"

#include <assert.h>
#include <errno.h>
#include <unistd.h>

#include <nettle/memops.h>

#include "common/log.h"
#include "store/seal/stream.h"
#include "store/seal/unwrap.h"

enum { FIRST_READ = 1024 }; /* the header of some ten recipients fits */

struct unsealer {
	struct source source;
	struct stream stream;
	size_t header_size;
	bool failed;
	size_t held; /* octets in sealed */
	size_t most; /* octets that plain ever held */
	uint8_t sealed[AGE_CHUNK_SIZE + AGE_TAG_SIZE];
	uint8_t plain[AGE_CHUNK_SIZE];
};

static_assert(sizeof(((struct unsealer *)0)->sealed) >=
		      AGE_HEADER_MAX + AGE_NONCE_SIZE,
	      "the header is read into the buffer of sealed chunks");

ssize_t source_pull_fd(void *from, uint8_t *bytes, size_t n)
{
	const int *fd = from;
	ssize_t got;

	do
		got = read(*fd, bytes, n);
	while (got < 0 && errno == EINTR);
	return got;
}

/* Reads until `want` octets are held or the source ends. */
static int fill(struct unsealer *u, size_t want, struct err *e)
{
	while (u->held < want) {
		ssize_t got = u->source.pull(
			u->source.from, u->sealed + u->held, want - u->held);

		if (got < 0)
			return err_sys(e, "cannot read what is sealed");
		if (!got)
			break;
		u->held += (size_t)got;
	}
	return 0;
}

/* Reads twice as much each time the header does not end in what is held. */
static int read_header(struct unsealer *u, struct age_header *header_r,
		       struct err *e)
{
	for (size_t want = FIRST_READ;; want *= 2) {
		if (fill(u, want, e) < 0)
			return -1;
		switch (age_header_parse(u->sealed, u->held, header_r)) {
		case AGE_PARSE_OK:
			return 0;
		case AGE_PARSE_BAD:
			return err_set(e, ERR_DAMAGED, "not an age header");
		case AGE_PARSE_MORE:
			break;
		}
		if (u->held < want)
			return err_set(e, ERR_DAMAGED,
				       "the header is cut short");
		if (want == AGE_HEADER_MAX)
			return err_set(e, ERR_DAMAGED,
				       "the header is too long");
	}
}

static bool header_authentic(const struct unsealer *u,
			     const struct age_header *h,
			     const uint8_t file_key[AGE_FILE_KEY_SIZE])
{
	uint8_t mac[sizeof(h->mac)];

	age_header_mac(file_key, u->sealed, h->mac_covers, mac);
	return memeql_sec(mac, h->mac, sizeof(mac));
}

/* Takes the nonce behind the header; what is held begins with a chunk then. */
static int start_payload(struct unsealer *u, const struct age_header *h,
			 const uint8_t file_key[AGE_FILE_KEY_SIZE],
			 struct err *e)
{
	size_t start = h->length + AGE_NONCE_SIZE;

	if (fill(u, start, e) < 0)
		return -1;
	if (u->held < start)
		return err_set(e, ERR_DAMAGED,
			       "the payload's nonce is cut short");
	stream_init(&u->stream, file_key, u->sealed + h->length);
	u->header_size = h->length;
	u->held -= start;
	memmove(u->sealed, u->sealed + start, u->held);
	return 0;
}

static int open_header(struct unsealer *u, const struct unseal_key *key,
		       struct err *e)
{
	uint8_t file_key[AGE_FILE_KEY_SIZE];
	struct age_header h;
	int status;

	if (read_header(u, &h, e) < 0 ||
	    unwrap_file_key(key, &h, file_key, e) < 0)
		return -1;
	if (header_authentic(u, &h, file_key))
		status = start_payload(u, &h, file_key, e);
	else
		status = err_set(e, ERR_DAMAGED, "the header's MAC is wrong");
	explicit_bzero(file_key, sizeof(file_key));
	return status;
}

static struct unsealer *unsealer_alloc(const struct source *source)
{
	struct unsealer *u = xmalloc(sizeof(*u));

	/* The buffers' pages are left untouched until something fills them. */
	u->source = *source;
	u->stream = (struct stream){.counter = 0};
	u->header_size = 0;
	u->failed = false;
	u->held = 0;
	u->most = 0;
	return u;
}

struct unsealer *unsealer_new(const struct unseal_key *key,
			      const struct source *source, struct err *e)
{
	struct unsealer *u = unsealer_alloc(source);

	if (open_header(u, key, e) < 0)
		unsealer_free(&u);
	return u;
}

/*
 * Only a full chunk leaves open whether it is the last: then it is tried as
 * one in the middle first, for nearly all of them are.
 */
static bool open_chunk(struct unsealer *u, size_t n)
{
	if (n == sizeof(u->sealed) &&
	    stream_open(&u->stream, u->sealed, n, false, u->plain))
		return true;
	return stream_open(&u->stream, u->sealed, n, true, u->plain);
}

static int next_chunk(struct unsealer *u, size_t *n_r, struct err *e)
{
	size_t n;

	if (fill(u, sizeof(u->sealed), e) < 0)
		return -1;
	n = u->held;
	u->held = 0;
	if (!open_chunk(u, n))
		return err_set(e, ERR_DAMAGED,
			       n ? "a chunk does not open" : "cut short");
	*n_r = n - AGE_TAG_SIZE;
	if (u->most < *n_r)
		u->most = *n_r;
	return 0;
}

/* Behind the last chunk nothing may follow. */
static int check_end(struct unsealer *u, struct err *e)
{
	if (fill(u, 1, e) < 0)
		return -1;
	if (u->held)
		return err_set(e, ERR_DAMAGED,
			       "something follows the last chunk");
	return 0;
}

int unsealer_next(struct unsealer *u, const uint8_t **bytes_r, size_t *n_r,
		  struct err *e)
{
	int status = 0;

	*bytes_r = u->plain;
	*n_r = 0;
	if (u->failed)
		return err_set(e, ERR_DAMAGED, "did not open before");
	if (!u->stream.ended)
		status = next_chunk(u, n_r, e);
	if (status == 0 && *n_r == 0)
		status = check_end(u, e);
	u->failed = status < 0;
	return status;
}

size_t unsealer_header_size(const struct unsealer *u)
{
	return u->header_size;
}

void unsealer_free(struct unsealer **u_r)
{
	struct unsealer *u = *u_r;

	if (!u)
		return;
	stream_release(&u->stream);
	explicit_bzero(u->plain, u->most);
	free(u);
	*u_r = NULL;
}

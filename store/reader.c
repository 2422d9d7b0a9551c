/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Opening one kept message, chunk by chunk. Lends nothing that has not been
 * authenticated, and tells a damaged file from one that cannot be read now.
 */
#include "common/base.h"
#include "store/collection.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <nettle/sha2.h>

#include "common/log.h"
#include "store/name.h"
#include "store/seal/unseal.h"

struct reader {
	struct collection *collection;
	size_t i;
	struct message message; /* as it was when it was opened */
	int fd;
	struct sha256_ctx digest; /* of the sealed octets read */
	struct unsealer *unsealer;
	const uint8_t *first; /* opened ahead, so that damage shows early */
	size_t n_first;
	bool first_waits;
};

static int damaged(const struct reader *r, const char *why, struct err *e)
{
	return err_set(e, ERR_DAMAGED, "mailbox %s: message %s is damaged: %s",
		       r->collection->mailbox->id, r->message.ulid, why);
}

static int open_file(struct reader *r, struct err *e)
{
	struct message_name name;
	char kept[NAME_SIZE];

	listing_name(&r->collection->l.list[r->i], &name);
	name_write_kept(&name, kept);
	r->fd = openat(r->collection->mailbox->cur, kept,
		       O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (r->fd >= 0)
		return 0;
	return err_open(e, "mailbox %s: cur %s", r->collection->mailbox->id,
			kept);
}

/* What is opened is hashed as it lies there, for the line about it. */
static ssize_t pull_and_hash(void *from, uint8_t *bytes, size_t n)
{
	struct reader *r = from;
	ssize_t got = source_pull_fd(&r->fd, bytes, n);

	if (got > 0)
		sha256_update(&r->digest, (size_t)got, bytes);
	return got;
}

static void note_fetched(struct reader *r)
{
	uint8_t digest[DIGEST_SIZE];

	sha256_digest(&r->digest, sizeof(digest), digest);
	collection_note_fetched(r->collection, r->i, digest);
}

/* A file that was cut meanwhile has left, on a full disk: it is no damage. */
static bool has_left(const struct reader *r)
{
	struct stat st;

	return fstat(r->fd, &st) == 0 && st.st_size == 0;
}

/* Damage is noted in the name, so that the next session tells it at once. */
static int next_chunk(struct reader *r, const uint8_t **bytes_r, size_t *n_r,
		      struct err *e)
{
	if (unsealer_next(r->unsealer, bytes_r, n_r, e) == 0) {
		if (*n_r == 0)
			note_fetched(r);
		return 0;
	}
	if (e->kind == ERR_DAMAGED && has_left(r))
		e->kind = ERR_ABSENT;
	if (e->kind == ERR_DAMAGED)
		collection_mark_damaged(r->collection, r->i);
	return err_prefix(e, "message %s", r->message.ulid);
}

/* The size in the name is what LIST promised: the file must fit it exactly. */
static int check_length(const struct reader *r, struct err *e)
{
	uint64_t wanted = unsealer_header_size(r->unsealer) +
			  age_payload_size(r->message.octets);
	struct stat st;

	if (fstat(r->fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_sys(e, "message %s", r->message.ulid);
	if ((uint64_t)st.st_size == wanted)
		return 0;
	collection_mark_damaged(r->collection, r->i);
	return damaged(r, "its length does not fit its size", e);
}

static int start_unsealing(struct reader *r, struct err *e)
{
	const struct unseal_key key = {
		.private_key = &r->collection->private_key,
	};
	const struct source source = {.pull = pull_and_hash, .from = r};

	r->unsealer = unsealer_new(&key, &source, e);
	if (r->unsealer)
		return 0;
	if (e->kind == ERR_PASSWORD)
		return damaged(r, "it is not sealed to this mailbox's key", e);
	return err_prefix(e, "message %s", r->message.ulid);
}

static int open_first_chunk(struct reader *r, struct err *e)
{
	if (next_chunk(r, &r->first, &r->n_first, e) < 0)
		return -1;
	r->first_waits = true;
	return 0;
}

static int open_all(struct reader *r, struct err *e)
{
	if (r->message.flags & MESSAGE_DAMAGED)
		return damaged(r, "it did not open when it was last fetched",
			       e);
	if (open_file(r, e) < 0 || start_unsealing(r, e) < 0 ||
	    check_length(r, e) < 0)
		return -1;
	return open_first_chunk(r, e);
}

struct reader *reader_open(struct collection *c, size_t i, struct err *e)
{
	struct reader *r = xcalloc(1, sizeof(*r));

	r->collection = c;
	r->i = i;
	r->fd = -1;
	r->message = collection_message(c, i);
	sha256_init(&r->digest);
	if (open_all(r, e) < 0)
		reader_close(&r);
	return r;
}

int reader_next(struct reader *r, const uint8_t **bytes_r, size_t *n_r,
		struct err *e)
{
	if (r->first_waits) {
		*bytes_r = r->first;
		*n_r = r->n_first;
		r->first_waits = false;
		return 0;
	}
	return next_chunk(r, bytes_r, n_r, e);
}

void reader_close(struct reader **r)
{
	if (!*r)
		return;
	unsealer_free(&(*r)->unsealer);
	if ((*r)->fd >= 0)
		close((*r)->fd);
	free(*r);
	*r = NULL;
}

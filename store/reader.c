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

#include "common/log.h"
#include "store/name.h"
#include "store/unseal.h"

struct reader {
	struct collection *collection;
	size_t i;
	int fd;
	struct unsealer *unsealer;
	const uint8_t *first; /* opened ahead, so that damage shows early */
	size_t n_first;
	bool first_waits;
};

static struct message *message_of(const struct reader *r)
{
	return &r->collection->list[r->i];
}

static int damaged(const struct reader *r, const char *why, struct err *e)
{
	return err_set(e, ERR_DAMAGED, "mailbox %s: message %s is damaged: %s",
		       r->collection->mailbox->id, message_of(r)->ulid, why);
}

static int open_file(struct reader *r, struct err *e)
{
	const struct message *message = message_of(r);
	struct message_name name = {.octets = message->octets,
				    .flags = message->flags};
	char kept[NAME_SIZE];
	bool absent;

	memcpy(name.ulid, message->ulid, sizeof(name.ulid));
	name_write_kept(&name, kept);
	r->fd = openat(r->collection->mailbox->cur, kept, O_RDONLY | O_CLOEXEC);
	if (r->fd >= 0)
		return 0;
	absent = errno == ENOENT;
	err_sys(e, "mailbox %s: cur %s", r->collection->mailbox->id, kept);
	e->kind = absent ? ERR_ABSENT : ERR_TEMP;
	return -1;
}

/* Damage is noted in the name, so that the next session tells it at once. */
static int next_chunk(struct reader *r, const uint8_t **bytes_r, size_t *n_r,
		      struct err *e)
{
	if (unsealer_next(r->unsealer, bytes_r, n_r, e) == 0)
		return 0;
	if (e->kind == ERR_DAMAGED)
		collection_mark_damaged(r->collection, r->i);
	return err_prefix(e, "message %s", message_of(r)->ulid);
}

/* The size in the name is what LIST promised: the file must fit it exactly. */
static int check_length(const struct reader *r, struct err *e)
{
	uint64_t wanted = unsealer_header_size(r->unsealer) +
			  age_payload_size(message_of(r)->octets);
	struct stat st;

	if (fstat(r->fd, &st) < 0)
		return err_sys(e, "message %s", message_of(r)->ulid);
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
	const struct source source = {.pull = source_pull_fd, .from = &r->fd};

	r->unsealer = unsealer_new(&key, &source, e);
	if (r->unsealer)
		return 0;
	if (e->kind == ERR_PASSWORD)
		return damaged(r, "it is not sealed to this mailbox's key", e);
	return err_prefix(e, "message %s", message_of(r)->ulid);
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
	if (message_of(r)->flags & MESSAGE_DAMAGED)
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

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The file `seen`: a header and records of fixed size, appended under an OFD
 * lock on the file itself. Losing some of it costs a second copy, never a
 * message; so it is not synced, and a torn end is cut off.
 */
#include "common/base.h"
#include "store/seen.h"

#include <sys/stat.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <nettle/hmac.h>

#include "common/buf.h"
#include "common/log.h"
#include "common/num.h"
#include "store/mailbox_private.h"

enum {
	KEY_SIZE = 32,
	HEADER_SIZE = 64,
	RECORD_SIZE = 64,
	LOCK_WAIT_MS = 10000,
	BLOCK_RECORDS = 256,
};

static const char magic[8] = {'R', 'S', 'T', 'S', 'E', 'E', 'N', '1'};

/* As on disk: three keyed hashes, cut to what tells them apart. */
struct seen_record {
	uint8_t account[16]; /* server, user */
	uint8_t uidl[16];    /* server, user, UIDL */
	uint8_t message[32]; /* server, user, UIDL, octets */
};

static_assert(sizeof(struct seen_record) == RECORD_SIZE, "records as on disk");

struct seen {
	struct mailbox *mailbox;
	int fd;
	uint8_t key[KEY_SIZE];
	uint64_t generation; /* of the file when it was read */
	struct seen_record *list;
	size_t n, room;
	struct hmac_sha256_ctx octets; /* of the message being fetched */
};

/* --- keyed hashes --------------------------------------------------------- */

/* Fields are length-prefixed: ("ab", "c") and ("a", "bc") must differ. */
static void hash_field(struct hmac_sha256_ctx *ctx, const void *bytes, size_t n)
{
	uint8_t length[8];

	num_store64(length, n);
	hmac_sha256_update(ctx, sizeof(length), length);
	hmac_sha256_update(ctx, n, bytes);
}

static void hash_text(struct hmac_sha256_ctx *ctx, const char *text)
{
	hash_field(ctx, text, strlen(text));
}

static void hash_account(const struct seen *s, struct hmac_sha256_ctx *ctx,
			 const char *purpose, const struct fetched *f)
{
	hmac_sha256_set_key(ctx, KEY_SIZE, s->key);
	hash_text(ctx, purpose);
	hash_text(ctx, f->server);
	hash_text(ctx, f->user);
}

static void account_tag(const struct seen *s, const struct fetched *f,
			uint8_t tag[16])
{
	struct hmac_sha256_ctx ctx;

	hash_account(s, &ctx, "account", f);
	hmac_sha256_digest(&ctx, 16, tag);
}

static void uidl_tag(const struct seen *s, const struct fetched *f,
		     const char *uidl, uint8_t tag[16])
{
	struct hmac_sha256_ctx ctx;

	hash_account(s, &ctx, "uidl", f);
	hash_text(&ctx, uidl);
	hmac_sha256_digest(&ctx, 16, tag);
}

void seen_begin_message(struct seen *s)
{
	hmac_sha256_set_key(&s->octets, KEY_SIZE, s->key);
}

void seen_add_octets(struct seen *s, const uint8_t *bytes, size_t n)
{
	hmac_sha256_update(&s->octets, n, bytes);
}

static void make_record(struct seen *s, const struct fetched *f,
			struct seen_record *r)
{
	struct hmac_sha256_ctx ctx;
	uint8_t octets[32];

	hmac_sha256_digest(&s->octets, sizeof(octets), octets);
	account_tag(s, f, r->account);
	uidl_tag(s, f, f->uidl, r->uidl);
	hash_account(s, &ctx, "message", f);
	hash_text(&ctx, f->uidl);
	hash_field(&ctx, octets, sizeof(octets));
	hmac_sha256_digest(&ctx, sizeof(r->message), r->message);
}

/* --- the file ------------------------------------------------------------- */

static int fail(const struct seen *s, const char *what, struct err *e)
{
	return err_sys(e, "mailbox %s: seen: %s", s->mailbox->id, what);
}

static int lock(const struct seen *s, short type)
{
	struct flock f = {.l_type = type, .l_whence = SEEK_SET, .l_len = 1};

	return fcntl(s->fd, F_OFD_SETLK, &f);
}

/* Held for a commit, a few milliseconds: tried again at short intervals. */
static int lock_file(const struct seen *s, struct err *e)
{
	const struct timespec pause = {.tv_nsec = 2 * 1000 * 1000};

	for (int waited = 0; lock(s, F_WRLCK) < 0; waited += 2) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return fail(s, "lock", e);
		if (waited >= LOCK_WAIT_MS)
			return err_set(e, ERR_BUSY,
				       "mailbox %s: seen is locked",
				       s->mailbox->id);
		nanosleep(&pause, NULL);
	}
	return 0;
}

static void unlock_file(const struct seen *s)
{
	(void)lock(s, F_UNLCK);
}

static int write_header(struct seen *s, struct err *e)
{
	uint8_t header[HEADER_SIZE] = {0};

	memcpy(header, magic, sizeof(magic));
	num_store64(header + 8, s->generation);
	if (pwrite(s->fd, header, sizeof(header), 0) != sizeof(header))
		return fail(s, "write header", e);
	return 0;
}

/* A file that is not ours, or empty, begins anew. */
static int read_header(struct seen *s, uint64_t *generation_r, struct err *e)
{
	uint8_t header[HEADER_SIZE];
	ssize_t n = pread(s->fd, header, sizeof(header), 0);

	if (n < 0)
		return fail(s, "read header", e);
	if (n == sizeof(header) && memcmp(header, magic, sizeof(magic)) == 0) {
		*generation_r = num_load64(header + 8);
		return 0;
	}
	random_bytes(&s->generation, sizeof(s->generation));
	*generation_r = s->generation;
	s->n = 0;
	if (ftruncate(s->fd, 0) < 0)
		return fail(s, "truncate", e);
	return write_header(s, e);
}

static void make_room(struct seen *s, size_t n)
{
	while (s->room < n) {
		size_t room = s->room ? 2 * s->room : BLOCK_RECORDS;
		struct seen_record *grown =
			reallocarray(s->list, room, sizeof(*grown));

		if (!grown)
			die_temp("out of memory: %zu seen messages", room);
		s->list = grown;
		s->room = room;
	}
}

static off_t offset_of(size_t record)
{
	return (off_t)(HEADER_SIZE + record * RECORD_SIZE);
}

/* Reads what others appended since, or all where the file was rewritten. */
static int catch_up(struct seen *s, struct err *e)
{
	uint64_t generation = 0;
	ssize_t n;

	if (read_header(s, &generation, e) < 0)
		return -1;
	if (generation != s->generation)
		s->n = 0;
	s->generation = generation;
	do {
		make_room(s, s->n + BLOCK_RECORDS);
		n = pread(s->fd, s->list + s->n, BLOCK_RECORDS * RECORD_SIZE,
			  offset_of(s->n));
		if (n < 0)
			return fail(s, "read", e);
		s->n += (size_t)n / RECORD_SIZE;
	} while (n == BLOCK_RECORDS * RECORD_SIZE);
	/* A torn record at the end is written over by the next one. */
	return 0;
}

static int append(struct seen *s, const struct seen_record *r, struct err *e)
{
	ssize_t n = pwrite(s->fd, r, sizeof(*r), offset_of(s->n));

	if (n >= 0 && n < (ssize_t)sizeof(*r))
		errno = ENOSPC;
	if (n < (ssize_t)sizeof(*r))
		return fail(s, "append", e);
	make_room(s, s->n + 1);
	s->list[s->n++] = *r;
	return 0;
}

/* --- opening -------------------------------------------------------------- */

static int read_key(struct seen *s, struct err *e)
{
	struct buf key;
	struct stat st;
	int result;

	buf_init(&key, KEY_SIZE);
	result = mailbox_read_file(s->mailbox, "seen.key", &key, &st, e);
	if (result == 0 && key.len != KEY_SIZE)
		result = err_set(e, ERR_DAMAGED,
				 "mailbox %s: seen.key is not %d octets long",
				 s->mailbox->id, KEY_SIZE);
	if (result == 0)
		memcpy(s->key, key.data, KEY_SIZE);
	buf_wipe(&key);
	buf_release(&key);
	return result;
}

static int open_file(struct seen *s, struct err *e)
{
	s->fd = openat(s->mailbox->dir, "seen", O_RDWR | O_CLOEXEC);
	if (s->fd < 0)
		return fail(s, "open", e);
	if (lock_file(s, e) < 0)
		return -1;
	if (catch_up(s, e) < 0)
		return -1; /* closing releases the lock */
	unlock_file(s);
	return 0;
}

struct seen *seen_open(struct mailbox *m, struct err *e)
{
	struct seen *s = xcalloc(1, sizeof(*s));

	s->mailbox = m;
	s->fd = -1;
	if (read_key(s, e) < 0 || open_file(s, e) < 0)
		seen_close(&s);
	return s;
}

void seen_close(struct seen **s_r)
{
	struct seen *s = *s_r;

	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	free(s->list);
	explicit_bzero(s, sizeof(*s));
	free(s);
	*s_r = NULL;
}

/* --- keeping once --------------------------------------------------------- */

static bool was_kept(const struct seen *s, const struct seen_record *r)
{
	for (size_t i = 0; i < s->n; i++)
		if (memcmp(s->list[i].message, r->message,
			   sizeof(r->message)) == 0)
			return true;
	return false;
}

static int keep_if_new(struct seen *s, const struct seen_record *r,
		       struct delivery **d, unsigned flags, bool *kept_r,
		       struct err *e)
{
	struct err appending;

	if (catch_up(s, e) < 0)
		return -1;
	*kept_r = !was_kept(s, r);
	if (!*kept_r) {
		delivery_abort(d);
		return 0;
	}
	if (delivery_commit(d, flags, e) < 0)
		return -1;
	/* Kept is kept: without its record it may be kept twice. */
	if (append(s, r, &appending) < 0)
		log_warn("%s", appending.text);
	return 0;
}

int seen_keep(struct seen *s, const struct fetched *f, struct delivery **d,
	      unsigned flags, bool *kept_r, struct err *e)
{
	struct seen_record r;
	int result;

	make_record(s, f, &r);
	if (lock_file(s, e) < 0) {
		delivery_abort(d);
		return -1;
	}
	result = keep_if_new(s, &r, d, flags, kept_r, e);
	unlock_file(s);
	if (result < 0)
		delivery_abort(d);
	return result;
}

/* --- forgetting ----------------------------------------------------------- */

static int compare_tags(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

static uint8_t (*sorted_tags(const struct seen *s, const struct fetched *f,
			     const char *const *uidls, size_t n))[16]
{
	uint8_t(*tags)[16] = xcalloc(n, sizeof(*tags));

	for (size_t i = 0; i < n; i++)
		uidl_tag(s, f, uidls[i], tags[i]);
	if (n)
		qsort(tags, n, sizeof(*tags), compare_tags);
	return tags;
}

/* Records move towards the front only: cut short, it leaves some twice. */
static int rewrite(struct seen *s, size_t n, struct err *e)
{
	size_t size = n * RECORD_SIZE;
	ssize_t done = pwrite(s->fd, s->list, size, offset_of(0));

	if (done < 0 || (size_t)done < size)
		return fail(s, "rewrite", e);
	s->n = n;
	s->generation++;
	if (write_header(s, e) < 0)
		return -1;
	return ftruncate(s->fd, offset_of(n)) < 0 ? fail(s, "truncate", e) : 0;
}

static int drop_others(struct seen *s, const struct fetched *f,
		       const uint8_t (*tags)[16], size_t n_tags, struct err *e)
{
	uint8_t account[16];
	size_t n = 0;

	if (catch_up(s, e) < 0)
		return -1;
	account_tag(s, f, account);
	for (size_t i = 0; i < s->n; i++) {
		const struct seen_record *r = &s->list[i];
		bool mine = memcmp(r->account, account, sizeof(account)) == 0;

		if (mine && !(n_tags && bsearch(r->uidl, tags, n_tags,
						sizeof(*tags), compare_tags)))
			continue;
		s->list[n++] = *r;
	}
	return n == s->n ? 0 : rewrite(s, n, e);
}

int seen_retain(struct seen *s, const struct fetched *account,
		const char *const *uidls, size_t n, struct err *e)
{
	uint8_t(*tags)[16] = sorted_tags(s, account, uidls, n);
	int result;

	result = lock_file(s, e);
	if (result == 0) {
		result = drop_others(s, account, (const uint8_t(*)[16])tags, n,
				     e);
		/* What memory holds may no longer be what the file holds. */
		if (result < 0)
			s->n = 0;
		unlock_file(s);
	}
	free(tags);
	return result;
}

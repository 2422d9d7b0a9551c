/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tickets. Never acts on one whose writer lives. */
#include "common/base.h"
#include "store/ticket.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "store/seal/age.h"
#include "store/fault.h"
#include "store/file_digest.h"
#include "store/spool.h"

/* --- which there are -------------------------------------------------------
 */

static void add_ticket(struct tickets *t, const struct ticket_name *name)
{
	t->list = xgrow(t->list, t->n, sizeof(*t->list));
	t->list[t->n++] = *name;
}

static int by_ulid(const void *a, const void *b)
{
	const struct ticket_name *x = a, *y = b;

	return memcmp(x->ulid, y->ulid, ULID_LEN);
}

int tickets_scan(const struct mailbox *m, bool pending_alone, struct tickets *t,
		 struct err *e)
{
	int fd = openat(m->tmp, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct ticket_name name;
	struct dirent *entry;
	int failed;

	*t = (struct tickets){.list = NULL};
	if (!d) {
		err_sys(e, "mailbox %s: tmp", m->id);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while (errno = 0, (entry = readdir(d)))
		if (name_parse_ticket(entry->d_name, &name) &&
		    (name.pending || !pending_alone))
			add_ticket(t, &name);
	failed = errno;
	closedir(d);
	if (t->n)
		qsort(t->list, t->n, sizeof(t->list[0]), by_ulid);
	errno = failed;
	return failed ? err_sys(e, "mailbox %s: tmp", m->id) : 0;
}

void tickets_release(struct tickets *t)
{
	free(t->list);
	*t = (struct tickets){.list = NULL};
}

struct ticket_name *tickets_find(const struct tickets *t, const char *ulid)
{
	struct ticket_name key = {.pending = false};

	if (!t->n)
		return NULL;
	memcpy(key.ulid, ulid, sizeof(key.ulid));
	return bsearch(&key, t->list, t->n, sizeof(t->list[0]), by_ulid);
}

/* --- looking at one --------------------------------------------------------
 */

/* Wire octets of a sealed file, from its length and its header's length. */
static bool plain_size(int fd, const struct stat *st, uint64_t *octets_r)
{
	uint8_t bytes[AGE_HEADER_MAX];
	struct age_header header;
	ssize_t n = pread(fd, bytes, sizeof(bytes), 0);

	return n > 0 &&
	       age_header_parse(bytes, (size_t)n, &header) == AGE_PARSE_OK &&
	       (uint64_t)st->st_size > header.length &&
	       age_payload_plaintext((uint64_t)st->st_size - header.length,
				     octets_r);
}

static bool is_there(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Under whichever flags; without_line: moved to gone/ on a full disk. */
static bool find_in(int dir, bool without_line, struct message_name *name)
{
	const unsigned all =
		MESSAGE_NORMALISED | MESSAGE_UNCONFIRMED | MESSAGE_DAMAGED;
	char text[NAME_SIZE];

	for (name->flags = 0; name->flags <= all; name->flags++) {
		name_write_gone(name, without_line, text);
		if (is_there(dir, text))
			return true;
	}
	return false;
}

/*
 * cur/ first: what leaves goes from there to gone/, and never comes back while
 * byte 1 is held. By ULID and size, and not by inode: where a mailbox was
 * copied, two names of one file have become two files.
 */
static bool is_kept(const struct mailbox *m, struct message_name *name)
{
	return find_in(m->cur, false, name) ||
	       (m->gone >= 0 && (find_in(m->gone, false, name) ||
				 find_in(m->gone, true, name)));
}

/* A living writer holds the lock on its file. */
static bool writer_is_dead(int fd)
{
	struct flock f = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fcntl(fd, F_OFD_SETLK, &f) == 0;
}

/*
 * A pending one that has another name, but neither in cur/ nor in gone/, was
 * moved to lost/; an empty one was cut on a full disk, after it had left. Both
 * are done with.
 */
static enum ticket_state judge_pending(const struct mailbox *m,
				       const struct ticket *t,
				       const struct stat *st, bool whole)
{
	if (st->st_nlink > 1 || st->st_size == 0)
		return TICKET_UNFINISHED;
	if (whole)
		return TICKET_PENDING;
	log_warn("mailbox %s: tmp %s,P is not a whole message", m->id,
		 t->name.ulid);
	return TICKET_LIVE;
}

static void judge(const struct mailbox *m, struct ticket *t,
		  const struct stat *st)
{
	bool whole = plain_size(t->fd, st, &t->message.octets);

	if (whole && is_kept(m, &t->message))
		t->state = TICKET_KEPT;
	else if (t->name.pending)
		t->state = judge_pending(m, t, st, whole);
	else
		t->state = TICKET_UNFINISHED;
}

int ticket_look(const struct mailbox *m, const struct ticket_name *name,
		struct ticket *t_r, struct err *e)
{
	char text[NAME_SIZE];
	struct stat st;

	*t_r = (struct ticket){.name = *name, .state = TICKET_LIVE};
	memcpy(t_r->message.ulid, name->ulid, sizeof(name->ulid));
	name_write_ticket(name, text);
	t_r->fd = openat(m->tmp, text,
			 O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (t_r->fd < 0)
		return errno == ENOENT
			       ? 0
			       : err_sys(e, "mailbox %s: tmp %s", m->id, text);
	if (fstat(t_r->fd, &st) < 0)
		return err_sys(e, "mailbox %s: tmp %s", m->id, text);
	/* Looked at under the lock: it may have been kept or dropped. */
	if (S_ISREG(st.st_mode) && writer_is_dead(t_r->fd) &&
	    fstat(t_r->fd, &st) == 0 && st.st_nlink > 0)
		judge(m, t_r, &st);
	return 0;
}

void ticket_close(struct ticket *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}

/* --- acting ----------------------------------------------------------------
 */

int ticket_keep_pending(const struct mailbox *m, struct ticket *t,
			struct err *e)
{
	char ticket[NAME_SIZE], kept[NAME_SIZE];

	name_write_ticket(&t->name, ticket);
	t->message.flags = MESSAGE_UNCONFIRMED;
	name_write_kept(&t->message, kept);
	if (linkat(m->tmp, ticket, m->cur, kept, 0) < 0 && errno != EEXIST)
		return err_sys(e, "mailbox %s: keep tmp %s", m->id, ticket);
	t->state = TICKET_KEPT;
	fault_point("ticket.kept");
	return 0;
}

int ticket_digest(const struct mailbox *m, const struct ticket *t,
		  uint8_t digest_r[DIGEST_SIZE], struct err *e)
{
	if (file_digest(t->fd, digest_r) < 0)
		return err_sys(e, "mailbox %s: tmp %s", m->id, t->name.ulid);
	return 0;
}

int ticket_unlink(const struct mailbox *m, const struct ticket_name *name,
		  struct err *e)
{
	char text[NAME_SIZE];

	name_write_ticket(name, text);
	if (unlinkat(m->tmp, text, 0) < 0 && errno != ENOENT)
		return err_sys(e, "mailbox %s: unlink tmp %s", m->id, text);
	return 0;
}

/* Those of which a batch says that they have left, taken out of the list. */
static void take_out(void *arg, const struct spool_batch *b)
{
	struct tickets *t = arg;
	const char *at = b->lines, *end = at + b->n_octets, *text;
	struct ticket_name *named;
	struct entry e;
	size_t n;

	while (spool_next_line(&at, end, &text, &n)) {
		if (!entry_parse(text, n, &e) || e.kind != ENTRY_GONE)
			continue;
		named = tickets_find(t, e.gone.ulid);
		if (named)
			memmove(named, named + 1,
				(size_t)(t->list + t->n-- - named - 1) *
					sizeof(*named));
	}
}

static int keep_one(const struct mailbox *m, const struct ticket_name *name,
		    struct err *e)
{
	struct ticket t;
	int result = ticket_look(m, name, &t, e);

	if (result == 0 && t.state == TICKET_PENDING)
		result = ticket_keep_pending(m, &t, e);
	ticket_close(&t);
	return result;
}

static int keep_all(const struct mailbox *m, int64_t end, struct tickets *t,
		    struct err *e)
{
	const struct spool_visitor v = {.batch = take_out, .arg = t};

	if (spool_read_all(m, &v, e) < 0)
		return -1;
	for (size_t i = 0; i < t->n && clock_ms() < end; i++)
		if (keep_one(m, &t->list[i], e) < 0)
			return -1;
	if (fsync(m->cur) < 0)
		return err_sys(e, "mailbox %s: fsync cur", m->id);
	return 0;
}

int tickets_keep_pending(const struct mailbox *m, int64_t end, struct err *e)
{
	struct tickets t;
	int result = tickets_scan(m, true, &t, e);

	if (result == 0 && t.n)
		result = keep_all(m, end, &t, e);
	tickets_release(&t);
	return result;
}

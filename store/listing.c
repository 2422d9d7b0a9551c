/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The directories of a mailbox as lists. Opens no message, changes no record.
 */
#include "common/base.h"
#include "store/listing.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/log.h"
#include "store/age.h"
#include "store/fault.h"

/* --- cur/ ------------------------------------------------------------------
 */

static void add_entry(struct listing *l, const struct message_name *name)
{
	l->list = xgrow(l->list, l->n, sizeof(*l->list));
	l->list[l->n++] = (struct listing_entry){
		.name = *name,
		.sequence = LISTING_NO_SEQUENCE,
	};
}

static int by_ulid(const void *a, const void *b)
{
	const struct listing_entry *x = a, *y = b;

	return memcmp(x->name.ulid, y->name.ulid, ULID_LEN);
}

static int by_sequence(const void *a, const void *b)
{
	const struct listing_entry *x = a, *y = b;

	if (x->sequence != y->sequence)
		return x->sequence < y->sequence ? -1 : 1;
	return by_ulid(a, b);
}

/* A directory stream of its own, so that the offset is nobody else's. */
static DIR *open_stream(const struct mailbox *m, const char *name,
			struct err *e)
{
	int fd = openat(m->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		err_sys(e, "mailbox %s: %s", m->id, name);
		if (fd >= 0)
			close(fd);
	}
	return d;
}

int listing_scan(const struct mailbox *m, struct listing *l, struct err *e)
{
	DIR *d = open_stream(m, "cur", e);
	struct message_name name;
	struct dirent *entry;
	int failed;

	*l = (struct listing){.list = NULL};
	if (!d)
		return -1;
	while (errno = 0, (entry = readdir(d)))
		if (name_parse_kept(entry->d_name, &name))
			add_entry(l, &name);
	failed = errno;
	closedir(d);
	if (failed) {
		errno = failed;
		return err_sys(e, "mailbox %s: cur", m->id);
	}
	if (l->n)
		qsort(l->list, l->n, sizeof(l->list[0]), by_ulid);
	return 0;
}

void listing_release(struct listing *l)
{
	free(l->list);
	*l = (struct listing){.list = NULL};
}

void listing_sort_by_sequence(struct listing *l)
{
	if (l->n)
		qsort(l->list, l->n, sizeof(l->list[0]), by_sequence);
}

/* --- tmp/ ------------------------------------------------------------------
 */

static void add_ticket(struct tickets *t, const struct ticket_name *name)
{
	t->list = xgrow(t->list, t->n, sizeof(*t->list));
	t->list[t->n++] = *name;
}

static int ticket_by_ulid(const void *a, const void *b)
{
	const struct ticket_name *x = a, *y = b;

	return memcmp(x->ulid, y->ulid, ULID_LEN);
}

int tickets_scan(const struct mailbox *m, struct tickets *t, struct err *e)
{
	DIR *d = open_stream(m, "tmp", e);
	struct ticket_name name;
	struct dirent *entry;

	*t = (struct tickets){.list = NULL};
	if (!d)
		return -1;
	while ((entry = readdir(d)))
		if (name_parse_ticket(entry->d_name, &name))
			add_ticket(t, &name);
	closedir(d);
	if (t->n)
		qsort(t->list, t->n, sizeof(t->list[0]), ticket_by_ulid);
	return 0;
}

void tickets_release(struct tickets *t)
{
	free(t->list);
	*t = (struct tickets){.list = NULL};
}

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

/* With a ticket: as another name of that file. */
static bool is_in_cur(const struct mailbox *m, const struct message_name *name,
		      const struct stat *ticket)
{
	char kept[NAME_SIZE];
	struct stat st;

	name_write_kept(name, kept);
	return fstatat(m->cur, kept, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (!ticket ||
		(st.st_dev == ticket->st_dev && st.st_ino == ticket->st_ino));
}

/* Under whichever flags. */
static bool find_in_cur(const struct mailbox *m, const struct stat *ticket,
			struct message_name *name)
{
	const unsigned all =
		MESSAGE_NORMALISED | MESSAGE_UNCONFIRMED | MESSAGE_DAMAGED;

	for (name->flags = 0; name->flags <= all; name->flags++)
		if (is_in_cur(m, name, ticket))
			return true;
	return false;
}

/* Opens a ticket; -1 with result 0: it is not there (any more). */
static int open_ticket(const struct mailbox *m, const struct ticket_name *t,
		       int flags, int *result_r, struct err *e)
{
	char name[NAME_SIZE];
	int fd;

	name_write_ticket(t, name);
	fd = openat(m->tmp, name, flags | O_CLOEXEC | O_NOFOLLOW);
	*result_r = 0;
	if (fd < 0 && errno != ENOENT)
		*result_r = err_sys(e, "mailbox %s: tmp %s", m->id, name);
	return fd;
}

int ticket_find(const struct mailbox *m, const struct ticket_name *t,
		enum ticket_state *state_r, struct message_name *name_r,
		struct err *e)
{
	struct stat st;
	int result, fd = open_ticket(m, t, O_RDONLY, &result, e);

	*state_r = TICKET_UNFINISHED;
	if (fd < 0)
		return result;
	memcpy(name_r->ulid, t->ulid, sizeof(name_r->ulid));
	if (fstat(fd, &st) == 0 && st.st_nlink > 1 &&
	    plain_size(fd, &st, &name_r->octets) && find_in_cur(m, &st, name_r))
		*state_r = TICKET_KEPT;
	close(fd);
	return 0;
}

static int unlink_name(const struct mailbox *m, const struct ticket_name *t,
		       struct err *e)
{
	char name[NAME_SIZE];

	name_write_ticket(t, name);
	if (unlinkat(m->tmp, name, 0) < 0 && errno != ENOENT)
		return err_sys(e, "mailbox %s: unlink tmp %s", m->id, name);
	return 0;
}

int ticket_unlink(const struct mailbox *m, const char *ulid, struct err *e)
{
	struct ticket_name t = {.pending = false};

	memcpy(t.ulid, ulid, sizeof(t.ulid));
	if (unlink_name(m, &t, e) < 0)
		return -1;
	t.pending = true;
	return unlink_name(m, &t, e);
}

int message_unlink(const struct mailbox *m, const struct message_name *name,
		   struct err *e)
{
	char kept[NAME_SIZE];

	if (ticket_unlink(m, name->ulid, e) < 0)
		return -1;
	fault_point("removing.ticket");
	name_write_kept(name, kept);
	if (unlinkat(m->cur, kept, 0) < 0 && errno != ENOENT)
		return err_sys(e, "mailbox %s: unlink cur %s", m->id, kept);
	return 0;
}

/* A living writer holds the lock on its file. */
static bool writer_is_dead(int fd)
{
	struct flock f = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fcntl(fd, F_OFD_SETLK, &f) == 0;
}

static int link_unconfirmed(const struct mailbox *m,
			    const struct ticket_name *t, int fd,
			    struct message_name *name_r, struct err *e)
{
	char ticket[NAME_SIZE], kept[NAME_SIZE];
	struct stat st;

	name_write_ticket(t, ticket);
	memcpy(name_r->ulid, t->ulid, sizeof(name_r->ulid));
	if (fstat(fd, &st) < 0 || !plain_size(fd, &st, &name_r->octets)) {
		log_warn("mailbox %s: tmp %s is not a whole message", m->id,
			 ticket);
		return 0;
	}
	/* Where the mailbox was copied, two names have become two files. */
	if (find_in_cur(m, NULL, name_r))
		return 1;
	name_r->flags = MESSAGE_UNCONFIRMED;
	name_write_kept(name_r, kept);
	if (linkat(m->tmp, ticket, m->cur, kept, 0) < 0 || fsync(m->cur) < 0)
		return err_sys(e, "mailbox %s: keep tmp %s", m->id, ticket);
	return 1;
}

int ticket_keep_pending(const struct mailbox *m, const struct ticket_name *t,
			struct message_name *name_r, struct err *e)
{
	int result, fd = open_ticket(m, t, O_RDWR, &result, e);
	struct stat st;

	if (fd < 0)
		return result;
	/* Looked at under the lock: it may have been kept or dropped. */
	if (writer_is_dead(fd) && fstat(fd, &st) == 0 && st.st_nlink == 1)
		result = link_unconfirmed(m, t, fd, name_r, e);
	close(fd);
	return result;
}

int ticket_remove_dead(const struct mailbox *m, const struct ticket_name *t,
		       struct err *e)
{
	struct message_name name;
	enum ticket_state state;
	int result, fd = open_ticket(m, t, O_RDWR, &result, e);

	if (fd < 0)
		return result;
	/* Looked at again under the lock: it may have been kept meanwhile. */
	if (writer_is_dead(fd)) {
		result = ticket_find(m, t, &state, &name, e);
		if (result == 0 && state == TICKET_UNFINISHED && !t->pending)
			result = unlink_name(m, t, e) < 0 ? -1 : 1;
	}
	close(fd);
	return result;
}

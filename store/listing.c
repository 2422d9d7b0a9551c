/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Directories of a mailbox as lists. Opens no message, changes nothing. */
#include "common/base.h"
#include "store/listing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"

enum { NAMES_PER_LOOK = 256 }; /* at the clock */

static void add_entry(struct listing *l, const struct message_name *name,
		      bool mark)
{
	struct listing_entry *entry;

	l->list = xgrow(l->list, l->n, sizeof(*l->list));
	entry = &l->list[l->n++];
	*entry = (struct listing_entry){.octets = 0};
	ulid_pack(name->ulid, entry->ulid);
	entry->octets = name->octets & LISTING_OCTETS_MAX;
	entry->flags = name->flags & 15;
	entry->mark = mark;
}

static int by_ulid(const void *a, const void *b)
{
	const struct listing_entry *x = a, *y = b;
	int order = memcmp(x->ulid, y->ulid, sizeof(x->ulid));

	if (order != 0)
		return order;
	/* Of two names of one message the one without U comes first. */
	return (int)(x->flags & MESSAGE_UNCONFIRMED) -
	       (int)(y->flags & MESSAGE_UNCONFIRMED);
}

static void keep_one_of_each(struct listing *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct listing_entry *last = n ? &l->list[n - 1] : NULL;

		if (last && memcmp(last->ulid, l->list[i].ulid,
				   sizeof(last->ulid)) == 0) {
			last->twin = 1;
			last->mark |= l->list[i].mark;
			continue;
		}
		l->list[n++] = l->list[i];
		l->octets += l->list[i].octets;
	}
	l->n = n;
}

/* A directory stream of its own, so that the offset is nobody else's. */
static DIR *open_stream(const struct mailbox *m, const char *name,
			struct err *e)
{
	int fd = openat(m->dir, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (d)
		return d;
	err_sys(e, "mailbox %s: %s", m->id, name);
	if (fd >= 0)
		close(fd);
	return NULL;
}

static int read_names(const struct mailbox *m, DIR *d, const char *where,
		      bool (*parse)(const char *text, struct message_name *n_r,
				    bool *mark_r),
		      int64_t end, struct listing *l, struct err *e)
{
	struct message_name name;
	struct dirent *entry;
	bool mark;

	for (size_t i = 1; errno = 0, (entry = readdir(d)); i++) {
		if (parse(entry->d_name, &name, &mark) &&
		    name.octets <= LISTING_OCTETS_MAX)
			add_entry(l, &name, mark);
		if (end && i % NAMES_PER_LOOK == 0 && clock_ms() >= end)
			return err_set(e, ERR_TEMP,
				       "mailbox %s: listing %s takes longer "
				       "than a login may: the disk is slow, or "
				       "there is too much in it",
				       m->id, where);
	}
	return errno ? err_sys(e, "mailbox %s: %s", m->id, where) : 0;
}

static int scan(const struct mailbox *m, const char *where,
		bool (*parse)(const char *text, struct message_name *n_r,
			      bool *mark_r),
		int64_t end, struct listing *l, struct err *e)
{
	DIR *d = open_stream(m, where, e);
	int result;

	*l = (struct listing){.list = NULL};
	if (!d)
		return -1;
	result = read_names(m, d, where, parse, end, l, e);
	closedir(d);
	if (result < 0)
		return -1;
	if (l->n)
		qsort(l->list, l->n, sizeof(l->list[0]), by_ulid);
	keep_one_of_each(l);
	return 0;
}

static bool parse_kept(const char *text, struct message_name *n_r, bool *mark_r)
{
	*mark_r = false;
	return name_parse_kept(text, n_r);
}

int listing_scan(const struct mailbox *m, int64_t end, struct listing *l,
		 struct err *e)
{
	return scan(m, "cur", parse_kept, end, l, e);
}

int listing_scan_gone(const struct mailbox *m, int64_t end, struct listing *l,
		      struct err *e)
{
	return scan(m, "gone", name_parse_gone, end, l, e);
}

void listing_release(struct listing *l)
{
	free(l->list);
	*l = (struct listing){.list = NULL};
}

struct listing_entry *listing_find(const struct listing *l, const char *ulid)
{
	uint8_t packed[ULID_PACKED_SIZE];
	size_t low = 0, high = l->n;

	ulid_pack(ulid, packed);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order =
			memcmp(l->list[middle].ulid, packed, sizeof(packed));

		if (order == 0)
			return &l->list[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

void listing_name(const struct listing_entry *entry, struct message_name *n_r)
{
	ulid_unpack(entry->ulid, n_r->ulid);
	n_r->octets = entry->octets;
	n_r->flags = entry->flags;
}

void listing_file_name(const struct listing_entry *entry, bool in_gone,
		       char text[NAME_SIZE])
{
	struct message_name name;

	listing_name(entry, &name);
	if (in_gone)
		name_write_gone(&name, entry->mark, text);
	else
		name_write_kept(&name, text);
}

void listing_drop_named(struct listing *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (l->list[i].named)
			l->octets -= l->list[i].octets;
		else
			l->list[n++] = l->list[i];
	}
	l->n = n;
}

int64_t listing_time(const struct listing_entry *entry)
{
	char ulid[ULID_LEN + 1];

	ulid_unpack(entry->ulid, ulid);
	return ulid_time_ms(ulid) / 1000;
}

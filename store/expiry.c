/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ledger's list, read with bounds although its writer is stronger, and
 * obeyed within what the mailbox's own settings allow: a ledger that was taken
 * over takes nothing from a mailbox that lets nothing expire.
 */
#include "common/base.h"
#include "store/expiry.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include "common/log.h"
#include "common/read_all.h"
#include "store/fault.h"
#include "store/leaving.h"
#include "store/settled.h"
#include "store/ledger/spool_reader.h"

/* --- for the ledger --------------------------------------------------------
 */

int expiry_candidates(struct store *s, const char *id, int64_t before,
		      void (*each)(void *arg,
				   const uint8_t ulid[ULID_PACKED_SIZE]),
		      void *arg, struct err *e)
{
	struct mailbox *m = mailbox_look_into(s, id, e);
	struct listing cur = {.list = NULL};
	int result;

	if (!m)
		return -1;
	result = listing_scan(m, 0, &cur, e);
	for (size_t i = 0; result == 0 && i < cur.n; i++)
		if (listing_time(&cur.list[i]) < before)
			each(arg, cur.list[i].ulid);
	listing_release(&cur);
	mailbox_close(&m);
	return result;
}

/* --- for the sweep ---------------------------------------------------------
 */

/* -1: there is none, or it is no such file. */
static int open_list(const struct mailbox *m, struct stat *st_r)
{
	char path[512];
	int fd;

	if (!m->store->ledger ||
	    snprintf(path, sizeof(path), "%s/%s/" EXPIRY_FILE, m->store->ledger,
		     m->id) >= (int)sizeof(path))
		return -1;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, st_r) == 0 && S_ISREG(st_r->st_mode))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool may_expire(const struct mailbox *m)
{
	return m->settings.expire && !m->settings.hold;
}

bool expiry_waits(const struct mailbox *m)
{
	struct stat st;
	int fd = may_expire(m) ? open_list(m, &st) : -1;

	if (fd < 0)
		return false;
	close(fd);
	return st.st_size > 0;
}

struct both {
	const struct listing *cur, *gone;
	size_t n; /* named in cur/ */
};

static void note_line(void *arg, const char *text, size_t n)
{
	struct both *b = arg;
	struct listing_entry *found;
	struct entry entry;

	if (!entry_parse(text, n, &entry) || entry.kind != ENTRY_GONE ||
	    strcmp(entry.gone.by, "expiry") != 0)
		return;
	found = listing_find(b->cur, entry.gone.ulid);
	if (found) {
		b->n += !found->named;
		found->named = 1;
	}
	found = listing_find(b->gone, entry.gone.ulid);
	if (found)
		found->named = 1;
}

size_t expiry_mark(const char *text, size_t n, const struct listing *cur,
		   const struct listing *gone)
{
	struct both b = {cur, gone, 0};
	const struct spool_visitor v = {.line = note_line, .arg = &b};

	(void)spool_parse(text, n, true, &v);
	return b.n;
}

static int mark(const struct mailbox *m, const struct listing *cur,
		const struct listing *gone, size_t *n_r, struct err *e)
{
	struct stat st;
	int fd = open_list(m, &st), result = 0;
	struct buf text;

	*n_r = 0;
	if (fd < 0)
		return 0;
	buf_init(&text, EXPIRY_OCTETS_MAX);
	if (read_all(fd, &text) < 0)
		result = err_sys(e, "ledger %s: " EXPIRY_FILE, m->id);
	else
		*n_r = expiry_mark(text.data, text.len, cur, gone);
	buf_release(&text);
	close(fd);
	return result;
}

static int move_named(const struct mailbox *m, const struct listing *cur,
		      struct err *e)
{
	for (size_t i = 0; i < cur->n; i++) {
		if (!cur->list[i].named)
			continue;
		if (leaving_move(m, &cur->list[i], false, e) < 0)
			return -1;
		fault_point("expiry.moved");
	}
	if (leaving_sync(m, e) < 0)
		return -1;
	fault_point("expiry.synced");
	return 0;
}

int expiry_act(struct mailbox *m, struct listing *cur, struct listing *gone,
	       size_t *n_r, struct err *e)
{
	struct leaving_report ignored;
	size_t again;

	*n_r = 0;
	if (!may_expire(m))
		return 0;
	if (mark(m, cur, gone, n_r, e) < 0)
		return -1;
	if (!*n_r)
		return 0;
	log_info("mailbox %s: %zu messages expired", m->id, *n_r);
	if (move_named(m, cur, e) < 0)
		return -1;
	listing_release(cur);
	listing_release(gone);
	if (settled_scan(m, 0, cur, gone, &ignored, e) < 0)
		return -1;
	return mark(m, cur, gone, &again, e);
}

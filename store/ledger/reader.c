/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A ledger's files, read in blocks. Changes nothing. */
#include "common/base.h"
#include "store/ledger/reader.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include "common/log.h"
#include "common/num.h"
#include "common/read_all.h"

enum { BLOCK = 256 * 1024 };

/* --- opening ---------------------------------------------------------------
 */

static int open_one(int dir, const char *name, uint64_t *octets_r,
		    struct err *e)
{
	int fd = openat(dir, name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return err_open(e, "ledger: %s", name);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		*octets_r = (uint64_t)st.st_size;
		return fd;
	}
	close(fd);
	return err_set(e, ERR_DAMAGED, "ledger: %s is no regular file", name);
}

int ledger_open(int dir, struct ledger *l, struct err *e)
{
	*l = (struct ledger){.entries = -1, .offsets = -1, .tiles = -1};
	l->entries = open_one(dir, "entries", &l->octets, e);
	if (l->entries >= 0)
		l->offsets = open_one(dir, "offsets", &l->offsets_size, e);
	if (l->offsets >= 0)
		l->tiles = open_one(dir, "tiles", &l->tiles_size, e);
	if (l->tiles < 0) {
		ledger_close(l);
		return -1;
	}
	l->size = l->offsets_size / LEDGER_OFFSET_SIZE;
	if (l->tiles_size / DIGEST_SIZE < l->size)
		l->size = l->tiles_size / DIGEST_SIZE;
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void ledger_close(struct ledger *l)
{
	close_fd(&l->entries);
	close_fd(&l->offsets);
	close_fd(&l->tiles);
}

int ledger_small(int dir, const char *name, struct buf *out, struct err *e)
{
	uint64_t octets;
	int fd = open_one(dir, name, &octets, e);
	int result = 0;

	buf_reset(out);
	if (fd < 0)
		return -1;
	if (octets > out->max)
		result =
			err_set(e, ERR_DAMAGED, "ledger: %s is too long", name);
	else if (read_all(fd, out) < 0)
		result = err_sys(e, "ledger: %s", name);
	close(fd);
	return result;
}

/* --- reading ---------------------------------------------------------------
 */

static int read_exactly(int fd, const char *name, void *out, size_t n,
			uint64_t at, struct err *e)
{
	ssize_t got = read_up_to_at(fd, out, n, at);

	if (got < 0)
		return err_sys(e, "ledger: %s", name);
	if ((size_t)got < n)
		return err_set(e, ERR_DAMAGED,
			       "ledger: %s ends before octet %llu", name,
			       (unsigned long long)(at + n));
	return 0;
}

int ledger_hashes(const struct ledger *l, uint64_t first, size_t n,
		  uint8_t *hashes_r, struct err *e)
{
	return read_exactly(l->tiles, "tiles", hashes_r, n * DIGEST_SIZE,
			    first * DIGEST_SIZE, e);
}

int ledger_offsets(const struct ledger *l, uint64_t first, size_t n,
		   uint8_t *offsets_r, struct err *e)
{
	return read_exactly(l->offsets, "offsets", offsets_r,
			    n * LEDGER_OFFSET_SIZE, first * LEDGER_OFFSET_SIZE,
			    e);
}

int ledger_offset(const struct ledger *l, uint64_t i, uint64_t *at_r,
		  struct err *e)
{
	uint8_t bytes[LEDGER_OFFSET_SIZE];

	if (ledger_offsets(l, i, 1, bytes, e) < 0)
		return -1;
	*at_r = num_load64(bytes);
	return 0;
}

int ledger_line(const struct ledger *l, uint64_t i, struct buf *out,
		struct err *e)
{
	char text[LINE_OCTETS_MAX + 1];
	const char *lf = NULL;
	uint64_t at;
	ssize_t got;

	if (ledger_offset(l, i, &at, e) < 0)
		return -1;
	got = at < l->octets ? read_up_to_at(l->entries, text, sizeof(text), at)
			     : 0;
	if (got < 0)
		return err_sys(e, "ledger: entries");
	if (got > 0)
		lf = memchr(text, '\n', (size_t)got);
	buf_reset(out);
	if (!lf || !buf_add(out, text, (size_t)(lf - text)))
		return err_set(e, ERR_DAMAGED, "ledger: entry %llu: no line",
			       (unsigned long long)i);
	return 0;
}

/* --- all of them -----------------------------------------------------------
 */

struct walk {
	bool (*each)(void *arg, uint64_t i, uint64_t at, const char *text,
		     size_t n);
	void *arg;
	uint64_t i, at;
	bool ended;
};

/* What is whole in a block; returns how many octets that is. */
static size_t walk_block(struct walk *w, const char *block, size_t n)
{
	const char *at = block, *end = block + n;

	while (!w->ended && at < end) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((lf ? lf : end) - at);

		if (len > LINE_OCTETS_MAX)
			w->ended = true;
		if (!lf || w->ended)
			break;
		w->ended = !w->each(w->arg, w->i, w->at, at, len);
		w->i++;
		w->at += len + 1;
		at = lf + 1;
	}
	return (size_t)(at - block);
}

int64_t ledger_each(const struct ledger *l,
		    bool (*each)(void *arg, uint64_t i, uint64_t at,
				 const char *text, size_t n),
		    void *arg, struct err *e)
{
	struct walk w = {.each = each, .arg = arg};
	char *block = xmalloc(BLOCK);
	bool failed = false;

	while (!w.ended && w.at < l->octets) {
		uint64_t left = l->octets - w.at;
		ssize_t got = read_up_to_at(l->entries, block,
					    left < BLOCK ? (size_t)left : BLOCK,
					    w.at);

		failed = got < 0;
		if (got <= 0 || walk_block(&w, block, (size_t)got) == 0)
			break;
	}
	if (failed)
		err_sys(e, "ledger: entries");
	free(block);
	return failed ? -1 : (int64_t)w.i;
}

/* --- proving ---------------------------------------------------------------
 */

static int lend(void *arg, uint64_t first, size_t n, uint8_t *hashes_r,
		struct err *e)
{
	return ledger_hashes(arg, first, n, hashes_r, e);
}

struct tree_source ledger_source(const struct ledger *l)
{
	return (struct tree_source){.leaves = lend,
				    .arg = (void *)(uintptr_t)l};
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writing admin.spool. Whoever writes holds the mailbox's (or the store's)
 * directory lock, so that there is one writer at a time.
 */
#include "common/base.h"
#include "store/admin/spool.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/read_all.h"
#include "store/admin/admin.h"
#include "store/admin/files.h"
#include "store/fault.h"
#include "store/mailbox_private.h"

#define SPOOL "admin.spool"

enum { SPOOL_OCTETS_MAX = 1024 * 1024, SPOOLS_MAX = 10000 };

void admin_line_begin(struct admin_line *l, const struct store *s,
		      const char *kind, const char *what)
{
	buf_init(&l->text, LINE_OCTETS_MAX + 1);
	line_begin(&l->w, &l->text, kind);
	line_add_time(&l->w, "time", time(NULL));
	line_add(&l->w, "by", "administrator");
	line_add(&l->w, "who", s->who ? s->who : "-");
	line_add(&l->w, "how", s->how ? s->how : "-");
	line_add(&l->w, "what", what);
}

void store_acts_for(struct store *s, const char *who, const char *how)
{
	free(s->who);
	free(s->how);
	s->who = xstrdup(who);
	s->how = xstrdup(how);
}

/* --- the file ------------------------------------------------------------- */

/* A full one makes room under the next number that is free. */
static int put_aside(int dir, struct err *e)
{
	for (unsigned n = 1; n < SPOOLS_MAX; n++) {
		char name[32];

		snprintf(name, sizeof(name), SPOOL ".%u", n);
		if (faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		return admin_rename(dir, SPOOL, name, e);
	}
	return err_set(e, ERR_TEMP, "more than %d of " SPOOL, SPOOLS_MAX);
}

/* Its name is durable before a line in it counts. */
static int make_spool(int dir, struct err *e)
{
	if (admin_make_file(dir, SPOOL, ADMIN_MODE_FILE, "", 0, e) < 0)
		return -1;
	return admin_sync(dir, ".", e);
}

static int open_spool(int dir, struct err *e)
{
	struct stat st;
	int fd;

	if (fstatat(dir, SPOOL, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_size >= SPOOL_OCTETS_MAX && put_aside(dir, e) < 0)
		return -1;
	if (faccessat(dir, SPOOL, F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
	    make_spool(dir, e) < 0)
		return -1;
	fd = openat(dir, SPOOL,
		    O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? err_sys(e, SPOOL) : fd;
}

/* What a killed writer left without its end does not eat the next line. */
static bool ends_torn(int fd)
{
	struct stat st;
	char last = '\n';

	return fstat(fd, &st) == 0 && st.st_size > 0 &&
	       pread(fd, &last, 1, st.st_size - 1) == 1 && last != '\n';
}

static int append(int fd, const struct buf *text)
{
	if (ends_torn(fd) && write_all(fd, "\n", 1) < 0)
		return -1;
	if (write_all(fd, text->data, text->len) < 0)
		return -1;
	fault_point("admin.spool.written");
	return fsync(fd);
}

static int write_lines(int dir, const struct buf *text, struct err *e)
{
	int fd = open_spool(dir, e), result = 0;

	if (fd < 0)
		return -1;
	if (append(fd, text) < 0)
		result = err_sys(e, SPOOL);
	close(fd);
	fault_point("admin.spool.synced");
	return result;
}

bool admin_lines_add(struct buf *lines, struct admin_line *l)
{
	bool good =
		line_end(&l->w) && buf_add(lines, l->text.data, l->text.len);

	buf_release(&l->text);
	return good;
}

int admin_lines_write(const struct buf *lines, int dir, struct err *e)
{
	return write_lines(dir, lines, e);
}

int admin_line_write(struct admin_line *l, int dir, struct err *e)
{
	int result;

	if (line_end(&l->w))
		result = write_lines(dir, &l->text, e);
	else
		result = err_set(e, ERR_CONFIG,
				 SPOOL ": a line is longer than %d octets",
				 LINE_OCTETS_MAX);
	buf_release(&l->text);
	return result;
}

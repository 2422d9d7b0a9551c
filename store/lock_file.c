/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The lock file of a mailbox: bytes that are locked, records that are written
 * whole. What lies in it was written by handlers: every record is decoded as
 * something that may be anything.
 */
#include "common/base.h"
#include "store/lock_file.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "store/record.h"

/* --- the bytes of the lock file ------------------------------------------- */

static int set_lock(const struct mailbox *m, enum mailbox_byte byte, short type)
{
	struct flock f = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = byte,
		.l_len = 1,
	};

	return fcntl(m->lock, F_OFD_SETLK, &f);
}

/*
 * F_OFD_SETLKW knows no deadline, and a timer signal can come just before the
 * call; so it is tried again at short, growing intervals.
 */
int mailbox_lock_byte(const struct mailbox *m, enum mailbox_byte byte,
		      bool exclusive, unsigned wait_ms, struct err *e)
{
	struct timespec pause = {.tv_nsec = 100 * 1000};
	int64_t end = clock_ms() + wait_ms;
	short type = exclusive ? F_WRLCK : F_RDLCK;

	while (set_lock(m, byte, type) < 0) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return err_sys(e, "mailbox %s: lock byte %d", m->id,
				       (int)byte);
		if (clock_ms() >= end)
			return err_set(e, ERR_BUSY,
				       "mailbox %s: lock byte %d is held",
				       m->id, (int)byte);
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < 4 * 1000 * 1000)
			pause.tv_nsec *= 2;
	}
	return 0;
}

void mailbox_unlock_byte(const struct mailbox *m, enum mailbox_byte byte)
{
	(void)set_lock(m, byte, F_UNLCK);
}

/* --- the records of the lock file ------------------------------------------
 */

int lock_file_read(const struct mailbox *m, off_t at, uint8_t *out, size_t size,
		   size_t *n_r, struct err *e)
{
	ssize_t n = pread(m->lock, out, size, at);

	if (n < 0)
		return err_sys(e, "mailbox %s: lock", m->id);
	*n_r = (size_t)n;
	return 0;
}

int lock_file_write(const struct mailbox *m, off_t at, const uint8_t *bytes,
		    size_t n, struct err *e)
{
	ssize_t done = pwrite(m->lock, bytes, n, at);

	if (done >= 0 && (size_t)done < n)
		errno = ENOSPC;
	if (done < 0 || (size_t)done < n)
		return err_sys(e, "mailbox %s: lock", m->id);
	return 0;
}

int mailbox_counters(const struct mailbox *m, struct counters *counters_r,
		     struct err *e)
{
	uint8_t bytes[COUNTERS_SIZE];
	size_t n = 0;

	if (lock_file_read(m, LOCK_FILE_COUNTERS_AT, bytes, sizeof(bytes), &n,
			   e) < 0)
		return -1;
	counters_decode(bytes, n, counters_r);
	return 0;
}

int counters_write(const struct mailbox *m, const struct counters *c,
		   struct err *e)
{
	uint8_t bytes[COUNTERS_SIZE];

	counters_encode(c, bytes);
	return lock_file_write(m, LOCK_FILE_COUNTERS_AT, bytes, sizeof(bytes),
			       e);
}

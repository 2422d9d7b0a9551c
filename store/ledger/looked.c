/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One line, both ways. Believes no octet of a file. */
#include "common/base.h"
#include "store/ledger/looked.h"

#include <fcntl.h>
#include <unistd.h>

#include "common/read_all.h"

bool looked_write(const struct looked *l, struct buf *out)
{
	struct line_writer w;

	line_begin(&w, out, "looked");
	line_add_time(&w, "time", l->when);
	line_add_number(&w, "missing", l->missing);
	line_add_number(&w, "differs", l->differs);
	return line_end(&w);
}

bool looked_parse(const char *text, size_t n, struct looked *l_r)
{
	struct line l;

	return n && text[n - 1] == '\n' && line_parse(text, n - 1, &l) &&
	       line_is(&l, "looked") &&
	       line_take_time(&l, "time", &l_r->when) &&
	       line_take_number(&l, "missing", INT64_MAX, &l_r->missing) &&
	       line_take_number(&l, "differs", INT64_MAX, &l_r->differs) &&
	       line_is_done(&l);
}

bool looked_read(int dir, struct looked *l_r)
{
	int fd = openat(dir, LOOKED_FILE,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char text[LINE_OCTETS_MAX + 1];
	ssize_t n = fd < 0 ? -1 : read_up_to(fd, text, sizeof(text));

	if (fd >= 0)
		close(fd);
	return n > 0 && looked_parse(text, (size_t)n, l_r);
}

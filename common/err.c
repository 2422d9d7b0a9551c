/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Errors as values. Never logs and never exits. */
#include "common/base.h"
#include "common/err.h"

/* Here they are what they are. */
#undef err_set
#undef err_sys
#undef err_open
#undef err_prefix

#include <errno.h>
#include <stdarg.h>
#include <sysexits.h>

enum { EXIT_IN_USE = 69, EXIT_NO_MAILBOX = 67 };

int err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	e->kind = kind;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return -1;
}

PRINTF_LIKE(3, 0)
static void set_sys(struct err *e, int saved, const char *fmt, va_list ap)
{
	size_t used;

	e->kind = saved == ENOSPC || saved == EDQUOT ? ERR_FULL : ERR_TEMP;
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	used = strlen(e->text);
	snprintf(e->text + used, sizeof(e->text) - used, ": %s",
		 strerror(saved));
	errno = saved;
}

int err_sys(struct err *e, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	set_sys(e, saved, fmt, ap);
	va_end(ap);
	return -1;
}

int err_open(struct err *e, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	set_sys(e, saved, fmt, ap);
	va_end(ap);
	if (saved == ENOENT)
		e->kind = ERR_ABSENT;
	return -1;
}

int err_prefix(struct err *e, const char *fmt, ...)
{
	char before[sizeof(e->text)];
	size_t used;
	va_list ap;

	memcpy(before, e->text, sizeof(before));
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	used = strlen(e->text);
	snprintf(e->text + used, sizeof(e->text) - used, ": %s", before);
	return -1;
}

int err_exit_code(enum err_kind kind)
{
	switch (kind) {
	case ERR_NONE:
		return 0;
	case ERR_ABSENT:
		return EXIT_NO_MAILBOX;
	case ERR_BUSY:
		return EXIT_IN_USE;
	case ERR_PASSWORD:
	case ERR_REFUSED:
		return EX_NOPERM;
	case ERR_CONFIG:
	case ERR_STATE:
		return EX_USAGE;
	case ERR_TEMP:
	case ERR_FULL:
	case ERR_QUOTA:
	case ERR_DAMAGED:
		break;
	}
	return EX_TEMPFAIL;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logging and dying. A line is one write, control characters made visible. */
#include "common/base.h"
#include "common/log.h"

#include <sys/stat.h>

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

static struct {
	const char *program;
	enum log_style style;
	bool syslog;
	unsigned lines; /* that a peer may have caused */
} identity = {.program = "restante", .style = LOG_STYLE_SERVICE};

static bool is_fd(const struct stat *object, int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_dev == object->st_dev &&
	       st.st_ino == object->st_ino;
}

static bool is_socket(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

/*
 * Under xinetd fd 2 is the socket too: the same object as fd 0 and 1. Where
 * fd 0 is none, fd 1 is no connection either: to a service that accepts,
 * systemd gives its journal as both fd 1 and 2.
 */
static bool stderr_is_the_connection(void)
{
	struct stat err;

	if (fstat(STDERR_FILENO, &err) < 0)
		return true; /* closed: nothing may be written there */
	return S_ISSOCK(err.st_mode) &&
	       (is_fd(&err, STDIN_FILENO) ||
		(is_socket(STDIN_FILENO) && is_fd(&err, STDOUT_FILENO)));
}

void log_open(const char *program, enum log_style style)
{
	identity.program = program;
	identity.style = style;
	identity.lines = 0;
	identity.syslog =
		style == LOG_STYLE_SERVICE && stderr_is_the_connection();
	if (identity.syslog)
		openlog(program, LOG_PID | LOG_NDELAY, LOG_MAIL);
}

bool log_uses_syslog(void)
{
	return identity.syslog;
}

/* A connection to the log of its own: the sandbox lets nobody mend one. */
void log_begin_session(void)
{
	identity.lines = 0;
	if (!identity.syslog)
		return;
	closelog();
	openlog(identity.program, LOG_PID | LOG_NDELAY, LOG_MAIL);
}

/* Text from outside may hold anything; a log line holds no control bytes. */
static void make_printable(char *s)
{
	for (; *s; s++)
		if (iscntrl((unsigned char)*s))
			*s = '?';
}

/*
 * A text may quote a peer's words: it gets no key and no value from them, so
 * that whoever looks for outcome= or mailbox= finds what we say. A person on
 * a terminal looks for nothing.
 */
static void encode(const char *text, char *out, size_t size)
{
	const char *const end = out + size - sizeof("%3D");

	for (; *text && out < end; text++)
		if (strchr("=\"%", *text) &&
		    identity.style == LOG_STYLE_SERVICE)
			out += snprintf(out, sizeof("%3D"), "%%%02X",
					(unsigned char)*text);
		else
			*out++ = *text;
	*out = '\0';
}

static void write_log_line(int priority, const char *text)
{
	char line[1600];
	int n;

	if (identity.style == LOG_STYLE_PERSON)
		n = snprintf(line, sizeof(line), "%s: %s\n", identity.program,
			     text);
	else
		n = snprintf(line, sizeof(line), "<%d>%s: %s\n", priority,
			     identity.program, text);
	if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0)
		return; /* there is nobody left to tell */
}

static void put_line(int priority, const char *text)
{
	if (identity.syslog)
		syslog(priority, "%s", text);
	else
		write_log_line(priority, text);
}

static void log_line(int priority, const char *fmt, va_list ap)
	PRINTF_LIKE(2, 0);

static void log_line(int priority, const char *fmt, va_list ap)
{
	char text[1500];
	int saved = errno;

	vsnprintf(text, sizeof(text), fmt, ap);
	make_printable(text);
	put_line(priority, text);
	errno = saved;
}

static void tell_line(int priority, const char *fmt, va_list ap)
	PRINTF_LIKE(2, 0);

/* The same for what may hold words from outside. */
static void tell_line(int priority, const char *fmt, va_list ap)
{
	char text[1500], encoded[1500];
	int saved = errno;

	vsnprintf(text, sizeof(text), fmt, ap);
	make_printable(text);
	encode(text, encoded, sizeof(encoded));
	put_line(priority, encoded);
	errno = saved;
}

/* Whether there may be one line more; what ends it is told in its place. */
static bool may_tell(void)
{
	unsigned n = identity.lines;

	if (identity.style == LOG_STYLE_PERSON)
		return true;
	if (n < LOG_LINES_MAX)
		identity.lines++;
	if (n == LOG_LINES_MAX - 1)
		log_always("line %u of this process: more is not logged",
			   identity.lines);
	return n < LOG_LINES_MAX - 1;
}

#define LOG_AT(priority)  LOG_BY(log_line, priority)
#define TELL_AT(priority) LOG_BY(tell_line, priority)
#define LOG_BY(line, priority)                                                 \
	do {                                                                   \
		va_list ap;                                                    \
		va_start(ap, fmt);                                             \
		line(priority, fmt, ap);                                       \
		va_end(ap);                                                    \
	} while (0)

void log_always(const char *fmt, ...)
{
	LOG_AT(LOG_INFO);
}

void log_info(const char *fmt, ...)
{
	if (may_tell())
		TELL_AT(LOG_INFO);
}

void log_warn(const char *fmt, ...)
{
	if (may_tell())
		TELL_AT(LOG_WARNING);
}

void log_error(const char *fmt, ...)
{
	if (may_tell())
		TELL_AT(LOG_ERR);
}

void die_usage(const char *fmt, ...)
{
	LOG_AT(LOG_ERR);
	exit(EX_USAGE);
}

void die_temp(const char *fmt, ...)
{
	LOG_AT(LOG_ERR);
	exit(EX_TEMPFAIL);
}

void die_bug(const char *fmt, ...)
{
	LOG_AT(LOG_CRIT);
	abort();
}

void *xmalloc(size_t n)
{
	void *p = malloc(n ? n : 1);

	if (!p)
		die_temp("out of memory: %zu bytes", n);
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		die_temp("out of memory: %zu times %zu bytes", n, size);
	return p;
}

void *xgrow(void *array, size_t n, size_t size)
{
	enum { FIRST = 16 };
	size_t room = n ? 2 * n : FIRST;
	void *p;

	if (n > 0 && (n < FIRST || (n & (n - 1)) != 0))
		return array;
	p = reallocarray(array, room, size);
	if (!p)
		die_temp("out of memory: %zu times %zu bytes", room, size);
	return p;
}

char *xstrdup(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(xmalloc(n), s, n);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One way to log, and the three ways to die. Lines go to stderr with
 * journald's priority prefix, or to syslog(3) where fd 2 is the connection
 * itself, as it is under xinetd: nothing of ours is ever written to a peer.
 */
#ifndef RESTANTE_COMMON_LOG_H
#define RESTANTE_COMMON_LOG_H

#include "common/base.h"

enum log_style {
	LOG_STYLE_SERVICE, /* "<6>text", or syslog where fd 2 is fd 0's peer */
	LOG_STYLE_PERSON,  /* "program: text" on a terminal */
};

/*
 * Decides where lines go; call it first in main(). Borrows program, which
 * must outlive the process. The log's identity is the one global there is.
 */
void log_open(const char *program, enum log_style style);

/* Fd 2 is the connection itself. */
bool log_uses_syslog(void);

/*
 * In a child that serves one connection of several: where lines go stays
 * decided, how many there may be begins anew.
 */
void log_begin_session(void);

/*
 * Text with words from outside, too: under a service "=", the double quote and
 * "%" are percent-encoded in it. Keys and values are log_always()'s.
 */
void log_info(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_warn(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_error(const char *fmt, ...) PRINTF_LIKE(1, 2);

/*
 * What a peer does may be told LOG_LINES_MAX times by a service: a disk that
 * anybody can fill is no log. log_always() is for what is told in any case, as
 * is what a process dies of: how a session ended, what somebody changed.
 */
enum { LOG_LINES_MAX = 200 };
void log_always(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Exit 64: used or configured wrongly. */
NO_RETURN void die_usage(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* Exit 75: try again later. Also the end of every failed allocation. */
NO_RETURN void die_temp(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* Abort: a fault of ours. */
NO_RETURN void die_bug(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* malloc and friends that die_temp() instead of returning NULL. */
void *xmalloc(size_t n) MUST_USE;
void *xcalloc(size_t n, size_t size) MUST_USE;
char *xstrdup(const char *s) MUST_USE;

/*
 * Makes room for one more member behind the n of an array, each of size
 * octets. Its room doubles at powers of two, so nobody has to remember it;
 * what is new in it holds nothing yet.
 */
void *xgrow(void *array, size_t n, size_t size) MUST_USE;

#endif

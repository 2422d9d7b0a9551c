/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How the world's failures are told: a kind, which decides the reply or the
 * exit code, and a text for the log. Owned by the caller, nothing to free.
 * What a peer did wrong is a reply, not an error; what we did wrong aborts.
 */
#ifndef RESTANTE_COMMON_ERR_H
#define RESTANTE_COMMON_ERR_H

#include "common/base.h"

enum err_kind {
	ERR_NONE,
	ERR_TEMP,     /* may pass: a lock, the network, a library */
	ERR_FULL,     /* no room: ENOSPC, EDQUOT, below the reserve */
	ERR_QUOTA,    /* a mailbox has what its own settings allow it */
	ERR_BUSY,     /* held by somebody else */
	ERR_ABSENT,   /* no such mailbox, message or file: known, not guessed */
	ERR_STATE,    /* not in this state: suspended, not suspended */
	ERR_DAMAGED,  /* does not open, or is not what its name says */
	ERR_PASSWORD, /* wrong password, wrong key */
	ERR_REFUSED,  /* another server says no, and it is not the password */
	ERR_CONFIG,   /* a file or an argument says what it may not */
};

struct err {
	enum err_kind kind;
	char text[1000]; /* all the lines of a server's refusal, mostly */
};

/* Sets kind and text. Returns -1, so that `return err_set(…)` reads well. */
int err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/*
 * The same for a failed system call: ": " and strerror(errno) are appended,
 * and the kind follows from errno (ENOSPC and EDQUOT are ERR_FULL, the rest
 * ERR_TEMP). Returns -1.
 */
int err_sys(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The same for one that opens what may not be there: ENOENT is ERR_ABSENT. */
int err_open(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Puts "text: " before what is there: context added by a caller. Returns -1. */
int err_prefix(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* What looks through one file cannot see what they return in another. */
#ifdef __clang_analyzer__
#define err_set(...)	(err_set(__VA_ARGS__), -1)
#define err_sys(...)	(err_sys(__VA_ARGS__), -1)
#define err_open(...)	(err_open(__VA_ARGS__), -1)
#define err_prefix(...) (err_prefix(__VA_ARGS__), -1)
#endif

/* The exit code of a program that ends because of this (interface: 64, 67, 69,
 * 75, 77). */
int err_exit_code(enum err_kind kind);

#endif

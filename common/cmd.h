/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One command table per protocol, one dispatcher for all. Whether a command
 * may run now (TLS, state, argument, pipelining) stands in its row and is
 * checked here and nowhere else.
 */
#ifndef RESTANTE_COMMON_CMD_H
#define RESTANTE_COMMON_CMD_H

#include "common/reply.h"

struct conn;

enum cmd_arg { CMD_ARG_NONE, CMD_ARG_OPTIONAL, CMD_ARG_REQUIRED };

enum cmd_flags {
	CMD_PRE_TLS = 1 << 0, /* allowed before TLS where TLS is required */
	CMD_LAST = 1 << 1,    /* nothing may be pipelined behind it: STARTTLS */
	CMD_SECRET = 1 << 2,  /* its line is wiped as soon as it has run */
	CMD_BYE = 1 << 3,     /* the peer's own end of the session: QUIT */
	CMD_BASE64 = 1 << 4,  /* once refused, a line behind it that is no
				 command may be the rest of it: AUTH */
};

struct cmd {
	const char *name; /* upper case; compared without regard to case */
	unsigned states;  /* bit mask of 1u << state in which it may run */
	enum cmd_arg arg;
	unsigned flags;
	/*
	 * session: the protocol's own, which the dispatcher only hands on.
	 * arg: the text behind the name and one space, never NULL.
	 */
	const struct reply *(*run)(void *session, const char *arg);
};

/* What is the same for every command of a protocol: the words for each rule. */
struct cmd_replies {
	const struct reply *unknown;  /* no such command */
	const struct reply *bad_line; /* bare LF, bare CR or NUL in it */
	const struct reply *too_long;
	const struct reply *pipelined; /* input behind a LAST command: ends */
	const struct reply *need_tls;
	const struct reply *bad_state;	    /* bad sequence of commands */
	const struct reply *no_argument;    /* one was needed */
	const struct reply *spare_argument; /* none was expected */
	const struct reply *rest_of_secret; /* behind one refused: ends */
	const struct reply *too_many_faults;
	const struct reply *timeout;
};

struct cmd_protocol {
	const struct cmd *table;
	size_t n_table;
	size_t max_line; /* octets of a command line, CRLF included */
	const struct cmd_replies *replies;
	unsigned (*state)(const void *session); /* the bit number */
	bool (*needs_tls)(const void *session); /* before this command */
	/* May replace the reply for a command in the wrong state; or NULL. */
	const struct reply *(*explain)(const void *session,
				       const struct cmd *cmd);
	/* Told of each answer; cmd is NULL where the line had none. Or NULL. */
	void (*answered)(void *session, const struct cmd *cmd,
			 const struct reply *r);
};

/* Why a session ended. */
enum cmd_end {
	CMD_END_CLOSED, /* a reply with REPLY_CLOSE: QUIT, or too many faults */
	CMD_END_DROPPED,   /* the peer vanished */
	CMD_END_TIMEOUT,   /* a deadline passed; the peer was told */
	CMD_END_FAULTS,	   /* the fault limit; the peer was told */
	CMD_END_PIPELINED, /* input behind a LAST command */
};

struct cmd_limits {
	unsigned line_seconds; /* deadline of one command line */
	unsigned max_faults;   /* 0: none */
};

/*
 * Reads commands and answers them until the session ends. Replies leave as
 * one record whenever no further input is buffered (RFC 2920 3.2).
 */
enum cmd_end cmd_loop(struct conn *c, const struct cmd_protocol *p,
		      const struct cmd_limits *limits, void *session);

/* The row of that name, or NULL. For the dispatcher and the grid test. */
const struct cmd *cmd_find(const struct cmd_protocol *p, const char *name,
			   size_t n);

#endif

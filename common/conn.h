/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One peer: buffered input by line or by block, buffered output that leaves
 * as one record, deadlines, octet counts; over a descriptor or over TLS.
 * Everything above it may rely on line and buffer limits; nothing above it
 * repeats them.
 */
#ifndef RESTANTE_COMMON_CONN_H
#define RESTANTE_COMMON_CONN_H

#include "common/buf.h"
#include "common/err.h"

struct conn;
struct tls;
struct tls_facts;

enum conn_status {
	CONN_OK,
	CONN_EOF,      /* the peer closed, or the connection broke */
	CONN_TIMEOUT,  /* the deadline passed */
	CONN_LONG,     /* a line over its limit: read away to its end */
	CONN_BAD_LINE, /* a line with bare LF, bare CR or NUL: read away */
};

/*
 * A connection on fd_in and fd_out: one socket, or two pipes. The descriptors
 * stay the caller's and are set non-blocking; TCP_NODELAY, keepalive and
 * TCP_USER_TIMEOUT are set on a TCP socket. There is no deadline until one is
 * set. SIGPIPE is the program's business (ignored in program_start()).
 */
struct conn *conn_new(int fd_in, int fd_out);

/* Flushes nothing, says no goodbye; frees and sets *c to NULL. */
void conn_free(struct conn **c);

/* No operation lasts beyond now + seconds, whatever deadlines come later. */
void conn_set_session_limit(struct conn *c, unsigned seconds);

/*
 * What is read or written from now on must end within seconds, plus one
 * second per min_rate octets moved meanwhile (0: nothing is added). A total,
 * not an idle time: one octet a second does not keep a session alive.
 */
void conn_set_deadline(struct conn *c, unsigned seconds, unsigned min_rate);

/*
 * Reads a line of at most max octets, its CRLF included, into line, which
 * must be able to hold max and gets it without the CRLF. Whatever else is
 * returned, line is empty and wiped. Output is not flushed.
 */
enum conn_status conn_read_line(struct conn *c, struct buf *line, size_t max);

/* From now on LF alone ends a line, too; no line holds a CR or NUL all the
 * same.
 */
void conn_take_lone_lf(struct conn *c);

/*
 * Lends the next input, at least one octet: *bytes_r stays valid until the
 * next read. The caller says how much it took with conn_consume().
 */
enum conn_status conn_peek(struct conn *c, const uint8_t **bytes_r,
			   size_t *n_r);
void conn_consume(struct conn *c, size_t n);

/*
 * Whether the peer has said something that was not read. Looks, and does not
 * wait.
 */
bool conn_has_said(struct conn *c);

/*
 * Reads n octets and takes none behind them off the descriptor: TLS may begin
 * there. Not under TLS.
 */
enum conn_status conn_read_exactly(struct conn *c, void *bytes, size_t n);

/* Whether input is buffered already: then a reply may wait (PIPELINING). */
bool conn_input_buffered(const struct conn *c);
/*
 * Whether there is something that poll(2) on the descriptor does not tell of: a
 * record, or a part of one, that is not opened yet, too.
 */
bool conn_need_not_wait(const struct conn *c);

/*
 * Output. Failures are remembered and met at conn_flush(): until then the
 * calls do nothing. A full buffer is written out on the way.
 */
void conn_write(struct conn *c, const void *bytes, size_t n);
void conn_printf(struct conn *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
enum conn_status conn_flush(struct conn *c);

/*
 * From now on a peer that takes nothing more and speaks ends our writing:
 * conn_broken(), and what it says is there to be read. Without this it would be
 * written to until the deadline.
 */
void conn_hear_while_writing(struct conn *c);

/*
 * Begins an answer that may be cut: then what of it is buffered is dropped,
 * what was written before it is sent, and nothing that is written later
 * arrives. The last octet of what was written is never among what has left
 * already.
 */
void conn_begin_answer(struct conn *c);
void conn_cut(struct conn *c);

/* Writing has failed, or was cut: nothing that is written now arrives. */
bool conn_broken(const struct conn *c);

/* Overwrites all but unconsumed input in the buffer: it held a secret. */
void conn_wipe_input(struct conn *c);

/* Overwrites the output buffer: what was sent from it held a secret. */
void conn_wipe_output(struct conn *c);

/*
 * The TLS handshake on this connection; takes t over in every case. Input
 * that was buffered in clear must have been refused before. -1: e says why,
 * and the connection is good for nothing but conn_free().
 */
int conn_start_tls(struct conn *c, struct tls *t, struct err *e);

/*
 * The session that will be needed when TLS is asked for, made ready beforehand;
 * takes t over. conn_take_tls() gives it away: NULL where there is none.
 */
void conn_prepare_tls(struct conn *c, struct tls *t);
struct tls *conn_take_tls(struct conn *c);

/* The descriptor that input comes from, to poll; see conn_need_not_wait(). */
int conn_fd(const struct conn *c);

/* NULL before TLS. */
const struct tls_facts *conn_tls(const struct conn *c);

/* The peer has asked for the end itself: conn_bye() need not hear it out. */
void conn_peer_ends(struct conn *c);

/*
 * Flushes, says goodbye, and hears the peer out until it has closed, so that
 * it gets our last words whatever it was sending: at most 10 seconds. Only
 * conn_free() may follow.
 */
void conn_bye(struct conn *c);

/* Octets of use, without what TLS adds. */
uint64_t conn_octets_in(const struct conn *c);
uint64_t conn_octets_out(const struct conn *c);

#endif

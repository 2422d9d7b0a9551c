/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The connection: two buffers over a wire, with or without TLS between. Knows
 * lines, but no protocol, and never grows with what a peer sends.
 */
#include "common/base.h"
#include "common/conn.h"

#include <sys/socket.h>

#include <errno.h>
#include <stdarg.h>

#include "common/log.h"
#include "common/tls.h"
#include "common/wire.h"

enum {
	IN_SIZE = 32 * 1024,
	OUT_SIZE = 16 * 1024, /* one TLS record: a flush is one write */
	BYE_MS = 5 * 1000,    /* for the last words */
	LINGER_MS = 5 * 1000, /* for a peer that is still talking */
	LINGER_OCTETS = 4 * 1024 * 1024,
};

struct conn {
	struct wire wire;
	struct tls *tls; /* NULL: in clear */
	struct tls *prepared;

	uint8_t *in; /* [in_start, in_end) is not consumed yet */
	size_t in_start, in_end;
	size_t in_used; /* nothing was stored behind it */
	bool lone_lf;	/* ends a line */
	uint64_t octets_in;
	bool peer_ends; /* it has said its own last word */

	uint8_t *out;
	size_t out_len;
	size_t answer_at; /* where in it the answer begins that may be cut */
	uint64_t octets_out;
	enum conn_status out_status; /* the first failure, kept */
};

struct conn *conn_new(int fd_in, int fd_out)
{
	struct conn *c = xmalloc(sizeof(*c));

	*c = (struct conn){.in = xmalloc(IN_SIZE), .out = xmalloc(OUT_SIZE)};
	wire_init(&c->wire, fd_in, fd_out);
	return c;
}

void conn_free(struct conn **c)
{
	if (!*c)
		return;
	tls_free(&(*c)->tls);
	tls_free(&(*c)->prepared);
	wire_release(&(*c)->wire);
	explicit_bzero((*c)->in, (*c)->in_used);
	free((*c)->in);
	free((*c)->out);
	free(*c);
	*c = NULL;
}

void conn_set_session_limit(struct conn *c, unsigned seconds)
{
	wire_set_limit(&c->wire, (int64_t)seconds * 1000);
}

void conn_set_deadline(struct conn *c, unsigned seconds, unsigned min_rate)
{
	wire_set_deadline(&c->wire, (int64_t)seconds * 1000, min_rate);
}

/* What a read or write that failed means: EAGAIN is the wire's deadline. */
static enum conn_status failure(void)
{
	return errno == EAGAIN ? CONN_TIMEOUT : CONN_EOF;
}

bool conn_input_buffered(const struct conn *c)
{
	return c->in_start < c->in_end || (c->tls && tls_pending(c->tls) > 0);
}

static void count_input(struct conn *c, size_t n)
{
	c->octets_in += n;
	c->wire.moved += n;
	if (c->in_used < n)
		c->in_used = n;
}

static bool has_read_ahead(const struct conn *c)
{
	return c->tls && tls_has_read_ahead(c->tls);
}

bool conn_need_not_wait(const struct conn *c)
{
	return conn_input_buffered(c) || has_read_ahead(c);
}

/* Reads once into the empty buffer. */
static enum conn_status fill_input(struct conn *c)
{
	ssize_t got = c->tls ? tls_read(c->tls, c->in, IN_SIZE)
			     : wire_read(&c->wire, c->in, IN_SIZE);

	c->in_start = c->in_end = 0;
	if (got <= 0)
		return got < 0 ? failure() : CONN_EOF;
	c->in_end = (size_t)got;
	count_input(c, c->in_end);
	return CONN_OK;
}

enum conn_status conn_peek(struct conn *c, const uint8_t **bytes_r, size_t *n_r)
{
	if (c->in_start == c->in_end) {
		enum conn_status status = fill_input(c);

		if (status != CONN_OK)
			return status;
	}
	*bytes_r = c->in + c->in_start;
	*n_r = c->in_end - c->in_start;
	return CONN_OK;
}

/* Reads, and does not wait. CONN_TIMEOUT: there is nothing yet. */
static enum conn_status look(struct conn *c)
{
	enum conn_status status;

	if (c->in_start < c->in_end)
		return CONN_OK;
	c->wire.hasty = true;
	status = fill_input(c);
	c->wire.hasty = false;
	return status;
}

bool conn_has_said(struct conn *c)
{
	return look(c) == CONN_OK;
}

void conn_consume(struct conn *c, size_t n)
{
	if (n > c->in_end - c->in_start)
		die_bug("conn_consume: %zu of %zu", n, c->in_end - c->in_start);
	c->in_start += n;
}

enum conn_status conn_read_exactly(struct conn *c, void *bytes, size_t n)
{
	uint8_t *to = bytes;
	size_t buffered = c->in_end - c->in_start;

	if (buffered > n)
		buffered = n;
	memcpy(to, c->in + c->in_start, buffered);
	conn_consume(c, buffered);
	for (to += buffered, n -= buffered; n;) {
		ssize_t got = wire_read(&c->wire, to, n);

		if (got <= 0)
			return got < 0 ? failure() : CONN_EOF;
		c->octets_in += (size_t)got;
		c->wire.moved += (size_t)got;
		to += got;
		n -= (size_t)got;
	}
	return CONN_OK;
}

/* Earlier and longer input may have left something behind in_end, too. */
void conn_wipe_input(struct conn *c)
{
	explicit_bzero(c->in, c->in_start);
	explicit_bzero(c->in + c->in_end, c->in_used - c->in_end);
	c->in_used = c->in_end;
}

void conn_wipe_output(struct conn *c)
{
	explicit_bzero(c->out + c->out_len, OUT_SIZE - c->out_len);
}

/* Octets of a line without its end, SIZE_MAX where that is none. */
static size_t length_without_end(const struct conn *c, const struct buf *line)
{
	size_t n = line->len;

	if (n >= 2 && line->data[n - 2] == '\r')
		return n - 2;
	return c->lone_lf ? n - 1 : SIZE_MAX;
}

/* Cuts the CRLF off. False: bare LF, bare CR or NUL. */
static bool cut_line_end(const struct conn *c, struct buf *line)
{
	size_t n = length_without_end(c, line);

	if (n == SIZE_MAX)
		return false;
	if (memchr(line->data, '\r', n) || memchr(line->data, '\0', n))
		return false;
	line->data[n] = '\0';
	line->len = n;
	return true;
}

/* A line that is not handed out may hold a password all the same. */
static enum conn_status drop_line(struct conn *c, struct buf *line,
				  enum conn_status status)
{
	buf_wipe(line);
	conn_wipe_input(c);
	return status;
}

void conn_take_lone_lf(struct conn *c)
{
	c->lone_lf = true;
}

enum conn_status conn_read_line(struct conn *c, struct buf *line, size_t max)
{
	bool fits = true, ended = false;

	buf_reset(line);
	while (!ended) {
		const uint8_t *bytes, *lf;
		enum conn_status status;
		size_t n;

		status = conn_peek(c, &bytes, &n);
		if (status != CONN_OK)
			return drop_line(c, line, status);
		lf = memchr(bytes, '\n', n);
		ended = lf != NULL;
		if (lf)
			n = (size_t)(lf - bytes) + 1;
		fits = fits && n <= max - line->len && buf_add(line, bytes, n);
		conn_consume(c, n);
	}
	if (!fits)
		return drop_line(c, line, CONN_LONG);
	if (!cut_line_end(c, line))
		return drop_line(c, line, CONN_BAD_LINE);
	return CONN_OK;
}

void conn_hear_while_writing(struct conn *c)
{
	c->wire.holds = true;
}

/*
 * TLS has handed its record over, so that it can be asked here whether there is
 * anything of use to read, or an end: both mean that nobody waits for the rest.
 */
static enum conn_status settle(struct conn *c)
{
	bool input = true;

	if (c->wire.held.len && has_read_ahead(c) && look(c) != CONN_TIMEOUT)
		return CONN_EOF;
	while (input) {
		if (!wire_settle(&c->wire, &input))
			return failure();
		if (input && look(c) != CONN_TIMEOUT)
			return CONN_EOF;
	}
	return CONN_OK;
}

/* At most OUT_SIZE octets: one record, one write. */
static void send_piece(struct conn *c, const void *bytes, size_t n)
{
	bool sent = c->tls ? tls_write(c->tls, bytes, n) == 0
			   : wire_write(&c->wire, bytes, n) >= 0;

	if (!sent) {
		c->out_status = failure();
		return;
	}
	c->octets_out += n;
	c->wire.moved += n;
	if (c->wire.holds)
		c->out_status = settle(c);
}

/* A long answer ends in time even where the peer never lets us wait. */
static void send_full_piece(struct conn *c, const void *bytes)
{
	if (wire_is_late(&c->wire))
		c->out_status = CONN_TIMEOUT;
	else
		send_piece(c, bytes, OUT_SIZE);
}

/*
 * A full buffer leaves when there is more and not before: whoever cuts must
 * find the end of what was written in it.
 */
void conn_write(struct conn *c, const void *bytes, size_t n)
{
	const uint8_t *next = bytes;

	while (n && c->out_status == CONN_OK) {
		size_t room = OUT_SIZE - c->out_len;
		size_t part = n < room ? n : room;

		if (room == 0) {
			c->out_len = c->answer_at = 0;
			send_full_piece(c, c->out);
		} else if (room == OUT_SIZE && n > OUT_SIZE) {
			send_full_piece(c, next); /* spares the copy */
		} else {
			memcpy(c->out + c->out_len, next, part);
			c->out_len += part;
		}
		next += part;
		n -= part;
	}
}

/* For text that does not fit into what is left of the buffer. */
static void write_long(struct conn *c, size_t n, const char *fmt, va_list ap)
	PRINTF_LIKE(3, 0);

static void write_long(struct conn *c, size_t n, const char *fmt, va_list ap)
{
	char *text = xmalloc(n + 1);

	vsnprintf(text, n + 1, fmt, ap);
	conn_write(c, text, n);
	free(text);
}

void conn_printf(struct conn *c, const char *fmt, ...)
{
	size_t room = OUT_SIZE - c->out_len;
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf((char *)c->out + c->out_len, room, fmt, ap);
	if (n < 0)
		die_bug("conn_printf: %s", fmt);
	if ((size_t)n < room)
		c->out_len += (size_t)n;
	else
		write_long(c, (size_t)n, fmt, again);
	va_end(again);
	va_end(ap);
}

enum conn_status conn_flush(struct conn *c)
{
	size_t n = c->out_len;

	c->out_len = c->answer_at = 0;
	if (n && c->out_status == CONN_OK)
		send_piece(c, c->out, n);
	return c->out_status;
}

void conn_begin_answer(struct conn *c)
{
	c->answer_at = c->out_len;
}

void conn_cut(struct conn *c)
{
	c->out_len = c->answer_at;
	if (conn_flush(c) == CONN_OK)
		c->out_status = CONN_EOF;
}

bool conn_broken(const struct conn *c)
{
	return c->out_status != CONN_OK;
}

void conn_prepare_tls(struct conn *c, struct tls *t)
{
	c->prepared = t;
}

struct tls *conn_take_tls(struct conn *c)
{
	struct tls *t = c->prepared;

	c->prepared = NULL;
	return t;
}

int conn_start_tls(struct conn *c, struct tls *t, struct err *e)
{
	const struct tls_io io = {
		.pull = wire_read, .push = wire_write, .owner = &c->wire};
	int done = -1;

	if (c->tls)
		die_bug("conn_start_tls: TLS within TLS");
	if (c->in_start < c->in_end)
		err_set(e, ERR_TEMP, "TLS handshake: input in clear before it");
	else if (conn_flush(c) != CONN_OK)
		err_set(e, ERR_TEMP, "TLS handshake: the peer is gone");
	else
		done = tls_handshake(t, &io, e);
	if (done < 0) {
		tls_free(&t);
		c->out_status = CONN_EOF;
		return -1;
	}
	c->tls = t;
	return 0;
}

int conn_fd(const struct conn *c)
{
	return c->wire.fd_in;
}

const struct tls_facts *conn_tls(const struct conn *c)
{
	return c->tls ? tls_facts(c->tls) : NULL;
}

void conn_peer_ends(struct conn *c)
{
	c->peer_ends = true;
}

/*
 * A socket closed with input unread is reset, and so is one that is sent more
 * behind its end; the reset overtakes our last reply, or takes it out of the
 * peer's hands. So the end that we make is made as RFC 9112 9.6 says it for
 * HTTP: our half is shut down, and what comes is thrown away until the peer
 * has closed, which it does when it has read that far. Where the end was the
 * peer's own there is nothing to wait for, unless it is talking still.
 */
static void linger(struct conn *c)
{
	ssize_t got = wire_read_now(&c->wire, c->in, IN_SIZE);
	bool silent = got < 0 && errno == EAGAIN;
	bool talks = got > 0 || (silent && has_read_ahead(c));
	size_t heard = 0;

	if (!talks && (!silent || c->peer_ends))
		return;
	c->in_start = c->in_end = 0;
	c->in_used = IN_SIZE;
	(void)shutdown(c->wire.fd_out, SHUT_WR);
	wire_set_deadline(&c->wire, LINGER_MS, 0);
	do {
		heard += got > 0 ? (size_t)got : 0;
		got = wire_read(&c->wire, c->in, IN_SIZE);
	} while (got > 0 && heard < LINGER_OCTETS);
}

/* The session's own time may be what has ended it. */
void conn_bye(struct conn *c)
{
	wire_set_limit(&c->wire, BYE_MS + LINGER_MS);
	wire_set_deadline(&c->wire, BYE_MS, 0);
	if (conn_flush(c) == CONN_OK && c->tls)
		tls_bye(c->tls);
	linger(c);
}

uint64_t conn_octets_in(const struct conn *c)
{
	return c->octets_in;
}

uint64_t conn_octets_out(const struct conn *c)
{
	return c->octets_out;
}

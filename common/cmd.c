/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The dispatcher. The order of its rules is the order of what a peer may do
 * wrong: the line, the name, what follows it, TLS, the state, the argument.
 * It knows no command by name and no protocol by its words.
 */
#include "common/base.h"
#include "common/cmd.h"

#include <strings.h>

#include "common/buf.h"
#include "common/conn.h"

enum { LAST_WORDS_SECONDS = 10 };

/* One session's dialogue, as long as cmd_loop() runs. */
struct dialogue {
	struct conn *conn;
	const struct cmd_protocol *protocol;
	const struct cmd_limits *limits;
	void *session;
	struct buf line;
	const struct cmd *cmd; /* of that line; NULL: none */
	bool behind_refused_base64;
	unsigned faults;
	enum cmd_end end;
};

const struct cmd *cmd_find(const struct cmd_protocol *p, const char *name,
			   size_t n)
{
	for (size_t i = 0; i < p->n_table; i++) {
		const struct cmd *cmd = &p->table[i];

		if (strlen(cmd->name) == n &&
		    strncasecmp(cmd->name, name, n) == 0)
			return cmd;
	}
	return NULL;
}

/*
 * White space before the CRLF is to be tolerated (RFC 5321 4.1.1). It may be
 * the end of a password, so the line of a secret is left as it is.
 */
static void trim(struct buf *line)
{
	while (line->len && (line->data[line->len - 1] == ' ' ||
			     line->data[line->len - 1] == '\t'))
		line->data[--line->len] = '\0';
}

/* NULL: the command may run now. */
static const struct reply *refusal(const struct dialogue *d,
				   const struct cmd *cmd, const char *arg)
{
	const struct cmd_protocol *p = d->protocol;
	const struct reply *r;

	if (cmd->flags & CMD_LAST && conn_input_buffered(d->conn))
		return p->replies->pipelined;
	if (!(cmd->flags & CMD_PRE_TLS) && p->needs_tls(d->session))
		return p->replies->need_tls;
	if (!(cmd->states & 1u << p->state(d->session))) {
		r = p->explain ? p->explain(d->session, cmd) : NULL;
		return r ? r : p->replies->bad_state;
	}
	if (cmd->arg == CMD_ARG_REQUIRED && !arg[0])
		return p->replies->no_argument;
	if (cmd->arg == CMD_ARG_NONE && arg[0])
		return p->replies->spare_argument;
	return NULL;
}

/*
 * Base64 that was wrapped: the first line was taken for the whole of a secret
 * and refused, and this is the rest of it.
 */
static const struct reply *not_a_command(struct dialogue *d)
{
	if (!d->behind_refused_base64)
		return d->protocol->replies->unknown;
	buf_wipe(&d->line);
	conn_wipe_input(d->conn);
	return d->protocol->replies->rest_of_secret;
}

static const struct reply *run_line(struct dialogue *d)
{
	size_t name_len = strcspn(d->line.data, " \t");
	const struct cmd *cmd = cmd_find(d->protocol, d->line.data, name_len);
	const char *arg = d->line.data + name_len;
	const struct reply *r;

	d->cmd = cmd;
	if (!cmd)
		return not_a_command(d);
	if (*arg)
		arg++;
	if (!(cmd->flags & CMD_SECRET))
		trim(&d->line);
	r = refusal(d, cmd, arg);
	if (!r)
		r = cmd->run(d->session, arg);
	if (cmd->flags & CMD_SECRET) {
		buf_wipe(&d->line);
		conn_wipe_input(d->conn);
	}
	return r;
}

static bool ended(struct dialogue *d, enum cmd_end end)
{
	d->end = end;
	return false;
}

/* Whatever time is used up, the peer is to hear why the session ends. */
static bool ended_with(struct dialogue *d, const struct reply *r,
		       enum cmd_end end)
{
	if (!(r->flags & REPLY_SENT))
		reply_write(d->conn, r);
	if (d->cmd && d->cmd->flags & CMD_BYE)
		conn_peer_ends(d->conn);
	conn_set_deadline(d->conn, LAST_WORDS_SECONDS, 0);
	if (conn_flush(d->conn) != CONN_OK && end == CMD_END_CLOSED)
		end = CMD_END_DROPPED;
	return ended(d, end);
}

/* True: the session goes on. */
static bool answer(struct dialogue *d, const struct reply *r)
{
	const struct cmd_replies *replies = d->protocol->replies;

	if (d->protocol->answered)
		d->protocol->answered(d->session, d->cmd, r);
	d->behind_refused_base64 = d->cmd && d->cmd->flags & CMD_BASE64 &&
				   r->flags & (REPLY_FAULT | REPLY_NOT_NOW);
	if (r == replies->pipelined)
		return ended_with(d, r, CMD_END_PIPELINED);
	if (r->flags & REPLY_FAULT && ++d->faults == d->limits->max_faults)
		return ended_with(d, replies->too_many_faults, CMD_END_FAULTS);
	if (r->flags & REPLY_CLOSE)
		return ended_with(d, r, CMD_END_CLOSED);
	if (!(r->flags & REPLY_SENT))
		reply_write(d->conn, r);
	return true;
}

/* Then the next line comes without waiting for the peer. */
static bool line_buffered(struct conn *c)
{
	const uint8_t *bytes;
	size_t n;

	return conn_input_buffered(c) && conn_peek(c, &bytes, &n) == CONN_OK &&
	       memchr(bytes, '\n', n);
}

/* Replies wait while more commands are buffered, and no longer (RFC 2920 3.2).
 */
static enum conn_status read_line(struct dialogue *d)
{
	conn_set_deadline(d->conn, d->limits->line_seconds, 0);
	if (!line_buffered(d->conn) && conn_flush(d->conn) != CONN_OK)
		return CONN_EOF;
	return conn_read_line(d->conn, &d->line, d->protocol->max_line);
}

static bool answer_next(struct dialogue *d)
{
	const struct cmd_replies *replies = d->protocol->replies;

	d->cmd = NULL;
	switch (read_line(d)) {
	case CONN_OK:
		return answer(d, run_line(d));
	case CONN_LONG:
		return answer(d, replies->too_long);
	case CONN_BAD_LINE:
		return answer(d, replies->bad_line);
	case CONN_TIMEOUT:
		return ended_with(d, replies->timeout, CMD_END_TIMEOUT);
	case CONN_EOF:
		break;
	}
	return ended(d, CMD_END_DROPPED);
}

enum cmd_end cmd_loop(struct conn *c, const struct cmd_protocol *p,
		      const struct cmd_limits *limits, void *session)
{
	struct dialogue d = {
		.conn = c, .protocol = p, .limits = limits, .session = session};

	buf_init(&d.line, p->max_line);
	while (answer_next(&d))
		;
	buf_release(&d.line);
	return d.end;
}

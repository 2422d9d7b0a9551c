/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trace lines into a copy. Which lines a copy gets is its owner's to say. */
#include "common/base.h"
#include "handlers/mail/trace_copy.h"

#include "common/log.h"
#include "handlers/mail/trace.h"

/* Moves lines from the buffer into the copy. */
static void move_lines(struct trace_copy *c, bool fits)
{
	if (!fits)
		die_bug("trace header: a line of %zu octets", c->lines.len);
	if (c->result == 0)
		c->result = sink_push(c->to, (const uint8_t *)c->lines.data,
				      c->lines.len);
	buf_reset(&c->lines);
}

void trace_copy_begin(struct trace_copy *c, const struct trace *trace,
		      const struct sink *to)
{
	*c = (struct trace_copy){.trace = trace, .to = to};
	buf_init(&c->lines, TRACE_LINES_MAX);
}

void trace_copy_sender(struct trace_copy *c, const char *sender,
		       const char *mailbox_id, const char *domain)
{
	move_lines(c, trace_sender(sender, mailbox_id, domain, &c->lines));
}

void trace_copy_mailbox(struct trace_copy *c, const char *mailbox_id,
			const char *domain)
{
	move_lines(c, trace_mailbox(mailbox_id, domain, &c->lines));
}

void trace_copy_recipient(struct trace_copy *c, const char *address,
			  const char *note)
{
	move_lines(c, trace_recipient(address, note, &c->lines));
}

void trace_copy_account(struct trace_copy *c, const char *account,
			const char *server)
{
	move_lines(c, trace_account(account, server, &c->lines));
}

int trace_copy_end(struct trace_copy *c, const char *ulid)
{
	move_lines(c, trace_received(c->trace, ulid, &c->lines));
	buf_release(&c->lines);
	return c->result;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The trace header on its way into one copy, a line at a time. Lines are
 * bounded, so there is always room for them; the first failure of the copy
 * stays, and nothing more is written behind it.
 */
#ifndef RESTANTE_HANDLERS_MAIL_TRACE_COPY_H
#define RESTANTE_HANDLERS_MAIL_TRACE_COPY_H

#include "common/buf.h"
#include "common/sink.h"

struct trace;

struct trace_copy {
	const struct trace *trace;
	const struct sink *to;
	struct buf lines;
	int result;
};

/* Both are borrowed until the end. */
void trace_copy_begin(struct trace_copy *c, const struct trace *trace,
		      const struct sink *to);

/* In this order; what each writes stands in trace.h. */
void trace_copy_sender(struct trace_copy *c, const char *sender,
		       const char *mailbox_id, const char *domain);
void trace_copy_mailbox(struct trace_copy *c, const char *mailbox_id,
			const char *domain);
void trace_copy_recipient(struct trace_copy *c, const char *address,
			  const char *note);
void trace_copy_account(struct trace_copy *c, const char *account,
			const char *server);

/* Received, and the end. 0, or -1: the copy has failed. */
int trace_copy_end(struct trace_copy *c, const char *ulid) MUST_USE;

#endif

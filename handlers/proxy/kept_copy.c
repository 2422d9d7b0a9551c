/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The chain behind a proxy's copy. Decides nothing about its fate. */
#include "common/base.h"
#include "handlers/proxy/kept_copy.h"

#include "common/log.h"
#include "handlers/mail/first_line.h"
#include "handlers/mail/journal_report.h"
#include "handlers/mail/trace.h"
#include "handlers/mail/trace_copy.h"
#include "store/store.h"

struct kept_copy {
	struct delivery *delivery;
	bool wrapped;
	struct first_line first_line;
	struct journal_report report; /* where wrapped */
	struct err err;
};

static int deliver(void *copy, const uint8_t *bytes, size_t n)
{
	struct kept_copy *c = copy;

	return delivery_write(c->delivery, bytes, n, &c->err);
}

static struct sink delivery_sink(struct kept_copy *c)
{
	return (struct sink){.push = deliver, .to = c};
}

/* --- the trace header ----------------------------------------------------- */

static void write_envelope(struct trace_copy *t, const struct copy_facts *f,
			   const char *id)
{
	trace_copy_sender(t, f->sender, id, f->domain);
	for (size_t i = 0; i < f->n_recipients; i++)
		trace_copy_recipient(t, f->recipients[i], "");
}

static int write_trace(struct kept_copy *c, const struct copy_facts *f,
		       const char *id)
{
	const struct sink sink = delivery_sink(c);
	struct trace_copy t;

	trace_copy_begin(&t, f->trace, &sink);
	if (f->sent)
		write_envelope(&t, f, id);
	else
		trace_copy_mailbox(&t, id, f->domain);
	trace_copy_account(&t, f->account, f->server);
	return trace_copy_end(&t, delivery_ulid(c->delivery));
}

/* --- beginning ------------------------------------------------------------ */

/* A fetched message has no envelope but the account it was fetched for. */
static void begin_report(struct kept_copy *c, const struct copy_facts *f)
{
	const struct report_envelope envelope = {
		.hostname = f->trace->hostname,
		.ulid = delivery_ulid(c->delivery),
		.sender = f->sender,
		.recipients = f->recipients,
		.n_recipients = f->n_recipients,
		.when = f->trace->when,
	};

	c->wrapped = true;
	journal_report_init(&c->report, &envelope);
}

struct kept_copy *kept_copy_begin(struct mailbox *m, const struct copy_facts *f,
				  struct err *e)
{
	struct kept_copy *c = xcalloc(1, sizeof(*c));
	const struct mailbox_conf *settings = mailbox_settings(m);

	first_line_init(&c->first_line);
	c->delivery = delivery_begin(m, &c->err);
	if (!c->delivery || write_trace(c, f, settings->id) < 0) {
		*e = c->err;
		kept_copy_free(&c);
		return NULL;
	}
	if (settings->journal_report)
		begin_report(c, f);
	return c;
}

/* --- the message ---------------------------------------------------------- */

int kept_copy_push(void *copy, const uint8_t *bytes, size_t n)
{
	struct kept_copy *c = copy;
	const struct sink sink = delivery_sink(c);

	if (c->wrapped)
		return journal_report_push(&c->report, bytes, n, &sink);
	return first_line_push(&c->first_line, bytes, n, &sink);
}

int kept_copy_end(struct kept_copy *c)
{
	const struct sink sink = delivery_sink(c);
	int result = c->wrapped ? journal_report_end(&c->report, &sink)
				: first_line_end(&c->first_line, &sink);

	return result < 0 ? -1 : delivery_prepare(c->delivery, &c->err);
}

const struct err *kept_copy_err(const struct kept_copy *c)
{
	return &c->err;
}

struct delivery **kept_copy_delivery(struct kept_copy *c)
{
	return &c->delivery;
}

void kept_copy_free(struct kept_copy **c_r)
{
	struct kept_copy *c = *c_r;

	if (!c)
		return;
	delivery_abort(&c->delivery);
	first_line_release(&c->first_line);
	if (c->wrapped)
		journal_report_release(&c->report);
	free(c);
	*c_r = NULL;
}

void kept_copy_leave(struct kept_copy **c)
{
	delivery_leave(&(*c)->delivery);
	kept_copy_free(c);
}

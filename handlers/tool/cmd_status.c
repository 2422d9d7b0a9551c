/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How things stand, and the housekeeping. `status` is for a person or a
 * monitor: whatever needs one is a line that begins with "!", and the exit
 * status 1.
 */
#include "common/base.h"
#include "handlers/tool/command.h"

#include <inttypes.h>
#include <stdarg.h>
#include <time.h>

#include "common/log.h"
#include "common/tls.h"
#include "handlers/admin/health.h"
#include "handlers/tool/cmd_certificate.h"
#include "handlers/tool/cmd_status.h"
#include "handlers/tool/json.h"
#include "handlers/tool/store.h"
#include "handlers/tool/text.h"
#include "store/ledger/looked.h"

/* --- status --------------------------------------------------------------- */

struct status {
	const struct conf *conf;
	struct store *store;
	int64_t now;
	struct health_disk disk;
	uint64_t mailboxes, messages, octets;
	int64_t oldest;
	bool as_json;
	bool is_silent;		      /* findings are all that is wanted */
	struct json json;	      /* with as_json, the object */
	struct conf_strings findings; /* what needs a person */
};

enum { FINDING_MAX = 8192 };

PRINTF_LIKE(2, 3)
static void needs_a_person(struct status *s, const char *fmt, ...)
{
	struct buf text;
	va_list ap;

	buf_init(&text, FINDING_MAX);
	va_start(ap, fmt);
	if (!buf_addv(&text, fmt, ap))
		die_bug("a finding is longer than %d", FINDING_MAX);
	va_end(ap);
	conf_strings_add(&s->findings, text.data);
	if (!s->as_json && !s->is_silent)
		printf("! %s\n", text.data);
	buf_release(&text);
}

/* What is well, for people. */
PRINTF_LIKE(2, 3)
static void tell(const struct status *s, const char *fmt, ...)
{
	va_list ap;

	if (s->as_json || s->is_silent)
		return;
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
}

static void status_of_disk(struct status *s)
{
	const struct health_disk *h = &s->disk;
	char free_text[16], all_text[16];

	health_of_disk(s->conf, &s->disk);
	if (h->state == DISK_UNKNOWN) {
		needs_a_person(s, "disk: free space cannot be read");
		return;
	}
	if (s->as_json) {
		json_number(&s->json, "free", h->available);
		json_number(&s->json, "size", h->all);
	}
	tell(s, "store %s: %s free of %s\n", s->conf->store,
	     tool_size(h->available, free_text), tool_size(h->all, all_text));
	if (h->state == DISK_REFUSING)
		needs_a_person(s, "disk: less is free than limits.reserve: "
				  "mail is refused with 452");
	else if (h->state == DISK_LOW)
		needs_a_person(s, "disk: less than %d %% is free",
			       HEALTH_DISK_PERCENT);
}

static void status_of_owner(struct status *s)
{
	struct err e;

	if (tool_check_owner(s->conf->store, &e) < 0)
		needs_a_person(s, "%s", e.text);
}

static void tell_certificate(struct status *s, const char *file,
			     const struct tls_term *term)
{
	enum health_certificate health = health_of_certificate(term, s->now);
	int64_t end = term->ends;
	char when[24], span[24];

	if (health == CERTIFICATE_ENDED) {
		needs_a_person(s, "certificate %s: ended %s", file,
			       tool_time(end, when));
		return;
	}
	tell(s, "certificate %s: ends %s, in %s\n", file, tool_time(end, when),
	     tool_span(end - s->now, span));
	if (health == CERTIFICATE_ENDS_SOON)
		needs_a_person(s, "certificate: it ends soon, and should have "
				  "been renewed by now");
}

static void status_of_certificate(struct status *s, const char *file)
{
	struct tls_term term = {.ends = 0};
	struct err e;

	if (tls_certificate_term(file, &term, &e) < 0)
		needs_a_person(s, "%s", e.text);
	else
		tell_certificate(s, file, &term);
	if (!s->as_json)
		return;
	json_object_begin(&s->json);
	json_text(&s->json, "file", file);
	json_time(&s->json, "end", term.ends);
	json_object_end(&s->json);
}

static void status_of_certificates(struct status *s)
{
	const struct conf_strings *files = &s->conf->tls.certificate;

	if (s->as_json)
		json_list_begin(&s->json, "certificates");
	for (size_t i = 0; i < files->n; i++)
		status_of_certificate(s, files->list[i]);
	if (s->as_json)
		json_list_end(&s->json);
	if (!tool_hostname_is_certified(s->conf))
		tell(s,
		     "certificate: none is for %s, the hostname: a sender "
		     "that checks names needs one for the name that it "
		     "looks for\n",
		     s->conf->hostname);
}

/* RFC 5321 4.5.1 wants it; which mailbox, only an administrator can say. */
static void status_of_postmaster(const struct status *s)
{
	if (!s->conf->postmaster[0])
		tell(s, "postmaster: no mailbox is named: mail for postmaster "
			"is refused, although RFC 5321 wants it taken\n");
}

/* Said before it happens, too. */
static void status_of_limit(struct status *s, const struct mailbox_conf *c,
			    const char *what, uint64_t used, uint64_t limit)
{
	enum limit_state state = limit_state(used, limit);
	char used_text[16], limit_text[16];

	if (state == LIMIT_FAR)
		return;
	needs_a_person(s, "mailbox %s (%s): %s: %s of %s%s", c->id, c->name,
		       what, tool_size(used, used_text),
		       tool_size(limit, limit_text),
		       state == LIMIT_REACHED
			       ? ": mail is refused with 452"
			       : ": beyond it mail is refused with 452");
}

static void status_of_limits(struct status *s, const struct mailbox_conf *c,
			     const struct counters *n)
{
	struct limits_used u;

	limits_used(c, n, s->now, &u);
	status_of_limit(s, c, "quota", u.waiting, u.quota);
	status_of_limit(s, c, "rate, in the last hour", u.in_the_hour, u.rate);
}

/* Its path is the person's to look at: only a handler can have put it there. */
static void status_of_aside(struct status *s, const char *id, const char *name)
{
	struct aside a;
	char more[40] = "";

	store_aside_of(s->store, id, &a);
	if (a.n == 0)
		return;
	if (a.n > 1)
		snprintf(more, sizeof(more), " (and %zu more)", a.n - 1);
	needs_a_person(s,
		       "mailbox %s (%s): %s/mailboxes/%s/spool/%s%s is no "
		       "spool, and was moved aside: find out who put it there "
		       "(the handlers' user may have been taken over), then "
		       "remove it",
		       id, name, s->conf->store, id, a.first, more);
}

/* What was deleted, and is there: it takes room, and can come back. */
static void status_of_deleted(struct status *s, const struct mailbox_conf *c,
			      const struct counters *n)
{
	char size[16], days[40] = "";

	if (c->hold)
		snprintf(days, sizeof(days), ", under hold");
	else if (c->undo)
		snprintf(days, sizeof(days), ", for %u day%s", c->undo,
			 c->undo == 1 ? "" : "s");
	if (c->hold || n->deleted_messages)
		tell(s,
		     "mailbox %s (%s): %" PRIu64
		     " deleted and still there, %s%s\n",
		     c->id, c->name, n->deleted_messages,
		     tool_size(n->deleted_octets, size), days);
	if (c->expire)
		tell(s,
		     "mailbox %s (%s): what was collected expires after %u "
		     "day%s%s\n",
		     c->id, c->name, c->expire, c->expire == 1 ? "" : "s",
		     c->hold ? ", but not under hold" : "");
	if (c->hold && health_hold_is_tight(s->conf, &s->disk))
		needs_a_person(s,
			       "mailbox %s (%s): under hold, and less is free "
			       "than twice limits.reserve: collecting frees "
			       "nothing of it, and at limits.reserve mail is "
			       "refused with 452",
			       c->id, c->name);
}

/* Whoever verifies hears which ones. */
static void status_of_ledger(struct status *s, const struct mailbox *m,
			     const struct mailbox_conf *c)
{
	struct looked l;
	char when[24];

	if (!mailbox_looked(m, &l) || (!l.missing && !l.differs))
		return;
	needs_a_person(s,
		       "mailbox %s (%s): of what was received %" PRIu64
		       " messages are not there, nobody says why, and %" PRIu64
		       " are not what they were, as its ledger saw on %s "
		       "(restante ledger verify %s)",
		       c->id, c->name, l.missing, l.differs,
		       tool_time(l.when, when), c->id);
}

static int status_of_mailbox(const char *id, struct mailbox *m, void *arg,
			     struct err *e)
{
	struct status *s = arg;
	const struct mailbox_conf *c;
	struct counters n;
	char size[16], span[24];

	s->mailboxes++;
	if (!m || mailbox_counters(m, &n, e) < 0) {
		needs_a_person(s, "mailbox %s: cannot be read", id);
		return -1;
	}
	c = mailbox_settings(m);
	s->messages += n.messages;
	s->octets += n.octets;
	if (n.messages && (!s->oldest || n.oldest < s->oldest))
		s->oldest = n.oldest;
	tell(s, "mailbox %s (%s)%s: ", id, c->name,
	     c->suspended ? ", suspended" : "");
	if (n.messages)
		tell(s, "%" PRIu64 " waiting, %s, the oldest for %s\n",
		     n.messages, tool_size(n.octets, size),
		     tool_span(s->now - n.oldest, span));
	else
		tell(s, "nothing waits\n");
	status_of_limits(s, c, &n);
	status_of_deleted(s, c, &n);
	status_of_aside(s, id, c->name);
	status_of_ledger(s, m, c);
	if (health_is_uncollected(s->conf, s->now, &n))
		needs_a_person(
			s, "mailbox %s (%s): not collected for %s", id, c->name,
			tool_span(s->now - health_uncollected_since(s->now, &n),
				  span));
	if (health_is_refusing(c->suspended, s->now, &n))
		needs_a_person(s,
			       "mailbox %s (%s): suspended, and still written "
			       "to: the sender gets 450",
			       id, c->name);
	return 0;
}

static void status_of_host(struct status *s)
{
	status_of_disk(s);
	status_of_owner(s);
	status_of_certificates(s);
	status_of_postmaster(s);
}

static void write_sums(struct status *s)
{
	const struct conf_strings *f = &s->findings;

	json_number(&s->json, "mailboxes", s->mailboxes);
	json_number(&s->json, "messages", s->messages);
	json_number(&s->json, "bytes", s->octets);
	json_time(&s->json, "oldest", s->oldest);
	json_texts(&s->json, "findings", (const char *const *)f->list, f->n);
	json_bool(&s->json, "needs-a-person", f->n > 0);
	json_object_end(&s->json);
}

static void tell_sums(const struct status *s)
{
	char size[16];

	printf("mailboxes: %" PRIu64 ", messages waiting: %" PRIu64 ", %s\n",
	       s->mailboxes, s->messages, tool_size(s->octets, size));
	puts("failures are in the system's log: journalctl -g "
	     "'outcome=(refused|auth-failed|dropped|timeout|tempfail|error)' "
	     "-t smtp-journal -t pop3-serve -t smtp-proxy -t pop3-proxy");
}

TOOL_RUN(status)
{
	struct status s = {.conf = t->conf,
			   .store = t->store,
			   .now = time(NULL),
			   .as_json = tool_has(a, "json")};
	int result;

	if (s.as_json) {
		json_object_begin(&s.json);
		json_text(&s.json, "store", t->conf->store);
	}
	status_of_host(&s);
	result = tool_each_mailbox(t, status_of_mailbox, &s, e);
	if (s.as_json)
		write_sums(&s);
	else
		tell_sums(&s);
	if (result == 0 || s.mailboxes > 0)
		result = s.findings.n ? TOOL_NEEDS_A_PERSON : 0;
	conf_strings_release(&s.findings);
	return result;
}

void tool_status_needs(struct tool *t, struct conf_strings *needs_r)
{
	struct status s = {.conf = t->conf,
			   .store = t->store,
			   .now = time(NULL),
			   .is_silent = true};
	struct err e;

	status_of_disk(&s);
	if (tool_each_mailbox(t, status_of_mailbox, &s, &e) < 0)
		needs_a_person(&s, "%s", e.text);
	*needs_r = s.findings;
}

/* --- sweep ---------------------------------------------------------------- */

struct sweep {
	uint64_t mailboxes;
	struct sweep_report sum;
	uint64_t all;
};

static int sweep_mailbox(const char *id UNUSED, struct mailbox *m, void *arg,
			 struct err *e)
{
	struct sweep *s = arg;
	struct sweep_report report;

	tool_progress("mailbox", ++s->mailboxes, s->all);
	if (!m || mailbox_sweep(m, &report, e) < 0)
		return -1;
	s->sum.taken_in += report.taken_in;
	s->sum.removed += report.removed;
	s->sum.left += report.left;
	s->sum.expired += report.expired;
	s->sum.spools += report.spools;
	return 0;
}

static int count_mailbox(const char *id UNUSED, void *arg, struct err *e UNUSED)
{
	++*(uint64_t *)arg;
	return 0;
}

/* What only the store's owner does. */
static int settle(struct tool *t, struct err *e)
{
	unsigned tidied;

	if (store_tidy(t->store, &tidied, e) < 0)
		return -1;
	if (tidied)
		printf("unfinished mailboxes removed: %u\n", tidied);
	return store_settle(t->store, e);
}

TOOL_RUN(settle)
{
	(void)a;
	return settle(t, e);
}

/*
 * The handlers' user does what is the handlers'. Whoever owns the store does
 * the rest as well: in an instance of one user that is all there is to do.
 */
TOOL_RUN(sweep)
{
	struct sweep s = {.mailboxes = 0};
	struct err settling;
	int settled = tool_owns_store(t) ? settle(t, &settling) : 0, result;

	(void)a;
	store_set_reserve(t->store, t->conf->limits.reserve);
	if (store_each_mailbox(t->store, count_mailbox, &s.all, e) < 0)
		return -1;
	result = tool_each_mailbox(t, sweep_mailbox, &s, e);
	tool_progress_end();
	printf("mailboxes: %" PRIu64 ", removed of what was collected: %" PRIu64
	       ", unfinished: %" PRIu64 ", expired: %" PRIu64
	       "; copies left behind and kept: %" PRIu64
	       ", old spools dropped: %" PRIu64 "\n",
	       s.mailboxes, s.sum.left, s.sum.removed, s.sum.expired,
	       s.sum.taken_in, s.sum.spools);
	if (result < 0 || settled == 0)
		return result;
	*e = settling;
	return -1;
}

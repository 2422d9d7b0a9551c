/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tickets: what a writer has left behind gets its line, or goes. The order of
 * syncs is docs/store-protocol.md's.
 */
#include "common/base.h"
#include "store/sweep/private.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "store/fault.h"
#include "store/leaving.h"
#include "store/spool.h"
#include "store/ticket.h"

enum {
	TICKETS_A_STEP = 4096,
};

/* Tickets of one step; has_line: by place, whether a spool says `kept`. */
struct step {
	struct tickets tickets;
	bool *has_line;
	bool *has_left; /* a batch names it */
	struct buf lines;
	size_t n_done; /* tickets to be unlinked once the lines are durable */
	struct ticket_name *done;
};

static void note_kept_line(void *arg, const char *text, size_t n)
{
	struct step *step = arg;
	struct ticket_name *t;
	struct entry e;

	if (n < 5 || memcmp(text, "kept ", 5) != 0 ||
	    !entry_parse(text, n, &e) || e.kind != ENTRY_KEPT)
		return;
	t = tickets_find(&step->tickets, e.kept.ulid);
	if (t)
		step->has_line[t - step->tickets.list] = true;
}

static void note_left(void *arg, const struct spool_batch *b)
{
	struct step *step = arg;
	const char *at = b->lines, *end = at + b->n_octets, *text;
	struct ticket_name *t;
	struct entry e;
	size_t n;

	while (spool_next_line(&at, end, &text, &n)) {
		if (!entry_parse(text, n, &e) || e.kind != ENTRY_GONE)
			continue;
		t = tickets_find(&step->tickets, e.gone.ulid);
		if (t)
			step->has_left[t - step->tickets.list] = true;
	}
}

static int add_kept_line(struct sweep *s, struct step *step,
			 const struct ticket *t, struct err *e)
{
	struct entry entry = {.kind = ENTRY_KEPT};
	struct entry_kept *k = &entry.kept;

	memcpy(k->ulid, t->name.ulid, sizeof(k->ulid));
	k->octets = t->message.octets;
	snprintf(k->by, sizeof(k->by), "sweep");
	k->when = time(NULL);
	if (ticket_digest(s->mailbox, t, k->sha256, e) < 0)
		return -1;
	if (!entry_write(&entry, &step->lines))
		return err_set(e, ERR_TEMP, "a line does not fit");
	return 0;
}

static void is_done(struct step *step, const struct ticket *t)
{
	step->done[step->n_done++] = t->name;
}

/* 0 where it is kept or gone by now. */
static uint64_t octets_so_far(const struct mailbox *m,
			      const struct ticket_name *name)
{
	char text[NAME_SIZE];
	struct stat st;

	name_write_ticket(name, text);
	if (fstatat(m->tmp, text, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    st.st_nlink > 1 || st.st_size < 0)
		return 0;
	return (uint64_t)st.st_size;
}

static int see_to_ticket(struct sweep *s, struct step *step, size_t i,
			 struct err *e)
{
	struct ticket t;
	int result = ticket_look(s->mailbox, &step->tickets.list[i], &t, e);

	/* It has left: a copy may hold the batch and this name. */
	if (t.state == TICKET_PENDING && step->has_left[i])
		t.state = TICKET_UNFINISHED;

	if (result == 0 && t.state == TICKET_PENDING) {
		result = ticket_keep_pending(s->mailbox, &t, e);
		s->report->taken_in += result == 0;
	}
	if (result == 0 && t.state == TICKET_LIVE)
		s->writing += octets_so_far(s->mailbox, &t.name);
	if (result == 0 && t.state == TICKET_KEPT) {
		if (!step->has_line[i])
			result = add_kept_line(s, step, &t, e);
		if (result == 0)
			is_done(step, &t);
	} else if (result == 0 && t.state == TICKET_UNFINISHED) {
		s->report->removed++;
		is_done(step, &t);
	}
	ticket_close(&t);
	return result;
}

/*
 * The order is all: the names that the lines speak of are durable, then the
 * lines, then the tickets go, then tmp/ is synced. After it names in gone/ may
 * go, for no ticket can come back that would have them kept anew.
 */
static int finish_step(struct sweep *s, struct step *step, struct err *e)
{
	struct mailbox *m = s->mailbox;

	if (leaving_sync(m, e) < 0)
		return -1;
	fault_point("sweep.directories-synced");
	if (step->lines.len && spool_append(m, &step->lines, 1, true, e) < 0)
		return -1;
	if (spool_sync_all(m, e) < 0)
		return -1;
	fault_point("sweep.lines-synced");
	for (size_t i = 0; i < step->n_done; i++) {
		if (ticket_unlink(m, &step->done[i], e) < 0)
			return -1;
		fault_point("sweep.ticket-unlinked");
	}
	if (fsync(m->tmp) < 0)
		return err_sys(e, "mailbox %s: fsync tmp", m->id);
	fault_point("sweep.tmp-synced");
	return 0;
}

static int run_step(struct sweep *s, struct step *step, struct err *e)
{
	const struct spool_visitor v = {
		.line = note_kept_line, .batch = note_left, .arg = step};

	if (spool_read_all(s->mailbox, &v, e) < 0)
		return -1;
	for (size_t i = 0; i < step->tickets.n && step->n_done < TICKETS_A_STEP;
	     i++) {
		if (sweep_time_is_up(s))
			break;
		if (see_to_ticket(s, step, i, e) < 0)
			return -1;
		s->all_seen = i + 1 == step->tickets.n;
	}
	return step->n_done ? finish_step(s, step, e) : 0;
}

int sweep_tickets(struct sweep *s, struct err *e)
{
	struct step step = {.n_done = 0};
	int result = tickets_scan(s->mailbox, false, &step.tickets, e);

	s->all_seen = step.tickets.n == 0;
	if (result == 0 && step.tickets.n) {
		step.has_line = xcalloc(step.tickets.n, sizeof(bool));
		step.has_left = xcalloc(step.tickets.n, sizeof(bool));
		step.done = xcalloc(step.tickets.n, sizeof(*step.done));
		buf_init(&step.lines,
			 (size_t)TICKETS_A_STEP * (LINE_OCTETS_MAX + 1));
		result = run_step(s, &step, e);
		buf_release(&step.lines);
		free(step.done);
		free(step.has_left);
		free(step.has_line);
	}
	tickets_release(&step.tickets);
	return result;
}

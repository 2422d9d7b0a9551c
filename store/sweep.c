/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the handlers' user tidies up, under byte 1: tickets, whose message gets
 * its line; what lies in gone/ and whose line is durable; spools that are old.
 * Opens no message. Every step leaves a legal state, and what is left over when
 * time is up is the next run's.
 */
#include "common/base.h"
#include "store/sweep.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "store/account.h"
#include "store/entered.h"
#include "store/expiry.h"
#include "store/fault.h"
#include "store/leaving.h"
#include "store/lock_file.h"
#include "store/settled.h"
#include "store/spool.h"
#include "store/ticket.h"
#include "store/undo.h"

enum {
	SWEEP_MS = 20 * 1000,	     /* of one mailbox, in one run */
	SPOOL_DAYS = UNDO_LINE_DAYS, /* as long as what happened is shown */
	SPOOLS_SPARE = 4, /* of SPOOLS_MAX: who appends never runs out */
	TICKETS_A_STEP = 4096,
};

struct sweep {
	struct mailbox *mailbox;
	int64_t end;
	struct listing cur, gone;
	struct sweep_report *report;
	uint64_t writing; /* octets of files whose writers live */
	bool all_seen;	  /* of tmp/ */
	bool steady;	  /* the clock */
	struct entered entered;
};

static bool time_is_up(const struct sweep *s)
{
	return clock_ms() >= s->end;
}

/* --- tickets ---------------------------------------------------------------
 */

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
		if (time_is_up(s))
			break;
		if (see_to_ticket(s, step, i, e) < 0)
			return -1;
		s->all_seen = i + 1 == step->tickets.n;
	}
	return step->n_done ? finish_step(s, step, e) : 0;
}

static int sweep_tickets(struct sweep *s, struct err *e)
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

/* --- gone/ -----------------------------------------------------------------
 */

static int unlink_gone(struct sweep *s, const struct listing_entry *entry,
		       bool without_line, struct err *e)
{
	struct message_name name;
	char text[NAME_SIZE];

	listing_name(entry, &name);
	name_write_gone(&name, without_line, text);
	if (unlinkat(s->mailbox->gone, text, 0) < 0 && errno != ENOENT)
		return err_sys(e, "mailbox %s: unlink gone/%s", s->mailbox->id,
			       text);
	fault_point("sweep.gone-unlinked");
	s->report->left++;
	return 0;
}

static bool has_ticket(const struct tickets *t,
		       const struct listing_entry *entry)
{
	char ulid[ULID_LEN + 1];

	ulid_unpack(entry->ulid, ulid);
	return tickets_find(t, ulid) != NULL;
}

/*
 * A file that was cut and of which no line could be written: said now, by who
 * cannot prove it.
 */
static int say_cut(struct sweep *s, const struct listing_entry *entry,
		   struct err *e)
{
	struct entry line = {.kind = ENTRY_GONE};
	struct buf lines;
	int result = -1;

	ulid_unpack(entry->ulid, line.gone.ulid);
	snprintf(line.gone.by, sizeof(line.gone.by), "full");
	line.gone.when = time(NULL);
	buf_init(&lines, LINE_OCTETS_MAX + 1);
	if (entry_write(&line, &lines))
		result = spool_append(s->mailbox, &lines, 1, true, e);
	buf_release(&lines);
	return result;
}

/* All marked ones that are left by now were cut: leaving_carry() saw to it. */
static int remove_one(struct sweep *s, struct undo_look *u,
		      const struct listing_entry *entry, struct err *e)
{
	if (entry->mark && !entry->named) {
		if (say_cut(s, entry, e) < 0)
			return -1;
		return unlink_gone(s, entry, true, e);
	}
	return undo_keeps(u, entry) ? 0 : unlink_gone(s, entry, false, e);
}

/* What undo keeps, for the one that left first to go first. */
struct deleted {
	int64_t left;
	size_t i;
};

static int by_time(const void *a, const void *b)
{
	const struct deleted *x = a, *y = b;

	return (x->left > y->left) - (x->left < y->left);
}

static size_t list_deleted(const struct sweep *s, const struct tickets *t,
			   struct deleted *list)
{
	size_t n = 0;

	for (size_t i = 0; i < s->gone.n; i++) {
		const struct listing_entry *entry = &s->gone.list[i];

		if (!entry->mark && !has_ticket(t, entry) &&
		    undo_left_at(s->mailbox, entry, &list[n].left))
			list[n++].i = i;
	}
	qsort(list, n, sizeof(*list), by_time);
	return n;
}

static bool is_short_of_room(const struct mailbox *m)
{
	struct err e;

	return store_room(m->store, 0, &e) < 0 && e.kind == ERR_FULL;
}

/* Mail that comes is worth more than mail that was deleted. */
static int make_room(struct sweep *s, struct undo_look *u,
		     const struct tickets *t, struct err *e)
{
	struct deleted *list;
	size_t n, i;
	int result = 0;

	if (s->mailbox->settings.hold || !u->messages ||
	    !is_short_of_room(s->mailbox))
		return 0;
	list = xcalloc(s->gone.n, sizeof(*list));
	n = list_deleted(s, t, list);
	for (i = 0; result == 0 && i < n && is_short_of_room(s->mailbox); i++) {
		const struct listing_entry *entry = &s->gone.list[list[i].i];

		result = unlink_gone(s, entry, false, e);
		undo_give_up(u, entry);
	}
	if (i)
		log_warn("mailbox %s: less is free than the reserve: %zu "
			 "deleted messages went before their time",
			 s->mailbox->id, i);
	free(list);
	return result;
}

static int remove_all(struct sweep *s, struct undo_look *u,
		      const struct tickets *t, struct err *e)
{
	for (size_t i = 0; i < s->gone.n; i++) {
		if (time_is_up(s))
			return 0;
		if (!has_ticket(t, &s->gone.list[i]) &&
		    remove_one(s, u, &s->gone.list[i], e) < 0)
			return -1;
	}
	return make_room(s, u, t, e);
}

static int sweep_gone(struct sweep *s, int64_t scanned, struct err *e)
{
	struct undo_look u;
	struct tickets t;
	int result = 0;

	undo_look_begin(&u, s->mailbox, scanned, s->steady);
	if (!s->gone.n)
		return undo_look_end(&u, e);
	if (tickets_scan(s->mailbox, false, &t, e) < 0)
		result = -1;
	if (result == 0 && spool_sync_all(s->mailbox, e) < 0)
		result = -1;
	/* Also where no ticket went just now: one may have, and the run died.
	 */
	if (result == 0 && fsync(s->mailbox->tmp) < 0)
		result = err_sys(e, "mailbox %s: fsync tmp", s->mailbox->id);
	if (result == 0)
		result = remove_all(s, &u, &t, e);
	tickets_release(&t);
	if (result < 0 || time_is_up(s))
		return result;
	return undo_look_end(&u, e);
}

static int scan_anew(struct sweep *s, struct err *e)
{
	listing_release(&s->cur);
	listing_release(&s->gone);
	if (listing_scan(s->mailbox, 0, &s->cur, e) < 0)
		return -1;
	return listing_scan_gone(s->mailbox, 0, &s->gone, e);
}

/* --- spools ----------------------------------------------------------------
 */

/* Whether a batch of a spool is not yet carried through to its end. */
struct names_left {
	const struct sweep *sweep;
	bool young; /* undo counts the days of what it names by its lines */
	bool any;
};

/*
 * What undo or hold keeps in gone/ may outlast its line by years: it has no
 * mark, and so has left.
 */
static bool is_half_way(const struct names_left *left, const char *ulid)
{
	const struct sweep *s = left->sweep;
	const struct mailbox_conf *c = &s->mailbox->settings;
	const struct listing_entry *gone = listing_find(&s->gone, ulid);

	return listing_find(&s->cur, ulid) ||
	       (gone && (gone->mark || left->young || (!c->hold && !c->undo)));
}

static void look_for_names(void *arg, const struct spool_batch *b)
{
	struct names_left *left = arg;
	const char *at = b->lines, *end = at + b->n_octets, *text;
	struct entry e;
	size_t n;

	while (!left->any && spool_next_line(&at, end, &text, &n))
		if (entry_parse(text, n, &e) && e.kind == ENTRY_GONE)
			left->any = is_half_way(left, e.gone.ulid);
}

static bool is_old(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 &&
	       st.st_mtim.tv_sec < time(NULL) - SPOOL_DAYS * 24 * 3600;
}

static bool lock_now(int fd)
{
	struct flock f = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fcntl(fd, F_OFD_SETLK, &f) == 0;
}

/* Has the ledger all that is in it? */
static bool is_entered(const struct sweep *s, const struct spool_name *name,
		       int fd)
{
	char text[SPOOL_NAME_SIZE];
	struct stat st;

	spool_name_write(name, text);
	return fstat(fd, &st) == 0 &&
	       (uint64_t)st.st_size <= places_offset(&s->entered.places, text);
}

/* It may have grown since it was looked at. */
static bool may_go(const struct sweep *s, const struct spool_name *name, int fd,
		   bool surplus)
{
	return surplus || !s->entered.at_work || is_entered(s, name, fd);
}

static void tell_lost(const struct sweep *s, const struct spool_name *name,
		      int fd)
{
	if (s->entered.at_work && !is_entered(s, name, fd))
		log_error("mailbox %s: spool/%s.%llu goes before the ledger "
			  "has entered it: there is no room for more. Does "
			  "restante-ledger.timer run?",
			  s->mailbox->id, name->node,
			  (unsigned long long)name->n);
}

/* Under its lock, so that nobody appends to what goes. */
static int drop_one(struct sweep *s, const struct spool_name *name,
		    bool surplus, struct err *e)
{
	struct names_left left = {.sweep = s};
	const struct spool_visitor v = {.batch = look_for_names, .arg = &left};
	int fd = spool_open(s->mailbox, name, e), result = 0;

	if (fd < 0)
		return e->kind == ERR_ABSENT ? 0 : -1;
	left.young = !surplus && !is_old(fd);
	if (lock_now(fd) && may_go(s, name, fd, surplus)) {
		result = spool_read(fd, "spool", &v, e);
		if (result == 0 && !left.any) {
			if (surplus)
				tell_lost(s, name, fd);
			result = spool_unlink(s->mailbox, name, e);
			s->report->spools += result == 0;
			fault_point("sweep.spool-dropped");
		}
	}
	close(fd);
	return result;
}

/* A ledger that is behind is waited for, as long as there is room. */
static size_t most_spools(const struct sweep *s)
{
	return s->entered.at_work ? SPOOLS_MAX - SPOOLS_SPARE : SPOOLS_SHORT;
}

/* What is no spool is moved out of the way, for a person to look at. */
static bool is_to_be_dropped(struct sweep *s, const struct spool_list *l,
			     size_t i)
{
	bool surplus = l->n - i > most_spools(s), old;
	struct err e;
	int fd = spool_open(s->mailbox, &l->list[i], &e);

	if (fd < 0 && e.kind == ERR_DAMAGED)
		spool_set_aside(s->mailbox, &l->list[i]);
	if (fd < 0)
		return false;
	old = s->entered.at_work ? is_entered(s, &l->list[i], fd) : is_old(fd);
	close(fd);
	return surplus || old;
}

/*
 * A spool goes only when none of its batches names anything that lies in cur/
 * or gone/, seen after both were synced. The newest stays, so that numbers
 * rise.
 */
static int sweep_spools(struct sweep *s, struct err *e)
{
	struct spool_list l;
	int result = spool_scan(s->mailbox, &l, e);
	bool seen = false;

	entered_read(s->mailbox, &s->entered);

	for (size_t i = 0; result == 0 && i < l.n; i++) {
		if (time_is_up(s))
			break;
		if (!is_to_be_dropped(s, &l, i) || i + 1 == l.n)
			continue;
		if (!seen)
			result = spool_sync_all(s->mailbox, e) < 0 ||
						 leaving_sync(s->mailbox, e) <
							 0 ||
						 scan_anew(s, e) < 0
					 ? -1
					 : 0;
		seen = true;
		if (result == 0)
			result = drop_one(s, &l.list[i],
					  l.n - i > most_spools(s), e);
	}
	spool_list_release(&l);
	return result;
}

/* --- a run -----------------------------------------------------------------
 */

static bool is_empty(const struct mailbox *m, const char *name)
{
	int fd = openat(m->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	bool empty = true;

	if (!d && fd >= 0)
		close(fd);
	if (!d)
		return false;
	while (empty && (entry = readdir(d)))
		empty = entry->d_name[0] == '.';
	closedir(d);
	return empty;
}

/* Nothing came, nothing went: what is counted is what is there. */
static bool is_quiet(const struct mailbox *m)
{
	struct counters c;
	struct err e;

	return is_empty(m, "tmp") && mailbox_counters(m, &c, &e) == 0 &&
	       c.counted && c.scanned && c.scanned == account_changed(m) &&
	       !c.writing &&
	       (is_empty(m, "gone") ? !c.deleted_messages
				    : undo_is_quiet(m, &c));
}

static void set_writing(struct counters *c, const void *arg)
{
	c->writing = *(const uint64_t *)arg;
}

/* What a killed writer has taken for its message is nobody's any more. */
static int count_writers(struct sweep *s, struct err *e)
{
	struct counters c;

	if (mailbox_counters(s->mailbox, &c, e) < 0)
		return -1;
	if (!c.writing)
		return 0;
	return account_count(s->mailbox, set_writing, &s->writing, e);
}

/* Behind the tickets: no line is to be written about what goes now. */
static int sweep_expired(struct sweep *s, struct err *e)
{
	size_t n;

	if (expiry_act(s->mailbox, &s->cur, &s->gone, &n, e) < 0)
		return -1;
	s->report->expired += n;
	return 0;
}

static int sweep_messages(struct sweep *s, struct err *e)
{
	int64_t changed = account_changed(s->mailbox),
		scanned = undo_changed(s->mailbox);
	struct leaving_report report;

	if (settled_scan(s->mailbox, 0, &s->cur, &s->gone, &report, e) < 0 ||
	    sweep_tickets(s, e) < 0 || sweep_expired(s, e) < 0 ||
	    sweep_gone(s, scanned, e) < 0)
		return -1;
	if (s->report->taken_in) {
		changed = account_changed(s->mailbox);
		if (scan_anew(s, e) < 0)
			return -1;
	}
	if (account_count_anew(s->mailbox, &s->cur, changed, e) < 0)
		return -1;
	return s->all_seen ? count_writers(s, e) : 0;
}

int mailbox_sweep_held(struct mailbox *m, struct sweep_report *report_r,
		       struct err *e)
{
	struct sweep s = {
		.mailbox = m, .end = clock_ms() + SWEEP_MS, .report = report_r};
	int result = leaving_open(m, e);

	*report_r = (struct sweep_report){.busy = false};
	s.steady =
		result == 0 && !is_empty(m, "gone") && undo_clock_is_steady(m);
	if (result == 0 && (!is_quiet(m) || expiry_waits(m)))
		result = sweep_messages(&s, e);
	if (result == 0)
		result = sweep_spools(&s, e);
	listing_release(&s.cur);
	listing_release(&s.gone);
	return result;
}

int mailbox_sweep_tickets_held(struct mailbox *m, struct err *e)
{
	struct sweep_report report = {.busy = false};
	struct sweep s = {
		.mailbox = m, .end = clock_ms() + SWEEP_MS, .report = &report};
	struct leaving_report left;
	int result = settled_scan(m, 0, &s.cur, &s.gone, &left, e);

	if (result == 0)
		result = sweep_tickets(&s, e);
	listing_release(&s.cur);
	listing_release(&s.gone);
	return result;
}

int mailbox_sweep(struct mailbox *m, struct sweep_report *report_r,
		  struct err *e)
{
	int result;

	*report_r = (struct sweep_report){.busy = true};
	if (mailbox_lock_byte(m, MAILBOX_BYTE_COLLECT, true, 0, e) < 0)
		return e->kind == ERR_BUSY ? 0 : -1;
	result = mailbox_hold(m, e);
	if (result == 0) {
		result = mailbox_sweep_held(m, report_r, e);
		mailbox_release(m);
	}
	mailbox_unlock_byte(m, MAILBOX_BYTE_COLLECT);
	return result;
}

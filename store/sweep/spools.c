/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spools: which may go, and that none goes that anybody still needs. */
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
#include "store/undo.h"

enum {
	SPOOL_DAYS = UNDO_LINE_DAYS, /* as long as what happened is shown */
	SPOOLS_SPARE = 4, /* of SPOOLS_MAX: who appends never runs out */
};

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
int sweep_spools(struct sweep *s, struct err *e)
{
	struct spool_list l;
	int result = spool_scan(s->mailbox, &l, e);
	bool seen = false;

	entered_read(s->mailbox, &s->entered);

	for (size_t i = 0; result == 0 && i < l.n; i++) {
		if (sweep_time_is_up(s))
			break;
		if (!is_to_be_dropped(s, &l, i) || i + 1 == l.n)
			continue;
		if (!seen)
			result = spool_sync_all(s->mailbox, e) < 0 ||
						 leaving_sync(s->mailbox, e) <
							 0 ||
						 sweep_scan_anew(s, e) < 0
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

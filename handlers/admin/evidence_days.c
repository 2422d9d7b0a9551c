/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counts what others judge: store/ledger/ and store/presence.c. */
#include "common/base.h"
#include "handlers/admin/evidence_days.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/log.h"
#include "store/ledger/proof.h"
#include "store/ledger/signed_ledger.h"

enum { DAY = 24 * 3600 };

/* --- the folder ------------------------------------------------------------
 */

static int open_ledger(const struct conf *conf, const char *id, struct err *e)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", conf->ledger.path, id);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	if (errno == ENOENT)
		return err_set(e, ERR_ABSENT, "mailbox %s has no ledger", id);
	return err_sys(e, "%s", path);
}

/* --- the days --------------------------------------------------------------
 */

struct reading {
	struct evidence known;
	struct evidence unproved; /* gone, said when no key was known */
	struct evidence_days *days;
};

static void take(void *arg, const struct judged *j)
{
	struct reading *r = arg;

	if (j->verdict == JUDGE_COUNTS)
		evidence_take(&r->known, j);
	else if (j->verdict == JUDGE_NO_KEY && j->entry.kind == ENTRY_GONE)
		evidence_message(&r->unproved, j->entry.gone.ulid);
}

/* They come in no order, and there are few days. */
static struct evidence_day *day_of(struct evidence_days *d, int64_t day)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->list[i].day == day)
			return &d->list[i];
	d->list = xgrow(d->list, d->n, sizeof(*d->list));
	d->list[d->n] = (struct evidence_day){.day = day};
	return &d->list[d->n++];
}

static void count(void *arg, const struct evidence_message *m,
		  enum presence_state state)
{
	struct reading *r = arg;
	char ulid[ULID_LEN + 1];
	struct evidence_day *d;

	ulid_unpack(m->ulid, ulid);
	d = day_of(r->days, ulid_time_ms(ulid) / 1000 / DAY);
	d->received++;
	if (state == PRESENCE_GONE_UNTOLD &&
	    evidence_find(&r->unproved, m->ulid))
		d->unproved++;
	else
		d->states[state]++;
}

static int newest_first(const void *a, const void *b)
{
	const struct evidence_day *x = a, *y = b;

	return (x->day < y->day) - (x->day > y->day);
}

static void no_fault(void *arg UNUSED, enum presence_fault fault UNUSED,
		     const char *ulid UNUSED, uint64_t entry UNUSED)
{
}

static void note_checked(int dir, const struct check *c,
			 struct evidence_days *d)
{
	struct stat st;

	d->fault = c->fault;
	d->entries = c->checkpoint.size + c->unsigned_entries;
	d->unsigned_entries = c->unsigned_entries;
	if (c->checkpoint.size && fstatat(dir, "checkpoint", &st, 0) == 0)
		d->signed_at = st.st_mtim.tv_sec;
}

static int read_ledger(int dir, struct presence *p, struct reading *r,
		       struct err *e)
{
	struct evidence_days *d = r->days;
	struct check c = {.each = take, .arg = r};

	if (check_ledger(dir, &c, e) < 0)
		return -1;
	note_checked(dir, &c, d);
	d->compared = !d->fault.file;
	if (!d->compared)
		return 0;
	presence_tell_states(p, count, r);
	if (presence_end(p, &r->known, no_fault, NULL, &d->report, e) < 0)
		return -1;
	if (d->n)
		qsort(d->list, d->n, sizeof(*d->list), newest_first);
	return 0;
}

int evidence_days_read(const struct conf *conf, struct mailbox *m,
		       struct evidence_days *d_r, struct err *e)
{
	struct reading r = {.days = d_r};
	int dir = open_ledger(conf, mailbox_settings(m)->id, e), result = -1;
	struct presence *p;

	*d_r = (struct evidence_days){.n = 0};
	if (dir < 0)
		return -1;
	p = presence_begin(m, e);
	if (p)
		result = read_ledger(dir, p, &r, e);
	presence_free(&p);
	evidence_release(&r.known);
	evidence_release(&r.unproved);
	close(dir);
	if (result < 0)
		evidence_days_release(d_r);
	return result;
}

void evidence_days_release(struct evidence_days *d)
{
	free(d->list);
	*d = (struct evidence_days){.n = 0};
}

/* --- a proof ---------------------------------------------------------------
 */

static int write_proof(const struct signed_ledger *s, const char *ulid,
		       struct buf *line, struct buf *out, struct err *e)
{
	const struct checkpoint *c = &s->note.checkpoint;
	struct proof p = {.note = s->text.data, .note_len = s->text.len};

	if (signed_ledger_find(s, ulid, &p.index, line, e) < 0 ||
	    signed_ledger_path(s, p.index, c->size, c->root, line, &p.path, e) <
		    0)
		return -1;
	if (!buf_add(out, line->data, line->len) || !buf_adds(out, "\n\n") ||
	    !proof_write(&p, PROOF_TLOG, out))
		return err_set(e, ERR_TEMP, "the proof is too long");
	return 0;
}

int evidence_proof(const struct conf *conf, const char *id, const char *ulid,
		   struct buf *out, struct err *e)
{
	int dir = open_ledger(conf, id, e), result;
	struct signed_ledger s;
	struct buf line;

	if (dir < 0)
		return -1;
	result = signed_ledger_open(dir, id, &s, e);
	close(dir);
	if (result < 0)
		return -1;
	buf_init(&line, LINE_OCTETS_MAX);
	result = write_proof(&s, ulid, &line, out, e);
	buf_release(&line);
	signed_ledger_close(&s);
	return result;
}

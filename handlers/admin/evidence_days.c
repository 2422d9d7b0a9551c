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
		return err_set(e, ERR_ABSENT, "%s has no ledger", id);
	return err_sys(e, "%s", path);
}

/* --- the days --------------------------------------------------------------
 */

/*
 * A message's id says when it came; that of one that a handler has made up, or
 * a clock that was wrong, may say anything.
 */
static struct evidence_row *row_of(struct evidence_days *d,
				   const struct evidence_message *m)
{
	char ulid[ULID_LEN + 1];
	int64_t age;

	ulid_unpack(m->ulid, ulid);
	age = d->today - ulid_time_ms(ulid) / 1000 / DAY;
	return age < 0		      ? &d->rows[EVIDENCE_LATER]
	       : age >= EVIDENCE_DAYS ? &d->rows[EVIDENCE_EARLIER]
				      : &d->rows[EVIDENCE_TODAY + age];
}

static void count_messages(struct evidence_days *d)
{
	const struct evidence *v = &d->report.evidence;

	for (size_t i = 0; i < v->size; i++) {
		const struct evidence_message *m = &v->slots[i];
		struct evidence_row *row;

		if (!m->used || m->entry == EVIDENCE_NONE)
			continue;
		row = row_of(d, m);
		row->received++;
		row->states[m->state]++;
	}
}

static int read_host(const struct conf *conf, const char *id,
		     struct evidence_days *d, struct ledger_known *known,
		     struct err *e)
{
	int dir = open_ledger(conf, "host", e), result;

	if (dir < 0)
		return e->kind == ERR_ABSENT ? 0 : -1;
	d->has_host = true;
	result = ledger_known_read(dir, id, known, e);
	d->host_holds = known->host_holds;
	close(dir);
	return result;
}

static int verify(int dir, const char *id, const struct ledger_look *how,
		  struct evidence_days *d, struct err *e)
{
	struct stat st;

	if (ledger_verify(dir, id, how, &d->report, e) < 0)
		return -1;
	if (!d->report.has_mailbox)
		return err_set(e, ERR_TEMP,
			       "the mailbox was deleted meanwhile");
	if (d->report.check.checkpoint.size &&
	    fstatat(dir, "checkpoint", &st, 0) == 0)
		d->signed_at = st.st_mtim.tv_sec;
	count_messages(d);
	return 0;
}

int evidence_days_read(const struct conf *conf, struct store *store,
		       const char *id, int64_t now, struct evidence_days **d_r,
		       struct err *e)
{
	struct ledger_known known = {.n = 0};
	const struct ledger_look how = {.known = &known, .store = store};
	int dir = open_ledger(conf, id, e), result;
	struct evidence_days *d;

	if (dir < 0)
		return -1;
	*d_r = d = xcalloc(1, sizeof(*d));
	d->today = now / DAY;
	result = read_host(conf, id, d, &known, e);
	if (result == 0)
		result = verify(dir, id, &how, d, e);
	d->report.known = NULL;
	ledger_known_release(&known);
	close(dir);
	if (result < 0)
		evidence_days_free(d_r);
	return result;
}

void evidence_days_free(struct evidence_days **d)
{
	if (!*d)
		return;
	ledger_report_release(&(*d)->report);
	free(*d);
	*d = NULL;
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

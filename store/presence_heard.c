/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A handler may write as many lines as a disk has room for, and name what it
 * likes: what is known is asked of each line, and no line adds to it.
 */
#include "common/base.h"
#include "store/presence_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/log.h"
#include "store/back.h"
#include "store/spool.h"

struct hearing {
	struct presence *p;
	struct evidence *v;
};

/* What the ledger says was received; NULL: it does not. */
static struct evidence_message *received(const struct hearing *h,
					 const char *ulid)
{
	struct evidence_message *m = evidence_named(h->v, ulid);

	return m && m->entry != EVIDENCE_NONE ? m : NULL;
}

/* --- spools ----------------------------------------------------------------
 */

/* Of whom that line tells, of what counts here; NULL: of nobody. */
static const char *ulid_of(const struct judged *j)
{
	bool from_admin = j->source == JUDGE_ADMIN;

	if (from_admin)
		return j->entry.kind == ENTRY_BACK ? j->entry.change.as : NULL;
	if (j->entry.kind == ENTRY_GONE)
		return j->entry.gone.ulid;
	return j->entry.kind == ENTRY_KEPT && j->verdict == JUDGE_COUNTS
		       ? j->entry.kept.ulid
		       : NULL;
}

static void name_in(const struct listing *l, const char *ulid)
{
	struct listing_entry *at = listing_find(l, ulid);

	if (at)
		at->named = 1;
}

static void hear(const struct hearing *h, const char *text, size_t n,
		 struct judged *j)
{
	const char *ulid = entry_parse(text, n, &j->entry) ? ulid_of(j) : NULL;
	struct evidence_message *m = ulid ? received(h, ulid) : NULL;

	if (!ulid)
		return;
	if (!m) {
		name_in(&h->p->cur, ulid);
		name_in(&h->p->gone, ulid);
	} else if (j->entry.kind == ENTRY_GONE &&
		   evidence_gone_by(j) > m->told) {
		m->told = (uint8_t)evidence_gone_by(j);
	}
}

static void hear_line(void *arg, const char *text, size_t n)
{
	struct judged j = {.source = JUDGE_SPOOL};

	hear(arg, text, n, &j);
}

static void hear_admin_line(void *arg, const char *text, size_t n)
{
	struct judged j = {.source = JUDGE_ADMIN};

	hear(arg, text, n, &j);
}

static bool is_unnamed(const struct listing *l, const char *ulid)
{
	const struct listing_entry *at = listing_find(l, ulid);

	return at && !at->named;
}

/* A signature is worth its while where nothing better is known. */
static bool is_news(const struct hearing *h, const struct spool_batch *b)
{
	const char *at = b->lines, *end = at + b->n_octets, *text, *ulid;
	struct judged j = {.source = JUDGE_SPOOL};
	const struct evidence_message *m;
	size_t n;

	while (spool_next_line(&at, end, &text, &n)) {
		ulid = entry_parse(text, n, &j.entry) ? ulid_of(&j) : NULL;
		if (!ulid)
			continue;
		m = received(h, ulid);
		if (m ? m->gone < GONE_COLLECTOR && m->told < GONE_COLLECTOR
		      : is_unnamed(&h->p->cur, ulid) ||
				    is_unnamed(&h->p->gone, ulid))
			return true;
	}
	return false;
}

/* As the ledger will: where no key was named yet, what it says is not proved.
 */
static void hear_batch(void *arg, const struct spool_batch *b)
{
	const struct hearing *h = arg;
	const char *at = b->lines, *end = at + b->n_octets, *text;
	const char *key = mailbox_settings(h->p->mailbox)->session_key;
	struct judged j = {.source = JUDGE_SPOOL, .in_session = true};
	size_t n;

	if (!is_news(h, b))
		return;
	if (!*key)
		j.verdict = JUDGE_NO_KEY;
	else if (!judge_is_signed_with(b->session, key))
		return;
	while (spool_next_line(&at, end, &text, &n))
		hear(h, text, n, &j);
}

static int hear_spools(struct hearing *h, struct err *e)
{
	const struct spool_visitor v = {
		.line = hear_line, .batch = hear_batch, .arg = h};
	const struct spool_visitor admin = {.line = hear_admin_line, .arg = h};

	if (back_read_spools(h->p->mailbox, &admin, e) < 0)
		return -1;
	return spool_read_all(h->p->mailbox, &v, e);
}

/* --- lost/ -----------------------------------------------------------------
 */

static DIR *open_folder(int dir, const char *name)
{
	int fd = openat(dir, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d && fd >= 0)
		close(fd);
	return d;
}

/* Keys lie there, too: what is no folder has no messages. */
static bool is_no_folder(void)
{
	return errno == ENOENT || errno == ENOTDIR;
}

static void note_lost(const struct hearing *h, const char *name)
{
	struct message_name message;
	struct evidence_message *m;

	if (!name_parse_kept(name, &message))
		return;
	m = received(h, message.ulid);
	if (m)
		m->lost = 1;
}

static int read_lost_key(const struct hearing *h, int lost, const char *name,
			 struct err *e)
{
	DIR *d = open_folder(lost, name);
	const struct dirent *entry;
	int failed;

	if (!d)
		return is_no_folder() ? 0 : err_sys(e, "lost/%s", name);
	while (errno = 0, (entry = readdir(d)))
		note_lost(h, entry->d_name);
	failed = errno;
	closedir(d);
	errno = failed;
	return failed ? err_sys(e, "lost/%s", name) : 0;
}

/* Only administrators write there. A mailbox without resets has none. */
static int read_lost(const struct hearing *h, struct err *e)
{
	DIR *d = open_folder(h->p->mailbox->dir, "lost");
	const struct dirent *entry;
	int result = 0;

	if (!d)
		return errno == ENOENT ? 0 : err_sys(e, "lost/");
	while (result == 0 && (errno = 0, (entry = readdir(d))))
		if (entry->d_name[0] != '.')
			result = read_lost_key(h, dirfd(d), entry->d_name, e);
	if (result == 0 && errno)
		result = err_sys(e, "lost/");
	closedir(d);
	return result;
}

int presence_hear(struct presence *p, struct evidence *v, struct err *e)
{
	struct hearing h = {.p = p, .v = v};

	if (hear_spools(&h, e) < 0)
		return -1;
	return read_lost(&h, e);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the newest to the oldest by what each names, and back. */
#include "common/base.h"
#include "store/ledger/former_chain.h"

#include <unistd.h>

#include "store/ledger/check.h"
#include "store/ledger/former_name.h"
#include "store/ledger/reader.h"

enum { DEPTH_MAX = 64 };

bool ledger_first(int dir, struct entry_ledger *first_r)
{
	struct entry entry;
	struct ledger l;
	struct buf line;
	struct err e;
	bool good;

	if (ledger_open(dir, &l, &e) < 0)
		return false;
	buf_init(&line, LINE_OCTETS_MAX);
	good = l.size > 0 && ledger_line(&l, 0, &line, &e) == 0 &&
	       entry_parse(line.data, line.len, &entry) &&
	       entry.kind == ENTRY_LEDGER;
	if (good)
		*first_r = entry.ledger;
	buf_release(&line);
	ledger_close(&l);
	return good;
}

struct walk {
	int dir; /* where former/ lies */
	const uint8_t *public;
	const struct former_visitor *visitor;
	struct check check; /* of the one at hand */
	struct err *e;
};

static void pass_on(void *arg, const struct judged *j)
{
	struct walk *w = arg;

	if (j->verdict == JUDGE_COUNTS && j->i < w->check.checkpoint.size)
		w->visitor->each(w->visitor->arg, j);
}

static bool is_true(const struct walk *w, const struct entry_before *named)
{
	const struct check *c = &w->check;

	if (c->fault.file)
		return false;
	return memcmp(c->key.public, w->public, sizeof(c->key.public)) == 0 ||
	       (c->checkpoint.size == named->size &&
		memcmp(c->checkpoint.root, named->root, DIGEST_SIZE) == 0);
}

static int read_one(struct walk *w, int dir, const struct entry_before *named)
{
	w->check = (struct check){.each = pass_on, .arg = w};
	if (check_ledger(dir, &w->check, w->e) < 0)
		return -1;
	w->visitor->end(w->visitor->arg, is_true(w, named));
	return 0;
}

/* Those that the one in dir goes on behind. */
static int read_behind(struct walk *w, int dir, int depth)
{
	struct entry_ledger first;
	int fd, result;

	if (depth == 0 || !ledger_first(dir, &first) || !first.before.act[0])
		return 0;
	fd = former_folder(w->dir, first.before.origin, first.origin);
	if (fd < 0)
		return 0;
	result = read_behind(w, fd, depth - 1);
	if (result == 0)
		result = read_one(w, fd, &first.before);
	close(fd);
	return result;
}

int former_each(int dir, const uint8_t public[NOTE_PUBLIC_SIZE],
		const struct former_visitor *v, struct err *e)
{
	struct walk w = {.dir = dir, .public = public, .visitor = v, .e = e};

	return read_behind(&w, dir, DEPTH_MAX);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A ledger that goes on behind another says so in its first entry: behind how
 * many entries, with which root, and why. What was adopted must be there as it
 * was; of what was resumed it is told how much is there, and that is no fault.
 */
#include "common/base.h"
#include "handlers/admin/ledger_verify.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "common/log.h"
#include "common/utf8.h"
#include "store/ledger/former_name.h"
#include "store/ledger/former_chain.h"

enum { FORMER_MAX = 1000 };

/* One of them, and the one that says so. */
struct former {
	struct ledger_report *report;
	const struct entry_before *before;
	const char *origin; /* of the one that goes on */
	bool is_adopted;
	struct check check;
};

/* --- what does not hold ----------------------------------------------------
 */

static void add_fault(struct ledger_report *r, const char *fmt, ...)
	PRINTF_LIKE(2, 3);

static void add_fault(struct ledger_report *r, const char *fmt, ...)
{
	struct check_fault *f = &r->check.fault;
	va_list ap;

	if (f->file)
		return;
	*f = (struct check_fault){.file = FORMER_DIRECTORY,
				  .entry = CHECK_NOWHERE,
				  .at = CHECK_NOWHERE};
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
}

static void note(const struct former *f)
{
	const struct entry_before *b = f->before;
	char reason[ENTRY_REASON_SIZE];

	ledger_report_note(f->report,
			   "it goes on behind %s, which had %" PRIu64
			   " entries (%s%s%s)",
			   b->origin, b->size, b->act, b->reason[0] ? ": " : "",
			   utf8_plain(b->reason, reason, sizeof(reason)));
}

/* --- one of them -----------------------------------------------------------
 */

/*
 * A tree of it that somebody knows. One that is larger than what is there is
 * told of, and no fault, where the ledger was resumed: it says itself that more
 * was known.
 */
static void hold_against(struct former *f, uint64_t there,
			 const struct checkpoint *c, const char *who)
{
	if (f->is_adopted || c->size <= there)
		check_against(&f->check, c, who);
	else if (c->size > f->before->size)
		ledger_report_note(f->report,
				   "%s knows %" PRIu64 " entries of it, more "
				   "than when it was resumed",
				   who, c->size);
}

static void hold_file(struct former *f, const struct note_key *key,
		      uint64_t there)
{
	const struct ledger_known *k = f->report->known;
	struct note note = {.text = 0};

	if (!k->note || !note_open(k->note->data, k->note->len, key, &note))
		return;
	f->report->has_file = true;
	hold_against(f, there, &note.checkpoint, k->file);
}

static void hold_all(struct former *f, const struct note_key *key,
		     uint64_t there)
{
	const struct ledger_known *k = f->report->known;

	for (size_t i = 0; i < k->n; i++)
		if (k->list[i].says == VOUCHED_TREE &&
		    strcmp(k->list[i].checkpoint.origin, f->before->origin) ==
			    0)
			hold_against(f, there, &k->list[i].checkpoint,
				     "the host's ledger");
	hold_file(f, key, there);
}

/* Size and key of what lies there; 0 and ours, where nothing was signed. */
static uint64_t read_there(const struct former *f, int dir,
			   struct note_key *key_r)
{
	struct note note = {.text = 0};
	uint64_t size = 0;
	struct buf text;
	struct err e;

	*key_r = f->report->check.key;
	buf_init(&text, NOTE_MAX);
	if (dir >= 0 && check_note(dir, &text, key_r, &note, &e) == 0)
		size = note.checkpoint.size;
	buf_release(&text);
	memcpy(key_r->name, f->before->origin, sizeof(key_r->name));
	return size;
}

static void judge(struct former *f)
{
	const struct check *c = &f->check;
	const struct entry_before *b = f->before;
	bool is_whole = c->checkpoint.size == b->size &&
			memcmp(c->checkpoint.root, b->root, DIGEST_SIZE) == 0;

	if (f->is_adopted && c->fault.file)
		add_fault(f->report, "%.100s: %s: %.100s", b->origin,
			  c->fault.file, c->fault.text);
	else if (f->is_adopted && !is_whole)
		add_fault(f->report,
			  "%.150s is not the one that it goes on behind",
			  b->origin);
	else if (c->fault.file)
		ledger_report_note(f->report, "of that, %s: %s", c->fault.file,
				   c->fault.text);
	else if (c->checkpoint.size < b->size)
		ledger_report_note(f->report,
				   "of them %" PRIu64 " that are signed are "
				   "there",
				   c->checkpoint.size);
}

static int verify_there(struct former *f, int dir, struct err *e)
{
	struct note_key key;
	uint64_t there = read_there(f, dir, &key);

	hold_all(f, &key, there);
	if (check_ledger(dir, &f->check, e) < 0)
		return -1;
	judge(f);
	return 0;
}

static void verify_absent(struct former *f)
{
	struct note_key key;

	(void)read_there(f, -1, &key);
	hold_file(f, &key, 0);
	if (f->is_adopted)
		add_fault(f->report, "%.150s is not there", f->before->origin);
	else
		ledger_report_note(f->report, "of them nothing is there");
}

/* *next_r: what its own first entry says; nothing where it is not there. */
static int verify_one(int dir, struct former *f, struct entry_ledger *next_r,
		      struct err *e)
{
	int fd = former_folder(dir, f->before->origin, f->origin);
	int result;

	*next_r = (struct entry_ledger){.when = 0};
	note(f);
	if (fd < 0 && errno != ENOENT)
		return err_sys(e, FORMER_DIRECTORY);
	if (fd < 0) {
		verify_absent(f);
		return 0;
	}
	result = verify_there(f, fd, e);
	(void)ledger_first(fd, next_r);
	close(fd);
	free(f->check.known);
	return result;
}

/* --- all of them -----------------------------------------------------------
 */

struct chain {
	char (*origins)[NOTE_NAME_MAX + 1];
	size_t n;
};

static void add_origin(struct chain *c, const char *origin)
{
	c->origins = xgrow(c->origins, c->n, sizeof(*c->origins));
	snprintf(c->origins[c->n++], sizeof(*c->origins), "%s", origin);
}

static bool has_origin(const struct chain *c, const char *origin)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->origins[i], origin) == 0)
			return true;
	return false;
}

/*
 * What the host's ledger knows was dropped, or is one of them, or went on as
 * another one: a folder of before that was put back does not tell of it.
 */
static void find_unknown(const struct chain *c, const char *name,
			 struct ledger_report *r)
{
	const struct ledger_known *k = r->known;
	const char *unknown = NULL;

	for (size_t i = 0; i < k->n; i++) {
		const char *origin = k->list[i].checkpoint.origin;

		if (!note_name_is_of(origin, name))
			continue;
		if (k->list[i].says == VOUCHED_DROPPED)
			unknown = NULL;
		else if (!has_origin(c, origin))
			unknown = origin;
	}
	if (unknown)
		add_fault(r,
			  "the host's ledger knows %.120s, and nothing says "
			  "what became of it (restante ledger resume)",
			  unknown);
}

static int walk(int dir, struct ledger_report *r, struct chain *c,
		struct err *e)
{
	struct entry_ledger says = r->first, next;
	int result = 0;

	while (result == 0 && says.before.act[0] && c->n < FORMER_MAX) {
		struct former f = {
			.report = r,
			.before = &says.before,
			.origin = says.origin,
			.is_adopted = strcmp(says.before.act, "adopt") == 0,
		};

		add_origin(c, says.before.origin);
		result = verify_one(dir, &f, &next, e);
		r->n_former++;
		says = next;
	}
	return result;
}

int ledger_verify_former(int dir, const char *name, struct ledger_report *r,
			 struct err *e)
{
	struct chain c = {.n = 0};
	int result;

	add_origin(&c, r->first.origin);
	for (size_t i = 0; i < r->known->n; i++)
		if (r->known->list[i].says == VOUCHED_WENT_ON)
			add_origin(&c, r->known->list[i].checkpoint.origin);
	result = walk(dir, r, &c, e);
	if (result == 0 && strcmp(name, "host") != 0)
		find_unknown(&c, name, r);
	free(c.origins);
	return result;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `ledger show`, `checkpoint` and `key`: what lies there, as it stands. */
#include "common/base.h"

#include <inttypes.h>
#include <unistd.h>

#include "common/iso_time.h"
#include "handlers/tool/args.h"
#include "handlers/tool/command.h"
#include "handlers/tool/ledger.h"
#include "store/ledger/check.h"

/* --- show ------------------------------------------------------------------
 */

struct show {
	struct judge *judge;
	int64_t since;
	bool begun;  /* the first entry that is wanted has come */
	bool marked; /* and the first one that is not signed */
	uint64_t signed_size;
};

static const char *const verdicts[] = {
	[JUDGE_COUNTS] = "",
	[JUDGE_NO_ENTRY] = "  (no entry of a form that is known)",
	[JUDGE_NOT_THEIRS] = "  (counts for nothing: not theirs to say)",
	[JUDGE_UNPROVED] = "  (counts for nothing: no key has signed it)",
	[JUDGE_NO_KEY] = "  (not provable: no session key was known yet)",
};

enum { HOUR = 3600 };

/*
 * When it was entered; what stands behind `taken` came with that. An hour is
 * counted when it is over.
 */
static int64_t entered(const struct judged *j)
{
	if (j->source != JUDGE_LEDGER)
		return -1;
	switch (j->entry.kind) {
	case ENTRY_LEDGER:
		return j->entry.ledger.when;
	case ENTRY_TAKEN:
		return j->entry.taken.when;
	case ENTRY_CHECKPOINT:
		return j->entry.checkpoint.when;
	case ENTRY_KEPT:
		return j->entry.kept.when;
	case ENTRY_GONE:
		return j->entry.gone.when;
	case ENTRY_MISSING:
		return j->entry.missing.when;
	case ENTRY_DIFFERS:
		return j->entry.differs.when;
	case ENTRY_SESSIONS:
		return j->entry.sessions.from + HOUR;
	case ENTRY_REFUSED:
		return j->entry.refused.from + HOUR;
	case ENTRY_ADOPTED:
	case ENTRY_RESUMED:
	case ENTRY_DROPPED:
		return j->entry.succession.when;
	case ENTRY_SETTINGS:
	case ENTRY_RECIPIENTS:
	case ENTRY_KEY:
	case ENTRY_DELETED:
		return j->entry.change.when;
	default:
		return -1;
	}
}

/* Each is printable: %x21-7E and single spaces (store/ledger/line.h). */
static void print_entry(const struct judged *j)
{
	int indent = j->source == JUDGE_LEDGER ? 0 : j->in_session ? 4 : 2;

	if (j->verdict == JUDGE_NO_ENTRY)
		printf("%8" PRIu64 "  %*s?%s\n", j->i, indent, "",
		       verdicts[j->verdict]);
	else
		printf("%8" PRIu64 "  %*s%.*s%s\n", j->i, indent, "", (int)j->n,
		       j->text, verdicts[j->verdict]);
}

static void show_entry(void *arg, const struct judged *j)
{
	struct show *s = arg;

	if (!s->begun) {
		s->begun = entered(j) >= s->since;
		judge_look(s->judge, s->begun);
	}
	if (!s->begun)
		return;
	if (j->i >= s->signed_size && !s->marked) {
		s->marked = true;
		puts("          -- not signed yet --");
	}
	print_entry(j);
}

static bool show_line(void *arg, uint64_t i, uint64_t at, const char *text,
		      size_t n)
{
	struct show *s = arg;

	judge_line(s->judge, i, at, text, n);
	return !ferror(stdout);
}

/* 0 where nothing was signed yet, or that is no checkpoint: verify tells. */
static uint64_t signed_size(int dir)
{
	struct note note = {.text = 0};
	struct note_key k;
	struct buf text;
	uint64_t size = 0;
	struct err e;

	buf_init(&text, NOTE_MAX);
	if (check_note(dir, &text, &k, &note, &e) == 0)
		size = note.checkpoint.size;
	buf_release(&text);
	return size;
}

static int show(int dir, int64_t since, struct err *e)
{
	struct show s = {.since = since, .signed_size = signed_size(dir)};
	struct ledger l;
	int64_t n;

	if (ledger_open(dir, &l, e) < 0)
		return -1;
	s.begun = since == 0;
	s.judge = judge_new(show_entry, &s);
	judge_look(s.judge, s.begun);
	n = ledger_each(&l, show_line, &s, e);
	judge_end(s.judge);
	judge_free(&s.judge);
	ledger_close(&l);
	return n < 0 ? -1 : 0;
}

TOOL_RUN(ledger_show)
{
	const char *text = tool_value(a, "since");
	int64_t since = 0;
	int dir, result;

	if (text && !iso_time_parse(text, &since))
		return err_set(e, ERR_CONFIG,
			       "--since %s: expected a time as "
			       "2026-08-01T12:00:00Z",
			       text);
	dir = tool_ledger_of(t, a->words[0], e);
	if (dir < 0)
		return -1;
	result = show(dir, since, e);
	close(dir);
	return result;
}

/* --- checkpoint, key -------------------------------------------------------
 */

/* As it stands, but nothing that is not one. */
static int print_note(int dir, struct err *e)
{
	struct note note;
	struct note_key k;
	struct buf text;
	int result;

	buf_init(&text, NOTE_MAX);
	result = check_note(dir, &text, &k, &note, e);
	if (result == 0)
		fwrite(text.data, 1, text.len, stdout);
	else if (e->kind == ERR_ABSENT)
		result = err_set(e, ERR_ABSENT, "nothing was signed yet");
	buf_release(&text);
	return result;
}

TOOL_RUN(ledger_checkpoint)
{
	int dir = tool_ledger_of(t, a->n_words ? a->words[0] : "host", e);
	int result;

	if (dir < 0)
		return -1;
	result = print_note(dir, e);
	close(dir);
	return result;
}

static int print_key(int dir, struct err *e)
{
	struct note_key k;
	struct buf text;
	int result;

	buf_init(&text, NOTE_MAX);
	result = check_key(dir, &k, e);
	if (result == 0 && note_key_write(&k, &text))
		printf("%s\n", text.data);
	buf_release(&text);
	return result;
}

TOOL_RUN(ledger_key)
{
	int dir = tool_ledger_of(t, "host", e);
	int result;

	(void)a;
	if (dir < 0)
		return -1;
	result = print_key(dir, e);
	close(dir);
	return result;
}

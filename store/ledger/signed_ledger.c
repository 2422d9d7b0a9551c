/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Finds what is to be proved and what leads from it to what was signed. Every
 * path is looked at before it is handed out.
 */
#include "common/base.h"
#include "store/ledger/signed_ledger.h"

#include <inttypes.h>

#include "store/ledger/check.h"
#include "store/ledger/entry.h"

static int read_note(int dir, const char *name, struct signed_ledger *s,
		     struct err *e)
{
	if (check_note(dir, &s->text, &s->key, &s->note, e) == 0)
		return 0;
	if (e->kind == ERR_ABSENT)
		err_set(e, ERR_TEMP, "%s: nothing was signed yet", name);
	return -1;
}

int signed_ledger_open(int dir, const char *name, struct signed_ledger *s_r,
		       struct err *e)
{
	buf_init(&s_r->text, NOTE_MAX);
	if (read_note(dir, name, s_r, e) == 0 &&
	    ledger_open(dir, &s_r->ledger, e) == 0)
		return 0;
	buf_release(&s_r->text);
	return -1;
}

void signed_ledger_close(struct signed_ledger *s)
{
	ledger_close(&s->ledger);
	buf_release(&s->text);
}

struct search {
	const char *ulid;
	uint64_t end; /* what lies behind it is not signed */
	uint64_t found;
	bool is_found, is_unsigned;
	struct buf *line;
};

static bool names(const struct search *s, const char *text, size_t n)
{
	struct entry entry;

	/* Few lines have it, and parsing takes longer than looking. */
	if (n < ULID_LEN || !memmem(text, n, s->ulid, ULID_LEN) ||
	    !entry_parse(text, n, &entry))
		return false;
	return (entry.kind == ENTRY_KEPT &&
		strcmp(entry.kept.ulid, s->ulid) == 0) ||
	       (entry.kind == ENTRY_BACK &&
		strcmp(entry.change.as, s->ulid) == 0);
}

static bool look_at(void *arg, uint64_t i, UNUSED uint64_t at, const char *text,
		    size_t n)
{
	struct search *s = arg;

	if (!names(s, text, n))
		return true;
	s->is_unsigned = i >= s->end;
	s->is_found = !s->is_unsigned && buf_add(s->line, text, n);
	s->found = i;
	return false;
}

int signed_ledger_find(const struct signed_ledger *of, const char *ulid,
		       uint64_t *i_r, struct buf *line, struct err *e)
{
	struct search s = {
		.ulid = ulid, .end = of->note.checkpoint.size, .line = line};

	if (!ulid_valid(ulid, strlen(ulid)))
		return err_set(e, ERR_CONFIG, "'%s' is no ULID of a message",
			       ulid);
	if (ledger_each(&of->ledger, look_at, &s, e) < 0)
		return -1;
	*i_r = s.found;
	if (s.is_found)
		return 0;
	return s.is_unsigned
		       ? err_set(e, ERR_TEMP,
				 "message %s is entered and not signed yet: "
				 "within five minutes",
				 ulid)
		       : err_set(e, ERR_ABSENT,
				 "message %s is in no entry of %s", ulid,
				 of->key.name);
}

int signed_ledger_path(const struct signed_ledger *s, uint64_t i, uint64_t size,
		       const uint8_t root[DIGEST_SIZE], const struct buf *line,
		       struct tree_path *path_r, struct err *e)
{
	const struct tree_source tree = ledger_source(&s->ledger);
	uint8_t leaf[DIGEST_SIZE];

	if (tree_inclusion(&tree, i, size, path_r, e) < 0)
		return -1;
	tree_leaf(line->data, line->len, leaf);
	if (tree_inclusion_holds(leaf, i, size, path_r, root))
		return 0;
	return err_set(e, ERR_DAMAGED,
		       "entry %" PRIu64 " of %s does not lead to what was "
		       "signed (restante ledger verify)",
		       i, s->key.name);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A ledger under the hands of somebody who has its files: whatever is changed
 * in what was signed is found, and its place named. What a handler forged
 * counts for nothing.
 */
#include "common/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <fcntl.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "common/num.h"
#include "store/ledger/check.h"
#include "store/ledger/evidence.h"
#include "tests/unit/ledger_rig.h"

#define U    "01J5ZX3K7Q8W9E2R4T6Y0P1M3N"
#define H    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define TIME "time=2026-11-30T02:49:25Z"

static void look(const struct ledger_rig *r, struct check *c)
{
	struct err e;

	assert_int_equal(check_ledger(r->dir, c, &e), 0);
}

static void make_of(struct ledger_rig *r, uint64_t size)
{
	ledger_rig_begin(r);
	ledger_rig_add(r,
		       "key " TIME " by=found who=- how=- what=found "
		       "session-key=%s\n",
		       r->session_key);
	ledger_rig_add_messages(r, 9, true);
	while (r->size + 5 <= size)
		ledger_rig_add_messages(r, 1, true);
	while (r->size < size)
		ledger_rig_add(r,
			       "sessions from=2026-11-30T02:00:00Z "
			       "program=pop3-serve outcome=collected "
			       "count=%u\n",
			       (unsigned)r->size);
	ledger_rig_write(r);
}

/* How many the campaign has says who runs it: time goes by their square. */
static uint64_t wanted_size(void)
{
	const char *text = getenv("LEDGER_ENTRIES");

	return text ? strtoul(text, NULL, 10) : 48;
}

static void make(struct ledger_rig *r)
{
	make_of(r, wanted_size());
}

static void a_true_one_holds(UNUSED void **state)
{
	struct ledger_rig r;
	struct check c = {.each = NULL};

	make(&r);
	look(&r, &c);
	assert_null(c.fault.file);
	assert_int_equal(c.checkpoint.size, wanted_size());
	assert_int_equal(c.unsigned_entries, 0);
	assert_string_equal(c.checkpoint.origin, RIG_ORIGIN);
	ledger_rig_end(&r);
}

/* --- octet by octet --------------------------------------------------------
 */

/* Which line that octet is of; its own LF is one of its octets. */
static uint64_t line_of(const struct buf *b, size_t at)
{
	uint64_t n = 0;

	for (size_t i = 0; i < at; i++)
		n += b->data[i] == '\n';
	return n;
}

static void poke(int fd, size_t at, int octet)
{
	char c = (char)octet;

	assert_int_equal(pwrite(fd, &c, 1, (off_t)at), 1);
}

static void each_octet_of(struct ledger_rig *r, const char *name,
			  size_t octets_an_entry)
{
	int fd = openat(r->dir, name, O_WRONLY | O_CLOEXEC);
	struct check c = {.each = NULL};
	struct buf whole;

	assert_true(fd >= 0);

	buf_init(&whole, 1024 * 1024);
	ledger_rig_read(r, name, &whole);
	for (size_t at = 0; at < whole.len; at++) {
		uint64_t entry = octets_an_entry ? at / octets_an_entry
						 : line_of(&whole, at);

		poke(fd, at, whole.data[at] ^ (at % 2 ? 0x01 : 0x10));
		look(r, &c);
		if (!c.fault.file || strcmp(c.fault.file, name) != 0 ||
		    (octets_an_entry != 1 && c.fault.entry != entry))
			fail_msg("%s, octet %zu: %s, entry %llu: %s", name, at,
				 c.fault.file ? c.fault.file : "holds",
				 (unsigned long long)c.fault.entry,
				 c.fault.text);
		poke(fd, at, whole.data[at]);
	}
	close(fd);
	look(r, &c);
	assert_null(c.fault.file);
	print_message("%zu octets of %s\n", whole.len, name);
	buf_release(&whole);
}

static void each_octet_is_found(UNUSED void **state)
{
	struct ledger_rig r;

	make(&r);
	each_octet_of(&r, "entries", 0);
	each_octet_of(&r, "offsets", LEDGER_OFFSET_SIZE);
	each_octet_of(&r, "tiles", DIGEST_SIZE);
	each_octet_of(&r, "vkey", 1);
	ledger_rig_end(&r);
}

/* Its fault may be told of the key beside it, which is no longer its own. */
static void each_octet_of_the_checkpoint_is_found(UNUSED void **state)
{
	struct ledger_rig r;

	make(&r);
	each_octet_of(&r, "checkpoint", 1);
	ledger_rig_end(&r);
}

/* --- line by line ----------------------------------------------------------
 */

struct lines {
	size_t n;
	struct {
		const char *at;
		size_t n; /* with its LF */
	} list[256];
};

static void split(const struct buf *b, struct lines *l_r)
{
	const char *at = b->data;

	for (l_r->n = 0; *at; l_r->n++) {
		size_t n = strcspn(at, "\n") + 1;

		assert_true(l_r->n < N_ELEMENTS(l_r->list));
		l_r->list[l_r->n].at = at;
		l_r->list[l_r->n].n = n;
		at += n;
	}
}

/* The first place where the two differ, in lines. */
static void expect_first(struct ledger_rig *r, const struct lines *l,
			 const size_t *order, size_t n, uint64_t entry)
{
	struct check c = {.each = NULL};
	struct buf text;

	buf_init(&text, 1024 * 1024);
	for (size_t i = 0; i < n; i++)
		assert_true(buf_add(&text, l->list[order[i]].at,
				    l->list[order[i]].n));
	ledger_rig_put(r, "entries", text.data, text.len);
	look(r, &c);
	assert_non_null(c.fault.file);
	assert_string_equal(c.fault.file, "entries");
	assert_int_equal(c.fault.entry, entry);
	buf_release(&text);
}

static void each_line_is_missed(UNUSED void **state)
{
	struct ledger_rig r;
	struct lines l;
	size_t order[256];

	make(&r);
	split(&r.lines, &l);
	for (size_t out = 0; out < l.n; out++) {
		size_t n = 0;

		for (size_t i = 0; i < l.n; i++)
			if (i != out)
				order[n++] = i;
		expect_first(&r, &l, order, n, out);
	}
	for (size_t i = 0; i < l.n; i++)
		order[i] = i;
	for (size_t n = 0; n < l.n; n++)
		expect_first(&r, &l, order, n, n);
	for (size_t i = 0; i + 1 < l.n; i++) {
		order[i] = i + 1;
		order[i + 1] = i;
		expect_first(&r, &l, order, l.n, i);
		order[i] = i;
		order[i + 1] = i + 1;
	}
	ledger_rig_end(&r);
}

/* --- what only others can tell ---------------------------------------------
 */

/* A line and its hash, by somebody who knows how a tile is made. */
static void both_files_are_bracketed(UNUSED void **state)
{
	struct check_known known[3] = {
		{.who = "k"}, {.who = "k"}, {.who = "k"}};
	struct check c = {.known = known, .n_known = 3};
	struct ledger_rig r;
	struct tree t = {.size = 0};
	size_t n_known = 0;
	struct buf tiles;
	struct lines l;

	make_of(&r, 200);
	split(&r.lines, &l);
	buf_init(&tiles, 1024 * 1024);
	ledger_rig_read(&r, "tiles", &tiles);
	for (size_t i = 0; i < 200; i++) {
		tree_add(&t, (const uint8_t *)tiles.data + i * DIGEST_SIZE);
		if (i == 49 || i == 149 || i == 199) {
			struct check_known *k = &known[n_known++];

			k->size = i + 1;
			tree_root(&t, k->root);
		}
	}
	look(&r, &c);
	assert_null(c.fault.file);
	r.lines.data[l.list[120].at - r.lines.data + 8] ^= 1;
	tree_leaf(l.list[120].at, l.list[120].n - 1,
		  (uint8_t *)tiles.data + 120 * DIGEST_SIZE);
	ledger_rig_put(&r, "entries", r.lines.data, r.lines.len);
	ledger_rig_put(&r, "tiles", tiles.data, tiles.len);
	look(&r, &c);
	assert_non_null(c.fault.file);
	assert_int_equal(c.fault.entry, 50);
	assert_non_null(strstr(c.fault.text, "50 to 149"));
	buf_release(&tiles);
	ledger_rig_end(&r);
}

static void an_old_copy_is_told_by_who_knows(UNUSED void **state)
{
	struct check_known known = {.who = "FILE"};
	struct check c = {.known = &known, .n_known = 1};
	struct ledger_rig r;

	make(&r);
	known.size = r.size + 1;
	look(&r, &c);
	assert_non_null(strstr(c.fault.text, "an older ledger"));
	known.size = r.size - 1;
	look(&r, &c);
	assert_non_null(strstr(c.fault.text, "that FILE knows"));
	ledger_rig_end(&r);
}

/* Each that it has ever been, with all of its files, and as truly signed. */
static void each_old_copy_is_told(UNUSED void **state)
{
	struct check_known known = {.size = wanted_size(),
				    .who = "the host's ledger"};
	struct check c = {.known = &known, .n_known = 1};
	struct ledger_rig r;

	ledger_rig_begin(&r);
	while (r.size < known.size) {
		ledger_rig_write(&r);
		look(&r, &c);
		assert_string_equal(c.fault.file, "checkpoint");
		assert_int_equal(c.fault.entry, r.size);
		ledger_rig_add(&r, "gone ulid=" U " by=full " TIME "\n");
	}
	ledger_rig_end(&r);
}

static void another_key_is_told_by_the_hosts(UNUSED void **state)
{
	struct note_key host = {.name = "gw.example/host/" U};
	struct check c = {.host = &host};
	struct ledger_rig r;

	make(&r);
	look(&r, &c);
	assert_string_equal(c.fault.file, "vkey");
	memcpy(host.public, r.key.public, sizeof(host.public));
	look(&r, &c);
	assert_null(c.fault.file);
	snprintf(host.name, sizeof(host.name), "other.example/host/" U);
	look(&r, &c);
	assert_string_equal(c.fault.file, "vkey");
	ledger_rig_end(&r);
}

/* What is not signed may be anything. */
static void the_tail_is_no_fault(UNUSED void **state)
{
	struct check c = {.each = NULL};
	struct ledger_rig r;

	make(&r);
	assert_true(buf_adds(&r.lines, "gone ulid=" U " by=full " TIME "\n"
				       "half a li"));
	ledger_rig_put(&r, "entries", r.lines.data, r.lines.len);
	look(&r, &c);
	assert_null(c.fault.file);
	assert_int_equal(c.unsigned_entries, 1);
	ledger_rig_end(&r);
}

/* --- what counts -----------------------------------------------------------
 */

struct verdicts {
	struct evidence evidence;
	unsigned n[JUDGE_NO_KEY + 1];
	uint64_t next;
};

static void take(void *arg, const struct judged *j)
{
	struct verdicts *v = arg;

	assert_int_equal(j->i, v->next++);
	v->n[j->verdict]++;
	evidence_take(&v->evidence, j);
}

static void look_at(struct ledger_rig *r, struct verdicts *v)
{
	struct check c = {.each = take, .arg = v};

	*v = (struct verdicts){.next = 0};
	ledger_rig_write(r);
	look(r, &c);
	assert_null(c.fault.file);
	assert_int_equal(v->next, r->size);
}

static unsigned count_gone(const struct evidence *v, enum evidence_gone how)
{
	unsigned n = 0;

	for (size_t i = 0; i < v->size; i++)
		n += v->slots[i].used && v->slots[i].gone == how;
	return n;
}

static void only_what_is_signed_was_collected(UNUSED void **state)
{
	struct ledger_rig r;
	struct verdicts v;

	ledger_rig_begin(&r);
	ledger_rig_add_messages(&r, 3, true); /* before any key was named */
	ledger_rig_add(&r,
		       "key " TIME " by=found who=- how=- what=found "
		       "session-key=%s\n",
		       r.session_key);
	ledger_rig_add_messages(&r, 5, true);
	ledger_rig_add_messages(&r, 7, false);
	look_at(&r, &v);
	assert_int_equal(v.evidence.n, 15);
	assert_int_equal(count_gone(&v.evidence, GONE_COLLECTOR), 5);
	assert_int_equal(count_gone(&v.evidence, GONE_UNPROVED), 3);
	assert_int_equal(count_gone(&v.evidence, GONE_NOT), 7);
	assert_int_equal(v.n[JUDGE_NO_KEY], 7);
	assert_int_equal(v.n[JUDGE_UNPROVED], 15);
	evidence_release(&v.evidence);
	/* After a reset the old key is nobody's word. */
	ledger_rig_add(&r, "key " TIME " by=found who=- how=- what=reset "
			   "session-key=" H "\n");
	ledger_rig_add_messages(&r, 2, true);
	look_at(&r, &v);
	assert_int_equal(count_gone(&v.evidence, GONE_COLLECTOR), 5);
	assert_int_equal(v.evidence.resets, 1);
	evidence_release(&v.evidence);
	ledger_rig_end(&r);
}

/* A late session may be signed with the key from before a rekey. */
static void a_key_that_is_named_often_pushes_out_none(UNUSED void **state)
{
	struct ledger_rig r;
	struct verdicts v;

	ledger_rig_begin(&r);
	ledger_rig_add(&r,
		       "key " TIME " by=found who=- how=- what=found "
		       "session-key=%s\n",
		       r.session_key);
	for (int i = 0; i < 100; i++)
		ledger_rig_add(&r, "key " TIME " by=found who=- how=- "
				   "what=password session-key=" H "\n");
	ledger_rig_add_messages(&r, 2, true);
	look_at(&r, &v);
	assert_int_equal(count_gone(&v.evidence, GONE_COLLECTOR), 2);
	evidence_release(&v.evidence);
	ledger_rig_end(&r);
}

static void what_a_handler_forges_is_nothing(UNUSED void **state)
{
	static const char *const forged[] = {
		"gone ulid=" U " by=collector " TIME,
		"gone ulid=" U " by=expiry " TIME,
		"collected ulid=" U " sha256=" H " ended=yes " TIME,
		"settings " TIME " by=administrator who=a how=b what=set",
		"key " TIME " by=administrator who=a how=b what=reset "
		"session-key=" H,
		"taken spool=admin.1 from=0 to=1 lines=9 passed-over=0 " TIME,
		"kept ulid=" U " octets=1 sha256=" H " by=found " TIME,
		"deleted " TIME " by=found who=- how=- what=found",
		"no line at all",
		"ledger version=1 origin=a/b/c " TIME,
	};
	struct ledger_rig r;
	struct verdicts v;

	ledger_rig_begin(&r);
	ledger_rig_add(&r,
		       "taken spool=local.1 from=0 to=1 lines=%zu "
		       "passed-over=0 " TIME "\n",
		       N_ELEMENTS(forged));
	for (size_t i = 0; i < N_ELEMENTS(forged); i++)
		ledger_rig_add(&r, "%s\n", forged[i]);
	ledger_rig_add(&r, "gone ulid=" U " by=collector " TIME "\n");
	look_at(&r, &v);
	assert_int_equal(v.n[JUDGE_COUNTS], 2);
	assert_int_equal(v.n[JUDGE_NOT_THEIRS], N_ELEMENTS(forged));
	assert_int_equal(v.n[JUDGE_NO_ENTRY], 1);
	assert_int_equal(v.evidence.n, 0);
	assert_false(v.evidence.deleted);
	evidence_release(&v.evidence);
	ledger_rig_end(&r);
}

/* Its block ends, and the ledger's own lines come, before the session's do. */
static void a_session_that_is_cut_proves_nothing(UNUSED void **state)
{
	struct ledger_rig r;
	struct verdicts v;

	ledger_rig_begin(&r);
	ledger_rig_add(&r,
		       "key " TIME " by=found who=- how=- what=found "
		       "session-key=%s\n"
		       "taken spool=local.1 from=0 to=1 lines=2 "
		       "passed-over=0 " TIME "\n"
		       "session id=" U " mailbox=" RIG_MAILBOX " n=2 sha256=" H
		       " sig=" H H "\n"
		       "gone ulid=" U " by=collector " TIME "\n"
		       "gone ulid=" U " by=expiry " TIME "\n",
		       r.session_key);
	look_at(&r, &v);
	assert_int_equal(v.n[JUDGE_UNPROVED], 2);
	assert_int_equal(count_gone(&v.evidence, GONE_OTHER), 1);
	evidence_release(&v.evidence);
	ledger_rig_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_true_one_holds),
		cmocka_unit_test(each_octet_is_found),
		cmocka_unit_test(each_octet_of_the_checkpoint_is_found),
		cmocka_unit_test(each_line_is_missed),
		cmocka_unit_test(both_files_are_bracketed),
		cmocka_unit_test(an_old_copy_is_told_by_who_knows),
		cmocka_unit_test(each_old_copy_is_told),
		cmocka_unit_test(another_key_is_told_by_the_hosts),
		cmocka_unit_test(the_tail_is_no_fault),
		cmocka_unit_test(only_what_is_signed_was_collected),
		cmocka_unit_test(a_key_that_is_named_often_pushes_out_none),
		cmocka_unit_test(what_a_handler_forges_is_nothing),
		cmocka_unit_test(a_session_that_is_cut_proves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

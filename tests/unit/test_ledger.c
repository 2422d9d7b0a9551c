/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lines of spools: one text for one meaning, and nothing else is taken; batches
 * whole or not at all.
 */
#include "common/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include <nettle/sha2.h>

#include "store/ledger/spool_reader.h"

#define U  "01J5ZX3K7Q8W9E2R4T6Y0P1M3N"
#define H  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define ID "mbx-00112233445566778899aabbccddeeff"

static const char *const good[] = {
	"kept ulid=" U " octets=0 sha256=" H " by=writer "
	"time=2026-11-30T02:49:25Z",
	"collected ulid=" U " sha256=" H " ended=no time=2026-11-30T02:49:25Z",
	"gone ulid=" U " by=collector time=1970-01-01T00:00:00Z",
	"activity time=2026-02-28T23:59:59Z program=smtp-journal "
	"peer=192.0.2.7 outcome=kept messages=1 octets=18446744073709551615",
	"activity time=2026-02-28T23:59:59Z program= peer=a%20b%25%3D%22%C3%A4 "
	"outcome= messages=0 octets=0",
	"activity time=2026-02-28T23:59:59Z program=smtp-journal "
	"peer=192.0.2.7 outcome=refused messages=0 octets=0 "
	"reason=client-certificate",
	"refused from=2026-11-30T02:00:00Z program=smtp-journal reason=quota "
	"count=12",
	"announced mailbox=" ID " session-key=" H " mac=" H,
	"session id=" U " mailbox=" ID " n=256 sha256=" H " sig=" H H,
	"ledger version=1 origin=gw.example/" ID "/" U
	" time=2026-11-30T02:49:25Z",
	"ledger version=1 origin=gw.example/" ID "/" U
	" time=2026-11-30T02:49:25Z act=resume after=old.example/" ID "/" U
	" size=7 root=" H " reason=a%20disk%3D%22x%22",
	"missing ulid=" U " by=found time=2026-11-30T02:49:25Z",
	"differs ulid=" U " sha256=" H " by=found time=2026-11-30T02:49:25Z",
	"adopted origin=gw.example/" ID "/" U " size=7 root=" H
	" to=gw.example/" ID "/" U " reason= time=2026-11-30T02:49:25Z",
	"dropped origin=gw.example/" ID "/" U " size=7 root=" H
	" to= reason=ten%20years time=2026-11-30T02:49:25Z",
	"taken spool=local.3 from=0 to=1048576 lines=7 passed-over=0 "
	"time=2026-11-30T02:49:25Z",
	"sessions from=2026-11-30T02:00:00Z program=pop3-serve "
	"outcome=collected count=12",
	"checkpoint origin=gw.example/" ID "/" U " size=3 root=" H
	" time=2026-11-30T02:49:25Z",
	"key time=2026-11-30T02:49:25Z by=found who=- how=- what=found "
	"session-key=" H,
	"deleted time=2026-11-30T02:49:25Z by=found who=- how=- what=found",
	"administrators time=2026-11-30T02:49:25Z by=administrator who=root "
	"how=shell what=add",
	"back time=2026-11-30T02:49:25Z by=administrator who=root how=shell "
	"what=undo ulid=" U " as=01J5ZX3K7Q8W9E2R4T6Y0P1M3P",
};

static const char *const bad[] = {
	"",
	" ",
	"kept",
	"kept ",
	"Kept ulid=" U,
	"gone by=collector ulid=" U " time=1970-01-01T00:00:00Z",
	"gone ulid=" U " by=collector",
	"gone ulid=" U " by=collector time=1970-01-01T00:00:00Z more=1",
	"gone ulid=" U " by=collector time=1970-01-01T00:00:00Z ",
	"gone  ulid=" U " by=collector time=1970-01-01T00:00:00Z",
	"gone ulid=" U "X by=collector time=1970-01-01T00:00:00Z",
	"gone ulid=" U " by=c%6Fllector time=1970-01-01T00:00:00Z",
	"gone ulid=" U " by=c%c3 time=1970-01-01T00:00:00Z",
	"gone ulid=" U " by=c%00 time=1970-01-01T00:00:00Z",
	"gone ulid=" U " by=c% time=1970-01-01T00:00:00Z",
	"gone ulid=" U " by=c%2 time=1970-01-01T00:00:00Z",
	"gone ulid=" U " by=c=d time=1970-01-01T00:00:00Z",
	"gone ulid=" U " by=c\td time=1970-01-01T00:00:00Z",
	"gone ulid=" U " by=longerthansixteen time=1970-01-01T00:00:00Z",
	"gone ulid=" U " by=c time=2026-02-30T00:00:00Z",
	"kept ulid=" U " octets=01 sha256=" H " by=w time=2026-11-30T02:49:25Z",
	"collected ulid=" U " sha256=" H
	" ended=maybe time=2026-11-30T02:49:25Z",
	"ledger version=2 origin=gw.example time=2026-11-30T02:49:25Z",
	"ledger version=1 origin=gw%20example time=2026-11-30T02:49:25Z",
	"ledger version=1 origin=gw.example time=2026-11-30T02:49:25Z act= "
	"after=x size=7 root=" H " reason=",
	"ledger version=1 origin=gw.example time=2026-11-30T02:49:25Z "
	"act=adopt",
	"resumed origin=gw.example size=7 root=" H
	" to=a%20b reason= time=2026-11-30T02:49:25Z",
	"missing ulid=" U " by=adopt time=2026-11-30T02:49:25Z more=1",
	"activity time=2026-02-28T23:59:59Z program=p peer=q outcome=r "
	"messages=0 octets=0 reason=",
	"activity time=2026-02-28T23:59:59Z program=p peer=q outcome=r "
	"messages=0 octets=0 reason=longer-than-all-that-are",
	"activity time=2026-02-28T23:59:59Z program=p peer=q outcome=r "
	"messages=0 octets=0 reason=quota more=1",
	"refused from=2026-11-30T02:00:00Z program=p count=12",
	"announced mailbox=mbx-00112233445566778899AABBCCDDEEFF session-key=" H
	" mac=" H,
	"announced mailbox=" ID " session-key=" H,
	"taken spool=local.3 from=0 to=1048576 lines=7 "
	"time=2026-11-30T02:49:25Z",
	"checkpoint origin=gw.example size=03 root=" H
	" time=2026-11-30T02:49:25Z",
	"key time=2026-11-30T02:49:25Z by=found who=- what=found",
	"back time=2026-11-30T02:49:25Z by=administrator who=root how=shell "
	"what=undo ulid=" U,
	"back time=2026-11-30T02:49:25Z by=administrator who=root how=shell "
	"what=undo ulid=" U " as=" U " more=1",
	"back time=2026-11-30T02:49:25Z by=administrator who=root how=shell "
	"what=undo session-key=" H " ulid=" U " as=" U,
	"key time=2026-11-30T02:49:25Z by=found who=- how=- what=found "
	"session-key=00",
	"session id=" U " mailbox=" ID " n=257 sha256=" H " sig=" H H,
	"session id=" U " mailbox=" ID " n=0 sha256=" H " sig=" H H,
	"session id=" U " mailbox=mbx-00112233445566778899AABBCCDDEEFF n=1 "
	"sha256=" H " sig=" H H,
};

static void good_lines_read_back_as_they_are(UNUSED void **state)
{
	for (size_t i = 0; i < N_ELEMENTS(good); i++) {
		struct entry e;
		struct buf again;

		buf_init(&again, 4096);
		if (!entry_parse(good[i], strlen(good[i]), &e))
			fail_msg("refused: %s", good[i]);
		assert_true(entry_write(&e, &again));
		buf_cut(&again, again.len - 1);
		assert_string_equal(again.data, good[i]);
		buf_release(&again);
	}
}

static void bad_lines_are_refused(UNUSED void **state)
{
	struct entry e;

	for (size_t i = 0; i < N_ELEMENTS(bad); i++)
		if (entry_parse(bad[i], strlen(bad[i]), &e))
			fail_msg("taken: %s", bad[i]);
	/* One of a kind to come is a line all the same. */
	assert_true(entry_parse("found a=1", 9, &e));
	assert_int_equal(e.kind, ENTRY_OTHER);
}

static void what_is_too_long_is_no_line(UNUSED void **state)
{
	char text[LINE_OCTETS_MAX + 2];
	struct line l;
	struct line_writer w;
	struct buf out;

	memset(text, 'x', sizeof(text));
	memcpy(text, "a b=", 4);
	assert_true(line_parse(text, LINE_OCTETS_MAX, &l));
	assert_false(line_parse(text, LINE_OCTETS_MAX + 1, &l));
	text[LINE_OCTETS_MAX] = '\0';
	buf_init(&out, 65536);
	assert_true(buf_adds(&out, "before\n"));
	line_begin(&w, &out, "a");
	line_add(&w, "b", text);
	line_add(&w, "c", text);
	assert_false(line_end(&w));
	assert_string_equal(out.data, "before\n");
	buf_release(&out);
}

/* --- batches ---------------------------------------------------------------
 */

struct seen {
	unsigned lines, batches;
	size_t octets;
};

static void see_line(void *arg, const char *text UNUSED, size_t n UNUSED)
{
	((struct seen *)arg)->lines++;
}

static void see_batch(void *arg, const struct spool_batch *b)
{
	struct seen *seen = arg;

	seen->batches++;
	seen->octets += b->n_octets;
}

/* The session line of what lies in lines, and then those. */
static void write_batch(struct buf *out, unsigned n, const char *lines)
{
	struct entry e = {.kind = ENTRY_SESSION};
	struct sha256_ctx ctx;

	snprintf(e.session.id, sizeof(e.session.id), "%s", U);
	snprintf(e.session.mailbox, sizeof(e.session.mailbox), "%s", ID);
	e.session.n = n;
	sha256_init(&ctx);
	sha256_update(&ctx, strlen(lines), (const uint8_t *)lines);
	sha256_digest(&ctx, sizeof(e.session.sha256), e.session.sha256);
	assert_true(entry_write(&e, out) && buf_adds(out, lines));
}

/* "one line, a batch of two, one line". */
static void write_spool(struct buf *out, size_t *batch_r, size_t *end_r)
{
	static const char lines[] =
		"gone ulid=" U " by=c time=1970-01-01T00:00:00Z\n"
		"gone ulid=" U " by=d time=1970-01-01T00:00:00Z\n";

	assert_true(buf_addf(out, "%s\n", good[0]));
	*batch_r = out->len;
	write_batch(out, 2, lines);
	*end_r = out->len;
	assert_true(buf_addf(out, "%s\n", good[3]));
}

static struct seen parse(const char *bytes, size_t n, bool last, size_t *used_r)
{
	struct seen seen = {0};
	const struct spool_visitor v = {see_line, see_batch, &seen};

	*used_r = spool_parse(bytes, n, last, &v);
	return seen;
}

static void a_batch_is_taken_whole_or_not_at_all(UNUSED void **state)
{
	struct buf spool;
	size_t batch, end, used;

	buf_init(&spool, 65536);
	write_spool(&spool, &batch, &end);
	for (size_t n = 0; n <= spool.len; n++) {
		struct seen s = parse(spool.data, n, true, &used);

		assert_int_equal(used, n);
		assert_int_equal(s.batches, n >= end);
		/* More may come: nothing of a half one is used up. */
		s = parse(spool.data, n, false, &used);
		assert_int_equal(s.batches, n >= end);
		assert_true(used <= n);
		if (n >= batch && n < end)
			assert_int_equal(used, batch);
	}
	/* Of the session's own line the signature speaks. */
	batch += strcspn(spool.data + batch, "\n") + 1;
	for (size_t i = batch; i < end; i++) {
		spool.data[i] ^= 1;
		assert_int_equal(
			parse(spool.data, spool.len, true, &used).batches, 0);
		spool.data[i] ^= 1;
	}
	buf_release(&spool);
}

/* Else a spool of session lines alone has each octet hashed 256 times. */
static void no_batch_begins_in_another(UNUSED void **state)
{
	struct buf inner, spool;
	struct seen s;
	size_t used;

	buf_init(&inner, 65536);
	buf_init(&spool, 65536);
	write_batch(&inner, 1,
		    "gone ulid=" U " by=c "
		    "time=1970-01-01T00:00:00Z\n");
	write_batch(&spool, 2, inner.data);
	s = parse(spool.data, spool.len, true, &used);
	assert_int_equal(s.batches, 1);
	assert_int_equal(s.octets, strlen(strchr(inner.data, '\n')) - 1);
	assert_int_equal(s.lines, 0);
	buf_release(&inner);
	buf_release(&spool);
}

static void a_long_spool_is_read_in_blocks(UNUSED void **state)
{
	struct seen seen = {0};
	const struct spool_visitor v = {see_line, see_batch, &seen};
	FILE *file = tmpfile();
	size_t batch, end;
	struct buf spool;
	struct err e;

	assert_non_null(file);
	buf_init(&spool, 65536);
	write_spool(&spool, &batch, &end);
	for (int i = 0; i < 3000; i++)
		fwrite(spool.data, 1, spool.len, file);
	for (int i = 0; i < 1200000; i++)
		fputc('x', file);
	fputc('\n', file);
	fwrite(spool.data, 1, spool.len, file);
	fflush(file);
	assert_int_equal(spool_read(fileno(file), "file", &v, &e), 0);
	assert_int_equal(seen.batches, 3001);
	assert_in_range(seen.lines, 2 * 3001, 2 * 3001 + 1);
	fclose(file);
	buf_release(&spool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lines_read_back_as_they_are),
		cmocka_unit_test(bad_lines_are_refused),
		cmocka_unit_test(what_is_too_long_is_no_line),
		cmocka_unit_test(a_batch_is_taken_whole_or_not_at_all),
		cmocka_unit_test(no_batch_begins_in_another),
		cmocka_unit_test(a_long_spool_is_read_in_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a proxy passes on against what it keeps, for every end that a message
 * can have and however it is cut: three readers of lines, from the strictest to
 * one that drops NULs and takes LF for an end, hear exactly what is kept, and
 * see no end before ours.
 */
#include "common/base.h"
#include "handlers/mail/mended.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "common/buf.h"
#include "handlers/mail/dot.h"

enum { OCTETS_MAX = 6, TEXT_MAX = 256 };

static const char alphabet[] = {'\r', '\n', '.', '\0', 'x'};

struct both {
	struct mended mended;
	struct dot_out dot;
	struct buf kept, sent;
};

static int add(void *to, const uint8_t *bytes, size_t n)
{
	return buf_add(to, bytes, n) ? 0 : -1;
}

static int pass_mended(void *to, const uint8_t *bytes, size_t n)
{
	struct both *b = to;
	const struct sink sent = {.push = add, .to = &b->sent};

	return add(&b->kept, bytes, n) < 0
		       ? -1
		       : dot_out_push(&b->dot, bytes, n, &sent);
}

static int pass(void *to, const uint8_t *bytes, size_t n)
{
	struct both *b = to;
	const struct sink mended = {.push = pass_mended, .to = b};

	return mended_push(&b->mended, bytes, n, &mended);
}

/* From the sender's octets to both, cut once. Returns what was used. */
static size_t run(struct both *b, const uint8_t *bytes, size_t n, size_t cut)
{
	const struct sink sent = {.push = add, .to = &b->sent};
	const struct sink mended = {.push = pass_mended, .to = b};
	const struct sink taker = {.push = pass, .to = b};
	struct dot_in dot;
	size_t used;

	mended_init(&b->mended);
	dot_out_init(&b->dot);
	buf_reset(&b->kept);
	buf_reset(&b->sent);
	dot_in_init(&dot);
	used = dot_in_push(&dot, bytes, cut, &taker);
	used += dot_in_push(&dot, bytes + used, n - used, &taker);
	assert_true(dot_in_done(&dot) && !dot.sink_failed);
	assert_int_equal(mended_end(&b->mended, &mended), 0);
	assert_int_equal(dot_out_end(&b->dot, &sent), 0);
	return used;
}

struct reader {
	const char *name;
	bool lf_ends; /* a line; else CRLF alone */
	bool drops_nul;
	bool drops_crs; /* all of them at the end of a line, as poplib does one
			 */
};

static const struct reader readers[] = {
	{"strict", false, false, false},
	{"poplib", true, false, false},
	{"lenient", true, true, true},
};

/* One line without its end; SIZE_MAX: there is none. */
static size_t cut_line(const struct reader *r, const char *text, size_t n,
		       size_t *next_r)
{
	for (size_t i = 0; i < n; i++) {
		size_t end = i;

		if (text[i] != '\n' ||
		    (!r->lf_ends && (i == 0 || text[i - 1] != '\r')))
			continue;
		*next_r = i + 1;
		if (end && text[end - 1] == '\r')
			end--;
		while (r->drops_crs && end && text[end - 1] == '\r')
			end--;
		return end;
	}
	return SIZE_MAX;
}

/* What it takes for the message; returns how many octets of the answer. */
static size_t read_answer(const struct reader *r, const struct buf *sent,
			  struct buf *message)
{
	size_t at = 0;

	buf_reset(message);
	for (;;) {
		char line[TEXT_MAX];
		size_t next, n_line = 0;
		size_t n = cut_line(r, sent->data + at, sent->len - at, &next);
		const char *from = sent->data + at;

		if (n == SIZE_MAX)
			return SIZE_MAX;
		for (size_t i = 0; i < n; i++)
			if (from[i] || !r->drops_nul)
				line[n_line++] = from[i];
		at += next;
		if (n_line == 1 && line[0] == '.')
			return at;
		from = line;
		if (n_line && line[0] == '.')
			from++, n_line--;
		assert_true(buf_add(message, from, n_line));
		assert_true(buf_adds(message, "\r\n"));
	}
}

static void check(struct both *b, const uint8_t *bytes, size_t n)
{
	struct buf message;

	buf_init(&message, TEXT_MAX);
	for (size_t cut = 0; cut <= n; cut++) {
		(void)run(b, bytes, n, cut);
		for (size_t i = 0; i < N_ELEMENTS(readers); i++) {
			size_t end =
				read_answer(&readers[i], &b->sent, &message);

			if (end != b->sent.len || message.len != b->kept.len ||
			    memcmp(message.data, b->kept.data, message.len) !=
				    0)
				fail_msg("%s, cut at %zu", readers[i].name,
					 cut);
		}
	}
	buf_release(&message);
}

static void every_end_is_one_to_everybody(void **state UNUSED)
{
	struct both b;

	buf_init(&b.kept, TEXT_MAX);
	buf_init(&b.sent, TEXT_MAX);
	for (size_t length = 0; length <= OCTETS_MAX; length++) {
		size_t all = 1;

		for (size_t i = 0; i < length; i++)
			all *= sizeof(alphabet);
		for (size_t k = 0; k < all; k++) {
			uint8_t bytes[OCTETS_MAX + 8];
			size_t rest = k;

			for (size_t i = 0; i < length; i++) {
				bytes[i] = (uint8_t)
					alphabet[rest % sizeof(alphabet)];
				rest /= sizeof(alphabet);
			}
			memcpy(bytes + length, "\r\n.\r\n", 5);
			check(&b, bytes, length + 5);
		}
	}
	buf_release(&b.kept);
	buf_release(&b.sent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_end_is_one_to_everybody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a server's UIDL list says, and which messages could not be kept. */
#include "common/base.h"
#include "handlers/pop3_proxy/uidl.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define X70                                                                    \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" \
	"xx"

static const struct {
	const char *line;
	uint64_t number; /* 0: it is none */
	const char *uidl;
} rows[] = {
	{"1 a", 1, "a"},
	{"2 !\"#$~", 2, "!\"#$~"},
	{"70 " X70, 70, X70},
	{"1000 last", 1000, "last"},
	{"1 again", 1, "again"},
	{"", 0, NULL},
	{"1", 0, NULL},
	{"1 ", 0, NULL},
	{"0 a", 0, NULL},
	{"-1 a", 0, NULL},
	{"x a", 0, NULL},
	{" 1 a", 0, NULL},
	{"1  a", 0, NULL},
	{"1 a b", 0, NULL},
	{"1 a\x7f", 0, NULL},
	{"1 a\xc3\xa4", 0, NULL},
	{"1 x" X70, 0, NULL},
	{"1000001 a", 0, NULL}, /* more than anybody has */
	{"99999999999999999999 a", 0, NULL},
	{".", 0, NULL},
};

/* One line that is none, and the list says nothing of what it lacks. */
static void lines_are_read(void **state UNUSED)
{
	struct pop3_uidls u = {.asked = false};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		pop3_uidls_begin(&u);
		assert_true(u.asked);
		pop3_uidls_add(&u, rows[i].line);
		if (u.complete != (rows[i].number > 0))
			fail_msg("\"%s\"", rows[i].line);
		if (rows[i].number)
			assert_string_equal(pop3_uidls_get(&u, rows[i].number),
					    rows[i].uidl);
	}
	pop3_uidls_add(&u, "1 a");
	assert_false(u.complete);
	assert_string_equal(pop3_uidls_get(&u, 2), "!\"#$~");
	pop3_uidls_release(&u);
	assert_false(u.asked);
}

static void what_was_not_listed_has_none(void **state UNUSED)
{
	struct pop3_uidls u = {.asked = true};

	assert_string_equal(pop3_uidls_get(&u, 1), "");
	pop3_uidls_add(&u, "5 five");
	for (uint64_t i = 0; i < 200; i++)
		assert_string_equal(pop3_uidls_get(&u, i),
				    i == 5 ? "five" : "");
	assert_string_equal(pop3_uidls_get(&u, UINT64_MAX), "");
	pop3_uidls_release(&u);
}

static void unkept_ones_are_known_until_kept(void **state UNUSED)
{
	struct pop3_uidls u = {.asked = true};

	for (uint64_t i = 1; i <= 5; i++) {
		pop3_uidls_mark_unkept(&u, i);
		pop3_uidls_mark_unkept(&u, i);
	}
	assert_int_equal(u.n_unkept, 5);
	pop3_uidls_mark_kept(&u, 1);
	pop3_uidls_mark_kept(&u, 5);
	pop3_uidls_mark_kept(&u, 9);
	for (uint64_t i = 1; i <= 5; i++)
		assert_int_equal(pop3_uidls_is_unkept(&u, i), i > 1 && i < 5);
	pop3_uidls_release(&u);
	assert_false(pop3_uidls_is_unkept(&u, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_read),
		cmocka_unit_test(what_was_not_listed_has_none),
		cmocka_unit_test(unkept_ones_are_known_until_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

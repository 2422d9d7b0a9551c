/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The buffer: its maximum to the octet, its NUL always, its bytes wiped. */
#include "common/base.h"
#include "common/buf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void expect(const struct buf *b, const char *text)
{
	assert_int_equal(b->len, strlen(text));
	assert_string_equal(b->data, text);
}

static void test_empty(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	expect(&b, "");
	buf_reset(&b);
	buf_wipe(&b);
	buf_drop(&b, 0);
	assert_true(buf_add(&b, NULL, 0));
	assert_true(buf_adds(&b, ""));
	expect(&b, "");
	buf_release(&b);
	expect(&b, "");
	buf_release(&b);
}

static void test_adding(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	assert_true(buf_adds(&b, "MAIL FROM:"));
	assert_true(buf_addf(&b, "<%s@%d>", "a", 7));
	assert_true(buf_add(&b, "\0x", 2));
	assert_int_equal(b.len, 17);
	assert_memory_equal(b.data, "MAIL FROM:<a@7>\0x", 18);
	buf_reset(&b);
	expect(&b, "");
	assert_true(buf_adds(&b, "again"));
	expect(&b, "again");
	buf_drop(&b, 2);
	expect(&b, "ain");
	buf_drop(&b, 3);
	expect(&b, "");
	buf_release(&b);
	assert_true(buf_adds(&b, "usable"));
	expect(&b, "usable");
	buf_release(&b);
}

/* What would pass the maximum adds nothing at all. */
static void test_maximum(void **state)
{
	(void)state;
	for (size_t max = 0; max < 200; max++) {
		struct buf b;

		buf_init(&b, max);
		for (size_t i = 0; i < max; i++)
			assert_true(buf_add(&b, "x", 1));
		assert_false(buf_add(&b, "y", 1));
		assert_false(buf_adds(&b, "y"));
		assert_false(buf_addf(&b, "%c", 'y'));
		assert_true(buf_addf(&b, "%s", ""));
		assert_int_equal(b.len, max);
		assert_null(memchr(b.data, 'y', b.len + 1));
		assert_int_equal(b.data[max], '\0');
		if (max >= 3) {
			buf_drop(&b, 3);
			assert_false(buf_adds(&b, "yyyy"));
			assert_true(buf_adds(&b, "zzz"));
		}
		buf_release(&b);
	}
}

static void test_much(void **state)
{
	static char block[100000];
	struct buf b;

	(void)state;
	memset(block, 'b', sizeof(block));
	buf_init(&b, SIZE_MAX);
	for (int i = 0; i < 30; i++)
		assert_true(buf_add(&b, block, sizeof(block)));
	assert_int_equal(b.len, 3000000);
	assert_int_equal(b.data[2999999], 'b');
	assert_int_equal(b.data[3000000], '\0');
	assert_false(buf_add(&b, block, SIZE_MAX - 100));
	buf_release(&b);
}

static void test_wiping(void **state)
{
	static const char zero[64];
	struct buf b;

	(void)state;
	buf_init(&b, 64);
	assert_true(buf_adds(&b, "PASS correct-horse-battery-staple"));
	buf_reset(&b);
	assert_true(buf_adds(&b, "NOOP"));
	assert_memory_equal(b.data + 5, "correct", 7);
	buf_wipe(&b);
	expect(&b, "");
	assert_memory_equal(b.data, zero, 34);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),	cmocka_unit_test(test_adding),
		cmocka_unit_test(test_maximum), cmocka_unit_test(test_much),
		cmocka_unit_test(test_wiping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

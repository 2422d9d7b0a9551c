/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Secrets: equal or not, locked, left out of core dumps, gone when released. */
#include "common/base.h"
#include "common/secret.h"

#include <sys/mman.h>
#include <sys/resource.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static void test_life(void **state)
{
	struct secret s = SECRET_EMPTY;
	static const uint8_t zero[5000];

	(void)state;
	secret_release(&s);
	for (size_t n = 0; n < sizeof(zero); n += 499) {
		secret_init(&s, n);
		assert_int_equal(s.len, n);
		assert_memory_equal(s.bytes, zero, n);
		assert_true(s.mapped > n);
		assert_int_equal(s.bytes[n], 0);
		memset(s.bytes, 'x', n);
		secret_release(&s);
		assert_null(s.bytes);
		assert_int_equal(s.len, 0);
	}
	secret_set(&s, "password", 8);
	assert_string_equal((const char *)s.bytes, "password");
	secret_release(&s);
	secret_set(&s, NULL, 0);
	assert_int_equal(s.len, 0);
	secret_release(&s);
}

static void test_equal(void **state)
{
	struct secret s, none = SECRET_EMPTY;

	(void)state;
	secret_set(&s, "password", 8);
	assert_true(secret_equal(&s, "password", 8));
	assert_false(secret_equal(&s, "password", 7));
	assert_false(secret_equal(&s, "password1", 9));
	for (size_t i = 0; i < 8; i++)
		for (int bit = 0; bit < 8; bit++) {
			char other[] = "password";

			other[i] = (char)(other[i] ^ 1 << bit);
			assert_false(secret_equal(&s, other, 8));
		}
	assert_true(secret_equal(&none, "", 0));
	assert_false(secret_equal(&none, "x", 1));
	secret_release(&s);
}

/* A flag that the kernel shows for the pages that hold these bytes. */
static bool has_flag(const void *bytes, const char *flag)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	char line[512];
	bool inside = false, found = false;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		unsigned long from, to;

		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			inside = (uintptr_t)bytes >= from &&
				 (uintptr_t)bytes < to;
		if (inside && strncmp(line, "VmFlags:", 8) == 0)
			found = strstr(line, flag) != NULL;
	}
	fclose(f);
	return found;
}

/* Whether this process may lock memory: not under a sanitizer, for example. */
static bool can_lock(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool can;

	assert_true(page != MAP_FAILED);
	can = mlock(page, 4096) == 0 && has_flag(page, " lo");
	munmap(page, 4096);
	return can;
}

static void test_pages(void **state)
{
	struct secret s;

	(void)state;
	secret_set(&s, "password", 8);
	assert_true(has_flag(s.bytes, " dd")); /* not in a core dump */
	assert_int_equal(has_flag(s.bytes, " lo"), can_lock());
	secret_release(&s);
}

/* Where no page may be locked there are secrets all the same. */
static void test_without_lock(void **state)
{
	const struct rlimit none = {0, 0};
	struct secret s;

	(void)state;
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &none), 0);
	secret_set(&s, "password", 8);
	assert_true(secret_equal(&s, "password", 8));
	secret_release(&s);
}

static void test_unmapped(void **state)
{
	struct secret s;
	unsigned char resident;
	void *where;

	(void)state;
	secret_set(&s, "password", 8);
	where = s.bytes;
	assert_int_equal(mincore(where, 1, &resident), 0);
	secret_release(&s);
	assert_int_equal(mincore(where, 1, &resident), -1);
	assert_int_equal(errno, ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_unmapped),
		cmocka_unit_test(test_without_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Message catalogs: what is found in a whole one, and that none but a whole
 * one is taken. */
#include "common/base.h"
#include "handlers/console/text/catalog.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/read_all.h"

enum { N = 3, ROW = 8, HEADER = 28, AT_TEXTS = HEADER + 2 * N * ROW };

/* As msgfmt leaves it: sorted, and a plural beside its singular. */
static const struct {
	const char *text;
	size_t len;
} originals[N] =
	{
		{"", 0},
		{"%lu day\0%lu days", 16},
		{"Sign in", 7},
},
  translations[N] = {
	  {"Language: de\n", 13},
	  {"%lu Tag\0%lu Tage", 16},
	  {"Anmelden", 8},
};

struct made {
	uint8_t octets[512];
	size_t size;
};

static void put(struct made *m, size_t at, size_t number)
{
	for (size_t i = 0; i < 4; i++)
		m->octets[at + i] = (uint8_t)(number >> 8 * i);
}

static void put_text(struct made *m, size_t row, const char *text, size_t len)
{
	put(m, row, len);
	put(m, row + 4, m->size);
	memcpy(m->octets + m->size, text, len + 1);
	m->size += len + 1;
}

static void make(struct made *m)
{
	*m = (struct made){.size = AT_TEXTS};
	put(m, 0, 0x950412de);
	put(m, 8, N);
	put(m, 12, HEADER);
	put(m, 16, HEADER + N * ROW);
	for (size_t i = 0; i < N; i++) {
		put_text(m, HEADER + i * ROW, originals[i].text,
			 originals[i].len);
		put_text(m, HEADER + (N + i) * ROW, translations[i].text,
			 translations[i].len);
	}
}

static bool is_taken(const struct made *m)
{
	int fd = memfd_create("catalog", MFD_CLOEXEC);
	char file[32];
	bool taken;

	assert_true(fd >= 0);
	assert_int_equal(write_all(fd, m->octets, m->size), 0);
	snprintf(file, sizeof(file), "/proc/self/fd/%d", fd);
	taken = catalog_use(file);
	close(fd);
	return taken;
}

static void texts_are_found(void **state)
{
	struct made m;

	(void)state;
	make(&m);
	assert_true(is_taken(&m));
	assert_string_equal(_("Sign in"), "Anmelden");
	assert_string_equal(_("Sign out"), "Sign out");
	assert_string_equal(_("%lu day"), "%lu Tag");
	assert_string_equal(_("A"), "A");
	catalog_release();
	assert_string_equal(_("Sign in"), "Sign in");
}

static void plurals_are_found(void **state)
{
	struct made m;

	(void)state;
	make(&m);
	assert_true(is_taken(&m));
	assert_string_equal(catalog_plural("%lu day", "%lu days", 1),
			    "%lu Tag");
	assert_string_equal(catalog_plural("%lu day", "%lu days", 0),
			    "%lu Tage");
	assert_string_equal(catalog_plural("%lu hour", "%lu hours", 1),
			    "%lu hour");
	assert_string_equal(catalog_plural("%lu hour", "%lu hours", 2),
			    "%lu hours");
	/* A translation that knows no plural. */
	assert_string_equal(catalog_plural("Sign in", "-", 2), "Anmelden");
	catalog_release();
}

static void none_is_no_error(void **state)
{
	(void)state;
	assert_false(catalog_use("/nowhere/restante.mo"));
	assert_string_equal(_("Sign in"), "Sign in");
}

/* Cut anywhere, or with any length, place or number beyond its end. */
static void a_damaged_one_is_not_taken(void **state)
{
	static const size_t beyond[] = {511, 0x7fffffff, 0xfffffff8,
					0xffffffff};
	struct made m;

	(void)state;
	make(&m);
	for (m.size--; m.size > 0; m.size--)
		assert_false(is_taken(&m));
	for (size_t at = 0; at < AT_TEXTS; at += 4) {
		if (at >= 20 && at < HEADER) /* of a hash that is not used */
			continue;
		for (size_t i = 0; i < N_ELEMENTS(beyond); i++) {
			make(&m);
			put(&m, at, beyond[i]);
			assert_false(is_taken(&m));
		}
	}
	make(&m);
	m.octets[m.size - 1] = 'x';
	assert_false(is_taken(&m));
	assert_string_equal(_("Sign in"), "Sign in");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_found),
		cmocka_unit_test(plurals_are_found),
		cmocka_unit_test(none_is_no_error),
		cmocka_unit_test(a_damaged_one_is_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Private keys in their envelopes: what opens them and what does not, what a
 * key file may say, what a password costs, and what is left in memory.
 */
#include "common/base.h"
#include "store/seal/identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

#include "tests/unit/age_parts.h"

enum { QUICK = 6, DEFAULT = 14 }; /* work factors */

/* The example of c2sp.org/age. */
#define KEY_LINE                                                               \
	"AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ" \
	"4EGAEX"
static const char key_recipient[] =
	"age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

static struct secret private_key, password;

static int make_keys(void **state)
{
	struct err e;

	(void)state;
	secret_set(&password, "a2b3-c4d5", 9);
	return identity_parse(KEY_LINE, strlen(KEY_LINE), &private_key, &e);
}

static int release_keys(void **state)
{
	(void)state;
	secret_release(&private_key);
	secret_release(&password);
	return 0;
}

static void seal_quickly(struct buf *file_r)
{
	struct err e;

	buf_init(file_r, 4096);
	assert_int_equal(
		identity_seal(&private_key, &password, QUICK, file_r, &e), 0);
}

static enum err_kind open_kind(const struct buf *file, const char *with,
			       size_t n)
{
	struct secret p = SECRET_EMPTY, opened = SECRET_EMPTY;
	struct err e = {.kind = ERR_NONE};

	secret_set(&p, with, n);
	if (identity_open(file, &p, &opened, &e) == 0)
		assert_true(
			secret_equal(&private_key, opened.bytes, opened.len));
	else
		assert_null(opened.bytes);
	secret_release(&p);
	secret_release(&opened);
	return e.kind;
}

static void the_password_opens_what_it_sealed(void **state)
{
	static const struct {
		const char *with;
		size_t n;
		enum err_kind kind;
	} rows[] = {
		{"a2b3-c4d5", 9, ERR_NONE},
		/* Byte for byte: nothing is trimmed or folded. */
		{"a2b3-c4d5\n", 10, ERR_PASSWORD},
		{" a2b3-c4d5", 10, ERR_PASSWORD},
		{"A2B3-C4D5", 9, ERR_PASSWORD},
		{"a2b3c4d5", 8, ERR_PASSWORD},
		{"a2b3-c4d", 8, ERR_PASSWORD},
		{"", 0, ERR_PASSWORD},
	};
	struct buf file;

	(void)state;
	seal_quickly(&file);
	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		if (open_kind(&file, rows[i].with, rows[i].n) != rows[i].kind)
			fail_msg("row %zu", i);
	buf_release(&file);
}

static void the_file_is_one_key_line_for_any_age_program(void **state)
{
	const struct unseal_key key = {.passphrase = &password};
	struct buf file, text;

	(void)state;
	seal_quickly(&file);
	assert_int_equal(open_file(&file, &key, &text), ERR_NONE);
	assert_string_equal(text.data, KEY_LINE "\n");
	assert_non_null(strstr(file.data, "\n-> scrypt "));
	assert_non_null(strstr(file.data, " 6\n"));
	buf_release(&text);
	buf_release(&file);
}

static void a_recovery_key_opens_what_was_sealed_to_it(void **state)
{
	struct secret recovery = SECRET_EMPTY, other = SECRET_EMPTY, opened;
	struct err e = {.kind = ERR_NONE};
	struct buf to, unused, file;
	char *list[1];

	(void)state;
	buf_init(&to, 100);
	buf_init(&unused, 100);
	buf_init(&file, 4096);
	identity_new(&recovery, &to);
	identity_new(&other, &unused);
	list[0] = to.data;
	assert_int_equal(identity_seal_to(&private_key, list, 1, &file, &e), 0);
	assert_int_equal(identity_open_with(&file, &recovery, &opened, &e), 0);
	assert_true(secret_equal(&private_key, opened.bytes, opened.len));
	secret_release(&opened);

	assert_int_equal(identity_open_with(&file, &other, &opened, &e), -1);
	assert_int_equal(e.kind, ERR_PASSWORD);
	assert_int_equal(identity_open(&file, &password, &opened, &e), -1);
	assert_int_equal(e.kind, ERR_PASSWORD);
	assert_int_equal(identity_seal_to(&private_key, list, 0, &file, &e),
			 -1);
	assert_int_equal(e.kind, ERR_CONFIG);
	secret_release(&recovery);
	secret_release(&other);
	buf_release(&to);
	buf_release(&unused);
	buf_release(&file);
}

static void a_new_key_has_its_own_recipient(void **state)
{
	struct secret one = SECRET_EMPTY, two = SECRET_EMPTY;
	struct buf a, b;

	(void)state;
	buf_init(&a, 100);
	buf_init(&b, 100);
	identity_new(&one, &a);
	identity_new(&two, &b);
	assert_int_equal(one.len, 32);
	assert_false(secret_equal(&one, two.bytes, two.len));
	assert_string_not_equal(a.data, b.data);
	buf_reset(&b);
	identity_recipient(&one, &b);
	assert_string_equal(a.data, b.data);
	buf_reset(&b);
	identity_recipient(&private_key, &b);
	assert_string_equal(b.data, key_recipient);
	secret_release(&one);
	secret_release(&two);
	buf_release(&a);
	buf_release(&b);
}

static const struct {
	const char *name, *text;
	bool taken;
} key_files[] = {
	{"the line alone", KEY_LINE, true},
	{"with its end", KEY_LINE "\n", true},
	{"as age-keygen writes it",
	 "# created: 2026-01-01T00:00:00Z\n# public key: age1…\n" KEY_LINE "\n",
	 true},
	{"empty lines", "\n\n" KEY_LINE "\n\n", true},
	{"CRLF", "# comment\r\n\r\n" KEY_LINE "\r\n", true},
	{"the second of two", KEY_LINE "\nAGE-SECRET-KEY-1X\n", false},
	{"nothing", "", false},
	{"an end of line", "\n", false},
	{"comments", "# " KEY_LINE "\n", false},
	{"a recipient",
	 "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj\n",
	 false},
	{"something else first", "AGE-SECRET-KEY-1X\n" KEY_LINE "\n", false},
	{"a space before it", " " KEY_LINE "\n", false},
	{"a space behind it", KEY_LINE " \n", false},
	{"CR in the middle", KEY_LINE "\r" KEY_LINE "\n", false},
	{"a key of another kind",
	 "AGE-SECRET-KEY-PQ-1XX76JRALNLXDMEW0CRK45QMCCH4X06SE84UN3VPM33W6HWDX0"
	 "H3SK3ZQFR\n",
	 false},
};

static void key_files_are_read_strictly(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(key_files); i++) {
		size_t n = strlen(key_files[i].text);
		struct secret s = SECRET_EMPTY;
		struct err e = {.kind = ERR_NONE};
		int status = identity_parse(key_files[i].text, n, &s, &e);

		if (status != (key_files[i].taken ? 0 : -1))
			fail_msg("%s", key_files[i].name);
		if (key_files[i].taken)
			assert_true(secret_equal(&private_key, s.bytes, s.len));
		else
			assert_int_equal(e.kind, ERR_CONFIG);
		secret_release(&s);
	}
}

/* A key file under the password that holds no key, or more than one chunk. */
static void what_is_no_key_inside_is_damage(void **state)
{
	const struct {
		const char *start;
		size_t n;
	} rows[] = {{"hello\n", 6}, {"", 0}, {KEY_LINE "\n", 70000}};
	struct secret opened;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct memory_sink m;
		const struct sink sink = {.push = memory_push, .to = &m};
		struct err e = {.kind = ERR_NONE};
		struct buf to, text;
		struct sealer *s;

		memory_sink_init(&m);
		buf_init(&text, FILE_MAX);
		buf_init(&to, 100);
		assert_true(buf_adds(&text, rows[i].start));
		while (text.len < rows[i].n)
			assert_true(buf_adds(&text, "#"));
		identity_recipient(&private_key, &to);
		s = sealer_new(&to.data, 1, &sink, &e);
		assert_non_null(s);
		assert_int_equal(
			sealer_write(s, (uint8_t *)text.data, text.len), 0);
		assert_int_equal(sealer_end(s), 0);
		sealer_free(&s);
		assert_int_equal(
			identity_open_with(&m.file, &private_key, &opened, &e),
			-1);
		assert_int_equal(e.kind, ERR_DAMAGED);
		assert_null(opened.bytes);
		buf_release(&m.file);
		buf_release(&text);
		buf_release(&to);
	}
}

static void a_damaged_file_is_no_wrong_password(void **state)
{
	struct buf file;

	(void)state;
	seal_quickly(&file);
	for (size_t cut = 0; cut < file.len; cut += 7) {
		struct buf part;

		buf_init(&part, 4096);
		assert_true(buf_add(&part, file.data, cut));
		assert_int_equal(open_kind(&part, "a2b3-c4d5", 9), ERR_DAMAGED);
		buf_release(&part);
	}
	file.data[file.len - 1] ^= 1;
	assert_int_equal(open_kind(&file, "a2b3-c4d5", 9), ERR_DAMAGED);
	buf_release(&file);
}

static void a_work_factor_out_of_range_is_refused(void **state)
{
	static const unsigned factors[] = {0, UNSEAL_SCRYPT_LOG_N_MAX + 1, 64};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(factors); i++) {
		struct err e = {.kind = ERR_NONE};
		struct buf file;

		buf_init(&file, 4096);
		assert_int_equal(identity_seal(&private_key, &password,
					       factors[i], &file, &e),
				 -1);
		assert_int_equal(e.kind, ERR_CONFIG);
		assert_int_equal(file.len, 0);
		buf_release(&file);
	}
}

static double cpu_seconds(void)
{
	struct timespec t;

	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/*
 * CPU time, which the rest of the machine does not lengthen, and the least of
 * a few, which is what it takes.
 */
static void an_unknown_mailbox_costs_what_a_wrong_password_costs(void **state)
{
	double wrong = 1e9, unknown = 1e9;
	struct buf file;
	struct err e;

	(void)state;
	buf_init(&file, 4096);
	assert_int_equal(
		identity_seal(&private_key, &password, DEFAULT, &file, &e), 0);
	for (int i = 0; i < 8; i++) {
		double start = cpu_seconds(), took;

		assert_int_equal(open_kind(&file, "wrong", 5), ERR_PASSWORD);
		took = cpu_seconds() - start;
		wrong = took < wrong ? took : wrong;
		start = cpu_seconds();
		identity_spend(&password, DEFAULT);
		took = cpu_seconds() - start;
		unknown = took < unknown ? took : unknown;
	}
	buf_release(&file);
	if (unknown < 0.8 * wrong || unknown > 1.25 * wrong)
		fail_msg("%.1f ms in place of %.1f ms", unknown * 1e3,
			 wrong * 1e3);
}

static size_t resident_kib(const char *key)
{
	char line[256];
	size_t kib = 0;
	FILE *f = fopen("/proc/self/status", "re");

	assert_non_null(f);
	while (!kib && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)))
			kib = strtoul(line + strlen(key) + 1, NULL, 10);
	fclose(f);
	assert_true(kib > 0);
	return kib;
}

/* It took 2^16 KiB meanwhile, or the test would prove nothing. */
static void the_memory_of_scrypt_is_given_back(void **state)
{
	enum { LOG_N = 16, MIB = 1024 };
	size_t before, peak;

	(void)state;
	identity_spend(&password, QUICK); /* what is loaded once */
	before = resident_kib("VmRSS");
	identity_spend(&password, LOG_N);
	peak = resident_kib("VmHWM");
	assert_true(peak >= before + (1u << LOG_N) - 2 * MIB);
	assert_true(resident_kib("VmRSS") < before + 2 * MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_password_opens_what_it_sealed),
		cmocka_unit_test(the_file_is_one_key_line_for_any_age_program),
		cmocka_unit_test(a_recovery_key_opens_what_was_sealed_to_it),
		cmocka_unit_test(a_new_key_has_its_own_recipient),
		cmocka_unit_test(key_files_are_read_strictly),
		cmocka_unit_test(what_is_no_key_inside_is_damage),
		cmocka_unit_test(a_damaged_file_is_no_wrong_password),
		cmocka_unit_test(a_work_factor_out_of_range_is_refused),
		cmocka_unit_test(
			an_unknown_mailbox_costs_what_a_wrong_password_costs),
		cmocka_unit_test(the_memory_of_scrypt_is_given_back),
	};

	return cmocka_run_group_tests(tests, make_keys, release_keys);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mailbox.conf both ways: what is written reads back the same whatever the
 * values hold, and what may not stand there is refused with a reason. Also
 * the settings by name, targets, and the times that stand in the file.
 */
#include "common/base.h"

#include <sys/mman.h>

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/iso_time.h"
#include "common/log.h"
#include "common/target.h"
#include "store/conf_mailbox.h"

#define ID   "mbx-0123456789abcdef0123456789abcdef"
#define AGE1 "age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq"
#define AGE2 "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"

static int read_text(const char *text, struct mailbox_conf *m, struct err *e)
{
	int fd = memfd_create("mailbox.conf", MFD_CLOEXEC), result;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	*e = (struct err){.kind = ERR_NONE};
	result = mailbox_conf_read(fd, "mailbox.conf", m, e);
	close(fd);
	return result;
}

static void read_good(const char *text, struct mailbox_conf *m)
{
	struct err e;

	if (read_text(text, m, &e) < 0)
		fail_msg("%s", e.text);
}

/* Writes m and reads it back into again_r. */
static void round_trip(const struct mailbox_conf *m,
		       struct mailbox_conf *again_r)
{
	struct buf text;
	struct err e;

	buf_init(&text, MAILBOX_CONF_MAX);
	assert_int_equal(mailbox_conf_write(m, &text, &e), 0);
	read_good(text.data, again_r);
	buf_release(&text);
}

static void assert_same_strings(const struct conf_strings *a,
				const struct conf_strings *b)
{
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++)
		assert_string_equal(a->list[i], b->list[i]);
}

static void assert_same(const struct mailbox_conf *a,
			const struct mailbox_conf *b)
{
	assert_string_equal(a->id, b->id);
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->description, b->description);
	assert_int_equal(a->suspended, b->suspended);
	assert_int_equal(a->created, b->created);
	assert_same_strings(&a->recipients, &b->recipients);
	assert_string_equal(a->session_key, b->session_key);
	assert_same_strings(&a->targets, &b->targets);
	assert_int_equal(a->journal_report, b->journal_report);
	assert_same_strings(&a->allow_from_text, &b->allow_from_text);
	assert_int_equal(a->allow_from.n, b->allow_from.n);
	assert_same_strings(&a->client_names, &b->client_names);
}

static const char minimal[] =
	"id = '" ID "'\nname = 'n'\nrecipients = { '" AGE1 "' }\n";

static void test_missing_keys_have_defaults(void **state UNUSED)
{
	struct mailbox_conf m;

	read_good(minimal, &m);
	assert_string_equal(m.id, ID);
	assert_string_equal(m.name, "n");
	assert_string_equal(m.description, "");
	assert_false(m.suspended);
	assert_false(m.journal_report);
	assert_int_equal(m.created, 0);
	assert_int_equal(m.recipients.n, 1);
	assert_string_equal(m.session_key, "");
	assert_int_equal(m.targets.n + m.allow_from.n + m.client_names.n, 0);
	mailbox_conf_release(&m);
}

static void test_all_of_it_comes_back(void **state UNUSED)
{
	struct mailbox_conf m, again;

	read_good(minimal, &m);
	m.suspended = true;
	m.journal_report = true;
	m.created = 1785585600;
	conf_strings_add(&m.recipients, AGE2);
	memset(m.session_key, 'a', SESSION_KEY_HEX_LEN);
	conf_strings_add(&m.targets, "pop.example.org:995");
	conf_strings_add(&m.targets, "*");
	conf_strings_add(&m.client_names, "a, 'b' & \\c\\");
	conf_strings_add(&m.allow_from_text, "192.0.2.0/24");
	conf_strings_add(&m.allow_from_text, "2001:db8::/32");
	round_trip(&m, &again);
	assert_int_equal(again.allow_from.n, 2);
	assert_int_equal(again.allow_from.list[0].bits, 24);
	assert_true(again.allow_from.list[1].is_ipv6);
	again.allow_from.n = 0; /* what m has none of */
	assert_same(&m, &again);
	mailbox_conf_release(&again);
	mailbox_conf_release(&m);
}

static const char *const hostile[] = {
	"${HOME}",
	"\"${HOME}\" and $(id) and `id`",
	"it's",
	"''''",
	"\\",
	"\\\\",
	"\\'",
	"'\\",
	"ends in \\'",
	"\\n is no newline",
	"# no comment",
	"// no comment",
	"/* no comment",
	"*/",
	"{ } = += , ( )",
	" leading and trailing ",
	"name = 'x'",
	"Größe — 漢字 🗄",
	"%s%n%1000d",
};

static void test_hostile_values_come_back(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(hostile); i++) {
		struct mailbox_conf m, again;
		struct err e;

		read_good(minimal, &m);
		assert_int_equal(mailbox_conf_set(&m, "name", hostile[i], &e),
				 0);
		assert_int_equal(
			mailbox_conf_set(&m, "description", hostile[i], &e), 0);
		conf_strings_add(&m.client_names, hostile[i]);
		conf_strings_add(&m.client_names, "next");
		round_trip(&m, &again);
		assert_string_equal(again.name, hostile[i]);
		assert_same(&m, &again);
		mailbox_conf_release(&again);
		mailbox_conf_release(&m);
	}
}

static const struct {
	const char *key, *value;
	const char *told; /* NULL: taken */
} settings[] = {
	{"name", "Journal", NULL},
	{"name", "", "name = '': expected a line of 1 to 200 octets"},
	{"name", "  ", "expected a line of 1 to 200 octets"},
	{"name", "two\nlines", "expected a line"},
	{"name", "bell\a", "expected a line"},
	{"name", "latin\xfc", "expected a line"},
	{"description", "", NULL},
	{"description", "a\tb", "expected a line of at most 2000"},
	{"copies", "original", NULL},
	{"copies", "journal-report", NULL},
	{"copies", "journal", "expected 'original' or 'journal-report'"},
	{"allow-from", "", NULL},
	{"allow-from", "192.0.2.0/24,2001:db8::/32", NULL},
	{"allow-from", " 192.0.2.1 , 2001:db8::1 ", NULL},
	{"allow-from", "192.0.2.0/24,", "expected networks"},
	{"allow-from", "192.0.2.0/33", "expected networks"},
	{"allow-from", "mail.example.org", "expected networks"},
	{"client-names", "a.example, b.example", NULL},
	{"client-names", "a,,b", "expected names"},
	{"quota", "10G", NULL},
	{"quota", "much", "expected octets"},
	{"rate", "0", NULL},
	{"undo", "30", NULL},
	{"undo", "0", NULL},
	{"expire", "3660", NULL},
	{"id", ID, "'id' is no setting"},
	{"status", "suspended", "'status' is no setting"},
	{"recipients", AGE1, "'recipients' is no setting"},
	{"targets", "*", "'targets' is no setting"},
	{"", "", "'' is no setting"},
};

static void test_settings_by_name(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(settings); i++) {
		struct mailbox_conf m, before;
		struct err e = {.kind = ERR_NONE};
		int result;

		read_good(minimal, &m);
		read_good(minimal, &before);
		result = mailbox_conf_set(&m, settings[i].key,
					  settings[i].value, &e);
		if ((result == 0) != !settings[i].told)
			fail_msg("%s=%s: %s", settings[i].key,
				 settings[i].value, e.text);
		if (settings[i].told) {
			assert_int_equal(e.kind, ERR_CONFIG);
			assert_non_null(strstr(e.text, settings[i].told));
			assert_same(&m, &before);
		}
		mailbox_conf_release(&before);
		mailbox_conf_release(&m);
	}
}

static void test_lists_are_replaced_by_setting(void **state UNUSED)
{
	struct mailbox_conf m;
	struct err e;

	read_good(minimal, &m);
	assert_int_equal(
		mailbox_conf_set(&m, "allow-from", "10.0.0.0/8, 192.0.2.1", &e),
		0);
	assert_int_equal(m.allow_from.n, 2);
	assert_string_equal(m.allow_from_text.list[1], "192.0.2.1");
	assert_int_equal(mailbox_conf_set(&m, "allow-from", "::1", &e), 0);
	assert_int_equal(m.allow_from.n, 1);
	assert_int_equal(mailbox_conf_set(&m, "allow-from", "", &e), 0);
	assert_int_equal(m.allow_from.n + m.allow_from_text.n, 0);
	mailbox_conf_release(&m);
}

#define HEAD "id = '" ID "'\nname = 'n'\n"
#define TAIL "\nrecipients = { '" AGE1 "' }\n"

static const struct {
	const char *text, *told;
} bad_files[] = {
	{"", "the key id is missing"},
	{"id = '" ID "'" TAIL, "the key name is missing"},
	{HEAD, "the key recipients is missing"},
	{HEAD "recipients = {}", "the key recipients is missing or empty"},
	{HEAD "recipients = { 'age1x' }", "mailbox.conf:3: recipients = "},
	{HEAD "status = 'open'" TAIL, "mailbox.conf:3: status = 'open': "
				      "expected 'active' or 'suspended'"},
	{HEAD "created = 'today'" TAIL, "expected a time such as"},
	{HEAD "targets = { 'a:b' }" TAIL, "targets = 'a:b': expected HOST"},
	{HEAD "allow-from = { 'a' }" TAIL, "expected networks"},
	{HEAD "session-key = 'ab'" TAIL, "expected 64 lower-case hexadecimal"},
	{HEAD "color = 'red'" TAIL, "no such option 'color'"},
	{"id = 'mbx-1'\n", "mailbox.conf:1: id = 'mbx-1': expected mbx-"},
	{HEAD "name = \"a\\nb\"" TAIL, "expected a line of 1 to 200"},
	{HEAD "name = 'cut" TAIL, "mailbox.conf:3: this string has no"},
};

static void test_bad_files(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(bad_files); i++) {
		struct mailbox_conf m;
		struct err e;

		if (read_text(bad_files[i].text, &m, &e) == 0)
			fail_msg("taken: %s", bad_files[i].text);
		if (e.kind != ERR_CONFIG || !strstr(e.text, bad_files[i].told))
			fail_msg("%s: told '%s'", bad_files[i].text, e.text);
	}
}

static void test_an_upper_case_id_becomes_lower(void **state UNUSED)
{
	struct mailbox_conf m;

	read_good("id = 'MBX-0123456789ABCDEF0123456789ABCDEF'\n"
		  "name = n" TAIL,
		  &m);
	assert_string_equal(m.id, ID);
	mailbox_conf_release(&m);
}

static void test_a_file_too_long_is_not_written(void **state UNUSED)
{
	struct mailbox_conf m;
	struct buf out;
	struct err e;

	read_good(minimal, &m);
	for (int i = 0; i < 100; i++)
		conf_strings_add(&m.targets, "pop.example.org");
	buf_init(&out, 1000);
	assert_int_equal(mailbox_conf_write(&m, &out, &e), -1);
	assert_int_equal(e.kind, ERR_CONFIG);
	buf_release(&out);
	mailbox_conf_release(&m);
}

static void test_what_a_file_may_not_say_is_not_written(void **state UNUSED)
{
	struct mailbox_conf m;
	struct buf out;
	struct err e;

	read_good(minimal, &m);
	buf_init(&out, MAILBOX_CONF_MAX);
	free(m.name);
	m.name = xstrdup("two\nlines");
	assert_int_equal(mailbox_conf_write(&m, &out, &e), -1);
	assert_non_null(strstr(e.text, "name = 'two\nlines': expected a line"));
	free(m.name);
	m.name = xstrdup("one");
	conf_strings_add(&m.targets, "*:25");
	assert_int_equal(mailbox_conf_write(&m, &out, &e), -1);
	assert_non_null(strstr(e.text, "targets = '*:25': expected HOST"));
	conf_strings_release(&m.targets);
	conf_strings_release(&m.recipients);
	assert_int_equal(mailbox_conf_write(&m, &out, &e), -1);
	assert_non_null(strstr(e.text, "recipients is missing"));
	assert_int_equal(out.len, 0);
	buf_release(&out);
	mailbox_conf_release(&m);
}

/* --- targets -------------------------------------------------------------- */

#define PIN "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

static const struct {
	const char *text;
	bool valid;
	struct target expected; /* without the pin */
} targets[] = {
	{"*", true, {.kind = TARGET_ANY}},
	{"*.example.org", true, {TARGET_DOMAIN, .host = "example.org"}},
	{"pop.example.org", true, {.host = "pop.example.org"}},
	{"pop.example.org:995", true, {.host = "pop.example.org", .port = 995}},
	{"localhost:110", true, {.host = "localhost", .port = 110}},
	{"192.0.2.1:25", true, {.host = "192.0.2.1", .port = 25}},
	{"[2001:db8::1]", true, {.host = "2001:db8::1"}},
	{"[2001:db8::1]:587", true, {.host = "2001:db8::1", .port = 587}},
	{"[::1]:1110,tls=starttls",
	 true,
	 {.host = "::1", .port = 1110, .tls = TARGET_TLS_STARTTLS}},
	{"a.example:2525,tls=implicit",
	 true,
	 {.host = "a.example", .port = 2525, .tls = TARGET_TLS_IMPLICIT}},
	{"a.example,tls=starttls",
	 true,
	 {.host = "a.example", .tls = TARGET_TLS_STARTTLS}},
	{"a.example,pin-sha256=" PIN,
	 true,
	 {.host = "a.example", .pinned = true}},
	{"a.example:1,pin-sha256=" PIN ",tls=implicit",
	 true,
	 {.host = "a.example",
	  .port = 1,
	  .tls = TARGET_TLS_IMPLICIT,
	  .pinned = true}},
	{"", false, {0}},
	{"**", false, {0}},
	{"*:995", false, {0}},
	{"*.", false, {0}},
	{"*.example.org:995", false, {0}},
	{"*.example.org,tls=implicit", false, {0}},
	{"*example.org", false, {0}},
	{"a.*.org", false, {0}},
	{"a.example:2525", false, {0}},
	{"a.example:0", false, {0}},
	{"a.example:65536,tls=implicit", false, {0}},
	{"a.example:", false, {0}},
	{"a.example:99a", false, {0}},
	{"a.example:+25", false, {0}},
	{"a.example,", false, {0}},
	{"a.example,,tls=implicit", false, {0}},
	{"a.example,tls=none", false, {0}},
	{"a.example,tls=", false, {0}},
	{"a.example,TLS=implicit", false, {0}},
	{"a.example,tls=implicit,tls=implicit", false, {0}},
	{"a.example, tls=implicit", false, {0}},
	{"a.example,pin-sha256=", false, {0}},
	{"a.example,pin-sha256=AAAA", false, {0}},
	{"a.example,pin-sha256=" PIN "=", false, {0}},
	{"a.example,pin-sha256=" PIN ",pin-sha256=" PIN, false, {0}},
	{"2001:db8::1", false, {0}},
	{"[2001:db8::1", false, {0}},
	{"[2001:db8::1]x", false, {0}},
	{"[192.0.2.1]", false, {0}},
	{"[]", false, {0}},
	{"user@a.example", false, {0}},
	{"a b", false, {0}},
	{" a.example", false, {0}},
	{"a.example\n", false, {0}},
	{"a%b", false, {0}},
};

static void test_targets(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(targets); i++) {
		const struct target *x = &targets[i].expected;
		struct target t;
		struct err e = {.kind = ERR_NONE};

		if (target_parse(targets[i].text, &t, &e) != targets[i].valid ||
		    mailbox_target_valid(targets[i].text, &e) !=
			    targets[i].valid)
			fail_msg("'%s': %s", targets[i].text, e.text);
		if (!targets[i].valid) {
			assert_int_equal(e.kind, ERR_CONFIG);
			assert_non_null(strstr(e.text, "expected "));
			continue;
		}
		assert_int_equal(t.kind, x->kind);
		assert_string_equal(t.host, x->host);
		assert_int_equal(t.port, x->port);
		assert_int_equal(t.tls, x->tls);
		assert_int_equal(t.pinned, x->pinned);
		if (t.pinned) /* SHA-256 of nothing */
			assert_memory_equal(t.pin, "\xe3\xb0\xc4\x42", 4);
	}
}

/* --- times ---------------------------------------------------------------- */

static const struct {
	const char *text;
	int64_t seconds; /* -1: no time */
} times[] = {
	{"1970-01-01T00:00:00Z", 0},
	{"2026-08-01T12:00:00Z", 1785585600},
	{"2024-02-29T23:59:59Z", 1709251199},
	{"9999-12-31T23:59:59Z", INT64_C(253402300799)},
	{"2023-02-29T00:00:00Z", -1},
	{"2026-13-01T00:00:00Z", -1},
	{"2026-00-01T00:00:00Z", -1},
	{"2026-01-01T24:00:00Z", -1},
	{"2026-01-01T00:00:60Z", -1},
	{"1969-12-31T23:59:59Z", -1},
	{"2026-01-01T00:00:00", -1},
	{"2026-01-01T00:00:00Z ", -1},
	{"2026-01-01 00:00:00Z", -1},
	{"2026-1-01T00:00:00Z", -1},
	{"", -1},
};

static void test_times(void **state UNUSED)
{
	char text[ISO_TIME_LEN + 1];
	int64_t seconds;

	for (size_t i = 0; i < N_ELEMENTS(times); i++) {
		bool valid = iso_time_parse(times[i].text, &seconds);

		if (valid != (times[i].seconds >= 0))
			fail_msg("'%s'", times[i].text);
		if (!valid)
			continue;
		assert_int_equal(seconds, times[i].seconds);
		iso_time_write(seconds, text);
		assert_string_equal(text, times[i].text);
	}
	iso_time_write(-1, text);
	assert_string_equal(text, "1970-01-01T00:00:00Z");
	iso_time_write(INT64_MAX, text);
	assert_string_equal(text, "9999-12-31T23:59:59Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_missing_keys_have_defaults),
		cmocka_unit_test(test_all_of_it_comes_back),
		cmocka_unit_test(test_hostile_values_come_back),
		cmocka_unit_test(test_settings_by_name),
		cmocka_unit_test(test_lists_are_replaced_by_setting),
		cmocka_unit_test(test_bad_files),
		cmocka_unit_test(test_an_upper_case_id_becomes_lower),
		cmocka_unit_test(test_a_file_too_long_is_not_written),
		cmocka_unit_test(test_what_a_file_may_not_say_is_not_written),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

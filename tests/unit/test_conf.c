/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * restante.conf: defaults, every key's way into the struct, every key's
 * validator, and what a bad file is told. Each file is a real one, read by
 * conf_read() as a handler would.
 */
#include "common/base.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/conf.h"
#include "common/conf_comment.h"
#include "common/conf_rule.h"
#include "common/paths.h"
#include "tests/support/test_dir.h"

struct fixture {
	char dir[TEST_DIR_SIZE];
	char file[TEST_DIR_SIZE + 16];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	test_dir_make(f->dir);
	snprintf(f->file, sizeof(f->file), "%s/restante.conf", f->dir);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	test_dir_remove(f->dir);
	free(f);
	return 0;
}

static void write_file(const struct fixture *f, const char *text, size_t n)
{
	int fd = open(f->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), (ssize_t)n);
	assert_int_equal(close(fd), 0);
}

static struct conf *read_text(const struct fixture *f, const char *text,
			      struct err *e)
{
	*e = (struct err){.kind = ERR_NONE};
	write_file(f, text, strlen(text));
	return conf_read(f->file, e);
}

static struct conf *read_good(const struct fixture *f, const char *text)
{
	struct err e;
	struct conf *c = read_text(f, text, &e);

	if (!c)
		fail_msg("%s", e.text);
	return c;
}

/* --- every member as text ------------------------------------------------- */

static void dump_strings(FILE *out, const char *name,
			 const struct conf_strings *s)
{
	fprintf(out, "%s", name);
	for (size_t i = 0; i < s->n; i++)
		fprintf(out, " %s", s->list[i]);
	fputc('\n', out);
}

static void dump_networks(FILE *out, const char *name,
			  const struct conf_networks *n)
{
	fprintf(out, "%s", name);
	for (size_t i = 0; i < n->n; i++)
		fprintf(out, " %02x%02x/%u", n->list[i].address[0],
			n->list[i].address[1], n->list[i].bits);
	fputc('\n', out);
}

static void dump_acceptor(FILE *out, const struct conf_acceptor *a)
{
	fprintf(out, "%s %u %u %u %u\n", a->fork ? "fork" : "exec",
		a->max_connections, a->max_per_address, a->idle_exit,
		a->max_age);
}

static char *dump(const struct conf *c)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	fprintf(out, "%s %s\n%s %s\n[%s] %s\n", c->hostname, c->domain,
		c->store, c->runtime, c->postmaster, c->language);
	dump_strings(out, "certificates", &c->tls.certificate);
	dump_strings(out, "keys", &c->tls.key);
	fprintf(out, "%s [%s] [%s]\n", c->tls.min_version, c->tls.priorities,
		c->tls.client_ca);
	fprintf(out, "tls %d chunking %d size %ju recipients %u mailboxes %u\n",
		c->smtp_journal.require_tls, c->smtp_journal.chunking,
		(uintmax_t)c->smtp_journal.max_size,
		c->smtp_journal.max_recipients, c->smtp_journal.max_mailboxes);
	dump_networks(out, "plaintext", &c->smtp_journal.plaintext_from);
	dump_networks(out, "allow", &c->smtp_journal.allow_from);
	dump_strings(out, "clients", &c->smtp_journal.client_names);
	fprintf(out, "sessions %u scrypt %u\n", c->pop3_serve.max_sessions,
		c->identity.scrypt_log_n);
	fprintf(out, "[%s] connect %u login %u idle %u max %ju\n",
		c->proxy.upstream_ca, c->proxy.connect_timeout,
		c->proxy.login_timeout, c->proxy.idle_timeout,
		(uintmax_t)c->proxy.max_size);
	fprintf(out,
		"command %u data %u session %u faults %u delay %u rate %u "
		"%ju\n",
		c->limits.command_timeout, c->limits.data_timeout,
		c->limits.session_max, c->limits.faults, c->limits.login_delay,
		c->limits.minimum_rate, (uintmax_t)c->limits.reserve);
	dump_networks(out, "balancers", &c->limits.proxy_from);
	dump_acceptor(out, &c->smtp_journal.acceptor);
	dump_acceptor(out, &c->pop3_serve.acceptor);
	dump_acceptor(out, &c->proxy.acceptor);
	fprintf(out, "web %d %s uncollected %u idle %u\n",
		c->console.web_server_auth, c->console.admins,
		c->console.uncollected_after, c->console.idle);
	fclose(out);
	return text;
}

/* --- good files ----------------------------------------------------------- */

static const char head[] = "hostname = 'mail.example.org'\n";

static const char defaults[] =
	"mail.example.org mail.example.org\n"
	"/var/lib/restante /run/restante\n"
	"[] en\n"
	"certificates " SYSCONFDIR "/restante/tls/fullchain.pem\n"
	"keys " SYSCONFDIR "/restante/tls/privkey.pem\n"
	"1.2 [] []\n"
	"tls 1 chunking 1 size 268435456 recipients 100 mailboxes 10\n"
	"plaintext\nallow\nclients\n"
	"sessions 20 scrypt 14\n"
	"[] connect 30 login 60 idle 600 max 0\n"
	"command 300 data 600 session 3600 faults 10 delay 30 rate 100 "
	"67108864\nbalancers\n"
	"fork 256 64 60 3600\nexec 64 32 60 3600\nexec 512 64 60 3600\n"
	"web 0 /var/lib/restante-console/admins uncollected 259200 idle 1800\n";

static void expect_dump(const struct fixture *f, const char *text,
			const char *expected)
{
	struct conf *c = read_good(f, text);
	char *dumped = dump(c);

	assert_string_equal(dumped, expected);
	assert_string_equal(c->file, f->file);
	free(dumped);
	conf_free(&c);
	assert_null(c);
}

static void test_defaults(void **state)
{
	expect_dump(*state, head, defaults);
	expect_dump(*state, "hostname = mail.example.org tls {} limits {\n}",
		    defaults);
}

static void test_hostname_of_the_system(void **state)
{
	struct conf *c = read_good(*state, "");

	assert_true(conf_host_valid(c->hostname));
	assert_string_equal(c->domain, c->hostname);
	conf_free(&c);
}

static void test_every_key_reaches_its_member(void **state)
{
	expect_dump(
		*state,
		"hostname = a.example\ndomain = \"b.example\"\n"
		"store = '/s'\nruntime = '/r'\nlanguage = pt_BR\n"
		"postmaster = 'mbx-0123456789abcdef0123456789abcdef'\n"
		"tls { certificate = '/c' key = '/k' min-version = '1.3'\n"
		"priorities = 'SECURE256:${HOME}' client-ca = '/ca' }\n"
		"smtp-journal { require-tls = false plaintext-from =\n"
		"{ '10.0.0.0/8', '192.168.0.0/16' } allow-from = { 10.1.0.0/16 "
		"}"
		"client-names = { 'x', 'y z' } max-size = 1G\n"
		"max-recipients = 7 max-mailboxes = 3 chunking = false\n"
		"isolation = exec max-connections = 2 max-per-address = 1 }\n"
		"pop3-serve { max-sessions = 5 isolation = 'fork'\n"
		"max-age = 2h } identity { scrypt-log-n = 10 "
		"}\n"
		"proxy { upstream-ca = '/u' connect-timeout = 1m\n"
		"login-timeout = 2m idle-timeout = 11m max-size = 3K\n"
		"idle-exit = 5 }\n"
		"limits { command-timeout = 9 data-timeout = 8s session-max = "
		"1d\n"
		"errors = 4 login-delay = 0 minimum-rate = 0 reserve = 4096 "
		"proxy-from = { 10.2.0.0/16 } }\n"
		"console { auth = 'web-server' admins = '/a'\n"
		"uncollected-after = 2h idle = 90s }\n",
		"a.example b.example\n/s /r\n"
		"[mbx-0123456789abcdef0123456789abcdef] pt_BR\n"
		"certificates /c\nkeys /k\n1.3 [SECURE256:${HOME}] [/ca]\n"
		"tls 0 chunking 0 size 1073741824 recipients 7 mailboxes 3\n"
		"plaintext 0a00/8 c0a8/16\nallow 0a01/16\nclients x y z\n"
		"sessions 5 scrypt 10\n[/u] connect 60 login 120 idle 660 max "
		"3072\n"
		"command 9 data 8 session 86400 faults 4 delay 0 rate 0 4096\n"
		"balancers 0a02/16\n"
		"exec 2 1 60 3600\nfork 64 32 60 7200\nexec 512 64 5 3600\n"
		"web 1 /a uncollected 7200 idle 90\n");
}

static void test_a_list_is_replaced_or_added_to(void **state)
{
	struct conf *c = read_good(
		*state, "smtp-journal {\nclient-names = { a, b }\n"
			"client-names = { c }\nclient-names += { d }\n"
			"allow-from = { 10.0.0.0/8 }\nallow-from = {}\n}\n");

	assert_int_equal(c->smtp_journal.client_names.n, 2);
	assert_string_equal(c->smtp_journal.client_names.list[0], "c");
	assert_string_equal(c->smtp_journal.client_names.list[1], "d");
	assert_int_equal(c->smtp_journal.allow_from.n, 0);
	conf_free(&c);
}

static void test_several_certificates(void **state)
{
	struct conf *c =
		read_good(*state, "tls { certificate = { '/c', '/d' }\n"
				  "key = { '/k', '/l' } }\n");

	assert_int_equal(c->tls.certificate.n, 2);
	assert_string_equal(c->tls.certificate.list[1], "/d");
	assert_string_equal(c->tls.key.list[1], "/l");
	conf_free(&c);
}

/* A key that is nobody's would be found out by the first sender. */
static void test_each_certificate_has_a_key(void **state)
{
	static const char *const bad[] = {
		"tls { certificate = { '/c', '/d' } }",
		"tls { certificate = '/c' key = { '/k', '/l' } }",
		"tls { certificate = { '/c', '/d' } key = '/k' }",
	};

	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		struct err e;

		assert_null(read_text(*state, bad[i], &e));
		assert_non_null(strstr(e.text, "one key for each certificate"));
		assert_int_equal(e.kind, ERR_CONFIG);
	}
}

/* --- the annotated example ------------------------------------------------ */

static char *example(const char *hostname)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	conf_print_example(out, hostname);
	fclose(out);
	return text;
}

/* Puts every default in force: "#key" becomes "key", "# prose" stays. */
static size_t uncomment(char *text)
{
	size_t n = 0;

	for (char *line = text; *line; line += strcspn(line, "\n") + 1) {
		char *at = line + strspn(line, "\t");

		if (at[0] == '#' && at[1] >= 'a' && at[1] <= 'z') {
			*at = ' ';
			n++;
		}
	}
	return n;
}

static void expect_example(const struct fixture *f, const char *text)
{
	char whole[32768];

	snprintf(whole, sizeof(whole), "%s%s", text, head);
	expect_dump(f, whole, defaults);
}

static void test_example_is_the_defaults(void **state)
{
	char *text = example(NULL);

	expect_example(*state, text);
	/* These have a default; hostname and domain follow the system. */
	assert_int_equal(uncomment(text), 54);
	expect_example(*state, text);
	free(text);
}

static void test_example_with_a_hostname(void **state)
{
	char *text = example("mail.example.org");
	struct conf *c = read_good(*state, text);

	assert_string_equal(c->hostname, "mail.example.org");
	assert_string_equal(c->domain, "mail.example.org");
	conf_free(&c);
	free(text);
}

/* The key of a line of the example, or NULL; section_r follows. */
static char *example_key(char *line, char **section_r)
{
	char *name = line + strspn(line, "\t# "), *end;

	if (line[0] >= 'a' && line[0] <= 'z') {
		*section_r = line;
		line[strcspn(line, " ")] = '\0';
		return NULL;
	}
	end = name + strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
	if (end == name || strncmp(end, " = ", 3) != 0)
		return NULL;
	*end = '\0';
	return name;
}

static void expect_refused_key(const struct fixture *f, const char *section,
			       const char *key)
{
	char text[256], expected[256];
	struct err e;
	struct conf *c;

	snprintf(text, sizeof(text), "# a comment\n%s%s\n%s = '\001'\n%s",
		 section ? section : "", section ? " {" : "", key,
		 section ? "}" : "");
	c = read_text(f, text, &e);
	if (c)
		fail_msg("%s takes a control character", key);
	snprintf(expected, sizeof(expected), "%s:3: %s%s%s = '\001': expected ",
		 f->file, section ? section : "", section ? " " : "", key);
	assert_int_equal(e.kind, ERR_CONFIG);
	assert_memory_equal(e.text, expected, strlen(expected));
	assert_true(strlen(e.text) > strlen(expected) + 5);
	assert_null(strstr(e.text, "(null)"));
}

static void test_every_key_has_a_validator(void **state)
{
	char *text = example(NULL), *section = NULL, *line, *rest = text;
	size_t n = 0;

	while ((line = strsep(&rest, "\n"))) {
		char *key = example_key(line, &section);

		if (!key)
			continue;
		expect_refused_key(*state, section, key);
		n++;
	}
	assert_int_equal(n, 56);
	free(text);
}

/* --- bad files ------------------------------------------------------------ */

static const struct {
	const char *text;
	unsigned line;
	const char *told; /* stands in the error */
} bad_files[] = {
	{"hostnam = 'x'\n", 1, "no such option 'hostnam'"},
	{"tls {\n\tkeys = '/k'\n}\n", 2, "tls: no such option 'keys'"},
	{"tls = '/k'\n", 1, "missing opening brace for section 'tls'"},
	{"hostname 'x'\n", 1, "missing equal sign after option 'hostname'"},
	{"hostname = { 'x' }\n", 1, "unexpected token '{'"},
	{"hostname += 'x'\n", 1, "append to non-list option 'hostname'"},
	{"hostname = \n", 2, "premature end of file"},
	{"\n\nhostname = 'x\n\n", 3, "no closing quote"},
	{"\nhostname = \"x\n", 2, "no closing quote"},
	{"\n/* all\nof it\n", 2, "this comment has no closing */"},
	{"hostname = a /*/ domain = b\n", 1, "no closing */"},
	{"\ntls {\nkey = '/k'\n", 2, "this { has no closing }"},
	{"}\n", 1, "unexpected closing brace"},
	{"include('/etc/passwd')\n", 1, "no such option 'include'"},
	{"'' = 1\n", 1, "cannot be read"},
	{"# one\n/* two\nthree */ // four\nstore = 'x' # five\n", 4,
	 "store = 'x': expected a path that begins with /"},
	{"hostname = 'a\nb'\n", 1, "no closing quote on its line"},
	{"hostname = \"a\\\nb\"\n", 1, "no closing quote on its line"},
	{"hostname = 'a\\'\n", 1, "no closing quote on its line"},
	{"hostname = \"a\\nb\"\n", 1, "expected a host name"},
	{"hostname = 'a..b'\n", 1, "expected a host name"},
	{"hostname = '192.0.2.300'\n", 1, "expected a host name"},
	{"hostname = mail.example.org;\n", 1, "expected a host name"},
	{"postmaster = 'mbx-1'\n", 1, "expected a mailbox id"},
	{"language = 'english'\n", 1, "expected a language"},
	{"tls { min-version = '1.1' }\n", 1, "expected '1.2' or '1.3'"},
	{"smtp-journal { require-tls = yes }\n", 1, "expected true or false"},
	{"smtp-journal { max-size = 63K }\n", 1, "expected a size from 64K"},
	{"smtp-journal { max-size = 25MB }\n", 1, "expected a size from 64K"},
	{"smtp-journal { max-size = -1 }\n", 1, "max-size = '-1'"},
	{"smtp-journal { max-recipients = 0 }\n", 1, "from 1 to 10000"},
	{"smtp-journal { max-recipients = 99999999999 }\n", 1, "to 10000"},
	{"smtp-journal {\nallow-from = {\n'10.0.0.0/8',\n'10.0.0.0/33' }\n}\n",
	 4, "allow-from = '10.0.0.0/33': expected networks"},
	{"limits { session-max = 1w }\n", 1, "expected a time from 1s to 7d"},
	{"limits { session-max = 8d }\n", 1, "expected a time from 1s to 7d"},
	{"limits { session-max = 0 }\n", 1, "expected a time from 1s to 7d"},
	{"limits { login-delay = 2h }\n", 1, "expected a time from 0 to 1h"},
	{"limits { reserve = 64m }\n", 1, "expected a size such as 64M"},
	{"identity { scrypt-log-n = 30 }\n", 1, "from 10 to 18"},
	{"console { auth = 'none' }\n", 1, "expected 'own' or 'web-server'"},
};

static void test_bad_files_are_told_why(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < N_ELEMENTS(bad_files); i++) {
		char where[100];
		struct err e;
		struct conf *c = read_text(f, bad_files[i].text, &e);

		if (c)
			fail_msg("taken: %s", bad_files[i].text);
		snprintf(where, sizeof(where), "%s:%u: ", f->file,
			 bad_files[i].line);
		if (e.kind != ERR_CONFIG ||
		    !strstr(e.text, bad_files[i].told) ||
		    strncmp(e.text, where, strlen(where)) != 0)
			fail_msg("%s: told '%s'", bad_files[i].text, e.text);
		/* The scanner is global in libconfuse: it must be set back. */
		expect_dump(f, head, defaults);
	}
}

static void test_files_that_are_none(void **state)
{
	struct fixture *f = *state;
	struct err e;
	char *big;

	assert_null(conf_read(f->file, &e));
	assert_int_equal(e.kind, ERR_CONFIG);
	assert_non_null(strstr(e.text, "cannot be opened: No such file"));
	assert_null(conf_read(f->dir, &e));
	assert_non_null(strstr(e.text, "cannot be read: Is a directory"));

	write_file(f, "hostname = 'a\0b'\n", 17);
	assert_null(conf_read(f->file, &e));
	assert_non_null(strstr(e.text, "NUL"));

	big = calloc(1, 2 << 20);
	memset(big, '\n', 2 << 20);
	write_file(f, big, 2 << 20);
	free(big);
	assert_null(conf_read(f->file, &e));
	assert_non_null(strstr(e.text, "longer than"));
}

/* fd 2 may be the peer: whatever the file says, nothing is written there. */
static void test_nothing_is_printed(void **state)
{
	struct fixture *f = *state;
	FILE *caught = tmpfile();
	int saved = dup(STDERR_FILENO);
	off_t printed;

	fflush(stderr);
	dup2(fileno(caught), STDERR_FILENO);
	for (size_t i = 0; i < N_ELEMENTS(bad_files); i++) {
		struct err e;
		struct conf *c = read_text(f, bad_files[i].text, &e);

		conf_free(&c);
	}
	fflush(stderr);
	printed = lseek(STDERR_FILENO, 0, SEEK_CUR);
	dup2(saved, STDERR_FILENO);
	close(saved);
	fclose(caught);
	assert_int_equal(printed, 0);
}

/* --- pieces --------------------------------------------------------------- */

static const struct {
	const char *text;
	int64_t size; /* -1: refused */
	int64_t time;
} units[] = {
	{"0", 0, 0},
	{"1", 1, 1},
	{"64M", 64 << 20, -1},
	{"1K", 1024, -1},
	{"2G", INT64_C(2) << 30, -1},
	{"8589934591G", INT64_C(8589934591) << 30, -1},
	{"8589934592G", -1, -1},
	{"9223372036854775807", INT64_MAX, -1},
	{"9223372036854775808", -1, -1},
	{"30s", -1, 30},
	{"5m", -1, 300},
	{"12h", -1, 43200},
	{"3d", -1, 259200},
	{"2147483647", 2147483647, 2147483647},
	{"24855d", -1, INT64_C(24855) * 86400},
	{"24856d", -1, -1},
	{"", -1, -1},
	{"K", -1, -1},
	{"s", -1, -1},
	{"1KB", -1, -1},
	{"1k", -1, -1},
	{"1S", -1, -1},
	{" 1", -1, -1},
	{"1 ", -1, -1},
	{"+1", -1, -1},
	{"-1", -1, -1},
	{"1.5G", -1, -1},
	{"0x10", -1, -1},
	{"1ss", -1, -1},
};

static void test_units(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(units); i++) {
		uint64_t size;
		unsigned seconds;
		bool is_size = conf_parse_size(units[i].text, &size);
		bool is_time = conf_parse_time(units[i].text, &seconds);

		if (is_size != (units[i].size >= 0) ||
		    is_time != (units[i].time >= 0))
			fail_msg("'%s': size %d, time %d", units[i].text,
				 is_size, is_time);
		if (is_size)
			assert_int_equal(size, units[i].size);
		if (is_time)
			assert_int_equal(seconds, units[i].time);
	}
}

static const struct {
	const char *before, *after;
} comments[] = {
	{"a # b\nc", "a    \nc"},
	{"a#b", "a  "},
	{"'#' \"//\" # x", "'#' \"//\"    "},
	{"'\\'#' # x", "'\\'#'    "},
	{"http://x // y", "http://x     "},
	{"= //x", "=    "},
	{"/* a\n'b */ c", "    \n      c"},
	{"a/*b", "a/*b"},
	{"/**/a", "    a"},
	{"", ""},
};

static void test_comments_are_blanked_in_place(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(comments); i++) {
		char text[64];
		unsigned line;

		snprintf(text, sizeof(text), "%s", comments[i].before);
		assert_null(conf_blank_comments(text, &line));
		assert_string_equal(text, comments[i].after);
	}
}

static const struct {
	const char *text;
	bool line, host;
} rules[] = {
	{"mail.example.org", true, true},
	{"localhost", true, true},
	{"xn--bcher-kva.example", true, true},
	{"192.0.2.1", true, true},
	{"192.0.2.256", true, false},
	{"1.2", true, false},
	{"a-b.c1", true, true},
	{"-a.b", true, false},
	{"a-.b", true, false},
	{"a.", true, false},
	{".a", true, false},
	{"a_b.example", true, false},
	{"[::1]", true, false},
	{"Bücher — ✓ 𝔐", true, false},
	{"two words", true, false},
	{"tab\there", false, false},
	{"line\n", false, false},
	{"del\x7f", false, false},
	{"csi\xc2\x9b", false, false},
	{"nbsp\xc2\xa0", true, false},
	{"latin\xfc", false, false},
	{"cut\xe2\x82", false, false},
	{"overlong\xc0\xaf", false, false},
	{"overlong\xe0\x80\xaf", false, false},
	{"surrogate\xed\xa0\x80", false, false},
	{"beyond\xf4\x90\x80\x80", false, false},
};

static void test_rules(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(rules); i++)
		if (conf_line_valid(rules[i].text) != rules[i].line ||
		    conf_host_valid(rules[i].text) != rules[i].host)
			fail_msg("'%s'", rules[i].text);
}

static void test_quoting_needs_room(void **state UNUSED)
{
	struct buf b;

	buf_init(&b, 7);
	assert_true(conf_quote(&b, "a'b"));
	assert_string_equal(b.data, "'a\\'b'");
	assert_false(conf_quote(&b, "c"));
	assert_string_equal(b.data, "'a\\'b'");
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_defaults, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostname_of_the_system,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_every_key_reaches_its_member, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_list_is_replaced_or_added_to, setup, teardown),
		cmocka_unit_test_setup_teardown(test_example_is_the_defaults,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_example_with_a_hostname,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_every_key_has_a_validator,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_several_certificates,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_each_certificate_has_a_key,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_files_are_told_why,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_files_that_are_none, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_nothing_is_printed, setup,
						teardown),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_comments_are_blanked_in_place),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_quoting_needs_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

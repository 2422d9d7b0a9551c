/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every command of the SMTP receiver in every state: the answer, and the state
 * it leads to, compared with the grid in docs/sessions.md. A command that is
 * in the table and has no row here fails.
 */
#include "common/base.h"
#include "tests/unit/smtp_rig.h"

#include "handlers/smtp_journal/state.h"
#include "tests/support/test_cert.h"
#include "tests/support/test_dir.h"

#define HELLO	"HELO mx.example\r\n"
#define SENDER	"MAIL FROM:<a@x>\r\n"
#define TO_A	"RCPT TO:<" RIG_A "@y>\r\n"
#define TO_B	"RCPT TO:<" RIG_B "@y>\r\n"    /* which is suspended */
#define REFUSED "MAIL FROM:<a@x> SIZE=900\r\n" /* no room for that */

static const struct column {
	const char *title;
	bool in_clear;
	const char *script; /* what leads there */
} columns[] = {
	{"START in clear", true, ""},
	{"READY in clear", true, HELLO},
	{"START", false, ""},
	{"READY", false, HELLO},
	{"READY after 4xx", false, HELLO REFUSED},
	{"MAIL", false, HELLO SENDER},
	{"MAIL after 4xx", false, HELLO SENDER TO_B},
	{"RCPT", false, HELLO SENDER TO_A},
	{"CHUNKS", false, HELLO SENDER TO_A "BDAT 0\r\n"},
};

static const struct row {
	const char *title, *line;
	const char *name; /* in the command table; NULL: in no table */
} rows[] = {
	{"EHLO", "EHLO mx.example\r\n", "EHLO"},
	{"HELO", "HELO mx.example\r\n", "HELO"},
	{"STARTTLS", "STARTTLS\r\n", "STARTTLS"},
	{"MAIL", SENDER, "MAIL"},
	{"RCPT", TO_A, "RCPT"},
	{"DATA", "DATA\r\n", "DATA"},
	{"BDAT n", "BDAT 2\r\nab", "BDAT"},
	{"BDAT n LAST", "BDAT 2 LAST\r\nab", "BDAT"},
	{"RSET", "RSET\r\n", "RSET"},
	{"NOOP", "NOOP\r\n", "NOOP"},
	{"HELP", "HELP\r\n", "HELP"},
	{"VRFY", "VRFY a\r\n", "VRFY"},
	{"QUIT", "QUIT\r\n", "QUIT"},
	{"any other", "EXPN a\r\n", NULL},
};

static const char *const state_names[] = {
	[SMTP_STATE_START] = "START",	[SMTP_STATE_READY] = "READY",
	[SMTP_STATE_MAIL] = "MAIL",	[SMTP_STATE_RCPT] = "RCPT",
	[SMTP_STATE_CHUNKS] = "CHUNKS",
};

static char cert_dir[TEST_DIR_SIZE], cert_file[96], key_file[96];
static char *certificates[] = {cert_file}, *keys[] = {key_file};

static int make_certificate(void **state)
{
	const struct test_cert wanted = {.dns = "gw.example"};
	struct test_ca *ca = test_ca_new("a CA");

	(void)state;
	test_dir_make(cert_dir);
	snprintf(cert_file, sizeof(cert_file), "%s/cert.pem", cert_dir);
	snprintf(key_file, sizeof(key_file), "%s/key.pem", cert_dir);
	test_cert_write(ca, &wanted, cert_file, key_file);
	test_ca_free(&ca);
	return 0;
}

static int remove_certificate(void **state)
{
	(void)state;
	test_dir_remove(cert_dir);
	return 0;
}

static void set_up(struct rig *r, const struct column *column)
{
	rig_init(r);
	rig_store.room = 5000;
	rig_store.mailboxes[1].conf.suspended = true;
	r->peer.tls = !column->in_clear;
	r->tls_mode = TLS_MODE_STARTTLS;
	r->conf.tls = (struct tls_server_settings){
		.certificate = {.list = certificates, .n = 1},
		.key = {.list = keys, .n = 1},
		.min_version = "1.2",
		.priorities = "",
		.client_ca = "",
	};
}

/* Where a session ends up; its replies are in r->heard. */
static const char *play(struct rig *r, const char *script)
{
	const struct cmd_limits limits = {.line_seconds = 20};
	struct smtp_journal s = {
		.conf = &r->conf, .peer = &r->peer, .tls_mode = r->tls_mode};
	int in = rig_file(), out = rig_file();
	const char *state;
	enum cmd_end end;

	assert_int_equal(write(in, script, strlen(script)), strlen(script));
	lseek(in, 0, SEEK_SET);
	s.conn = conn_new(in, out);
	end = cmd_loop(s.conn, &smtp_journal_protocol, &limits, &s);
	state = end == CMD_END_DROPPED ? state_names[smtp_journal_state(&s)]
				       : "closed";
	smtp_journal_forget_mail(&s);
	mailbox_close(&s.last);
	store_free(&s.store);
	free(s.kept);
	conn_free(&s.conn);
	close(in);
	rig_read(out, &r->heard);
	return state;
}

/* The codes of all replies from number `skip` on; returns how many there are.
 */
static size_t codes(const char *heard, size_t skip, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	/* Behind 220 may come an alert of TLS, which is no line. */
	for (; strchr(heard, '\n'); heard = strchr(heard, '\n') + 1) {
		size_t used = strlen(out);

		if (heard[3] != ' ' || n++ < skip)
			continue;
		snprintf(out + used, size - used, "%s%.3s", used ? ", " : "",
			 heard);
	}
	return n;
}

/* "250 → READY"; without the arrow where the state stays. */
static void try_command(const struct column *column, const struct row *row,
			char *cell, size_t size)
{
	const char *before, *after;
	char answers[64], script[512];
	bool data;
	size_t said;
	struct rig r;

	set_up(&r, column);
	before = play(&r, column->script);
	said = codes(r.heard.data, 0, answers, sizeof(answers));
	data = strcmp(before, "RCPT") == 0 && strcmp(row->title, "DATA") == 0;
	rig_release(&r);
	set_up(&r, column);
	snprintf(script, sizeof(script), "%s%s%s", column->script, row->line,
		 data ? ".\r\n" : "");
	after = play(&r, script);
	codes(r.heard.data, said, answers, sizeof(answers));
	/* Nobody shakes hands here; what follows is told in starttls.chat. */
	if (strcmp(answers, "220") == 0)
		after = "START";
	snprintf(cell, size, "%s%s%s", answers,
		 strcmp(before, after) == 0 ? "" : " → ",
		 strcmp(before, after) == 0 ? "" : after);
	rig_release(&r);
}

static void write_grid(struct buf *out)
{
	char cell[128];

	assert_true(buf_adds(out, "| command |"));
	for (size_t k = 0; k < N_ELEMENTS(columns); k++)
		assert_true(buf_addf(out, " %s |", columns[k].title));
	assert_true(buf_adds(out, "\n|---|"));
	for (size_t k = 0; k < N_ELEMENTS(columns); k++)
		assert_true(buf_adds(out, "---|"));
	assert_true(buf_adds(out, "\n"));
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		const char *quote = rows[i].name ? "`" : "";

		assert_true(buf_addf(out, "| %s%s%s |", quote, rows[i].title,
				     quote));
		for (size_t k = 0; k < N_ELEMENTS(columns); k++) {
			try_command(&columns[k], &rows[i], cell, sizeof(cell));
			assert_true(buf_addf(out, " %s |", cell));
		}
		assert_true(buf_adds(out, "\n"));
	}
}

static void read_document(struct buf *out)
{
	const char *srcdir = getenv("srcdir");
	char path[512], piece[4096];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/docs/sessions.md",
		 srcdir ? srcdir : ".");
	f = fopen(path, "re");
	if (!f)
		fail_msg("%s cannot be read", path);
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		assert_true(buf_add(out, piece, n));
	fclose(f);
}

static void the_grid_is_that_of_the_document(void **state)
{
	struct buf document, grid;

	(void)state;
	buf_init(&document, RIG_TEXT_MAX);
	buf_init(&grid, RIG_TEXT_MAX);
	read_document(&document);
	write_grid(&grid);
	if (!strstr(document.data, grid.data)) {
		fprintf(stderr, "%s", grid.data);
		fail_msg("docs/sessions.md should say that");
	}
	buf_release(&document);
	buf_release(&grid);
}

static void every_command_has_its_row(void **state)
{
	const struct cmd_protocol *p = &smtp_journal_protocol;

	(void)state;
	for (size_t i = 0; i < p->n_table; i++) {
		bool found = false;

		for (size_t k = 0; k < N_ELEMENTS(rows); k++)
			found |= rows[k].name &&
				 strcmp(rows[k].name, p->table[i].name) == 0;
		if (!found)
			fail_msg("%s has no row", p->table[i].name);
	}
}

static void every_state_has_its_column(void **state)
{
	bool seen[SMTP_N_STATES] = {false};
	struct rig r;

	(void)state;
	for (size_t k = 0; k < N_ELEMENTS(columns); k++) {
		const char *name;

		set_up(&r, &columns[k]);
		name = play(&r, columns[k].script);
		for (size_t i = 0; i < SMTP_N_STATES; i++)
			seen[i] |= strcmp(name, state_names[i]) == 0;
		/* The script leads where the column's title says. */
		assert_memory_equal(name, columns[k].title, strlen(name));
		rig_release(&r);
	}
	for (size_t i = 0; i < SMTP_N_STATES; i++)
		assert_true(seen[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_command_has_its_row),
		cmocka_unit_test(every_state_has_its_column),
		cmocka_unit_test(the_grid_is_that_of_the_document),
	};

	return cmocka_run_group_tests(tests, make_certificate,
				      remove_certificate);
}

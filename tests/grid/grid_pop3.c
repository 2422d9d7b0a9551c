/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every command of the POP3 server in every state: the answer, and the state
 * it leads to, compared with the grid in docs/sessions.md. A command that is
 * in the table and has no row here fails.
 */
#include "common/base.h"
#include "tests/unit/pop3_rig.h"

#include "common/cmd.h"
#include "tests/support/test_cert.h"
#include "tests/support/test_dir.h"

enum { DOCUMENT_MAX = 1024 * 1024, CELL_MAX = 64 };

static const struct column {
	const char *title;
	bool in_clear;
	const char *enter; /* what leads there */
} columns[] = {
	{"AUTHORIZATION in clear", true, ""},
	{"AUTHORIZATION", false, ""},
	{"USER_GIVEN", false, "USER " RIG_ID "\r\n"},
	{"TRANSACTION", false, RIG_LOGIN},
};

static const struct row {
	const char *title, *line;
	bool lines;	  /* a good answer is several lines */
	const char *name; /* in the command table; NULL: in no table */
} rows[] = {
	{"CAPA", "CAPA\r\n", true, "CAPA"},
	{"STLS", "STLS\r\n", false, "STLS"},
	{"USER", "USER " RIG_ID "\r\n", false, "USER"},
	{"PASS", "PASS " RIG_PASSWORD "\r\n", false, "PASS"},
	{"AUTH", "AUTH\r\n", true, "AUTH"},
	{"AUTH PLAIN", "AUTH PLAIN " RIG_PLAIN64 "\r\n", false, "AUTH"},
	{"UTF8", "UTF8\r\n", false, "UTF8"},
	{"QUIT", "QUIT\r\n", false, "QUIT"},
	{"NOOP", "NOOP\r\n", false, "NOOP"},
	{"STAT", "STAT\r\n", false, "STAT"},
	{"LIST", "LIST\r\n", true, "LIST"},
	{"UIDL", "UIDL\r\n", true, "UIDL"},
	{"RETR", "RETR 1\r\n", true, "RETR"},
	{"TOP", "TOP 1 0\r\n", true, "TOP"},
	{"DELE", "DELE 1\r\n", false, "DELE"},
	{"RSET", "RSET\r\n", false, "RSET"},
	{"any other", "APOP a b\r\n", false, NULL},
};

/* PASS shows in which state a session is, for it is answered so differently. */
static const struct {
	const char *answer, *state;
} probes[] = {
	{"-ERR Only under TLS", "AUTHORIZATION in clear"},
	{"-ERR USER comes first", "AUTHORIZATION"},
	{"-ERR [AUTH]", "USER_GIVEN"},
	{"-ERR Already logged in", "TRANSACTION"},
};

static const char *state_by_probe(const char *answer)
{
	if (!*answer)
		return "closed";
	for (size_t i = 0; i < N_ELEMENTS(probes); i++)
		if (strncmp(answer, probes[i].answer,
			    strlen(probes[i].answer)) == 0)
			return probes[i].state;
	fail_msg("no state answers \"%s\"", answer);
	return NULL;
}

/* What comes behind the answer at `at`. */
static const char *skip_answer(const char *at, bool lines)
{
	const char *end = strstr(at, lines ? "\r\n.\r\n" : "\r\n");

	assert_non_null(end);
	return end + (lines ? 5 : 2);
}

/* STLS is answered before anybody shakes hands, so there is a certificate. */
static char cert_dir[TEST_DIR_SIZE], cert_file[96], key_file[96];
static char *certificates[] = {cert_file}, *keys[] = {key_file};

static int make_certificate(void **state)
{
	const struct test_cert wanted = {.dns = "mail.example"};
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
	rig_empty_store();
	rig_add_text("a: b\r\n\r\nc\r\n");
	rig_init(r);
	if (!column->in_clear)
		return;
	r->peer.tls = false;
	r->tls_mode = TLS_MODE_STARTTLS;
	r->conf.tls = (struct tls_server_settings){
		.certificate = {.list = certificates, .n = 1},
		.key = {.list = keys, .n = 1},
		.min_version = "1.2",
		.priorities = "",
		.client_ca = "",
	};
}

/* "+OK → USER_GIVEN"; without the arrow where the state stays. */
static void try_command(const struct column *column, const struct row *row,
			char cell_r[CELL_MAX])
{
	const char *turns[] = {column->enter, row->line, "PASS x\r\n", NULL};
	const char *at, *state;
	struct rig r;
	bool good;

	set_up(&r, column);
	rig_run_in_turn(&r, *column->enter ? turns : turns + 1);
	at = r.client.heard.data + strlen(RIG_GREETING);
	for (const char *p = column->enter; *p; p++)
		if (*p == '\n')
			at = skip_answer(at, false);
	good = strncmp(at, "+OK", 3) == 0;
	at = skip_answer(at, good && row->lines);
	/* Nobody shakes hands here; what follows is told in stls.chat. */
	if (good && strcmp(row->title, "STLS") == 0)
		state = "AUTHORIZATION";
	else
		state = state_by_probe(at);
	if (strcmp(state, column->title) == 0)
		state = "";
	snprintf(cell_r, CELL_MAX, "%s%s%s", good ? "+OK" : "-ERR",
		 *state ? " → " : "", state);
	rig_release(&r);
}

static void write_grid(struct buf *out)
{
	char cell[CELL_MAX];

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
			try_command(&columns[k], &rows[i], cell);
			assert_true(buf_addf(out, " %s |", cell));
		}
		assert_true(buf_adds(out, "\n"));
	}
	assert_true(buf_adds(out, "\n"));
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
	buf_init(&document, DOCUMENT_MAX);
	buf_init(&grid, DOCUMENT_MAX);
	read_document(&document);
	write_grid(&grid);
	if (!strstr(document.data, grid.data))
		fail_msg("docs/sessions.md should say\n%s", grid.data);
	buf_release(&document);
	buf_release(&grid);
}

static void every_command_has_its_row(void **state)
{
	const struct cmd_protocol *p = &pop3_serve_protocol;

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_command_has_its_row),
		cmocka_unit_test(the_grid_is_that_of_the_document),
	};

	return cmocka_run_group_tests(tests, make_certificate,
				      remove_certificate);
}

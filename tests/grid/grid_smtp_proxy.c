/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every command of the SMTP proxy in every state: the answer, and the state it
 * leads to, compared with the grid in docs/sessions.md. A command that is in
 * the table and has no row here fails.
 */
#include "tests/grid/proxy_grid.h"

#include "handlers/smtp_proxy/state.h"

#define HELLO  "EHLO client.example\r\n"
#define LOGIN  HELLO "AUTH PLAIN " LOGIN64 "\r\n"
#define SENDER "MAIL FROM:<joe@mail.example>\r\n"
#define TO     "RCPT TO:<ann@example.org>\r\n"

static const struct column columns[] = {
	{"START in clear", true, ""},
	{"LOGIN in clear", true, HELLO},
	{"START", false, ""},
	{"LOGIN", false, HELLO},
	{"READY", false, LOGIN},
	{"MAIL", false, LOGIN SENDER},
	{"RCPT", false, LOGIN SENDER TO},
};

static const struct row rows[] = {
	{"EHLO", HELLO, "EHLO"},
	{"HELO", "HELO client.example\r\n", "HELO"},
	{"STARTTLS", "STARTTLS\r\n", "STARTTLS"},
	{"AUTH", "AUTH PLAIN " LOGIN64 "\r\n", "AUTH"},
	{"MAIL", SENDER, "MAIL"},
	{"RCPT", TO, "RCPT"},
	{"DATA", "DATA\r\n", "DATA"},
	{"RSET", "RSET\r\n", "RSET"},
	{"NOOP", "NOOP\r\n", "NOOP"},
	{"VRFY", "VRFY a\r\n", "VRFY"},
	{"QUIT", "QUIT\r\n", "QUIT"},
	{"any other", "EXPN a\r\n", NULL},
};

static const char *const state_names[] = {
	[SMTP_PROXY_START] = "START", [SMTP_PROXY_LOGIN] = "LOGIN",
	[SMTP_PROXY_READY] = "READY", [SMTP_PROXY_MAIL] = "MAIL",
	[SMTP_PROXY_RCPT] = "RCPT",
};

static void robot(FILE *in, FILE *out)
{
	const char *next = NULL; /* the answer to a line that is no command */
	char line[1024];

	fprintf(out, "220 mail.example\r\n");
	while (fgets(line, sizeof(line), in)) {
		const char *answer = "250 Ok";

		if (next && strcmp(next, "250 Queued") == 0 &&
		    strcmp(line, ".\r\n") != 0)
			continue;
		if (next)
			answer = next;
		next = NULL;
		if (strncmp(line, "EHLO", 4) == 0) {
			answer = "250-mail.example\r\n250 AUTH PLAIN";
		} else if (strncmp(line, "AUTH", 4) == 0) {
			answer = "334 ";
			next = "235 Ok";
		} else if (strncmp(line, "DATA", 4) == 0) {
			answer = "354 Go ahead";
			next = "250 Queued";
		}
		fprintf(out, "%s\r\n", answer);
	}
}

static const char *play_session(struct conn *c, const struct conf *conf,
				const struct peer *peer)
{
	const struct cmd_limits limits = {.line_seconds = 20};
	struct smtp_proxy s = {
		.conn = c,
		.conf = conf,
		.peer = peer,
		.tls_mode = TLS_MODE_STARTTLS,
		.account = {.conf = conf, .peer = peer, .summary = &s.summary},
	};
	const char *state = "closed";

	if (cmd_loop(c, &smtp_proxy_protocol, &limits, &s) == CMD_END_DROPPED)
		state = state_names[smtp_proxy_protocol.state(&s)];
	smtp_proxy_forget_mail(&s);
	proxy_account_end(&s.account, NULL, "");
	return state;
}

/* The codes of all replies. */
static void answers(const char *heard, char out[ANSWERS_MAX])
{
	out[0] = '\0';
	for (; *heard; heard = strchr(heard, '\n') + 1) {
		size_t used = strlen(out);

		assert_non_null(strchr(heard, '\n'));
		if (heard[3] == ' ')
			snprintf(out + used, ANSWERS_MAX - used, "%s%.3s",
				 used ? ", " : "", heard);
	}
}

static const char *more(const struct column *column, const struct row *row)
{
	return strcmp(column->title, "RCPT") == 0 &&
			       strcmp(row->title, "DATA") == 0
		       ? ".\r\n"
		       : NULL;
}

static const struct grid grid = {
	.columns = columns,
	.n_columns = N_ELEMENTS(columns),
	.rows = rows,
	.n_rows = N_ELEMENTS(rows),
	.protocol = &smtp_proxy_protocol,
	.robot = robot,
	.play = play_session,
	.answers = answers,
	.more = more,
};

static void every_state_has_its_column(void **state UNUSED)
{
	for (size_t i = 0; i < SMTP_PROXY_N_STATES; i++) {
		bool found = false;

		for (size_t k = 0; k < grid.n_columns; k++)
			found |= strcmp(columns[k].title, state_names[i]) == 0;
		assert_true(found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_has_its_column),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) || run_grid();
}

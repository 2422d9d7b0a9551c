/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every command of the POP3 proxy in every state: the answer, and the state it
 * leads to, compared with the grid in docs/sessions.md. A command that is in
 * the table and has no row here fails.
 */
#include "tests/grid/proxy_grid.h"

#include "handlers/pop3_proxy/state.h"

static const struct column columns[] = {
	{"AUTHORIZATION in clear", true, ""},
	{"AUTHORIZATION", false, ""},
	{"USER_GIVEN", false, "USER " USER "\r\n"},
	{"TRANSACTION", false, "USER " USER "\r\nPASS secret\r\n"},
};

static const struct row rows[] = {
	{"CAPA", "CAPA\r\n", "CAPA"},
	{"STLS", "STLS\r\n", "STLS"},
	{"USER", "USER " USER "\r\n", "USER"},
	{"PASS", "PASS secret\r\n", "PASS"},
	{"AUTH", "AUTH\r\n", "AUTH"},
	{"AUTH PLAIN", "AUTH PLAIN " LOGIN64 "\r\n", "AUTH"},
	{"STAT", "STAT\r\n", "STAT"},
	{"LIST", "LIST\r\n", "LIST"},
	{"UIDL", "UIDL\r\n", "UIDL"},
	{"RETR", "RETR 1\r\n", "RETR"},
	{"TOP", "TOP 1 0\r\n", "TOP"},
	{"DELE", "DELE 1\r\n", "DELE"},
	{"RSET", "RSET\r\n", "RSET"},
	{"NOOP", "NOOP\r\n", "NOOP"},
	{"QUIT", "QUIT\r\n", "QUIT"},
	{"any other", "APOP a b\r\n", NULL},
};

static const char *const state_names[] = {
	[POP3_PROXY_AUTHORIZATION] = "AUTHORIZATION",
	[POP3_PROXY_USER_GIVEN] = "USER_GIVEN",
	[POP3_PROXY_TRANSACTION] = "TRANSACTION",
};

static const struct {
	const char *line, *answer;
} agreed[] = {
	{"CAPA\r\n", "+OK\r\nSASL PLAIN\r\n."},
	{"AUTH PLAIN\r\n", "+ "},
	{"LIST\r\n", "+OK\r\n1 12\r\n."},
	{"UIDL\r\n", "+OK\r\n1 aaaa\r\n."},
	{"RETR 1\r\n", "+OK\r\na: b\r\n\r\nc\r\n."},
	{"TOP 1 1\r\n", "+OK\r\na: b\r\n\r\nc\r\n."},
};

static void robot(FILE *in, FILE *out)
{
	char line[1024];

	fprintf(out, "+OK\r\n");
	while (fgets(line, sizeof(line), in)) {
		const char *answer = "+OK";

		for (size_t i = 0; i < N_ELEMENTS(agreed); i++)
			if (strcmp(line, agreed[i].line) == 0)
				answer = agreed[i].answer;
		fprintf(out, "%s\r\n", answer);
	}
}

static const char *play_session(struct conn *c, const struct conf *conf,
				const struct peer *peer)
{
	const struct cmd_limits limits = {.line_seconds = 20};
	struct pop3_proxy s = {
		.conn = c,
		.conf = conf,
		.peer = peer,
		.tls_mode = TLS_MODE_STARTTLS,
		.account = {.conf = conf, .peer = peer, .summary = &s.summary},
		.state = POP3_PROXY_AUTHORIZATION,
	};
	const char *state = "closed";

	if (cmd_loop(c, &pop3_proxy_protocol, &limits, &s) == CMD_END_DROPPED)
		state = state_names[pop3_proxy_protocol.state(&s)];
	seen_close(&s.seen);
	pop3_uidls_release(&s.uidls);
	proxy_account_end(&s.account, NULL, "");
	return state;
}

static void answers(const char *heard, char out[ANSWERS_MAX])
{
	snprintf(out, ANSWERS_MAX, "%.*s", (int)strcspn(heard, " \r"), heard);
}

static const struct grid grid = {
	.columns = columns,
	.n_columns = N_ELEMENTS(columns),
	.rows = rows,
	.n_rows = N_ELEMENTS(rows),
	.protocol = &pop3_proxy_protocol,
	.robot = robot,
	.play = play_session,
	.answers = answers,
};

int main(void)
{
	return run_grid();
}

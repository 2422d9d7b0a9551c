/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the grids of both proxies share: a session on two files, a real server
 * that agrees to everything, and TLS that is there where the grid says so.
 * Included once by each.
 */
#ifndef RESTANTE_TESTS_GRID_PROXY_GRID_H
#define RESTANTE_TESTS_GRID_PROXY_GRID_H

#include "common/base.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base64.h"
#include "common/buf.h"
#include "common/cmd.h"
#include "common/conf.h"
#include "common/conn.h"
#include "common/peer.h"
#include "common/reply.h"
#include "common/tls.h"
#include "handlers/proxy/account.h"
#include "handlers/proxy/dialler.h"
#include "handlers/session/server_tls.h"
#include "tests/unit/store_rig.h"

enum { GRID_TEXT_MAX = 1024 * 1024, ANSWERS_MAX = 40, CELL_MAX = 80 };

/* The words of a script that stand for the rig's: the user, and a login. */
#define USER	"{user}"
#define LOGIN64 "{plain}"

struct column {
	const char *title;
	bool in_clear;
	const char *enter; /* what leads there */
};

struct row {
	const char *title, *line;
	const char *name; /* in the command table; NULL: in no table */
};

/* One protocol's grid. */
static const struct grid {
	const struct column *columns;
	size_t n_columns;
	const struct row *rows;
	size_t n_rows;
	const struct cmd_protocol *protocol;
	/* The real server on stdin and stdout. */
	void (*robot)(FILE *in, FILE *out);
	/* One session; the name of the state that it ends in, or "closed". */
	const char *(*play)(struct conn *c, const struct conf *conf,
			    const struct peer *peer);
	/* The answers in what was heard, in the grid's words. */
	void (*answers)(const char *heard, char out[ANSWERS_MAX]);
	/* What follows a command where it is let through; or NULL. */
	const char *(*more)(const struct column *column, const struct row *row);
} grid;

/* --- what the session meets ----------------------------------------------- */

static struct {
	const struct store_rig *store;
	const struct conn *client;
	bool in_clear;
	pid_t robot;
} met;

const struct tls_facts *__wrap_conn_tls(const struct conn *c);
enum server_tls __wrap_server_tls_start(struct conn *c, const struct conf *conf,
					unsigned seconds,
					const struct reply *go_ahead,
					struct summary *summary);
int __wrap_dialler_dial(struct dialler *d, const char *mailbox_id,
			const struct dial_server *server, struct dialled *out_r,
			struct err *e);

const struct tls_facts *__wrap_conn_tls(const struct conn *c)
{
	static const struct tls_facts facts = {.version = "TLS1.3"};

	return c == met.client && met.in_clear ? NULL : &facts;
}

enum server_tls __wrap_server_tls_start(struct conn *c,
					const struct conf *conf UNUSED,
					unsigned seconds UNUSED,
					const struct reply *go_ahead,
					struct summary *summary UNUSED)
{
	reply_write(c, go_ahead);
	met.in_clear = false;
	return SERVER_TLS_ON;
}

NO_RETURN static void run_robot(int fd)
{
	FILE *in = fdopen(fd, "r"), *out = fdopen(dup(fd), "w");

	if (in && out) {
		setlinebuf(out);
		grid.robot(in, out);
	}
	_exit(0);
}

int __wrap_dialler_dial(struct dialler *d UNUSED, const char *mailbox_id UNUSED,
			const struct dial_server *server UNUSED,
			struct dialled *out_r, struct err *e UNUSED)
{
	int fds[2];

	assert_return_code(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	met.robot = fork();
	if (met.robot == 0) {
		close(fds[0]);
		run_robot(fds[1]);
	}
	close(fds[1]);
	*out_r = (struct dialled){.fd = fds[0], .port = 465};
	return 0;
}

/* --- one session ---------------------------------------------------------- */

static void add_login(const char *user, struct buf *out)
{
	char plain[256];
	int n = snprintf(plain, sizeof(plain), "%c%s%csecret", 0, user, 0);

	assert_true(base64_encode((uint8_t *)plain, (size_t)n, out));
}

static void add_script(const char *script, struct buf *out)
{
	char user[128];

	snprintf(user, sizeof(user), "joe%%mail.example%%%s", met.store->id);
	while (*script) {
		if (strncmp(script, USER, strlen(USER)) == 0) {
			assert_true(buf_adds(out, user));
			script += strlen(USER);
		} else if (strncmp(script, LOGIN64, strlen(LOGIN64)) == 0) {
			add_login(user, out);
			script += strlen(LOGIN64);
		} else {
			assert_true(buf_add(out, script++, 1));
		}
	}
}

static void read_file(int fd, struct buf *out)
{
	char piece[4096];
	ssize_t n;

	lseek(fd, 0, SEEK_SET);
	while ((n = read(fd, piece, sizeof(piece))) > 0)
		assert_true(buf_add(out, piece, (size_t)n));
	close(fd);
}

static struct conf make_conf(void)
{
	char *dir = (char *)met.store->path;

	return (struct conf){
		.hostname = (char *)"gw.example",
		.domain = (char *)"mail.example",
		.store = dir,
		.runtime = dir,
		.proxy = {.upstream_ca = (char *)"",
			  .connect_timeout = 20,
			  .login_timeout = 20,
			  .idle_timeout = 20},
		.limits = {.command_timeout = 20,
			   .data_timeout = 20,
			   .session_max = 60,
			   .faults = 10,
			   .minimum_rate = 100},
	};
}

/* Where a session ends up; what it said is in heard. */
static const char *play(bool in_clear, const char *script, struct buf *heard)
{
	const struct conf conf = make_conf();
	const struct peer peer = {.is_ip = true, .text = "192.0.2.7"};
	int in = memfd_create("in", MFD_CLOEXEC);
	int out = memfd_create("out", MFD_CLOEXEC);
	struct buf text;
	const char *state;
	struct conn *c;

	buf_init(&text, GRID_TEXT_MAX);
	add_script(script, &text);
	assert_int_equal(write(in, text.data, text.len), text.len);
	buf_release(&text);
	lseek(in, 0, SEEK_SET);
	c = conn_new(in, out);
	met.client = c;
	met.in_clear = in_clear;
	met.robot = -1;
	state = grid.play(c, &conf, &peer);
	conn_free(&c);
	close(in);
	if (met.robot > 0)
		assert_int_equal(waitpid(met.robot, NULL, 0), met.robot);
	buf_reset(heard);
	read_file(out, heard);
	/* It is the name of a state, a literal; play() keeps neither. */
	/* cppcheck-suppress returnDanglingLifetime */
	return state;
}

/* --- the grid ------------------------------------------------------------- */

/* "250 → READY"; without the arrow where the state stays. */
static void try_command(const struct column *column, const struct row *row,
			char cell[CELL_MAX])
{
	const char *more = grid.more ? grid.more(column, row) : NULL;
	char script[1024], answers[ANSWERS_MAX];
	const char *before, *after;
	struct buf heard;
	size_t said;
	bool stays;

	buf_init(&heard, GRID_TEXT_MAX);
	before = play(column->in_clear, column->enter, &heard);
	assert_memory_equal(before, column->title, strlen(before));
	said = heard.len;
	snprintf(script, sizeof(script), "%s%s%s", column->enter, row->line,
		 more ? more : "");
	after = play(column->in_clear, script, &heard);
	assert_true(heard.len > said);
	grid.answers(heard.data + said, answers);
	stays = strcmp(before, after) == 0 && met.in_clear == column->in_clear;
	snprintf(cell, CELL_MAX, "%s%s%s", answers, stays ? "" : " → ",
		 stays ? "" : after);
	buf_release(&heard);
}

static void write_grid(struct buf *out)
{
	char cell[CELL_MAX];

	assert_true(buf_adds(out, "| command |"));
	for (size_t k = 0; k < grid.n_columns; k++)
		assert_true(buf_addf(out, " %s |", grid.columns[k].title));
	assert_true(buf_adds(out, "\n|---|"));
	for (size_t k = 0; k < grid.n_columns; k++)
		assert_true(buf_adds(out, "---|"));
	assert_true(buf_adds(out, "\n"));
	for (size_t i = 0; i < grid.n_rows; i++) {
		const char *quote = grid.rows[i].name ? "`" : "";

		assert_true(buf_addf(out, "| %s%s%s |", quote,
				     grid.rows[i].title, quote));
		for (size_t k = 0; k < grid.n_columns; k++) {
			try_command(&grid.columns[k], &grid.rows[i], cell);
			assert_true(buf_addf(out, " %s |", cell));
		}
		assert_true(buf_adds(out, "\n"));
	}
	assert_true(buf_adds(out, "\n"));
}

static void the_grid_is_that_of_the_document(void **state)
{
	const char *srcdir = getenv("srcdir");
	struct buf document, wanted;
	char path[512];
	int fd;

	met.store = *state;
	buf_init(&document, GRID_TEXT_MAX);
	buf_init(&wanted, GRID_TEXT_MAX);
	snprintf(path, sizeof(path), "%s/docs/sessions.md",
		 srcdir ? srcdir : ".");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail_msg("%s cannot be read", path);
	read_file(fd, &document);
	write_grid(&wanted);
	if (!strstr(document.data, wanted.data))
		fail_msg("docs/sessions.md should say\n%s", wanted.data);
	buf_release(&document);
	buf_release(&wanted);
}

static void every_command_has_its_row(void **state UNUSED)
{
	for (size_t i = 0; i < grid.protocol->n_table; i++) {
		const char *name = grid.protocol->table[i].name;
		bool found = false;

		for (size_t k = 0; k < grid.n_rows; k++)
			found |= grid.rows[k].name &&
				 strcmp(grid.rows[k].name, name) == 0;
		if (!found)
			fail_msg("%s has no row", name);
	}
}

static int run_grid(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_command_has_its_row),
		cmocka_unit_test_setup_teardown(
			the_grid_is_that_of_the_document, store_rig_setup,
			store_rig_teardown),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif

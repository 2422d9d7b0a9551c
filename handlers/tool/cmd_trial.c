/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A message through the real smtp-journal, on a socketpair, as a mail server
 * would send it: each line of both sides is printed. What is proved is all
 * but the network: program, configuration, store, mailbox, disk.
 */
#include "common/base.h"
#include "handlers/tool/command.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "common/conn.h"
#include "common/log.h"
#include "common/peer.h"
#include "common/peer_proxy.h"
#include "handlers/admin/sibling_program.h"
#include "handlers/mail/mail_date.h"
#include "handlers/tool/store.h"

enum { REPLY_MAX = 2048, STEP_SECONDS = 30, DATE_MAX = 64 };

struct trial {
	struct conn *conn;
	bool refused;	/* a reply was not 2xx or 3xx */
	char said[200]; /* its last line */
};

/* --- the other side ------------------------------------------------------- */

NO_RETURN static void become_handler(const char *path, const char *conf_file,
				     int fd)
{
	char *const argv[] = {(char *)(uintptr_t)path, (char *)"-c",
			      (char *)(uintptr_t)conf_file,
			      (char *)"--tls=none", NULL};

	if (dup2(fd, 0) >= 0 && dup2(fd, 1) >= 0)
		execv(path, argv);
	_exit(75);
}

static int start_handler(const char *conf_file, pid_t *pid_r, int *fd_r,
			 struct err *e)
{
	char path[PATH_MAX];
	int fds[2];

	if (sibling_program_path("smtp-journal", path, e) < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return err_sys(e, "socketpair");
	*pid_r = fork();
	if (*pid_r == 0)
		become_handler(path, conf_file, fds[1]);
	close(fds[1]);
	*fd_r = fds[0];
	if (*pid_r > 0)
		return 0;
	close(fds[0]);
	return err_sys(e, "fork");
}

/* As a handler in front of it would: a client of this machine, under TLS. */
static void introduce(struct conn *conn)
{
	static const uint8_t loopback[] = {127, 0, 0, 1};
	uint8_t header[PROXY_WRITTEN_MAX];
	struct peer peer = {.is_ip = true};
	size_t len;

	peer_set_address(&peer, loopback, false);
	len = peer_proxy_write(&peer, "TLS1.3", header);
	conn_write(conn, header, len);
}

/* --- the dialogue --------------------------------------------------------- */

/* All lines of a reply (RFC 5321 4.2.1). -1: it did not come. */
static int read_reply(struct trial *d, struct err *e)
{
	struct buf line;
	int result = -1;

	buf_init(&line, REPLY_MAX);
	for (;;) {
		buf_reset(&line);
		if (conn_read_line(d->conn, &line, REPLY_MAX) != CONN_OK) {
			err_set(e, ERR_TEMP,
				"smtp-journal does not answer: the log says "
				"why");
			break;
		}
		printf("< %s\n", line.data);
		d->refused = line.data[0] != '2' && line.data[0] != '3';
		snprintf(d->said, sizeof(d->said), "%.*s",
			 (int)sizeof(d->said) - 1, line.data);
		if (line.len < 4 || line.data[3] != '-') {
			result = 0;
			break;
		}
	}
	buf_release(&line);
	return result;
}

/* A command and its reply; -1 also where it was refused. */
static int take_step(struct trial *d, const char *command, struct err *e)
{
	if (command) {
		printf("> %s\n", command);
		conn_printf(d->conn, "%s\r\n", command);
		if (conn_flush(d->conn) != CONN_OK)
			return err_set(e, ERR_TEMP, "smtp-journal is gone");
	}
	if (read_reply(d, e) < 0)
		return -1;
	return d->refused ? err_set(e, ERR_STATE,
				    "smtp-journal refused it, as it would a "
				    "client at 127.0.0.1: %s",
				    d->said)
			  : 0;
}

static void write_message(struct trial *d, const struct tool *t, const char *id)
{
	struct buf date;

	buf_init(&date, DATE_MAX);
	if (!mail_date_add(time(NULL), &date))
		die_bug("a date is longer than %d", DATE_MAX);
	puts("> (a message of a few lines)\n> .");
	conn_printf(d->conn,
		    "Date: %s\r\nFrom: Restante <%s@%s>\r\nTo: <%s@%s>\r\n"
		    "Message-ID: <test.%jd.%ld@%s>\r\n"
		    "Subject: Test of mailbox %s\r\n\r\n"
		    "This message was made by \"restante mailbox test\".\r\n"
		    ".\r\n",
		    date.data, id, t->conf->domain, id, t->conf->domain,
		    (intmax_t)time(NULL), (long)getpid(), t->conf->hostname,
		    id);
	buf_release(&date);
}

static int talk_to_handler(struct trial *d, const struct tool *t,
			   const char *id, struct err *e)
{
	char command[600];

	introduce(d->conn);
	if (conn_flush(d->conn) != CONN_OK || take_step(d, NULL, e) < 0)
		return -1;
	snprintf(command, sizeof(command), "EHLO %s", t->conf->hostname);
	if (take_step(d, command, e) < 0 || take_step(d, "MAIL FROM:<>", e) < 0)
		return -1;
	snprintf(command, sizeof(command), "RCPT TO:<%s@%s>", id,
		 t->conf->domain);
	if (take_step(d, command, e) < 0 || take_step(d, "DATA", e) < 0)
		return -1;
	write_message(d, t, id);
	if (conn_flush(d->conn) != CONN_OK || take_step(d, NULL, e) < 0)
		return -1;
	return take_step(d, "QUIT", e);
}

static int wait_for_handler(pid_t pid, struct err *e)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, "smtp-journal");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return err_set(e, ERR_TEMP, "smtp-journal did not end well");
}

static int run_test(struct tool *t, const char *id, struct err *e)
{
	struct trial d = {.refused = false};
	struct err ending;
	pid_t pid = -1;
	int fd = -1, result;

	if (start_handler(t->conf_file, &pid, &fd, e) < 0)
		return -1;
	d.conn = conn_new(fd, fd);
	conn_set_deadline(d.conn, STEP_SECONDS, 0);
	result = talk_to_handler(&d, t, id, e);
	conn_free(&d.conn);
	close(fd);
	if (wait_for_handler(pid, &ending) < 0 && result == 0) {
		*e = ending;
		result = -1;
	}
	return result;
}

TOOL_RUN(test)
{
	struct mailbox *m = tool_mailbox(t, a->words[0], e);
	struct counters before, after;
	int result;

	if (!m)
		return -1;
	/* The refusal would be noted as mail that somebody still sends. */
	if (mailbox_settings(m)->suspended)
		result = err_set(e, ERR_STATE,
				 "the mailbox is suspended, and takes no mail");
	else
		result = mailbox_counters(m, &before, e);
	if (result == 0)
		result = run_test(t, mailbox_settings(m)->id, e);
	if (result == 0)
		result = mailbox_counters(m, &after, e);
	if (result == 0)
		printf("kept and sealed; waiting: %ju before, %ju now\n",
		       (uintmax_t)before.messages, (uintmax_t)after.messages);
	mailbox_close(&m);
	return result;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A message as a mail server of somebody else sends it: by SMTP to the port
 * that smtp-journal has here, under STARTTLS, with the certificate checked.
 * Each line of both sides is printed. Who runs this is no client from outside:
 * firewalls and name servers are not proved.
 */
#include "common/base.h"
#include "handlers/tool/command.h"

#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "handlers/doctor/knock.h"
#include "handlers/mail/mail_date.h"
#include "handlers/tool/store.h"

enum { REPLY_MAX = 2048, DATE_MAX = 64 };

struct trial {
	const struct tool *tool;
	const char *id;
	struct knock at; /* smtp-journal's port */
	bool offers_tls;
	bool refused;	/* a reply was not 2xx or 3xx */
	char said[200]; /* its last line */
};

/* --- the port ------------------------------------------------------------- */

static int open_port(struct trial *d, struct err *e)
{
	const struct conf *conf = d->tool->conf;
	struct service_ports ports;

	service_ports_find(conf, "", &ports);
	if (!ports.list[SERVICE_SMTP_JOURNAL].port)
		return err_set(e, ERR_STATE,
			       "smtp-journal has no port on this host: "
			       "`restante setup` gives it one, or name it in "
			       "`ports` of %s",
			       conf->file);
	if (knock_open(&d->at, conf, SERVICE_SMTP_JOURNAL, &ports, e) < 0)
		return -1;
	printf("connected to %s\n", d->at.where);
	return 0;
}

/* --- the dialogue --------------------------------------------------------- */

static void note_line(struct trial *d, const char *line)
{
	printf("< %s\n", line);
	d->refused = line[0] != '2' && line[0] != '3';
	d->offers_tls |= strcmp(line + strnlen(line, 4), "STARTTLS") == 0;
	snprintf(d->said, sizeof(d->said), "%.*s", (int)sizeof(d->said) - 1,
		 line);
}

/* All lines of a reply (RFC 5321 4.2.1). -1: it did not come. */
static int read_reply(struct trial *d, struct err *e)
{
	struct buf line;
	int result;

	buf_init(&line, REPLY_MAX);
	do {
		buf_reset(&line);
		result = conn_read_line(d->at.conn, &line, REPLY_MAX) == CONN_OK
				 ? 0
				 : -1;
		if (result == 0)
			note_line(d, line.data);
	} while (result == 0 && line.len >= 4 && line.data[3] == '-');
	buf_release(&line);
	if (result < 0)
		return err_set(e, ERR_TEMP,
			       "%s: no answer; the log says why (journalctl -t "
			       "smtp-journal)",
			       d->at.where);
	return 0;
}

/* A command and its reply; -1 also where it was refused. */
static int take_step(struct trial *d, const char *command, struct err *e)
{
	if (command) {
		printf("> %s\n", command);
		conn_printf(d->at.conn, "%s\r\n", command);
	}
	if (conn_flush(d->at.conn) != CONN_OK)
		return err_set(e, ERR_TEMP, "%s: the connection is gone",
			       d->at.where);
	if (read_reply(d, e) < 0)
		return -1;
	return d->refused ? err_set(e, ERR_STATE,
				    "%s: refused, as to any client from "
				    "there: %s",
				    d->at.where, d->said)
			  : 0;
}

static int greet(struct trial *d, struct err *e)
{
	char command[300];

	snprintf(command, sizeof(command), "EHLO %s", d->tool->conf->hostname);
	return take_step(d, command, e);
}

/* As senders that check certificates do: for the name they were told. */
static int start_tls(struct trial *d, struct err *e)
{
	const struct conf *conf = d->tool->conf;

	if (!d->offers_tls)
		return err_set(e, ERR_STATE,
			       "%s: no STARTTLS is offered: the certificate "
			       "cannot be read (restante config check), or "
			       "another program has that port",
			       d->at.where);
	if (take_step(d, "STARTTLS", e) < 0)
		return -1;
	if (knock_start_tls(&d->at, conf, e) < 0)
		return err_prefix(e,
				  "%s: a sender that checks certificates does "
				  "not deliver (restante certificate; an "
				  "authority of your own goes into the "
				  "system's list, or into proxy.upstream-ca)",
				  d->at.where);
	printf("TLS, and the certificate is good for %s\n", conf->hostname);
	return 0;
}

static void write_message(struct trial *d)
{
	const struct conf *conf = d->tool->conf;
	const char *id = d->id;
	struct buf date;

	buf_init(&date, DATE_MAX);
	if (!mail_date_add(time(NULL), &date))
		die_bug("a date is longer than %d", DATE_MAX);
	puts("> (a message of a few lines)\n> .");
	conn_printf(d->at.conn,
		    "Date: %s\r\nFrom: Restante <%s@%s>\r\nTo: <%s@%s>\r\n"
		    "Message-ID: <test.%jd.%ld@%s>\r\n"
		    "Subject: Test of mailbox %s\r\n\r\n"
		    "This message was made by \"restante mailbox test\".\r\n"
		    ".\r\n",
		    date.data, id, conf->domain, id, conf->domain,
		    (intmax_t)time(NULL), (long)getpid(), conf->hostname, id);
	buf_release(&date);
}

/* Its last reply names what is kept, which no other program's does. */
static int send_message(struct trial *d, struct err *e)
{
	const char *domain = d->tool->conf->domain;
	char command[600];

	if (take_step(d, "MAIL FROM:<>", e) < 0)
		return -1;
	snprintf(command, sizeof(command), "RCPT TO:<%s@%s>", d->id, domain);
	if (take_step(d, command, e) < 0 || take_step(d, "DATA", e) < 0)
		return -1;
	write_message(d);
	if (take_step(d, NULL, e) < 0)
		return -1;
	if (!strstr(d->said, " Kept as "))
		return err_set(e, ERR_STATE,
			       "%s: taken, but not by smtp-journal: another "
			       "program has that port",
			       d->at.where);
	return take_step(d, "QUIT", e);
}

static int talk(struct trial *d, struct err *e)
{
	if (take_step(d, NULL, e) < 0 || greet(d, e) < 0 ||
	    start_tls(d, e) < 0 || greet(d, e) < 0)
		return -1;
	return send_message(d, e);
}

static int run_test(struct tool *t, const char *id, struct err *e)
{
	struct trial d = {.tool = t, .id = id};
	int result;

	if (open_port(&d, e) < 0)
		return -1;
	result = talk(&d, e);
	knock_close(&d.at);
	return result;
}

TOOL_RUN(test)
{
	struct mailbox *m = tool_mailbox(t, a->words[0], e);
	uint64_t before, after;
	int result;

	if (!m)
		return -1;
	/* The refusal would be noted as mail that somebody still sends. */
	if (mailbox_settings(m)->suspended)
		result = err_set(e, ERR_STATE,
				 "the mailbox is suspended, and takes no mail");
	else
		result = mailbox_count(m, &before, e);
	if (result == 0)
		result = run_test(t, mailbox_settings(m)->id, e);
	if (result == 0)
		result = mailbox_count(m, &after, e);
	if (result == 0)
		printf("kept and sealed; waiting: %ju before, %ju now\n",
		       (uintmax_t)before, (uintmax_t)after);
	mailbox_close(&m);
	return result;
}

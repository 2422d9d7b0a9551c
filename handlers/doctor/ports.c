/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Greeting, TLS and certificate of each service, and nothing behind them: no
 * mailbox is named, and no password. A session ends with QUIT.
 */
#include "common/base.h"
#include "handlers/doctor/ports.h"

#include "common/log.h"
#include "handlers/doctor/knock.h"

enum { REPLY_MAX = 2048 };

/* What a client says, and how an answer begins that is none of refusal. */
struct dialogue {
	const char *good;      /* the first octets of every answer */
	const char *start_tls; /* "": TLS from the beginning */
	const char *greeting;
};

static const struct dialogue smtp = {"2", "STARTTLS", "EHLO"};
static const struct dialogue smtps = {"2", "", "EHLO"};
static const struct dialogue pop3 = {"+OK", "STLS", NULL};
static const struct dialogue pop3s = {"+OK", "", NULL};

static const struct dialogue *dialogue_of(enum service s)
{
	switch (s) {
	case SERVICE_SMTP_JOURNAL:
	case SERVICE_SMTP_PROXY:
		return &smtp;
	case SERVICE_SMTPS_PROXY:
		return &smtps;
	case SERVICE_POP3_SERVE:
	case SERVICE_POP3_PROXY:
		return &pop3;
	case SERVICE_POP3S_SERVE:
	case SERVICE_POP3S_PROXY:
		return &pop3s;
	}
	die_bug("service %d", s);
}

struct visit {
	const struct conf *conf;
	enum service service;
	const struct dialogue *says;
	struct knock at;
	struct findings *found;
};

/* All lines of a reply (RFC 5321 4.2.1); POP3's here are one. */
static bool is_answered(struct visit *v, struct buf *line)
{
	const char *good = v->says->good;

	do {
		buf_reset(line);
		if (conn_read_line(v->at.conn, line, REPLY_MAX) != CONN_OK)
			return false;
	} while (good[0] == '2' && line->len >= 4 && line->data[3] == '-');
	return strncmp(line->data, good, strlen(good)) == 0;
}

/* One step; false: it was told what went wrong. */
static bool is_taken(struct visit *v, const char *command, const char *arg)
{
	struct buf line;
	bool good;

	buf_init(&line, REPLY_MAX);
	if (command)
		conn_printf(v->at.conn, "%s%s\r\n", command, arg);
	good = conn_flush(v->at.conn) == CONN_OK && is_answered(v, &line);
	if (!good)
		fault(v->found, v->at.where,
		      "its log says why: journalctl -t smtp-journal -t "
		      "smtp-proxy -t pop3-serve -t pop3-proxy",
		      "%s: %s is answered with '%.200s'",
		      service_name(v->service), command ? command : "who comes",
		      line.len ? line.data : "(nothing)");
	buf_release(&line);
	return good;
}

static bool greets(struct visit *v)
{
	char arg[300];

	if (!v->says->greeting)
		return true;
	snprintf(arg, sizeof(arg), " %s", v->conf->hostname);
	return is_taken(v, v->says->greeting, arg);
}

/* Not everybody checks; so that is no fault where the host has chosen it. */
static bool starts_tls(struct visit *v)
{
	struct err e;

	if (knock_start_tls(&v->at, v->conf, &e) == 0)
		return true;
	remark(v->found, v->at.where,
	       "an authority of your own goes into the system's list, or into "
	       "proxy.upstream-ca; restante setup fetches a certificate that "
	       "all know",
	       "%s: whoever checks certificates does not connect: %s",
	       service_name(v->service), e.text);
	return false;
}

static void talk(struct visit *v)
{
	const char *start_tls = v->says->start_tls;

	if (!*start_tls && !starts_tls(v))
		return;
	if (!is_taken(v, NULL, "") || !greets(v))
		return;
	if (*start_tls &&
	    (!is_taken(v, start_tls, "") || !starts_tls(v) || !greets(v)))
		return;
	(void)is_taken(v, "QUIT", "");
}

static void check_port(const struct conf *conf, enum service s,
		       const struct service_ports *ports, struct findings *f)
{
	struct visit v = {
		.conf = conf, .service = s, .says = dialogue_of(s), .found = f};
	struct err e;

	if (knock_open(&v.at, conf, s, ports, &e) < 0)
		fault(f, service_name(s), NULL, "%s", e.text);
	else
		talk(&v);
	knock_close(&v.at);
}

/* Two services that are to have one port: the second never gets it. */
static void check_twins(const struct service_ports *p, size_t i,
			struct findings *f)
{
	const struct service_port *mine = &p->list[i];

	for (size_t k = 0; k < i; k++)
		if (p->list[k].port == mine->port &&
		    strcmp(p->list[k].address, mine->address) == 0)
			fault(f, service_name((enum service)i),
			      "restante setup --services says which one has it",
			      "is to have port %u, and so is %s", mine->port,
			      service_name((enum service)k));
}

void ports_check(const struct conf *conf, const char *root, struct findings *f)
{
	struct service_ports ports;
	size_t served = 0;

	service_ports_find(conf, root, &ports);
	for (size_t i = 0; i < SERVICES; i++) {
		if (!ports.list[i].port)
			continue;
		served++;
		check_twins(&ports, i, f);
		check_port(conf, (enum service)i, &ports, f);
	}
	if (!served)
		fault(f, "services", "restante setup",
		      "this host takes no mail and gives none: no service has "
		      "a port");
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The commands that are passed to the server and answered with its words:
 * lists octet by octet, sizes and UIDLs unchanged. The one that is looked at
 * is DELE: what could not be kept is not deleted.
 */
#include "common/base.h"
#include "handlers/pop3_proxy/state.h"

#include "common/log.h"
#include "common/num.h"

static const struct reply reply_not_kept = {
	"-ERR", "[SYS/TEMP]", "its copy could not be kept, so it stays", 0};
static const struct reply reply_number = {
	"-ERR", "", "a message number was expected", REPLY_FAULT};

enum { NUMBER_MAX = 1000000000, LIST_LINES_MAX = 10000000 };

/* NULL: the number is canonical, in *number_r. Nothing else is passed on. */
static const struct reply *parse_number(const char *arg, uint64_t *number_r)
{
	if (num_parse(arg, strlen(arg), NUMBER_MAX, number_r) && *number_r)
		return NULL;
	return &reply_number;
}

/* The server's status line, as it came. */
static const struct reply *relay_status(struct pop3_proxy *s)
{
	conn_printf(s->conn, "%s\r\n", s->account.upstream->line.data);
	return &reply_sent;
}

/* Lines up to the dot, each as it came; the dot too. UIDLs are noted. */
static const struct reply *relay_lines(struct pop3_proxy *s,
				       struct pop3_uidls *uidls)
{
	struct err e;

	pop3_proxy_expect_data(s);
	if (uidls)
		pop3_uidls_begin(uidls);
	for (unsigned n = 0; n < LIST_LINES_MAX; n++) {
		if (upstream_read_line(s->account.upstream, &e) < 0)
			return pop3_proxy_broken_off(s, &e);
		conn_printf(s->conn, "%s\r\n", s->account.upstream->line.data);
		if (conn_broken(s->conn))
			return pop3_proxy_lost_client(s, conn_flush(s->conn));
		if (strcmp(s->account.upstream->line.data, ".") == 0)
			return &reply_sent;
		if (uidls)
			pop3_uidls_add(uidls, s->account.upstream->line.data);
	}
	err_set(&e, ERR_TEMP, "server %s sent a list without an end",
		s->account.upstream->host);
	return pop3_proxy_broken_off(s, &e);
}

static const struct reply *ask(struct pop3_proxy *s, const char *command,
			       bool *ok_r)
{
	struct err e;

	pop3_proxy_expect_answer(s);
	if (pop3_upstream_command(s->account.upstream, ok_r, &e, "%s",
				  command) < 0)
		return pop3_proxy_lost_server(s, &e);
	return relay_status(s);
}

static const struct reply *one_line(struct pop3_proxy *s, const char *command)
{
	bool ok;

	return ask(s, command, &ok);
}

/* LIST and UIDL: one message or all of them, which are noted in uidls. */
static const struct reply *one_or_all(struct pop3_proxy *s, const char *command,
				      const char *arg, struct pop3_uidls *uidls)
{
	const struct reply *r;
	uint64_t number;
	char text[40];
	bool ok;

	if (!*arg) {
		conn_begin_answer(s->conn);
		r = ask(s, command, &ok);
		return r == &reply_sent && ok ? relay_lines(s, uidls) : r;
	}
	r = parse_number(arg, &number);
	if (r)
		return r;
	snprintf(text, sizeof(text), "%s %llu", command,
		 (unsigned long long)number);
	return one_line(s, text);
}

const struct reply *pop3_proxy_stat(void *session, const char *arg UNUSED)
{
	return one_line(session, "STAT");
}

const struct reply *pop3_proxy_list(void *session, const char *arg)
{
	return one_or_all(session, "LIST", arg, NULL);
}

const struct reply *pop3_proxy_uidl(void *session, const char *arg)
{
	struct pop3_proxy *s = session;

	/* Most clients ask before they fetch: then the fetch need not. */
	return one_or_all(s, "UIDL", arg, s->uidls.asked ? NULL : &s->uidls);
}

const struct reply *pop3_proxy_dele(void *session, const char *arg)
{
	struct pop3_proxy *s = session;
	const struct reply *r;
	uint64_t number;
	char text[40];

	r = parse_number(arg, &number);
	if (r)
		return r;
	if (pop3_uidls_is_unkept(&s->uidls, number))
		return &reply_not_kept;
	snprintf(text, sizeof(text), "DELE %llu", (unsigned long long)number);
	return one_line(s, text);
}

const struct reply *pop3_proxy_rset(void *session, const char *arg UNUSED)
{
	return one_line(session, "RSET");
}

const struct reply *pop3_proxy_noop(void *session, const char *arg UNUSED)
{
	return one_line(session, "NOOP");
}

/* The server's own word on QUIT: it says whether its deletions were done. */
const struct reply *pop3_proxy_quit(void *session, const char *arg UNUSED)
{
	struct pop3_proxy *s = session;
	static const struct reply reply_bye = {"+OK", "", "goodbye",
					       REPLY_CLOSE};

	enum conn_status status;

	if (!s->account.upstream)
		return &reply_bye;
	/* What the client was not sent the server is not to delete. */
	pop3_proxy_expect_data(s);
	status = conn_flush(s->conn);
	if (status != CONN_OK)
		return pop3_proxy_lost_client(s, status);
	(void)one_line(s, "QUIT");
	upstream_free(&s->account.upstream);
	return &reply_sent_close;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One standard port for both: a login without "%" is a collector's, and the
 * rest of its session is pop3-serve's. It is told the client's address and
 * TLS first; what the client says from then on is passed, not read.
 */
#include "common/base.h"
#include "handlers/pop3_proxy/state.h"

#include <unistd.h>

#include "common/base64.h"
#include "common/log.h"
#include "common/tls.h"
#include "common/peer_proxy.h"
#include "handlers/proxy/dialler.h"
#include "handlers/proxy/relay.h"
#include "handlers/session/sasl_token.h"

static const struct reply reply_no_collecting = {
	"-ERR", "[SYS/TEMP]",
	"collecting cannot be had on this port now; "
	"a proxied user name is user%server%mailbox-id",
	REPLY_FAULT};

static void write_proxy_header(const struct pop3_proxy *s, struct conn *server)
{
	uint8_t header[PROXY_WRITTEN_MAX];
	size_t n =
		peer_proxy_write(s->peer, conn_tls(s->conn)->version, header);

	conn_write(server, header, n);
}

/* Its greeting is not for the client, who has had ours. */
static int read_greeting(struct conn *server)
{
	struct buf line;
	int result;

	buf_init(&line, 512);
	result = conn_read_line(server, &line, 512) == CONN_OK &&
				 strncmp(line.data, "+OK", 3) == 0
			 ? 0
			 : -1;
	buf_release(&line);
	return result;
}

static void write_auth_plain(struct conn *server, const char *user,
			     const struct secret *password)
{
	struct secret message;
	struct buf line;

	buf_init(&line, SASL_LINE_MAX);
	sasl_plain_make(user, password, &message);
	if (base64_encode(message.bytes, message.len, &line))
		conn_printf(server, "AUTH PLAIN %s\r\n", line.data);
	secret_release(&message);
	buf_wipe(&line);
	buf_release(&line);
}

/* What the client said before is said again for it. */
static int begin_collecting(struct pop3_proxy *s, struct conn *server,
			    const char *user, const struct secret *password)
{
	enum conn_status status;

	conn_set_deadline(server, s->conf->proxy.login_timeout, 0);
	write_proxy_header(s, server);
	if (conn_flush(server) != CONN_OK || read_greeting(server) < 0)
		return -1;
	if (password)
		write_auth_plain(server, user, password);
	else
		conn_printf(server, "USER %s\r\n", user);
	status = conn_flush(server);
	conn_wipe_output(server);
	return status == CONN_OK ? 0 : -1;
}

static const struct reply *refuse_collecting(struct pop3_proxy *s,
					     const char *why)
{
	log_error("pop3-serve: %s", why);
	summary_note(&s->summary, OUTCOME_TEMPFAIL, "pop3-serve");
	return &reply_no_collecting;
}

/*
 * How long a collector may stay is pop3-serve's to say, which counts anew from
 * each message (docs/sessions.md); RuntimeMaxSec= of the units ends what is
 * beyond.
 */
void pop3_proxy_collect(struct pop3_proxy *s)
{
	enum { DAYS_MAX = 8, DAY = 86400 };

	conn_set_session_limit(s->conn, DAYS_MAX * DAY);
	(void)relay_run(s->conn, s->collecting, s->conf->proxy.idle_timeout);
	conn_free(&s->collecting);
	close(s->collecting_fd);
}

/* For pop3_proxy_collect(): first, whatever holds the password is wiped. */
static void keep_collecting(struct pop3_proxy *s, struct conn *server, int fd)
{
	s->handed_over = true;
	s->collecting = server;
	s->collecting_fd = fd;
}

const struct reply *pop3_proxy_hand_over(struct pop3_proxy *s, const char *user,
					 const struct secret *password)
{
	struct conn *server;
	struct err e;
	int fd = dialler_hand_over(s->account.dialler, &e);

	s->state = POP3_PROXY_AUTHORIZATION;
	if (fd < 0)
		return refuse_collecting(s, e.text);
	server = conn_new(fd, fd);
	if (begin_collecting(s, server, user, password) == 0) {
		keep_collecting(s, server, fd);
		return &reply_sent_close;
	}
	conn_free(&server);
	close(fd);
	return refuse_collecting(s, "it does not answer");
}

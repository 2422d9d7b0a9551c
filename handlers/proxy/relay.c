/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The relay. Looks at nothing that it passes. */
#include "common/base.h"
#include "handlers/proxy/relay.h"

#include <sys/socket.h>

#include <errno.h>
#include <poll.h>

/* Moves what is there from one side to the other. */
static enum conn_status move(struct conn *from, struct conn *to,
			     unsigned idle_seconds)
{
	enum conn_status status;
	const uint8_t *bytes;
	size_t n;

	conn_set_deadline(from, idle_seconds, 0);
	conn_set_deadline(to, idle_seconds, 0);
	status = conn_peek(from, &bytes, &n);
	if (status != CONN_OK)
		return status;
	conn_write(to, bytes, n);
	conn_consume(from, n);
	conn_wipe_input(from);
	status = conn_flush(to);
	conn_wipe_output(to);
	return status;
}

struct relay {
	struct conn *client, *server;
	bool client_ended;
	int idle_ms;
};

/* Whether that side has something, now or in its buffer. */
static bool has_input(const struct conn *c, const struct pollfd *p)
{
	return conn_need_not_wait(c) || p->revents;
}

/* False, errno set: silence, or poll failed. */
static bool wait_for_either(const struct relay *r, struct pollfd p[2])
{
	bool buffered = conn_need_not_wait(r->server) ||
			(!r->client_ended && conn_need_not_wait(r->client));
	int n;

	p[0] = (struct pollfd){
		.fd = r->client_ended ? -1 : conn_fd(r->client),
		.events = POLLIN,
	};
	p[1] = (struct pollfd){.fd = conn_fd(r->server), .events = POLLIN};
	do
		n = poll(p, 2, buffered ? 0 : r->idle_ms);
	while (n < 0 && errno == EINTR);
	return n > 0 || buffered;
}

/* The client's last words are passed on already when its end is met. */
static void end_client(struct relay *r)
{
	r->client_ended = true;
	(void)shutdown(conn_fd(r->server), SHUT_WR);
}

enum conn_status relay_run(struct conn *client, struct conn *server,
			   unsigned idle_seconds)
{
	struct relay r = {.client = client,
			  .server = server,
			  .idle_ms = (int)idle_seconds * 1000};
	struct pollfd p[2];
	enum conn_status status;

	for (;;) {
		if (!wait_for_either(&r, p))
			return CONN_TIMEOUT;
		if (!r.client_ended && has_input(client, &p[0])) {
			status = move(client, server, idle_seconds);
			if (status == CONN_TIMEOUT)
				return status;
			if (status != CONN_OK)
				end_client(&r);
		}
		if (has_input(server, &p[1])) {
			status = move(server, client, idle_seconds);
			if (status != CONN_OK)
				return status == CONN_EOF ? CONN_OK : status;
		}
	}
}

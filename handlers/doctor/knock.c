/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connects, and says nothing that a client would not say. */
#include "common/base.h"
#include "handlers/doctor/knock.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "common/peer.h"
#include "common/peer_proxy.h"
#include "common/tls.h"

enum { STEP_SECONDS = 30, CONNECT_MS = 5000 };

union any_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static bool make_address(const char *text, unsigned port,
			 union any_address *a_r, socklen_t *n_r)
{
	memset(a_r, 0, sizeof(*a_r));
	*n_r = sizeof(a_r->v4);
	a_r->v4.sin_family = AF_INET;
	a_r->v4.sin_port = htons((uint16_t)port);
	if (inet_pton(AF_INET, text, &a_r->v4.sin_addr) == 1)
		return true;
	memset(a_r, 0, sizeof(*a_r));
	*n_r = sizeof(a_r->v6);
	a_r->v6.sin6_family = AF_INET6;
	a_r->v6.sin6_port = htons((uint16_t)port);
	return inet_pton(AF_INET6, text, &a_r->v6.sin6_addr) == 1;
}

/* errno says why not. */
static bool wait_until_connected(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	socklen_t n = sizeof(errno);
	int why = ETIMEDOUT;

	if (poll(&p, 1, CONNECT_MS) == 1 &&
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &n) < 0)
		why = errno;
	errno = why;
	return why == 0;
}

static int connect_to(const char *text, unsigned port)
{
	union any_address a;
	socklen_t n;
	int fd;

	if (!make_address(text, port, &a, &n)) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    0);
	if (fd < 0)
		return -1;
	if (connect(fd, &a.any, n) == 0 ||
	    (errno == EINPROGRESS && wait_until_connected(fd)))
		return fd;
	n = (socklen_t)errno;
	close(fd);
	errno = (int)n;
	return -1;
}

static int connect_to_service(struct knock *k, const struct service_port *p)
{
	const char *address = p->address[0] ? p->address : "127.0.0.1";
	int fd = connect_to(address, p->port);

	if (fd < 0 && !p->address[0] && errno == ECONNREFUSED) {
		address = "::1";
		fd = connect_to(address, p->port);
	}
	snprintf(k->where, sizeof(k->where), "%s port %u", address, p->port);
	return fd;
}

/* What stands behind a balancer hears nobody without a header of one. */
static void introduce(struct knock *k, const struct conf *conf)
{
	static const uint8_t loopback[] = {127, 0, 0, 1};
	const struct conf_networks *from = &conf->limits.proxy_from;
	struct peer peer = {.is_ip = true};
	uint8_t header[PROXY_WRITTEN_MAX];
	bool wanted = false;
	size_t n;

	peer_set_address(&peer, loopback, false);
	for (size_t i = 0; i < from->n; i++)
		wanted |= network_has(&from->list[i], &peer);
	if (!wanted)
		return;
	n = peer_proxy_write(&peer, "TLS1.3", header);
	conn_write(k->conn, header, n);
}

int knock_open(struct knock *k, const struct conf *conf, enum service service,
	       const struct service_ports *ports, struct err *e)
{
	k->conn = NULL;
	k->fd = connect_to_service(k, &ports->list[service]);
	if (k->fd < 0)
		return err_sys(e,
			       "%s: nobody answers; systemctl start "
			       "restante-%s.socket, or what else starts it "
			       "here",
			       k->where, service_name(service));
	k->conn = conn_new(k->fd, k->fd);
	conn_set_deadline(k->conn, STEP_SECONDS, 0);
	introduce(k, conf);
	return 0;
}

int knock_start_tls(struct knock *k, const struct conf *conf, struct err *e)
{
	struct tls *tls =
		tls_client_new(conf->hostname, conf->proxy.upstream_ca, e);

	return tls ? conn_start_tls(k->conn, tls, e) : -1;
}

void knock_close(struct knock *k)
{
	conn_free(&k->conn);
	if (k->fd >= 0)
		close(k->fd);
	k->fd = -1;
}

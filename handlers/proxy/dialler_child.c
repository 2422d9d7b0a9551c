/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The dialler's child. It holds no secret; requests come from a session that
 * may be subverted, so it trusts nothing in them.
 */
#include "common/base.h"
#include "handlers/proxy/dialler_child.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/conf.h"
#include "common/log.h"
#include "common/peer.h"
#include "common/sandbox.h"
#include "store/store.h"

enum {
	FIRST_WAY_SECONDS = 5, /* the rest of the time is the last one's */
	ADDRESSES_MAX = 8,
};

/* --- resolving ------------------------------------------------------------ */

struct dialling {
	const struct conf *conf;
	enum dial_service service;
	const char *host;
	struct dial_plan plan;
	struct addrinfo *addresses;
	int64_t end; /* CLOCK_MONOTONIC, ms */
};

static int resolve(struct dialling *g, struct err *e)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_ADDRCONFIG,
	};
	int code = getaddrinfo(g->host, NULL, &hints, &g->addresses);

	if (code == 0)
		return 0;
	g->addresses = NULL;
	return err_set(e, ERR_TEMP, "server %s: %s", g->host,
		       gai_strerror(code));
}

static bool same_address(const struct sockaddr *a, const struct sockaddr *b)
{
	const struct sockaddr_in6 *x6 = (const void *)a, *y6 = (const void *)b;
	const struct sockaddr_in *x = (const void *)a, *y = (const void *)b;

	if (!a || a->sa_family != b->sa_family)
		return false;
	if (a->sa_family == AF_INET)
		return x->sin_addr.s_addr == y->sin_addr.s_addr;
	return a->sa_family == AF_INET6 &&
	       memcmp(&x6->sin6_addr, &y6->sin6_addr, 16) == 0;
}

/* An address of an interface of ours. Where they cannot be had: all are. */
static bool is_ourselves(const struct sockaddr *address)
{
	struct ifaddrs *list;
	bool found = false;

	if (getifaddrs(&list) < 0)
		return true;
	for (struct ifaddrs *i = list; i && !found; i = i->ifa_next)
		found = same_address(i->ifa_addr, address);
	freeifaddrs(list);
	return found;
}

static bool may_dial(const struct dialling *g, const struct sockaddr *address)
{
	switch (dial_address_kind(address)) {
	case DIAL_ADDRESS_PUBLIC:
		return !is_ourselves(address);
	case DIAL_ADDRESS_PRIVATE:
		return g->plan.named && !is_ourselves(address);
	case DIAL_ADDRESS_NEVER:
		break;
	}
	return false;
}

/* --- connecting ----------------------------------------------------------- */

static void set_port(struct sockaddr *address, uint16_t port)
{
	if (address->sa_family == AF_INET)
		((struct sockaddr_in *)(void *)address)->sin_port = htons(port);
	else
		((struct sockaddr_in6 *)(void *)address)->sin6_port =
			htons(port);
}

static int wait_connected(int fd, int64_t end)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int64_t left;
	int error = 0;
	socklen_t n = sizeof(error);

	while ((left = end - clock_ms()) > 0) {
		int ready = poll(&p, 1, (int)left);

		if (ready < 0 && errno != EINTR)
			return -1;
		if (ready <= 0)
			continue;
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0)
			return -1;
		errno = error;
		return error ? -1 : 0;
	}
	errno = ETIMEDOUT;
	return -1;
}

/* A connected descriptor, or -1 and errno. */
static int connect_to(const struct addrinfo *a, uint16_t port, int64_t end)
{
	int fd = socket(a->ai_family,
			SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int saved;

	if (fd < 0)
		return -1;
	set_port(a->ai_addr, port);
	if (connect(fd, a->ai_addr, a->ai_addrlen) == 0 ||
	    (errno == EINPROGRESS && wait_connected(fd, end) == 0))
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* One that swallows what it is sent leaves the others their time. */
static int64_t share_of(int64_t end, unsigned addresses)
{
	int64_t now = clock_ms();

	return now + (end - now) / addresses;
}

static unsigned count_allowed(const struct dialling *g)
{
	unsigned n = 0;

	for (const struct addrinfo *a = g->addresses; a; a = a->ai_next)
		n += may_dial(g, a->ai_addr);
	return n < ADDRESSES_MAX ? n : ADDRESSES_MAX;
}

/* Tries every allowed address at one port. */
static int try_way(struct dialling *g, size_t way, int64_t end,
		   struct dialled *out, struct err *e)
{
	uint16_t port = g->plan.ways[way].port;
	const unsigned allowed = count_allowed(g);
	unsigned left = allowed;

	for (struct addrinfo *a = g->addresses; a && left; a = a->ai_next) {
		if (!may_dial(g, a->ai_addr))
			continue;
		out->fd = connect_to(a, port, share_of(end, left--));
		if (out->fd >= 0) {
			out->port = port;
			out->implicit_tls = g->plan.ways[way].implicit_tls;
			return 0;
		}
		err_sys(e, "server %s port %u", g->host, port);
	}
	if (!allowed)
		return err_set(e, ERR_STATE,
			       "server %s: its address is private, special or "
			       "our own and may not be dialled",
			       g->host);
	return -1;
}

static int connect_any(struct dialling *g, struct dialled *out, struct err *e)
{
	for (size_t way = 0; way < g->plan.n; way++) {
		int64_t end = g->end;

		if (way + 1 < g->plan.n &&
		    clock_ms() + FIRST_WAY_SECONDS * 1000 < end)
			end = clock_ms() + FIRST_WAY_SECONDS * 1000;
		if (try_way(g, way, end, out, e) == 0)
			return 0;
		if (e->kind == ERR_STATE)
			break;
	}
	return -1;
}

static void describe(struct dialled *d, const struct dial_plan *plan)
{
	struct peer peer;

	peer_of_socket(d->fd, &peer);
	snprintf(d->address, sizeof(d->address), "%s", peer.text);
	d->pinned = plan->pinned;
	memcpy(d->pin, plan->pin, sizeof(d->pin));
}

/* --- one request ---------------------------------------------------------- */

static int make_plan(struct dialling *g, const struct dialler_request *r,
		     struct err *e)
{
	struct store *s = store_open(g->conf->store, e);
	struct mailbox *m = s ? mailbox_look_at(s, r->mailbox_id, e) : NULL;
	int result = -1;

	if (m && mailbox_settings(m)->suspended)
		err_set(e, ERR_STATE, "mailbox %s is suspended", r->mailbox_id);
	else if (m)
		result = dial_plan_make(&mailbox_settings(m)->targets,
					&r->server, g->service, &g->plan, e);
	mailbox_close(&m);
	store_free(&s);
	return result;
}

static int dial(const struct conf *conf, enum dial_service service,
		const struct dialler_request *r, struct dialled *out,
		struct err *e)
{
	struct dialling g = {
		.conf = conf,
		.service = service,
		.host = r->server.host,
		.end = clock_ms() + (int64_t)conf->proxy.connect_timeout * 1000,
	};
	int result = -1;

	if (make_plan(&g, r, e) == 0 && resolve(&g, e) == 0)
		result = connect_any(&g, out, e);
	if (result == 0)
		describe(out, &g.plan);
	if (g.addresses)
		freeaddrinfo(g.addresses);
	return result;
}

static int hand_over(const struct conf *conf, struct dialled *out,
		     struct err *e)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (snprintf(address.sun_path, sizeof(address.sun_path),
		     "%s/pop3-serve.sock",
		     conf->runtime) >= (int)sizeof(address.sun_path))
		return err_set(e, ERR_CONFIG, "runtime %s: path too long",
			       conf->runtime);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 &&
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
		out->fd = fd;
		return 0;
	}
	err_sys(e, "%s", address.sun_path);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Text without an end, or an id that is none, is not looked up. */
static bool request_is_sound(struct dialler_request *r)
{
	return memchr(r->mailbox_id, '\0', sizeof(r->mailbox_id)) &&
	       memchr(r->server.host, '\0', sizeof(r->server.host)) &&
	       mailbox_id_parse(r->mailbox_id, strlen(r->mailbox_id),
				r->mailbox_id);
}

static int answer_one(const struct conf *conf, enum dial_service service,
		      struct dialler_request *r, struct dialled *out,
		      struct err *e)
{
	if (r->hand_over && service == DIAL_POP3)
		return hand_over(conf, out, e);
	if (!request_is_sound(r))
		return err_set(e, ERR_STATE, "not a request");
	return dial(conf, service, r, out, e);
}

static void send_answer(int fd, struct dialler_answer *a)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.bytes = {0}};
	struct iovec part = {.iov_base = a, .iov_len = sizeof(*a)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	struct cmsghdr *c;

	if (a->err.kind == ERR_NONE) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		c = CMSG_FIRSTHDR(&message);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &a->dialled.fd, sizeof(int));
	}
	(void)sendmsg(fd, &message, MSG_NOSIGNAL);
}

NO_RETURN static void answer_requests(int fd, const struct conf *conf,
				      enum dial_service service)
{
	struct dialler_request r;

	while (recv(fd, &r, sizeof(r), 0) == sizeof(r)) {
		struct dialler_answer a = {.dialled.fd = -1};

		if (answer_one(conf, service, &r, &a.dialled, &a.err) == 0)
			a.err.kind = ERR_NONE;
		send_answer(fd, &a);
		if (a.dialled.fd >= 0)
			close(a.dialled.fd);
	}
	_exit(0);
}

/*
 * The client's connection must end when the session does: not kept open here,
 * nor as fd 2, which it is under xinetd.
 */
static int drop_connection(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(null, STDOUT_FILENO) < 0 ||
	    (log_uses_syslog() && dup2(null, STDERR_FILENO) < 0))
		return -1;
	return 0;
}

/*
 * However the session ends, this process does: it may hang in a resolver that
 * nobody answers, and the session itself can signal nobody.
 */
static int end_with(pid_t session)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != session ? -1
									    : 0;
}

void dialler_child_run(int fd, pid_t session, const struct conf *conf,
		       enum dial_service service)
{
	struct err e;

	if (end_with(session) < 0 || drop_connection() < 0 ||
	    sandbox_enter(SANDBOX_DIALLER, conf, &e) < 0)
		_exit(1);
	answer_requests(fd, conf, service);
}

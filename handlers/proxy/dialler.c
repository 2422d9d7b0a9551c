/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The session's end of the dialler: forks it, asks, waits no longer than it
 * may take, and ends it.
 */
#include "common/base.h"
#include "handlers/proxy/dialler.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/conf.h"
#include "common/log.h"
#include "handlers/proxy/dialler_child.h"

enum { ANSWER_GRACE_MS = 2000, END_GRACE_MS = 1000 };

struct dialler {
	int fd;
	pid_t child;
	int pidfd; /* readable when it has ended */
	unsigned timeout;
};

struct dialler *dialler_start(const struct conf *conf,
			      enum dial_service service, struct err *e)
{
	struct dialler *d = xcalloc(1, sizeof(*d));
	const pid_t session = getpid();
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		err_sys(e, "dialler: socketpair");
		free(d);
		return NULL;
	}
	d->fd = ends[0];
	d->timeout = conf->proxy.connect_timeout;
	d->child = fork();
	if (d->child == 0) {
		close(ends[0]);
		dialler_child_run(ends[1], session, conf, service);
	}
	close(ends[1]);
	if (d->child > 0)
		d->pidfd = (int)syscall(SYS_pidfd_open, d->child, 0);
	if (d->child < 0 || d->pidfd < 0) {
		err_sys(e, "dialler: fork"); /* it ends with its socket */
		close(d->fd);
		free(d);
		return NULL;
	}
	return d;
}

/* One that hangs in a resolver is not waited for: it ends with this process. */
static void see_it_end(const struct dialler *d)
{
	struct pollfd p = {.fd = d->pidfd, .events = POLLIN};

	if (poll(&p, 1, END_GRACE_MS) > 0)
		(void)waitpid(d->child, NULL, WNOHANG);
}

void dialler_end(struct dialler **d)
{
	if (!*d)
		return;
	close((*d)->fd);
	see_it_end(*d);
	close((*d)->pidfd);
	free(*d);
	*d = NULL;
}

static int take_descriptor(struct msghdr *message)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(message);
	int fd = -1;

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(c), sizeof(int));
	return fd;
}

static int receive_answer(struct dialler *d, struct dialler_answer *a,
			  struct err *e)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = {.iov_base = a, .iov_len = sizeof(*a)};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};

	if (recvmsg(d->fd, &message, MSG_CMSG_CLOEXEC) != sizeof(*a))
		return err_set(e, ERR_TEMP, "dialler: it is gone");
	a->dialled.fd = take_descriptor(&message);
	if (a->err.kind != ERR_NONE) {
		*e = a->err;
		return -1;
	}
	if (a->dialled.fd < 0)
		return err_set(e, ERR_TEMP, "dialler: no descriptor came");
	return 0;
}

static int wait_for_answer(struct dialler *d, struct err *e)
{
	struct pollfd p = {.fd = d->fd, .events = POLLIN};
	int64_t end = clock_ms() + (int64_t)d->timeout * 1000 + ANSWER_GRACE_MS;
	int64_t left;

	while ((left = end - clock_ms()) > 0) {
		int n = poll(&p, 1, (int)left);

		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return err_sys(e, "dialler: poll");
	}
	/* A late answer must not be taken for the next one's. */
	(void)shutdown(d->fd, SHUT_RDWR);
	return err_set(e, ERR_TEMP,
		       "the server's name was not resolved in time");
}

static int ask_child(struct dialler *d, const struct dialler_request *r,
		     struct dialled *out_r, struct err *e)
{
	struct dialler_answer a;

	if (send(d->fd, r, sizeof(*r), MSG_NOSIGNAL) != sizeof(*r))
		return err_set(e, ERR_TEMP, "dialler: it is gone");
	if (wait_for_answer(d, e) < 0 || receive_answer(d, &a, e) < 0)
		return -1;
	*out_r = a.dialled;
	return 0;
}

int dialler_dial(struct dialler *d, const char *mailbox_id,
		 const struct dial_server *server, struct dialled *out_r,
		 struct err *e)
{
	struct dialler_request r = {.server = *server};

	snprintf(r.mailbox_id, sizeof(r.mailbox_id), "%s", mailbox_id);
	return ask_child(d, &r, out_r, e);
}

int dialler_hand_over(struct dialler *d, struct err *e)
{
	const struct dialler_request r = {.hand_over = true};
	struct dialled out;

	return ask_child(d, &r, &out, e) < 0 ? -1 : out.fd;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The loop of an acceptor: wait, look whether we are still the right one,
 * accept, hand over. Every signal that counts is blocked and read from a
 * descriptor, so that none comes between accepting and handing over.
 */
#include "common/base.h"
#include "handlers/session/acceptor.h"

#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/reply.h"
#include "common/tls.h"
#include "handlers/session/crowd.h"
#include "handlers/session/renewal.h"

enum { SECOND_MS = 1000, BREATH_NS = 100 * 1000 * 1000 };

struct acceptor {
	const struct acceptor_task *task;
	struct crowd crowd;
	struct renewal *renewal;
	int signals;		/* signalfd */
	sigset_t old_mask;	/* what a child gets back */
	int64_t idle_from, end; /* by clock_ms() */
};

/* --- the end -------------------------------------------------------------- */

/* One that bound its socket itself makes room for its successor. */
NO_RETURN static void give_way(struct acceptor *a)
{
	const struct acceptor_task *t = a->task;

	if (!t->listeners->own)
		exit(0);
	listeners_hand_on(t->listeners);
	(void)sigprocmask(SIG_SETMASK, &a->old_mask, NULL);
	(void)execv(t->program, t->own_args);
	die_temp("%s: %s", t->program, strerror(errno));
}

static bool new_settings_fit(const struct acceptor *a)
{
	const struct tls *old = a->task->tls;
	struct err e = {.text = "not every certificate can be used"};
	struct conf *conf = conf_read(a->task->conf->file, &e);
	struct tls *tls = conf && old ? tls_server_new(&conf->tls, &e) : NULL;
	bool fit = conf && (!old || (tls && tls_server_pairs(tls) >=
						    tls_server_pairs(old)));

	if (!fit)
		log_warn("what was configured before stays in force: %s",
			 e.text);
	tls_free(&tls);
	conf_free(&conf);
	return fit;
}

/*
 * Of a certificate and its key one is renewed before the other: both are good
 * until the new ones are.
 */
static void give_way_to_what_is_new(struct acceptor *a)
{
	enum renewal_need need = renewal_look(a->renewal);

	if (need == RENEWAL_NONE)
		return;
	if (need == RENEWAL_PROGRAM || new_settings_fit(a))
		give_way(a);
	renewal_note(a->renewal);
}

/* --- children ------------------------------------------------------------- */

static void tell_of_crash(const struct peer *peer, int status)
{
	if (WIFSIGNALED(status))
		log_error("%s: the session was ended by signal %d", peer->text,
			  WTERMSIG(status));
}

static void reap(struct acceptor *a)
{
	struct peer peer;
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (!crowd_remove(&a->crowd, pid, &peer))
			continue;
		tell_of_crash(&peer, status);
		a->idle_from = clock_ms();
	}
}

/* It keeps nothing of ours: it could take connections that others made. */
static void become_session(struct acceptor *a, int fd)
{
	if (dup2(fd, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0)
		die_temp("the connection: %s", strerror(errno));
	close(fd);
	close(a->signals);
	for (size_t i = 0; i < a->task->listeners->n; i++)
		close(a->task->listeners->fds[i]);
	(void)signal(SIGCHLD, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &a->old_mask, NULL);
	free(a->crowd.members);
	renewal_free(&a->renewal);
	log_begin_session();
}

/* A log that goes to syslog is told from fd 2 that is the connection. */
static int prepare_actions(posix_spawn_file_actions_t *actions, int fd)
{
	int code = posix_spawn_file_actions_init(actions);

	for (int to = 0; code == 0 && to <= STDERR_FILENO; to++)
		if (to < STDERR_FILENO || log_uses_syslog())
			code = posix_spawn_file_actions_adddup2(actions, fd,
								to);
	return code;
}

static int prepare_attributes(const struct acceptor *a,
			      posix_spawnattr_t *attributes)
{
	sigset_t child;
	int code = posix_spawnattr_init(attributes);

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	if (code == 0)
		code = posix_spawnattr_setsigdefault(attributes, &child);
	if (code == 0)
		code = posix_spawnattr_setsigmask(attributes, &a->old_mask);
	if (code == 0)
		code = posix_spawnattr_setflags(attributes,
						POSIX_SPAWN_SETSIGDEF |
							POSIX_SPAWN_SETSIGMASK);
	return code;
}

/* The process, or -1 with errno. */
static pid_t start_program(struct acceptor *a, int fd)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	pid_t pid = -1;
	int code = prepare_actions(&actions, fd);

	if (code == 0)
		code = prepare_attributes(a, &attributes);
	if (code == 0)
		code = posix_spawn(&pid, a->task->program, &actions,
				   &attributes, a->task->session_args, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attributes);
	errno = code;
	return code == 0 ? pid : -1;
}

/* --- connections ---------------------------------------------------------- */

/* Into a buffer that is empty: nobody waits. */
static void say_come_again(const struct acceptor *a, int fd)
{
	const struct reply *r = a->task->full_house;
	char line[128];
	int n;

	if (!r)
		return;
	n = snprintf(line, sizeof(line), "%s %s %s\r\n", r->code, r->tag,
		     r->text);
	(void)!send(fd, line, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)shutdown(fd, SHUT_WR);
}

/* True: this is the child. */
static bool hand_over(struct acceptor *a, int fd, const struct peer *peer)
{
	pid_t pid = a->task->limits->fork ? fork() : start_program(a, fd);

	if (pid == 0) {
		become_session(a, fd);
		return true;
	}
	if (pid > 0) {
		crowd_add(&a->crowd, pid, peer);
		return false;
	}
	log_error("%s: no process for a session: %s", peer->text,
		  strerror(errno));
	say_come_again(a, fd);
	return false;
}

/* Else a host without descriptors is asked for one without end. */
static void catch_breath(void)
{
	const struct timespec breath = {.tv_nsec = BREATH_NS};

	if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
		return;
	log_error("accepting a connection: %s", strerror(errno));
	(void)nanosleep(&breath, NULL);
}

/* True: this is the child that serves it. */
static bool accept_from(struct acceptor *a, int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	struct peer peer;
	bool is_child = false;

	if (fd < 0) {
		catch_breath();
		return false;
	}
	peer_of_socket(fd, &peer);
	a->idle_from = clock_ms();
	reap(a);
	if (crowd_has_room(&a->crowd, &peer)) {
		is_child = hand_over(a, fd, &peer);
	} else {
		log_info("%s: too many connections", peer.text);
		say_come_again(a, fd);
	}
	if (!is_child)
		close(fd);
	return is_child;
}

/* --- waiting -------------------------------------------------------------- */

/* By clock_ms(): when there is something to do without anybody coming. */
static int64_t next_end(const struct acceptor *a)
{
	int64_t idle_end =
		a->idle_from + (int64_t)a->task->limits->idle_exit * SECOND_MS;

	if (a->crowd.n || a->task->listeners->own || idle_end > a->end)
		return a->end;
	return idle_end;
}

/* One to stop is obeyed, and leaves sessions alone. */
static void read_signals(struct acceptor *a)
{
	struct signalfd_siginfo s;

	while (read(a->signals, &s, sizeof(s)) == (ssize_t)sizeof(s))
		if (s.ssi_signo != SIGCHLD)
			exit(0);
	reap(a);
}

static void wait_for_something(const struct acceptor *a, struct pollfd *polled,
			       size_t n)
{
	int64_t left = next_end(a) - clock_ms();

	if (left < 0)
		left = 0;
	if (poll(polled, n, left < INT32_MAX ? (int)left : INT32_MAX) < 0)
		for (size_t i = 0; i < n; i++)
			polled[i].revents = 0;
}

/* True: this is a child. */
static bool accept_what_waits(struct acceptor *a, const struct pollfd *polled)
{
	for (size_t i = 0; i < a->task->listeners->n; i++) {
		if (!polled[i].revents)
			continue;
		give_way_to_what_is_new(a);
		if (accept_from(a, polled[i].fd))
			return true;
	}
	return false;
}

static void serve(struct acceptor *a)
{
	const struct listeners *l = a->task->listeners;
	struct pollfd polled[LISTENERS_MAX + 1];

	for (size_t i = 0; i < l->n; i++)
		polled[i] = (struct pollfd){.fd = l->fds[i], .events = POLLIN};
	polled[l->n] = (struct pollfd){.fd = a->signals, .events = POLLIN};
	for (;;) {
		wait_for_something(a, polled, l->n + 1);
		if (polled[l->n].revents)
			read_signals(a);
		if (clock_ms() >= a->end)
			give_way(a);
		if (accept_what_waits(a, polled))
			return;
		if (clock_ms() >= next_end(a))
			give_way(a);
	}
}

static void take_signals(struct acceptor *a)
{
	sigset_t taken;

	sigemptyset(&taken);
	sigaddset(&taken, SIGCHLD);
	sigaddset(&taken, SIGTERM);
	sigaddset(&taken, SIGINT);
	if (signal(SIGCHLD, SIG_DFL) == SIG_ERR ||
	    sigprocmask(SIG_BLOCK, &taken, &a->old_mask) < 0)
		die_temp("signals: %s", strerror(errno));
	a->signals = signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
	if (a->signals < 0)
		die_temp("signalfd: %s", strerror(errno));
}

void acceptor_run(const struct acceptor_task *task)
{
	struct acceptor a = {
		.task = task,
		.crowd = {.limits = task->limits,
			  .exempt = &task->conf->limits.proxy_from},
		.renewal = renewal_new(task->conf, task->program),
		.idle_from = clock_ms(),
	};

	a.end = a.idle_from + (int64_t)task->limits->max_age * SECOND_MS;
	take_signals(&a);
	serve(&a);
}

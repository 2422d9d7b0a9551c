/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plays stories: each with a session of its own in a child process, at the
 * other end of a socketpair, three times over, cut in three ways. The socket
 * keeps writes apart, so that the server really gets them piece by piece.
 */
#include "common/base.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "common/log.h"
#include "handlers/pop3_serve_session.h"
#include "handlers/smtp_journal_session.h"
#include "tests/chat/player.h"

enum { LOG_MAX = 1024 * 1024 };

struct protocol {
	const char *folder; /* where its stories are */
	const char *program;
	void (*serve)(struct conn *c, const struct stage *stage);
};

static void serve_smtp(struct conn *c, const struct stage *stage)
{
	smtp_journal_session(c, stage->conf, &stage->peer, stage->mode);
}

static void serve_pop3(struct conn *c, const struct stage *stage)
{
	pop3_serve_session(c, stage->conf, &stage->peer, stage->mode);
}

static const struct protocol protocols[] = {
	{"/smtp/", "smtp-journal", serve_smtp},
	{"/pop3/", "pop3-serve", serve_pop3},
};

static const struct protocol *find_protocol(const char *file)
{
	for (size_t i = 0; i < N_ELEMENTS(protocols); i++)
		if (strstr(file, protocols[i].folder))
			return &protocols[i];
	die_usage("%s: in no protocol's folder", file);
}

/* TLS reads records in parts, which a packet's end would cut off. */
static int socket_type(const struct story *story)
{
	for (size_t i = 0; i < story->n; i++)
		if (story->steps[i].kind == STEP_TLS)
			return SOCK_STREAM;
	return SOCK_SEQPACKET;
}

/* The server's whole life. Its sanitizers speak through its exit code. */
NO_RETURN static void serve(const struct protocol *protocol,
			    struct stage *stage, int fd, int log)
{
	struct conn *c;

	dup2(log, STDERR_FILENO);
	log_open(protocol->program, LOG_STYLE_SERVICE);
	c = conn_new(fd, fd);
	protocol->serve(c, stage);
	conn_bye(c);
	conn_free(&c);
	exit(0);
}

static void read_log(int fd, struct buf *log)
{
	char piece[4096];
	ssize_t n;

	for (off_t at = 0; (n = pread(fd, piece, sizeof(piece), at)) > 0;
	     at += n)
		if (!buf_add(log, piece, (size_t)n))
			die_temp("the log is too long");
}

static bool check_log(const struct story *story, const struct step *step,
		      const struct buf *log)
{
	return stage_matches(log->data, step->text) ||
	       story_wrong(story, step, "the log is\n%s", log->data);
}

static bool check_afterwards(const struct stage *stage,
			     const struct story *story, const struct buf *log)
{
	bool good = stage_check_tidy(stage, story);

	for (size_t i = 0; i < story->n; i++) {
		const struct step *step = &story->steps[i];

		if (step->kind == STEP_LOG)
			good &= check_log(story, step, log);
		if (step->kind == STEP_STORE)
			good &= stage_check(stage, story, step);
	}
	return good;
}

static bool has_ended_well(pid_t server, const struct story *story,
			   const struct buf *log)
{
	int status = 0;

	while (waitpid(server, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	printf("%s: the server ended with status %#x\n%s\n", story->file,
	       (unsigned)status, log->data);
	return false;
}

static bool play_on(struct stage *stage, const struct story *story,
		    const struct protocol *protocol, enum player_cut cut,
		    int log_fd)
{
	struct buf log;
	pid_t server;
	int fds[2];
	bool good;

	if (socketpair(AF_UNIX, socket_type(story) | SOCK_CLOEXEC, 0, fds) < 0)
		die_temp("socketpair: %s", strerror(errno));
	fflush(stdout);
	server = fork();
	if (server < 0)
		die_temp("fork: %s", strerror(errno));
	if (server == 0) {
		close(fds[0]);
		serve(protocol, stage, fds[1], log_fd);
	}
	close(fds[1]);
	good = player_play(stage, story, fds[0], cut);
	if (!good)
		kill(server, SIGTERM);
	buf_init(&log, LOG_MAX);
	if (good)
		good = has_ended_well(server, story, &log);
	else
		waitpid(server, NULL, 0);
	read_log(log_fd, &log);
	if (good)
		good = check_afterwards(stage, story, &log);
	else
		printf("%s", log.data);
	buf_release(&log);
	return good;
}

static bool play(const struct story *story, const struct protocol *protocol,
		 enum player_cut cut)
{
	int log_fd = memfd_create("log", MFD_CLOEXEC);
	struct stage stage;
	bool good;

	if (log_fd < 0)
		die_temp("memfd_create: %s", strerror(errno));
	stage_build(&stage, story);
	good = play_on(&stage, story, protocol, cut, log_fd);
	stage_strike(&stage);
	close(log_fd);
	printf("%s %s (%s)\n", good ? "ok" : "FAILED", story->file,
	       player_cut_name(cut));
	return good;
}

/* Some stories are about one way of cutting, and make no sense in another. */
static bool is_wanted(const struct story *story, enum player_cut cut)
{
	for (size_t i = 0; i < story->n; i++)
		if (story->steps[i].kind == STEP_ONLY)
			return strcmp(story->steps[i].text,
				      player_cut_name(cut)) == 0;
	return true;
}

int main(int argc, char **argv)
{
	bool good = argc > 1;

	log_open("chat_run", LOG_STYLE_PERSON);
	signal(SIGPIPE, SIG_IGN);
	for (int i = 1; i < argc; i++) {
		const struct protocol *protocol = find_protocol(argv[i]);
		struct story story;

		story_read(&story, argv[i]);
		for (int cut = 0; cut < PLAYER_N_CUTS; cut++)
			if (is_wanted(&story, (enum player_cut)cut))
				good &= play(&story, protocol,
					     (enum player_cut)cut);
		story_release(&story);
	}
	return good ? 0 : 1;
}

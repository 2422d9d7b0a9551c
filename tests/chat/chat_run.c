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
#include "common/num.h"
#include "handlers/pop3_proxy/session.h"
#include "handlers/pop3_serve/session.h"
#include "handlers/proxy/dialler.h"
#include "handlers/smtp_journal/session.h"
#include "handlers/smtp_proxy/session.h"
#include "tests/chat/network.h"
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

static struct dialler *start_dialler(const struct stage *stage,
				     enum dial_service service)
{
	struct dialler *d;
	struct err e;

	network_set(stage->dir);
	d = dialler_start(stage->conf, service, &e);
	if (!d)
		die_temp("%s", e.text);
	return d;
}

static void serve_smtp_proxy(struct conn *c, const struct stage *stage)
{
	struct dialler *d = start_dialler(stage, DIAL_SMTP);

	smtp_proxy_session(c, stage->conf, &stage->peer, stage->mode, d);
	dialler_end(&d);
}

static void serve_pop3_proxy(struct conn *c, const struct stage *stage)
{
	struct dialler *d = start_dialler(stage, DIAL_POP3);

	pop3_proxy_session(c, stage->conf, &stage->peer, stage->mode, d);
	dialler_end(&d);
}

static const struct protocol protocols[] = {
	{"/smtp/", "smtp-journal", serve_smtp},
	{"/pop3/", "pop3-serve", serve_pop3},
	{"/smtp-proxy/", "smtp-proxy", serve_smtp_proxy},
	{"/pop3-proxy/", "pop3-proxy", serve_pop3_proxy},
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
	return story_has(story, STEP_TLS) ? SOCK_STREAM : SOCK_SEQPACKET;
}

/* The server's whole life. Its sanitizers speak through its exit code. Leaks
 * are looked for by exit() alone, and for as long as all the rest takes: in a
 * sample once a story, else always.
 */
NO_RETURN static void serve(const struct protocol *protocol,
			    struct stage *stage, int fd, int log, bool leaks)
{
	struct conn *c;

	dup2(log, STDERR_FILENO);
	signal(SIGXFSZ, SIG_IGN);
	log_open(protocol->program, LOG_STYLE_SERVICE);
	c = conn_new(fd, fd);
	protocol->serve(c, stage);
	conn_bye(c);
	conn_free(&c);
	if (!leaks)
		_exit(0);
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

static bool has_ended_well(pid_t server, const struct story *story)
{
	int status = 0;

	while (waitpid(server, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	printf("%s: the server ended with status %#x\n", story->file,
	       (unsigned)status);
	return false;
}

/* One playing of a story. */
struct play {
	const struct story *story;
	const struct protocol *protocol;
	enum player_cut cut;
	struct player_drop drop;
	bool leaks; /* are looked for */
};

/* The player is none of the server's: what listens must end with us. */
static pid_t start_server(const struct play *play, struct stage *stage,
			  struct player *player, int fds[2], int log)
{
	pid_t server;

	fflush(stdout);
	server = fork();
	if (server < 0)
		die_temp("fork: %s", strerror(errno));
	if (server == 0) {
		close(fds[0]);
		player_free(&player);
		serve(play->protocol, stage, fds[1], log, play->leaks);
	}
	close(fds[1]);
	return server;
}

/* A story that was dropped has an end of its own. */
static bool check(const struct play *play, const struct stage *stage,
		  const struct player *player, const struct buf *log)
{
	bool good = play->drop.wanted
			    ? stage_check_tidy(stage, play->story)
			    : check_afterwards(stage, play->story, log);

	return good & player_check_musts(player);
}

/* One session, with a server of its own. */
static bool play_session(const struct play *play, struct stage *stage,
			 struct player *player, int log_fd)
{
	pid_t server;
	int fds[2];
	bool good;

	if (socketpair(AF_UNIX, socket_type(play->story) | SOCK_CLOEXEC, 0,
		       fds) < 0)
		die_temp("socketpair: %s", strerror(errno));
	server = start_server(play, stage, player, fds, log_fd);
	good = player_play(player, fds[0], server);
	if (!good)
		kill(server, SIGTERM);
	return has_ended_well(server, play->story) && good;
}

static bool play_on(const struct play *play, struct stage *stage, int log_fd)
{
	struct player *player =
		player_new(stage, play->story, play->cut, &play->drop);
	struct buf log;
	bool good;

	do
		good = play_session(play, stage, player, log_fd);
	while (good && player_goes_on(player));
	buf_init(&log, LOG_MAX);
	read_log(log_fd, &log);
	if (good)
		good = check(play, stage, player, &log);
	if (!good)
		printf("%s", log.data);
	buf_release(&log);
	player_free(&player);
	return good;
}

static bool play_once(const struct play *play)
{
	int log_fd = memfd_create("log", MFD_CLOEXEC);
	struct stage stage;
	bool good;

	if (log_fd < 0)
		die_temp("memfd_create: %s", strerror(errno));
	stage_build(&stage, play->story);
	good = play_on(play, &stage, log_fd);
	stage_strike(&stage);
	close(log_fd);
	printf("%s %s (%s", good ? "ok" : "FAILED", play->story->file,
	       player_cut_name(play->cut));
	if (play->drop.wanted)
		printf(", upstream dropped at %zu%s", play->drop.at,
		       play->drop.halved ? " and a half" : "");
	printf(")\n");
	return good;
}

/* Upstream vanishes before each of its steps, and in the midst of each; or of
 * each Nth.
 */
static bool play_drops(const struct story *story,
		       const struct protocol *protocol, size_t sample)
{
	struct play play = {.story = story,
			    .protocol = protocol,
			    .cut = PLAYER_LINE,
			    .leaks = sample == 1};
	size_t n = player_upstream_steps(story);
	bool good = true;

	play.drop.wanted = true;
	for (play.drop.at = 0; play.drop.at < n; play.drop.at += sample) {
		play.drop.halved = false;
		good &= play_once(&play);
		play.drop.halved = player_upstream_says(story, play.drop.at);
		good &= !play.drop.halved || play_once(&play);
	}
	return good;
}

/* Some stories are about one way of cutting, and make no sense in another. A
 * sample does without the way that lies between the two others.
 */
static bool is_wanted(const struct story *story, enum player_cut cut,
		      size_t sample)
{
	for (size_t i = 0; i < story->n; i++)
		if (story->steps[i].kind == STEP_ONLY)
			return strcmp(story->steps[i].text,
				      player_cut_name(cut)) == 0;
	return sample == 1 || cut != PLAYER_LINE;
}

/* CHAT_SAMPLE=N: where everything takes long, as under a sanitizer. */
static size_t read_sample(void)
{
	const char *text = getenv("CHAT_SAMPLE");
	uint64_t n = 1;

	if (text && (!num_parse(text, strlen(text), 1000, &n) || n == 0))
		die_usage("CHAT_SAMPLE=%s", text);
	return (size_t)n;
}

static bool play_story(const char *file, size_t sample)
{
	struct play play = {.protocol = find_protocol(file), .leaks = true};
	struct story story;
	bool good = true;

	story_read(&story, file);
	play.story = &story;
	for (int cut = 0; cut < PLAYER_N_CUTS; cut++) {
		play.cut = (enum player_cut)cut;
		if (!is_wanted(&story, play.cut, sample))
			continue;
		good &= play_once(&play);
		play.leaks = sample == 1;
	}
	if (story_has(&story, STEP_DROPS))
		good &= play_drops(&story, play.protocol, sample);
	story_release(&story);
	return good;
}

/* Asked for by AddressSanitizer alone. What was freed is kept for a while, to
 * find who still uses it: 8 MiB of it, not 256, whose pages every session's
 * fork would copy.
 */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=8:thread_local_quarantine_size_kb=64";
}

int main(int argc, char **argv)
{
	size_t sample = read_sample();
	bool good = argc > 1;

	log_open("chat_run", LOG_STYLE_PERSON);
	signal(SIGPIPE, SIG_IGN);
	for (int i = 1; i < argc; i++)
		good &= play_story(argv[i], sample);
	return good ? 0 : 1;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Playing a story, step by step in the order in which it is written. Where
 * upstream was dropped, its steps are passed over, and the client takes every
 * legal answer for what it is.
 */
#include "common/base.h"
#include "tests/chat/player.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "common/conn.h"
#include "common/log.h"
#include "common/num.h"
#include "tests/chat/network.h"
#include "tests/chat/voice.h"

enum { DIAL_MS = 30 * 1000, LISTENERS = 4, MANY = 1000 * 1000 };

struct listener {
	const char *at; /* "PORT", or a socket's name */
	int fd;
};

struct player {
	const struct stage *stage;
	const struct story *story;
	struct player_drop drop;
	struct voice voices[N_VOICES];
	struct listener listeners[LISTENERS];
	size_t n_listeners;
	size_t upstream_steps;	 /* played so far */
	const struct step *must; /* the last one met */
	pid_t server;
	bool dropped;
	size_t next; /* step of the story */
	bool over;   /* the rest of the session is not to be played */
};

const char *player_cut_name(enum player_cut cut)
{
	static const char *const names[] = {
		[PLAYER_WHOLE] = "whole",
		[PLAYER_LINE] = "line",
		[PLAYER_BYTE] = "byte",
	};

	return names[cut];
}

/* --- upstream's sockets --------------------------------------------------- */

static void listen_at(struct player *p, const char *at)
{
	struct listener *l = &p->listeners[p->n_listeners];
	char path[NETWORK_PATH_MAX];

	if (p->n_listeners++ == LISTENERS)
		die_usage("UPSTREAM %s: too many", at);
	network_path(p->stage->dir, at, path);
	*l = (struct listener){.at = at, .fd = network_listen(path)};
}

static void stop_listening(struct player *p)
{
	while (p->n_listeners)
		close(p->listeners[--p->n_listeners].fd);
}

static struct listener *find_listener(struct player *p, const char *at)
{
	for (size_t i = 0; i < p->n_listeners; i++)
		if (strcmp(p->listeners[i].at, at) == 0)
			return &p->listeners[i];
	die_usage("DIALLED %s: nothing listens there", at);
}

static bool be_dialled(struct player *p, const struct step *step)
{
	struct pollfd poll_fd = {.fd = find_listener(p, step->text)->fd,
				 .events = POLLIN};
	int fd;

	voice_write_pending(&p->voices[VOICE_CLIENT]);
	if (poll(&poll_fd, 1, DIAL_MS) != 1)
		return story_wrong(p->story, step, "nobody did");
	fd = accept(poll_fd.fd, NULL, NULL);
	if (fd < 0)
		die_temp("accept: %s", strerror(errno));
	voice_connect(&p->voices[VOICE_UPSTREAM], fd);
	return true;
}

/* --- the server's limits -------------------------------------------------- */

static void limit(const struct player *p, int resource, rlim_t n)
{
	struct rlimit r;

	if (prlimit(p->server, (enum __rlimit_resource)resource, NULL, &r) < 0)
		return; /* it has ended */
	r.rlim_cur = n < r.rlim_max ? n : r.rlim_max;
	(void)prlimit(p->server, (enum __rlimit_resource)resource, &r, NULL);
}

static void lift_limits(const struct player *p)
{
	limit(p, RLIMIT_NOFILE, 1024);
	limit(p, RLIMIT_FSIZE, RLIM_INFINITY);
}

static bool set_limit(const struct player *p, const struct step *step)
{
	const char *space = strchr(step->text, ' ');
	uint64_t n = 0;

	if (space && !num_parse(space + 1, strlen(space + 1), MANY, &n))
		return story_wrong(p->story, step, "not a number");
	lift_limits(p);
	if (space && strncmp(step->text, "files", 5) == 0)
		limit(p, RLIMIT_NOFILE, n);
	else if (space && strncmp(step->text, "octets", 6) == 0)
		limit(p, RLIMIT_FSIZE, n);
	return true;
}

/* --- upstream is dropped -------------------------------------------------- */

static void drop_upstream(struct player *p)
{
	p->dropped = true;
	voice_write_pending(&p->voices[VOICE_UPSTREAM]);
	voice_hang_up(&p->voices[VOICE_UPSTREAM]);
	stop_listening(p);
}

/* True: upstream has nothing more to say in this story. */
static bool is_dropped(struct player *p, const struct step *step)
{
	if (!p->dropped && p->drop.wanted && p->upstream_steps == p->drop.at) {
		if (p->drop.halved &&
		    !voice_say_half(&p->voices[VOICE_UPSTREAM], step))
			die_usage("%s: cannot be said", step->text);
		drop_upstream(p);
	}
	p->upstream_steps++;
	return p->dropped;
}

/* What a server may say instead when it cannot go on. */
static bool is_refusal(const char *line)
{
	return stage_matches(line, "^([45][0-9][0-9][ -]|-ERR( |$))");
}

/* The client says no more, and hears what is still said. */
static bool hear_out(struct voice *client, const struct step *step)
{
	do {
		if (!is_refusal(client->heard.data))
			return story_wrong(client->story, step,
					   "after the drop: %s",
					   client->heard.data);
		(void)shutdown(client->fd, SHUT_WR);
	} while (voice_read(client));
	return true;
}

/* What was expected, a refusal, or the end; the last two end the story. */
static bool hear_after_drop(struct player *p, const struct step *step)
{
	struct voice *client = &p->voices[VOICE_CLIENT];

	voice_write_pending(client);
	p->over = true;
	if (!voice_read(client))
		return true;
	if (step->kind == STEP_CLOSED || !voice_heard(client, step))
		return hear_out(client, step);
	p->over = false;
	return true;
}

/* --- the story ------------------------------------------------------------ */

static bool is_hearing(enum step_kind kind)
{
	return kind == STEP_HEAR || kind == STEP_MATCH || kind == STEP_CLOSED;
}

/* Whoever waits for the server must have said everything before. */
static bool play_voice(struct player *p, const struct step *step)
{
	struct voice *v = &p->voices[step->voice];

	if (step->voice == VOICE_UPSTREAM && is_dropped(p, step))
		return true;
	if (step->kind == STEP_DIALLED)
		return be_dialled(p, step);
	if (step->voice == VOICE_CLIENT && p->dropped && is_hearing(step->kind))
		return hear_after_drop(p, step);
	if (is_hearing(step->kind) || step->kind == STEP_TLS ||
	    step->kind == STEP_HEAR_RAW)
		voice_write_pending(&p->voices[VOICE_UPSTREAM - step->voice]);
	if (step->voice == VOICE_CLIENT && step->kind == STEP_CUT)
		p->over = true;
	return voice_play(v, step);
}

static bool is_of_voice(enum step_kind kind)
{
	return kind >= STEP_SAY && kind <= STEP_DIALLED;
}

static bool play_step(struct player *p, const struct step *step)
{
	if (is_of_voice(step->kind))
		return play_voice(p, step);
	if (step->kind == STEP_LIMIT)
		return set_limit(p, step);
	if (step->kind == STEP_MUST)
		p->must = step;
	return true; /* of before or after the session */
}

/* Upstream's step number `at`, or NULL; *n_r counts those before it. */
static const struct step *upstream_step(const struct story *story, size_t at,
					size_t *n_r)
{
	*n_r = 0;
	for (size_t i = 0; i < story->n; i++) {
		const struct step *step = &story->steps[i];

		if (is_of_voice(step->kind) && step->voice == VOICE_UPSTREAM &&
		    (*n_r)++ == at)
			return step;
	}
	return NULL;
}

size_t player_upstream_steps(const struct story *story)
{
	size_t n;

	(void)upstream_step(story, SIZE_MAX, &n);
	return n;
}

bool player_upstream_says(const struct story *story, size_t at)
{
	size_t n;
	const struct step *step = upstream_step(story, at, &n);

	return step && step->kind == STEP_SAY;
}

struct player *player_new(const struct stage *stage, const struct story *story,
			  enum player_cut cut, const struct player_drop *drop)
{
	struct player *p = xcalloc(1, sizeof(*p));

	p->stage = stage;
	p->story = story;
	p->drop = *drop;
	for (size_t i = 0; i < N_VOICES; i++)
		voice_init(&p->voices[i], stage, story, cut);
	for (size_t i = 0; i < story->n; i++)
		if (story->steps[i].kind == STEP_LISTEN)
			listen_at(p, story->steps[i].text);
	return p;
}

void player_free(struct player **p)
{
	stop_listening(*p);
	for (size_t i = 0; i < N_VOICES; i++)
		voice_release(&(*p)->voices[i]);
	free(*p);
	*p = NULL;
}

/* Up to where another session begins. */
static bool play_session(struct player *p)
{
	bool good = true;

	p->over = false;
	while (good && p->next < p->story->n) {
		const struct step *step = &p->story->steps[p->next++];

		if (step->kind == STEP_AGAIN)
			break;
		if (!p->over)
			good = play_step(p, step);
	}
	return good;
}

bool player_play(struct player *p, int fd, pid_t server)
{
	bool good;

	p->server = server;
	voice_connect(&p->voices[VOICE_CLIENT], fd);
	good = play_session(p);
	for (size_t i = 0; i < N_VOICES; i++)
		voice_hang_up(&p->voices[i]);
	lift_limits(p);
	return good;
}

bool player_goes_on(const struct player *p)
{
	return p->next < p->story->n && !p->dropped &&
	       p->story->steps[p->next - 1].kind == STEP_AGAIN;
}

bool player_check_musts(const struct player *p)
{
	const struct step *must = p->must;
	size_t n = must ? strcspn(must->text, " ") : 0, kept;
	const struct stage_mailbox *m;
	uint64_t wanted;

	if (!must)
		return true;
	m = stage_mailbox(p->stage, must->text, n);
	if (!m || !num_parse(must->text + n + 1, strlen(must->text + n + 1),
			     MANY, &wanted))
		die_usage("MUST %s", must->text);
	kept = stage_count(p->stage, m);
	return kept >= wanted ||
	       story_wrong(p->story, must, "%zu messages are kept", kept);
}

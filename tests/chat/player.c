/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Playing the client. Waits for the server alone, never for the clock; where
 * a server does not answer, the story ends.
 */
#include "common/base.h"
#include "tests/chat/player.h"

#include <sys/socket.h>

#include <unistd.h>

#include "common/log.h"
#include "common/num.h"
#include "common/tls.h"

enum { ANSWER_SECONDS = 30, TEXT_MAX = 8 * 1024 * 1024, HEARD_MAX = 100000 };

struct player {
	const struct stage *stage;
	const struct story *story;
	enum player_cut cut;
	int fd;
	struct conn *conn;
	struct buf pending; /* said, and not yet written */
	struct buf heard;
	bool gone; /* the client hung up */
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

/* A server that hung up already is met by what is expected next. */
static void write_pending(struct player *p)
{
	size_t step = p->cut == PLAYER_BYTE ? 1 : p->pending.len;

	conn_set_deadline(p->conn, ANSWER_SECONDS, 0);
	for (size_t at = 0; at < p->pending.len; at += step) {
		conn_write(p->conn, p->pending.data + at, step);
		(void)conn_flush(p->conn);
	}
	buf_reset(&p->pending);
}

static bool say(struct player *p, const struct step *step)
{
	struct buf text;
	uint64_t n = 0;
	bool good = true;

	buf_init(&text, TEXT_MAX);
	stage_expand(p->stage, step->text, &text);
	if (step->kind == STEP_SAY)
		good = buf_add(&p->pending, text.data, text.len) &&
		       buf_adds(&p->pending, "\r\n");
	else if (step->kind == STEP_SAY_RAW)
		good = story_unescape(text.data, &p->pending);
	else if (num_parse(text.data, text.len, TEXT_MAX, &n))
		story_fill((size_t)n, &p->pending);
	else
		good = false;
	buf_release(&text);
	if (!good)
		return story_wrong(p->story, step, "cannot be said");
	if (p->cut != PLAYER_WHOLE)
		write_pending(p);
	return true;
}

static bool hear(struct player *p, const struct step *step)
{
	struct buf wanted;
	bool good;

	conn_set_deadline(p->conn, ANSWER_SECONDS, 0);
	if (conn_read_line(p->conn, &p->heard, HEARD_MAX) != CONN_OK)
		return story_wrong(p->story, step, "nothing was heard");
	buf_init(&wanted, HEARD_MAX);
	stage_expand(p->stage, step->text, &wanted);
	if (step->kind == STEP_HEAR)
		good = strcmp(p->heard.data, wanted.data) == 0;
	else
		good = stage_matches(p->heard.data, wanted.data);
	if (!good)
		story_wrong(p->story, step, "heard: %s", p->heard.data);
	buf_release(&wanted);
	return good;
}

static bool hear_the_end(struct player *p, const struct step *step)
{
	conn_set_deadline(p->conn, ANSWER_SECONDS, 0);
	if (conn_read_line(p->conn, &p->heard, HEARD_MAX) == CONN_EOF)
		return true;
	return story_wrong(p->story, step, "heard: %s", p->heard.data);
}

static bool shake_hands(struct player *p, const struct step *step)
{
	struct err e;
	struct tls *t = tls_client_new("gw.example", p->stage->ca_file, &e);

	conn_set_deadline(p->conn, ANSWER_SECONDS, 0);
	if (!t || conn_start_tls(p->conn, t, &e) < 0)
		return story_wrong(p->story, step, "%s", e.text);
	return true;
}

static bool hang_up(struct player *p, const struct step *step)
{
	if (step->kind == STEP_CUT) {
		p->gone = true;
		close(p->fd);
	} else {
		shutdown(p->fd, SHUT_WR);
	}
	return true;
}

static bool is_talk(enum step_kind kind)
{
	return kind == STEP_SAY || kind == STEP_SAY_RAW || kind == STEP_FILL;
}

static bool play_step(struct player *p, const struct step *step)
{
	if (!is_talk(step->kind))
		write_pending(p);
	switch (step->kind) {
	case STEP_SAY:
	case STEP_SAY_RAW:
	case STEP_FILL:
		return say(p, step);
	case STEP_HEAR:
	case STEP_MATCH:
		return hear(p, step);
	case STEP_TLS:
		return shake_hands(p, step);
	case STEP_CLOSED:
		return hear_the_end(p, step);
	case STEP_CUT:
	case STEP_SHUT:
		return hang_up(p, step);
	default:
		return true; /* of before or after the session */
	}
}

bool player_play(const struct stage *stage, const struct story *story, int fd,
		 enum player_cut cut)
{
	struct player p = {
		.stage = stage, .story = story, .cut = cut, .fd = fd};
	bool good = true;

	p.conn = conn_new(fd, fd);
	buf_init(&p.pending, TEXT_MAX);
	buf_init(&p.heard, HEARD_MAX);
	for (size_t i = 0; good && !p.gone && i < story->n; i++)
		good = play_step(&p, &story->steps[i]);
	if (!p.gone)
		close(fd);
	conn_free(&p.conn);
	buf_release(&p.pending);
	buf_release(&p.heard);
	return good;
}

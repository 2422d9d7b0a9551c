/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A voice's steps. Knows no story as a whole. */
#include "common/base.h"
#include "tests/chat/voice.h"

#include <sys/socket.h>

#include <unistd.h>

#include "common/log.h"
#include "common/num.h"
#include "common/tls.h"

enum { ANSWER_SECONDS = 30, TEXT_MAX = 8 * 1024 * 1024, HEARD_MAX = 100000 };

void voice_init(struct voice *v, const struct stage *stage,
		const struct story *story, enum player_cut cut)
{
	*v = (struct voice){
		.stage = stage, .story = story, .cut = cut, .fd = -1};
	buf_init(&v->pending, TEXT_MAX);
	buf_init(&v->heard, HEARD_MAX);
}

void voice_connect(struct voice *v, int fd)
{
	voice_hang_up(v);
	v->fd = fd;
	v->conn = conn_new(fd, fd);
}

void voice_hang_up(struct voice *v)
{
	if (v->fd < 0)
		return;
	conn_free(&v->conn);
	close(v->fd);
	v->fd = -1;
}

void voice_release(struct voice *v)
{
	voice_hang_up(v);
	buf_release(&v->pending);
	buf_release(&v->heard);
}

/* --- saying --------------------------------------------------------------- */

void voice_write_pending(struct voice *v)
{
	size_t step = v->cut == PLAYER_BYTE ? 1 : v->pending.len;

	if (v->fd >= 0)
		conn_set_deadline(v->conn, ANSWER_SECONDS, 0);
	for (size_t at = 0; v->fd >= 0 && at < v->pending.len; at += step) {
		conn_write(v->conn, v->pending.data + at, step);
		(void)conn_flush(v->conn);
	}
	buf_reset(&v->pending);
}

static bool add_text(struct voice *v, const struct step *step)
{
	struct buf text;
	uint64_t n = 0;
	bool good = true;

	buf_init(&text, TEXT_MAX);
	stage_expand(v->stage, step->text, &text);
	if (step->kind == STEP_SAY)
		good = buf_add(&v->pending, text.data, text.len) &&
		       buf_adds(&v->pending, "\r\n");
	else if (step->kind == STEP_SAY_RAW)
		good = story_unescape(text.data, &v->pending);
	else if (num_parse(text.data, text.len, TEXT_MAX, &n))
		story_fill((size_t)n, &v->pending);
	else
		good = false;
	buf_release(&text);
	return good || story_wrong(v->story, step, "cannot be said");
}

static bool say(struct voice *v, const struct step *step)
{
	if (!add_text(v, step))
		return false;
	if (v->cut != PLAYER_WHOLE)
		voice_write_pending(v);
	return true;
}

bool voice_say_half(struct voice *v, const struct step *step)
{
	voice_write_pending(v);
	if (!add_text(v, step))
		return false;
	v->pending.len /= 2;
	voice_write_pending(v);
	return true;
}

/* --- hearing -------------------------------------------------------------- */

bool voice_read(struct voice *v)
{
	conn_set_deadline(v->conn, ANSWER_SECONDS, 0);
	return conn_read_line(v->conn, &v->heard, HEARD_MAX) == CONN_OK;
}

bool voice_heard(const struct voice *v, const struct step *step)
{
	struct buf wanted;
	bool good;

	buf_init(&wanted, HEARD_MAX);
	stage_expand(v->stage, step->text, &wanted);
	if (step->kind == STEP_HEAR)
		good = strcmp(v->heard.data, wanted.data) == 0;
	else
		good = stage_matches(v->heard.data, wanted.data);
	buf_release(&wanted);
	return good;
}

static bool hear(struct voice *v, const struct step *step)
{
	if (!voice_read(v))
		return story_wrong(v->story, step, "nothing was heard");
	return voice_heard(v, step) ||
	       story_wrong(v->story, step, "heard: %s", v->heard.data);
}

/* Octets that are no lines. */
static bool hear_raw(struct voice *v, const struct step *step)
{
	struct buf wanted;
	bool good = true;
	size_t at = 0;

	buf_init(&wanted, HEARD_MAX);
	if (!story_unescape(step->text, &wanted))
		die_usage("not escapes: %s", step->text);
	conn_set_deadline(v->conn, ANSWER_SECONDS, 0);
	while (good && at < wanted.len) {
		const uint8_t *bytes;
		size_t n;

		good = conn_peek(v->conn, &bytes, &n) == CONN_OK &&
		       *bytes == (uint8_t)wanted.data[at++];
		if (good)
			conn_consume(v->conn, 1);
	}
	buf_release(&wanted);
	return good ||
	       story_wrong(v->story, step, "other octets at %zu", at - 1);
}

static bool hear_the_end(struct voice *v, const struct step *step)
{
	conn_set_deadline(v->conn, ANSWER_SECONDS, 0);
	if (conn_read_line(v->conn, &v->heard, HEARD_MAX) == CONN_EOF)
		return true;
	return story_wrong(v->story, step, "heard: %s", v->heard.data);
}

/* --- the connection ------------------------------------------------------- */

/* Upstream's bad certificate is not to be accepted. */
static bool shake_hands(struct voice *v, const struct step *step)
{
	bool upstream = step->voice == VOICE_UPSTREAM;
	bool wanted = !upstream || !step->text[0];
	struct err e = {.text = "accepted"};
	struct tls *t;

	t = upstream ? stage_upstream_tls(v->stage, step->text, &e)
		     : tls_client_new("gw.example", v->stage->ca_file, &e);
	conn_set_deadline(v->conn, ANSWER_SECONDS, 0);
	if ((t && conn_start_tls(v->conn, t, &e) == 0) == wanted)
		return true;
	return story_wrong(v->story, step, "%s", e.text);
}

static bool is_talk(enum step_kind kind)
{
	return kind == STEP_SAY || kind == STEP_SAY_RAW || kind == STEP_FILL;
}

bool voice_play(struct voice *v, const struct step *step)
{
	if (v->fd < 0)
		return story_wrong(v->story, step, "there is no connection");
	if (is_talk(step->kind))
		return say(v, step);
	voice_write_pending(v);
	switch (step->kind) {
	case STEP_HEAR:
	case STEP_MATCH:
		return hear(v, step);
	case STEP_HEAR_RAW:
		return hear_raw(v, step);
	case STEP_TLS:
		return shake_hands(v, step);
	case STEP_CLOSED:
		return hear_the_end(v, step);
	case STEP_CUT:
		voice_hang_up(v);
		return true;
	case STEP_SHUT:
		return shutdown(v->fd, SHUT_WR) == 0;
	default:
		return story_wrong(v->story, step, "is no voice's step");
	}
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One voice of a story, at its end of one connection: says what it says, and
 * hears what it expects. Waits for the server under test alone, never for the
 * clock; where that does not answer, the story ends.
 */
#ifndef RESTANTE_TESTS_CHAT_VOICE_H
#define RESTANTE_TESTS_CHAT_VOICE_H

#include "tests/chat/player.h"

struct conn;

struct voice {
	const struct stage *stage;
	const struct story *story;
	enum player_cut cut;
	int fd; /* -1: not connected */
	struct conn *conn;
	struct buf pending; /* said, and not yet written */
	struct buf heard;   /* the last line */
};

void voice_init(struct voice *v, const struct stage *stage,
		const struct story *story, enum player_cut cut);

/* Takes the descriptor over. */
void voice_connect(struct voice *v, int fd);

/* Hangs up, without a word. */
void voice_hang_up(struct voice *v);

void voice_release(struct voice *v);

/* Writes what was said; a server that hung up is met by what comes next. */
void voice_write_pending(struct voice *v);

/* One step of the session. False: not as expected, and that has been said. */
bool voice_play(struct voice *v, const struct step *step) MUST_USE;

/* Says no more than the first half of what the step says. */
bool voice_say_half(struct voice *v, const struct step *step) MUST_USE;

/* A line into v->heard; false at the end of what the server says. */
bool voice_read(struct voice *v) MUST_USE;

/* Whether the line that was heard is the step's. */
bool voice_heard(const struct voice *v, const struct step *step) MUST_USE;

#endif

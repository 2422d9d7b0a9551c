/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client of a story: says what it says, and hears what it expects. */
#ifndef RESTANTE_TESTS_CHAT_PLAYER_H
#define RESTANTE_TESTS_CHAT_PLAYER_H

#include "tests/chat/stage.h"

/* How what the client says is cut into writes. */
enum player_cut {
	PLAYER_WHOLE, /* all that is said before something is heard, at once */
	PLAYER_LINE,  /* each step of the story by itself */
	PLAYER_BYTE,  /* each octet by itself */
	PLAYER_N_CUTS,
};

const char *player_cut_name(enum player_cut cut);

/*
 * Plays the session's steps on fd, whose other end is the server. False:
 * something was not as expected, and has been said.
 */
bool player_play(const struct stage *stage, const struct story *story, int fd,
		 enum player_cut cut) MUST_USE;

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Everybody in a story but the server under test: its client and, where that
 * server is a proxy, the real server behind it.
 */
#ifndef RESTANTE_TESTS_CHAT_PLAYER_H
#define RESTANTE_TESTS_CHAT_PLAYER_H

#include "tests/chat/stage.h"

/* How what a voice says is cut into writes. */
enum player_cut {
	PLAYER_WHOLE, /* all that is said before something is heard, at once */
	PLAYER_LINE,  /* each step of the story by itself */
	PLAYER_BYTE,  /* each octet by itself */
	PLAYER_N_CUTS,
};

const char *player_cut_name(enum player_cut cut);

/* Where upstream vanishes; see DROPS in README.md. */
struct player_drop {
	bool wanted;
	size_t at;   /* before this step of upstream's */
	bool halved; /* behind half of what it says there */
};

struct player;

/* What listens for the proxy listens from now on. */
struct player *player_new(const struct stage *stage, const struct story *story,
			  enum player_cut cut, const struct player_drop *drop);
void player_free(struct player **p);

/*
 * Plays the next session's steps on fd, whose other end is the process
 * `server`; takes fd over. False: something was not as expected, and has been
 * said.
 */
bool player_play(struct player *p, int fd, pid_t server) MUST_USE;

/* Whether another session follows. */
bool player_goes_on(const struct player *p);

/* Whether as much is kept as there must be, by the steps that were played. */
bool player_check_musts(const struct player *p) MUST_USE;

/* Steps of upstream's that can be dropped at. */
size_t player_upstream_steps(const struct story *story);
/* Whether it says a line at that one: then half of it can be said, too. */
bool player_upstream_says(const struct story *story, size_t at);

#endif

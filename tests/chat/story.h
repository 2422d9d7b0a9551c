/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A story: one whole session as a mail administrator would write it down, with
 * what must be kept afterwards. tests/chat/README.md tells the form. Reads
 * text, plays nothing.
 */
#ifndef RESTANTE_TESTS_CHAT_STORY_H
#define RESTANTE_TESTS_CHAT_STORY_H

#include "common/buf.h"

/* Whose step it is. The server under test is never one of them. */
enum voice_name {
	VOICE_CLIENT,
	VOICE_UPSTREAM, /* the real server behind a proxy */
	N_VOICES,
};

enum step_kind {
	/* what there is before the session */
	STEP_CONF,    /* a line of restante.conf */
	STEP_MAILBOX, /* NAME [suspended] [KEY=VALUE]… */
	STEP_KEEP,    /* NAME OCTETS: a message that lies there already */
	STEP_PEER,    /* ADDRESS [TLS-VERSION]: who is connected */
	STEP_MODE,    /* implicit, starttls or none */
	STEP_ONLY,    /* the one way of cutting that makes sense */
	STEP_LISTEN,  /* PORT or SOCKET: upstream can be reached there */
	STEP_DROPS,   /* upstream is to vanish at each of its steps, too */
	/* the session, of either voice */
	STEP_SAY,      /* a line */
	STEP_SAY_RAW,  /* octets with escapes, no CRLF of their own */
	STEP_FILL,     /* so many octets of text, in lines */
	STEP_HEAR,     /* a line, exactly */
	STEP_HEAR_RAW, /* octets with escapes, exactly */
	STEP_MATCH,    /* a line, by a pattern */
	STEP_TLS,      /* the handshake; upstream's may say a bad certificate */
	STEP_CLOSED,   /* the server under test hangs up */
	STEP_CUT,      /* the voice vanishes */
	STEP_SHUT,     /* it stops talking, and listens */
	/* the session, of nobody */
	STEP_DIALLED, /* PORT or SOCKET: upstream is connected to */
	STEP_LIMIT,   /* "files N", "octets N" or "none", of the server */
	STEP_MUST,    /* NAME N: from here on so many are kept, come what may */
	STEP_AGAIN,   /* the session is over, and another one begins */
	/* what there is afterwards */
	STEP_LOG,   /* LOG~ a pattern in the log */
	STEP_STORE, /* see stage.h */
};

struct step {
	enum step_kind kind;
	enum voice_name voice;
	const char *file;
	unsigned line; /* of the file */
	char *text;
};

enum { STORY_FILES = 16 };

struct story {
	char *file;
	char *files[STORY_FILES]; /* what it includes, and itself */
	size_t n_files;
	struct step *steps;
	size_t n;
};

/* Reads a story; a bad one ends the program with a message. */
void story_read(struct story *story_r, const char *file);
void story_release(struct story *story);

/* Octets with the escapes \r \n \t \\ \0 \xNN. False: not that. */
bool story_unescape(const char *text, struct buf *out) MUST_USE;

bool story_has(const struct story *story, enum step_kind kind);

/* n octets of text in lines of 72 and CRLF, the first one a header field. */
void story_fill(size_t n, struct buf *out);

/* Something is not as the step says: a message with file and line. False. */
bool story_wrong(const struct story *story, const struct step *step,
		 const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif

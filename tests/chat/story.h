/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A story: one whole session as a mail administrator would write it down, with
 * what must be kept afterwards. tests/chat/README.md tells the form. Reads
 * text, plays nothing.
 */
#ifndef RESTANTE_TESTS_CHAT_STORY_H
#define RESTANTE_TESTS_CHAT_STORY_H

#include "common/buf.h"

enum step_kind {
	/* what there is before the session */
	STEP_CONF,    /* a line of restante.conf */
	STEP_MAILBOX, /* NAME [suspended] [KEY=VALUE]… */
	STEP_KEEP,    /* NAME OCTETS: a message that lies there already */
	STEP_PEER,    /* ADDRESS [TLS-VERSION]: who is connected */
	STEP_MODE,    /* implicit, starttls or none */
	STEP_ONLY,    /* the one way of cutting that makes sense */
	/* the session */
	STEP_SAY,     /* C: a line */
	STEP_SAY_RAW, /* C= octets with escapes, no CRLF of their own */
	STEP_FILL,    /* C# so many octets of text, in lines */
	STEP_HEAR,    /* S: a line, exactly */
	STEP_MATCH,   /* S~ a line, by a pattern */
	STEP_TLS,     /* the handshake */
	STEP_CLOSED,  /* the server hangs up */
	STEP_CUT,     /* the client vanishes */
	STEP_SHUT,    /* the client stops talking, and listens */
	/* what there is afterwards */
	STEP_LOG,   /* LOG~ a pattern in the log */
	STEP_STORE, /* see stage.h */
};

struct step {
	enum step_kind kind;
	unsigned line; /* of the file */
	char *text;
};

struct story {
	char *file;
	struct step *steps;
	size_t n;
};

/* Reads a story; a bad one ends the program with a message. */
void story_read(struct story *story_r, const char *file);
void story_release(struct story *story);

/* Octets with the escapes \r \n \t \\ \0 \xNN. False: not that. */
bool story_unescape(const char *text, struct buf *out) MUST_USE;

/* n octets of text in lines of 72 and CRLF, the first one a header field. */
void story_fill(size_t n, struct buf *out);

/* Something is not as the step says: a message with file and line. False. */
bool story_wrong(const struct story *story, const struct step *step,
		 const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif

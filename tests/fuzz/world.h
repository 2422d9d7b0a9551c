/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a session target plays in: a store in memory with one mailbox of a
 * known name and password, a configuration, and a peer that says what the
 * input says. The first octet of an input is how it is said; in the targets
 * of proxies, what the real server says stands behind the first octet 0xff.
 */
#ifndef RESTANTE_TESTS_FUZZ_WORLD_H
#define RESTANTE_TESTS_FUZZ_WORLD_H

#include "handlers/session/program.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/test_dir.h"

struct mailbox;

#define WORLD_ID       "mbx-00000000000000000000000000000000"
#define WORLD_PASSWORD "fuzz-fuzz"

struct world {
	char dir[TEST_DIR_SIZE];
	struct conf *conf;
	struct peer peer;
};

/* Made at the first call, removed when the program ends. */
struct world *world_get(void);

/* The mailbox, to be closed. */
struct mailbox *world_open(void);

/* The mailbox as it was made: what one input left, the next must not see. */
void world_reset(void);

/* "<store>/mailboxes/<id>/<name>". */
void world_path(const char *name, char path_r[256]);

/* The first octet of an input. */
enum {
	SAID_BY_LINE = 0,   /* a read takes one line; the way of most peers */
	SAID_AT_ONCE = 1,   /* pipelined, without regard to replies */
	SAID_IN_PIECES = 2, /* of seven octets */
	SAID_CUTS = 3,	    /* these two bits */
	SAID_BEHIND_TLS = 1 << 2, /* --tls=none behind a handler of ours */
};

/*
 * A descriptor from which bytes come as they are said, and then the end. What
 * is written to it comes into heard; NULL: nothing is.
 */
struct speaker;
struct speaker *speaker_new(const uint8_t *bytes, size_t n, unsigned how,
			    struct buf *heard);
int speaker_fd(const struct speaker *s);
/* Whether the descriptor is still the speaker's to close. */
void speaker_give_fd(struct speaker *s);
/* Waits until the other end is closed. */
void speaker_free(struct speaker **s);

/* Runs a session on a connection to such a speaker; heard is the answers. */
void world_run(void (*session)(struct conn *c, const struct conf *conf,
			       const struct peer *peer, enum tls_mode mode),
	       unsigned how, const uint8_t *bytes, size_t n, struct buf *heard);

/* Whatever a peer did, nothing unfinished lies in the mailbox. */
void world_require_tidy(void);

#endif

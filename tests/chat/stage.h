/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a story is played: a real store with its mailboxes in a directory of
 * its own, a configuration, a certificate. Made anew for every replay.
 */
#ifndef RESTANTE_TESTS_CHAT_STAGE_H
#define RESTANTE_TESTS_CHAT_STAGE_H

#include "common/secret.h"
#include "common/tls.h"
#include "handlers/session/program.h"
#include "store/store.h"
#include "tests/chat/story.h"
#include "tests/support/test_dir.h"

struct test_ca;

enum { STAGE_MAILBOXES = 8, STAGE_PATH_MAX = 256 };

struct stage_mailbox {
	char name[32];
	char id[MAILBOX_ID_LEN + 1];
	char upper_id[MAILBOX_ID_LEN + 1];
	struct secret password;
	/* In base64: the id, the password, and PLAIN's message (RFC 4616). */
	char id64[64], password64[64], plain64[128];
};

struct stage {
	char dir[TEST_DIR_SIZE];
	char ca_file[STAGE_PATH_MAX];
	struct stage_mailbox mailboxes[STAGE_MAILBOXES];
	size_t n_mailboxes;
	struct test_ca *ca;	  /* where the story has TLS */
	struct test_ca *other_ca; /* whom nobody trusts */
	struct conf *conf;
	struct peer peer;
	enum tls_mode mode;
};

/* Builds what the story asks for; trouble ends the program. */
void stage_build(struct stage *stage, const struct story *story);
void stage_strike(struct stage *stage);

/* NULL: there is none of that name, which has n octets. */
const struct stage_mailbox *stage_mailbox(const struct stage *stage,
					  const char *name, size_t n);

/* How many messages are in it, as a collector sees it. */
size_t stage_count(const struct stage *stage, const struct stage_mailbox *m);

/* For stage_build(): our certificate, and who signs upstream's. */
void stage_make_certificates(struct stage *stage);
/* A real server's session with a certificate of that kind; see README.md. */
struct tls *stage_upstream_tls(const struct stage *stage, const char *kind,
			       struct err *e);

/*
 * Text with $name (a mailbox's id), $NAME (the same in upper case),
 * $name_password, $name_id64, $name_password64, $name_plain64 and $dir put in,
 * and $base64{…} of such text with escapes.
 */
void stage_expand(const struct stage *stage, const char *text, struct buf *out);

/*
 * Whether the store is as a STORE step says:
 *	NAME N          so many messages are in the mailbox
 *	NAME I = TEXT   message I (from 1), behind its trace header, with
 *escapes NAME I # N      the same, so many octets of filler NAME I ~ REGEX  its
 *trace header NAME I flags F  N, U, D in this order, or "-"
 */
bool stage_check(const struct stage *stage, const struct story *story,
		 const struct step *step);

/* Whatever happened, nothing unfinished lies in any mailbox. */
bool stage_check_tidy(const struct stage *stage, const struct story *story);

/* Whether text, or a line of it, matches an extended regular expression. */
bool stage_matches(const char *text, const char *regex);

#endif

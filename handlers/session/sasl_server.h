/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The server's side of AUTH, the same in SMTP (RFC 4954) and POP3 (RFC 5034)
 * but for the prompt: asks a client for its credential, in one mechanism, and
 * wipes everything that it came through. Judges nobody.
 */
#ifndef RESTANTE_HANDLERS_SESSION_SASL_SERVER_H
#define RESTANTE_HANDLERS_SESSION_SASL_SERVER_H

#include "common/conn.h"
#include "handlers/session/sasl.h"

/* The names of a set, each behind a separator; for EHLO, CAPA, bare AUTH. */
void sasl_server_list(struct conn *c, unsigned mechanisms, const char *before,
		      const char *after);

enum sasl_end {
	SASL_GIVEN,	   /* a credential is in the login */
	SASL_CANCELLED,	   /* the client sent "*" */
	SASL_NOT_BASE64,   /* without its padding, too */
	SASL_MALFORMED,	   /* not what the mechanism says */
	SASL_FOR_ANOTHER,  /* an authorization identity that differs */
	SASL_NO_MECHANISM, /* none of ours */
	SASL_LOST,	   /* the connection: see status */
};

struct sasl_server {
	struct conn *conn;
	const char *prompt;	 /* "334 " or "+ " */
	unsigned seconds;	 /* for each answer */
	unsigned mechanisms;	 /* on offer */
	unsigned mechanism;	 /* out: which of them it was */
	enum conn_status status; /* out, with SASL_LOST */
};

/*
 * arg is what stands behind AUTH: "MECHANISM [initial-response]". Release l_r
 * with sasl_login_release() after SASL_GIVEN.
 */
enum sasl_end sasl_server_run(struct sasl_server *s, const char *arg,
			      struct sasl_login *l_r);

#endif

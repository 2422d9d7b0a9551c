/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Logging in to the real server, the client's own way first: docs/decisions
 * says why, and when another one is tried. The words are the protocol's.
 */
#ifndef RESTANTE_HANDLERS_PROXY_UPSTREAM_LOGIN_H
#define RESTANTE_HANDLERS_PROXY_UPSTREAM_LOGIN_H

#include "handlers/proxy/upstream.h"
#include "handlers/session/sasl.h"

/* A client's credential for the real server. */
struct credential {
	const char *user;	     /* the real server's own user name */
	const struct secret *secret; /* password or token */
	unsigned mechanism;	     /* in which it came to us: SASL_… */
};

/* What a server answered to a step of a login. */
enum upstream_step {
	UPSTREAM_DONE,
	UPSTREAM_GO_ON,
	UPSTREAM_REFUSED,      /* the credential */
	UPSTREAM_NO_MECHANISM, /* refused, and it is not the credential */
	UPSTREAM_NOT_NOW,      /* refused, and it may pass */
	UPSTREAM_NEVER,	       /* refused for good, whoever asks */
};

/* How a protocol logs in. */
struct upstream_dialect {
	/* Reads a reply; its words are in *words_r until the next one. */
	int (*read_step)(struct upstream *u, enum upstream_step *step_r,
			 struct buf *words_r, struct err *e);
	bool initial_response;	/* PLAIN's may come with AUTH itself */
	bool done_is_challenge; /* where there was nothing to be done with */
	bool user_pass;		/* USER and PASS can always be tried, */
	bool pipelined;		/* and both at once */
};

/*
 * Logs in, each mechanism step by step, but for PLAIN where the protocol has
 * always had an initial response: every server understands that, and
 * Microsoft's understands nothing else. At most two refusals of a credential
 * are provoked. ERR_PASSWORD: refused; ERR_REFUSED, for good and for another
 * reason; ERR_STATE: the server offers nothing that fits; else ERR_TEMP.
 */
int upstream_login(struct upstream *u, const struct credential *c,
		   const struct upstream_dialect *dialect, struct err *e);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a client sends to log in, decoded into secrets: PLAIN (RFC 4616) and
 * LOGIN. Decides nothing about who may.
 */
#ifndef RESTANTE_HANDLERS_SESSION_SASL_H
#define RESTANTE_HANDLERS_SESSION_SASL_H

#include "common/secret.h"

/* What a login goes by, a client's with us and ours with a real server. */
enum sasl_mechanism {
	SASL_PLAIN = 1 << 0,
	SASL_LOGIN = 1 << 1,
	SASL_XOAUTH2 = 1 << 2,
	SASL_OAUTHBEARER = 1 << 3,
	SASL_USER_PASS = 1 << 4, /* POP3's own two commands */
	SASL_PASSWORDS = SASL_PLAIN | SASL_LOGIN,
	SASL_TOKENS = SASL_XOAUTH2 | SASL_OAUTHBEARER,
	SASL_ALL = SASL_PASSWORDS | SASL_TOKENS,
};

enum { SASL_LINE_MAX = 12288 }; /* RFC 4954 4, base64 and CRLF included */

struct sasl_login {
	char user[512];
	struct secret password;
	bool for_another; /* it names somebody else to act for */
};

void sasl_login_release(struct sasl_login *l);

/*
 * [authzid] NUL authcid NUL passwd. An authzid that is neither "" nor authcid
 * is for_another. False: not that, or no user.
 */
bool sasl_plain_parse(const uint8_t *bytes, size_t n, struct sasl_login *l_r);

#endif

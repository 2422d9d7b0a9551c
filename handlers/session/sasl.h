/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a client sends to log in, decoded into secrets: PLAIN (RFC 4616) and
 * LOGIN. Decides nothing about who may.
 */
#ifndef RESTANTE_HANDLERS_SESSION_SASL_H
#define RESTANTE_HANDLERS_SESSION_SASL_H

#include "common/secret.h"

enum { SASL_LINE_MAX = 12288 }; /* RFC 4954 4, base64 and CRLF included */

struct sasl_login {
	char user[512];
	struct secret password;
};

void sasl_login_release(struct sasl_login *l);

/*
 * [authzid] NUL authcid NUL passwd. An authzid other than "" must equal
 * authcid. False: not that, or no user.
 */
bool sasl_plain_parse(const uint8_t *bytes, size_t n, struct sasl_login *l_r);

#endif

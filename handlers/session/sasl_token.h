/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What travels inside a SASL exchange, both ways: OAuth tokens read from a
 * client (OAUTHBEARER, RFC 7628; XOAUTH2, Google's and Microsoft's older form
 * of it), and a client's credential written anew for the real server under
 * another user name.
 */
#ifndef RESTANTE_HANDLERS_SESSION_SASL_TOKEN_H
#define RESTANTE_HANDLERS_SESSION_SASL_TOKEN_H

#include "handlers/session/sasl.h"

/* "user=U^Aauth=Bearer T^A^A". The token becomes l_r->password. */
bool sasl_xoauth2_parse(const uint8_t *bytes, size_t n, struct sasl_login *l_r);

/* "n,a=U,^A[host=…^A][port=…^A]auth=Bearer T^A^A", channel binding refused. */
bool sasl_oauthbearer_parse(const uint8_t *bytes, size_t n,
			    struct sasl_login *l_r);

/* The client's first message for a server; out_r is a secret of its own. */
void sasl_plain_make(const char *user, const struct secret *password,
		     struct secret *out_r);
void sasl_xoauth2_make(const char *user, const struct secret *token,
		       struct secret *out_r);
/* "=" and "," in the user are escaped (RFC 5801 4). */
void sasl_oauthbearer_make(const char *user, const char *host, uint16_t port,
			   const struct secret *token, struct secret *out_r);

#endif

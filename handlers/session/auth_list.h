/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which SASL mechanisms there are, as a client is told: in EHLO and CAPA, and
 * behind a bare AUTH. For those who take logins.
 */
#ifndef RESTANTE_HANDLERS_SESSION_AUTH_LIST_H
#define RESTANTE_HANDLERS_SESSION_AUTH_LIST_H

struct conn;

/* One line of capabilities: the mechanisms behind "250-AUTH" or "SASL". */
void auth_list_capability(struct conn *c, const char *before,
			  unsigned mechanisms);

/* A bare AUTH in POP3, which is how older clients ask what there is. */
void auth_list_bare(struct conn *c, unsigned mechanisms);

#endif

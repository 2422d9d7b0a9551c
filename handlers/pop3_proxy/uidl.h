/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the proxy knows of the server's messages: the UIDL of each number, and
 * which of them could not be kept. As data: it speaks to nobody.
 */
#ifndef RESTANTE_HANDLERS_POP3_PROXY_UIDL_H
#define RESTANTE_HANDLERS_POP3_PROXY_UIDL_H

#include "common/base.h"

enum { POP3_UIDL_MAX = 70 }; /* RFC 1939 7 */

struct pop3_uidls {
	bool asked;
	bool complete; /* every line of the server's list is understood */
	char **list;   /* by number - 1; NULL: none is known */
	size_t n;
	uint64_t *unkept; /* numbers whose copy failed */
	size_t n_unkept;
};

void pop3_uidls_release(struct pop3_uidls *u);

/* The server's whole list comes, line by line, "number uid". */
void pop3_uidls_begin(struct pop3_uidls *u);
void pop3_uidls_add(struct pop3_uidls *u, const char *line);

/* "" where none is known. */
const char *pop3_uidls_get(const struct pop3_uidls *u, uint64_t number);

void pop3_uidls_mark_unkept(struct pop3_uidls *u, uint64_t number);
void pop3_uidls_mark_kept(struct pop3_uidls *u, uint64_t number);
bool pop3_uidls_is_unkept(const struct pop3_uidls *u, uint64_t number);

#endif

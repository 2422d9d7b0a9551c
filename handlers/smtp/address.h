/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SMTP paths and parameters. Nothing else parses an address. Pure functions
 * over text.
 */
#ifndef RESTANTE_HANDLERS_SMTP_ADDRESS_H
#define RESTANTE_HANDLERS_SMTP_ADDRESS_H

#include "common/mailbox_id.h"

enum { ADDR_MAX = 320 }; /* 64 "@" 255, RFC 5321 4.5.3.1 */

struct addr_path {
	char address[ADDR_MAX + 1]; /* without <>, source route cut; "": <> */
	size_t local_len;	    /* octets of the local part */
	bool utf8;		    /* needs SMTPUTF8 */
};

/*
 * Reads "<path>" at the start of text (RFC 5321 4.1.2, RFC 6531 3.3); a path
 * without brackets is taken too. *rest_r is what follows: "" or parameters
 * behind a space. False: not a path.
 */
bool addr_path_parse(const char *text, struct addr_path *path_r,
		     const char **rest_r);

/* An address as it came: any octets, any length. Borrowed, not terminated. */
struct addr_loose {
	const char *text;
	size_t n;
};

/*
 * The same for a receiver that refuses nobody for the form of an address:
 * whatever stands there is one. A path is read as above where it is one.
 */
void addr_loose_parse(const char *text, struct addr_loose *a_r,
		      const char **rest_r);

/*
 * The mailbox that a recipient names: "<id>@…" or "<id>+<anything>@…", in
 * quotes or not (RFC 5321 4.1.2: both are the same address). False: it names
 * none of ours.
 */
bool addr_mailbox_id(const char *address, char id_r[MAILBOX_ID_LEN + 1]);

/* "postmaster", with or without a domain or quotes, in either case. */
bool addr_is_postmaster(const char *address);

struct addr_param {
	const char *name; /* borrowed, not NUL-terminated */
	size_t name_len;
	const char *value; /* NULL: no "=" */
	size_t value_len;
};

/*
 * The next " NAME[=VALUE]" (esmtp-param, RFC 5321 4.1.2). 1: one was read,
 * 0: none is left, -1: not a parameter.
 */
int addr_param_next(const char **rest, struct addr_param *param_r);

/*
 * The same for a receiver that refuses nobody for a parameter: the next word,
 * whatever it is. False: none is left.
 */
bool addr_param_next_loose(const char **rest, struct addr_param *param_r);

bool addr_param_is(const struct addr_param *p, const char *name);

/* xtext (RFC 3461 4), decoded with its NUL. False: it is none, or too long. */
bool addr_xtext_decode(const char *text, size_t n, char *out, size_t size);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One request as CGI/1.1 hands it over (RFC 3875): the environment and fd 0,
 * read once and never written. Decides nothing but whether it is a request.
 */
#ifndef RESTANTE_HANDLERS_CONSOLE_WEB_REQUEST_H
#define RESTANTE_HANDLERS_CONSOLE_WEB_REQUEST_H

#include "common/secret.h"
#include "handlers/console/web/urlencoded.h"

enum method { METHOD_OTHER, METHOD_GET, METHOD_HEAD, METHOD_POST };

enum {
	REQUEST_BODY_MAX = 64 * 1024,
	REQUEST_PATH_MAX = 512,
	REQUEST_QUERY_MAX = 4096,
};

struct request {
	enum method method;
	const char *base; /* SCRIPT_NAME: "" at the top of a site */
	const char *path; /* PATH_INFO, begins with "/" */
	const char *peer; /* REMOTE_ADDR */
	const char *user; /* REMOTE_USER, or "" */
	const char *cookies;
	const char *languages; /* Accept-Language */
	bool over_tls;
	bool refresh; /* asked for by the page itself, not by a person */
	char query_text[REQUEST_QUERY_MAX + 1];
	struct urlencoded query;
	struct secret body; /* holds what `form` points to */
	struct urlencoded form;
};

/*
 * Reads it. Returns 0, or the status of an HTTP answer: 400 for what is not a
 * request, 411 and 413 for its length, 414 for its address, 415 for a body
 * that is no form. Strings are the environment's.
 */
int request_read(struct request *r);

/* Wipes what the body held. */
void request_release(struct request *r);

/*
 * The value of a cookie (RFC 6265 5.4), copied; false: there is none, or it
 * does not fit.
 */
bool request_cookie(const struct request *r, const char *name, char *value_r,
		    size_t size);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The answer to one request: status, headers and body, gathered in memory and
 * written once. Knows no page and no visitor.
 */
#ifndef RESTANTE_HANDLERS_CONSOLE_WEB_ANSWER_H
#define RESTANTE_HANDLERS_CONSOLE_WEB_ANSWER_H

#include "handlers/console/web/html.h"

struct request;

struct answer {
	const struct request *request; /* what is answered */
	int status;
	const char *type;   /* Content-Type */
	struct buf headers; /* further ones, with their line ends */
	struct html html;   /* the body */
	const char *cache;  /* Cache-Control */
};

void answer_init(struct answer *a, const struct request *request);
void answer_release(struct answer *a);

/* A header line; a value that holds a line end is a bug. */
void answer_header(struct answer *a, const char *name, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/*
 * 303 to a page of ours, below SCRIPT_NAME (RFC 9110 15.4.4): what a POST that
 * has done something answers.
 */
void answer_see_other(struct answer *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Writes status, headers and, unless it was a HEAD, the body to fd 1. */
int answer_send(struct answer *a);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What every page gets: one request to the console, who asks, and the answer
 * that is being written. Data alone: what is done with it stands in the rooms.
 */
#ifndef RESTANTE_HANDLERS_CONSOLE_CONTEXT_H
#define RESTANTE_HANDLERS_CONSOLE_CONTEXT_H

#include "common/conf.h"
#include "handlers/console/sign_in/visitor.h"
#include "handlers/console/text/language.h"
#include "handlers/console/web/answer.h"
#include "handlers/console/web/request.h"
#include "store/store.h"

#define LANGUAGE_COOKIE "__Host-restante-language"

struct console {
	const struct conf *conf;
	const char *conf_file;
	struct store *store; /* NULL: it cannot be opened, see store_error */
	struct err store_error;
	int state; /* the console's own directory; -1: it cannot be opened */
	struct request *request;
	struct visitor visitor;
	const struct language *language;
	char id[MAILBOX_ID_LEN + 1]; /* the mailbox in the path, or "" */
	struct answer answer;
	time_t now;
};

#endif

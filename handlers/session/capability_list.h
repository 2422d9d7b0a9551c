/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a session offers, a line for each: for EHLO and CAPA. Which of it holds
 * now is the session's to say.
 */
#ifndef RESTANTE_HANDLERS_SESSION_CAPABILITY_LIST_H
#define RESTANTE_HANDLERS_SESSION_CAPABILITY_LIST_H

#include "common/base.h"

struct conn;

struct capability {
	const char *line;
	bool holds;
};

/* Those that hold, each behind `before`: "250-", or "". */
void capability_list_write(struct conn *c, const char *before,
			   const struct capability *list, size_t n);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Mailbox passwords pass through another program, mailbox-tool, that lives for
 * one of them: the console itself can open nothing that is kept. It is the
 * same program as the shell command, so that nothing is done in two ways.
 */
#ifndef RESTANTE_HANDLERS_CONSOLE_PARTS_HELPER_H
#define RESTANTE_HANDLERS_CONSOLE_PARTS_HELPER_H

#include "common/conf_value.h"
#include "common/err.h"
#include "common/secret.h"

struct console;

struct helper_result {
	struct secret
		out; /* what it printed; ends in a NUL beyond its length */
	int exit_code;
};

/*
 * Runs `mailbox-tool -c FILE args…`, on behalf of who is signed in, with input
 * (or NULL) as its fd 0, for at most a minute. 0 where it ended with 0;
 * otherwise e says what it said, with the kind that its exit code stands for.
 * result_r is to be released in both cases.
 */
int helper_run(const struct console *c, const struct conf_strings *args,
	       const struct secret *input, struct helper_result *result_r,
	       struct err *e) MUST_USE;
void helper_release(struct helper_result *r);

/*
 * The value of a "key: value" line of what it printed, lent: *n_r octets.
 * NULL: there is none.
 */
const char *helper_value(const struct helper_result *r, const char *key,
			 size_t *n_r);

#endif

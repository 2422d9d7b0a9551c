/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What MAIL and RCPT are given besides the path: the word before it, the
 * parameters behind it (RFC 5321 4.1.1.11). A service names the parameters
 * that it knows, in a table; which answer a fault gets stands here.
 */
#ifndef RESTANTE_HANDLERS_SMTP_PATH_ARGS_H
#define RESTANTE_HANDLERS_SMTP_PATH_ARGS_H

#include "handlers/smtp/address.h"

struct reply;

/* "FROM:" and "TO:", which stand before the path. False: it is not there. */
bool path_args_skip_word(const char **arg, const char *word);

enum path_args {
	PATH_ARGS_OK,
	PATH_ARGS_UNKNOWN, /* 555: one that was not announced */
	PATH_ARGS_BAD,	   /* 501: no parameter, or a value it cannot have */
};

struct path_arg {
	const char *name;
	/* False: it cannot have this value. */
	bool (*read)(const struct addr_param *p, void *to);
};

/* What a command may carry. */
struct path_args_table {
	const struct path_arg *rows;
	size_t n;
};

/*
 * Reads all parameters; `to` is handed on. rest: what follows the path, "" or
 * parameters behind a space.
 */
enum path_args path_args_read(const char *rest,
			      const struct path_args_table *table, void *to);

/*
 * The same for a receiver that refuses nobody for a parameter: what is unknown,
 * comes twice or has a value that it cannot have is passed over.
 */
void path_args_read_loose(const char *rest, const struct path_args_table *table,
			  void *to);

/* NULL: PATH_ARGS_OK. */
const struct reply *path_args_refusal(enum path_args result);

#endif

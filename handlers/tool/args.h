/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words and options of a command line. */
#ifndef RESTANTE_HANDLERS_TOOL_ARGS_H
#define RESTANTE_HANDLERS_TOOL_ARGS_H

#include "common/err.h"

struct tool_command;

struct tool_option {
	const char *name;  /* begins with it, up to "=" or a space */
	const char *value; /* NULL: it takes none */
};

/* The words behind the command, its options taken out. */
struct tool_args {
	const char **words;
	size_t n_words;
	struct tool_option *options;
	size_t n_options;
};

/*
 * Sorts argv into words and options, in any order; behind "--" all are words.
 * -1: e says which one is wrong.
 */
int tool_args_parse(const struct tool_command *c, int argc, char **argv,
		    struct tool_args *a_r, struct err *e) MUST_USE;
void tool_args_release(struct tool_args *a);

bool tool_has(const struct tool_args *a, const char *name);
/* The last value given, or NULL. */
const char *tool_value(const struct tool_args *a, const char *name);

#endif

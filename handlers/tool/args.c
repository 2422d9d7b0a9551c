/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words and options of a command line. Decides nothing about their values. */
#include "common/base.h"
#include "handlers/tool/args.h"

#include "common/log.h"
#include "handlers/tool/command.h"

/* The row of the option that text names, up to an "=" of its own; or NULL. */
static const char *find_option(const struct tool_command *c, const char *text)
{
	size_t n = strcspn(text, "=");
	const char *row = c->options;

	while (*row) {
		if (strcspn(row, "= ") == n && strncmp(row, text, n) == 0)
			return row;
		row += strcspn(row, " ");
		row += *row == ' ';
	}
	return NULL;
}

/* How many of argv the option at argv[0] takes up, or -1. */
static int take_option(const struct tool_command *c, int argc, char **argv,
		       struct tool_args *a, struct err *e)
{
	const char *text = argv[0] + 2;
	size_t n = strcspn(text, "=");
	const char *row = find_option(c, text);
	struct tool_option *o = &a->options[a->n_options];
	bool takes_value;

	if (!row)
		return err_set(e, ERR_CONFIG, "%s: no such option of '%s'",
			       argv[0], c->path);
	takes_value = row[n] == '=';
	o->name = row;
	o->value = text[n] == '=' ? text + n + 1 : NULL;
	if (!takes_value && o->value)
		return err_set(e, ERR_CONFIG, "--%.*s takes no value", (int)n,
			       text);
	a->n_options++;
	if (!takes_value || o->value)
		return 1;
	if (argc < 2)
		return err_set(e, ERR_CONFIG, "--%s needs a value", text);
	o->value = argv[1];
	return 2;
}

static int check_words(const struct tool_command *c, const struct tool_args *a,
		       struct err *e)
{
	if (a->n_words < c->min_words)
		return err_set(e, ERR_CONFIG,
			       "something is missing: restante %s %s", c->path,
			       c->usage);
	if (a->n_words > c->max_words)
		return err_set(e, ERR_CONFIG,
			       "'%s' is one word too many: restante %s %s",
			       a->words[c->max_words], c->path, c->usage);
	return 0;
}

static int sort_arguments(const struct tool_command *c, int argc, char **argv,
			  struct tool_args *a, struct err *e)
{
	bool words_only = false;
	int taken;

	for (int i = 0; i < argc; i += taken) {
		taken = 1;
		if (words_only || argv[i][0] != '-' || argv[i][1] == '\0') {
			a->words[a->n_words++] = argv[i];
		} else if (strcmp(argv[i], "--") == 0) {
			words_only = true;
		} else if (argv[i][1] != '-') {
			return err_set(e, ERR_CONFIG,
				       "%s: no such option of '%s'", argv[i],
				       c->path);
		} else {
			taken = take_option(c, argc - i, argv + i, a, e);
			if (taken < 0)
				return -1;
		}
	}
	return check_words(c, a, e);
}

int tool_args_parse(const struct tool_command *c, int argc, char **argv,
		    struct tool_args *a_r, struct err *e)
{
	size_t n = (size_t)argc + 1;

	*a_r = (struct tool_args){
		.words = xcalloc(n, sizeof(*a_r->words)),
		.options = xcalloc(n, sizeof(*a_r->options)),
	};
	if (sort_arguments(c, argc, argv, a_r, e) == 0)
		return 0;
	tool_args_release(a_r);
	return -1;
}

void tool_args_release(struct tool_args *a)
{
	free(a->words);
	free(a->options);
	*a = (struct tool_args){.words = NULL};
}

static bool is_named(const struct tool_option *o, const char *name)
{
	size_t n = strcspn(o->name, "= ");

	return strlen(name) == n && strncmp(o->name, name, n) == 0;
}

bool tool_has(const struct tool_args *a, const char *name)
{
	for (size_t i = 0; i < a->n_options; i++)
		if (is_named(&a->options[i], name))
			return true;
	return false;
}

const char *tool_value(const struct tool_args *a, const char *name)
{
	const char *value = NULL;

	for (size_t i = 0; i < a->n_options; i++)
		if (is_named(&a->options[i], name))
			value = a->options[i].value;
	return value;
}

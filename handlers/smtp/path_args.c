/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parameters by table: a row is a name and what reads its value. */
#include "common/base.h"
#include "handlers/smtp/path_args.h"

#include <strings.h>

#include "handlers/smtp/replies.h"

bool path_args_skip_word(const char **arg, const char *word)
{
	size_t n = strlen(word);

	if (strncasecmp(*arg, word, n) != 0)
		return false;
	*arg += n;
	return true;
}

static size_t find_row(const struct path_args_table *table,
		       const struct addr_param *p)
{
	size_t i = 0;

	while (i < table->n && !addr_param_is(p, table->rows[i].name))
		i++;
	return i;
}

enum path_args path_args_read(const char *rest,
			      const struct path_args_table *table, void *to)
{
	struct addr_param p;
	int got;

	while ((got = addr_param_next(&rest, &p)) == 1) {
		size_t i = find_row(table, &p);

		if (i == table->n)
			return PATH_ARGS_UNKNOWN;
		if (!table->rows[i].read(&p, to))
			return PATH_ARGS_BAD;
	}
	return got < 0 ? PATH_ARGS_BAD : PATH_ARGS_OK;
}

void path_args_read_loose(const char *rest, const struct path_args_table *table,
			  void *to)
{
	struct addr_param p;

	while (addr_param_next_loose(&rest, &p)) {
		size_t i = find_row(table, &p);

		if (i < table->n)
			(void)table->rows[i].read(&p, to);
	}
}

const struct reply *path_args_refusal(enum path_args result)
{
	switch (result) {
	case PATH_ARGS_UNKNOWN:
		return &smtp_unknown_parameter;
	case PATH_ARGS_BAD:
		return &smtp_bad_parameter;
	case PATH_ARGS_OK:
		break;
	}
	return NULL;
}

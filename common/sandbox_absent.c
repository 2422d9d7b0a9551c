/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stands in for the sandbox where handlers are built with instruments: what a
 * sanitizer or a fault point needs is in no row of the table. Not built
 * otherwise.
 */
#include "common/base.h"
#include "common/sandbox.h"

int sandbox_enter(enum sandbox_row row UNUSED, const struct conf *conf UNUSED,
		  struct err *e UNUSED)
{
	return 0;
}

int sandbox_prepare(struct sandbox *s_r, enum sandbox_row row,
		    const struct conf *conf UNUSED, bool has_keys UNUSED,
		    struct err *e UNUSED)
{
	*s_r = (struct sandbox){.row = row, .files = -1};
	return 0;
}

int sandbox_enter_prepared(struct sandbox *s UNUSED, struct err *e UNUSED)
{
	return 0;
}

void sandbox_keep_to_mailbox(const char *store UNUSED,
			     const char *mailbox_id UNUSED)
{
}

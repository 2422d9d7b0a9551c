/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of what is offered. Decides nothing. */
#include "common/base.h"
#include "handlers/session/capability_list.h"

#include "common/conn.h"

void capability_list_write(struct conn *c, const char *before,
			   const struct capability *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].holds)
			conn_printf(c, "%s%s\r\n", before, list[i].line);
}

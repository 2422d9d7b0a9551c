/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of mechanisms. */
#include "common/base.h"
#include "handlers/session/auth_list.h"

#include "handlers/session/sasl_server.h"

void auth_list_capability(struct conn *c, const char *before,
			  unsigned mechanisms)
{
	conn_printf(c, "%s", before);
	sasl_server_list(c, mechanisms, " ", "");
	conn_printf(c, "\r\n");
}

void auth_list_bare(struct conn *c, unsigned mechanisms)
{
	conn_printf(c, "+OK\r\n");
	sasl_server_list(c, mechanisms, "", "\r\n");
	conn_printf(c, ".\r\n");
}

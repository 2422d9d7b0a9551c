/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing a reply. Only constants come here, so nothing needs escaping. */
#include "common/base.h"
#include "common/reply.h"

#include "common/conn.h"

const struct reply reply_sent = {.flags = REPLY_SENT};
const struct reply reply_sent_fault = {.flags = REPLY_SENT | REPLY_FAULT};
const struct reply reply_sent_not_now = {.flags = REPLY_SENT | REPLY_NOT_NOW};
const struct reply reply_sent_close = {.flags = REPLY_SENT | REPLY_CLOSE};

void reply_write(struct conn *c, const struct reply *r)
{
	conn_printf(c, "%s%s%s%s%s\r\n", r->code, r->tag[0] ? " " : "", r->tag,
		    r->text[0] ? " " : "", r->text);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A mailbox for programs: what `list` and `show` have in common. */
#ifndef RESTANTE_HANDLERS_TOOL_MAILBOX_JSON_H
#define RESTANTE_HANDLERS_TOOL_MAILBOX_JSON_H

#include "handlers/tool/json.h"
#include "store/store.h"

/* "active" or "suspended". */
const char *mailbox_status_text(const struct mailbox_conf *c);

/* An object with all of its settings and counters (docs/json.md). */
void mailbox_write_json(struct json *j, const struct mailbox_conf *c,
			const struct counters *n);

#endif

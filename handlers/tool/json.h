/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Output for programs, to stdout (RFC 8259); what is what: docs/json.md. */
#ifndef RESTANTE_HANDLERS_TOOL_JSON_H
#define RESTANTE_HANDLERS_TOOL_JSON_H

#include "common/base.h"

/* What is being written; begins as {0}, and belongs to these functions. */
struct json {
	bool has_object; /* in the array */
	bool has_member; /* in the object */
};

/* An array of objects, one a line. */
void json_array_begin(struct json *j);
void json_array_end(const struct json *j);
void json_object_begin(struct json *j);
void json_object_end(const struct json *j);

/* Octets that are no UTF-8 become U+FFFD: the value may be anybody's. */
void json_text(struct json *j, const char *key, const char *value);
void json_bool(struct json *j, const char *key, bool value);
void json_number(struct json *j, const char *key, uint64_t value);
/* An array of strings. */
void json_texts(struct json *j, const char *key, const char *const *list,
		size_t n);
/* ISO 8601 in UTC; null for 0. */
void json_time(struct json *j, const char *key, int64_t seconds);

#endif

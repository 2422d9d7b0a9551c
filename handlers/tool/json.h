/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Output for programs, to stdout (RFC 8259); what is what: docs/json.md. */
#ifndef RESTANTE_HANDLERS_TOOL_JSON_H
#define RESTANTE_HANDLERS_TOOL_JSON_H

#include "common/base.h"

struct json_t; /* of jansson, which json.c alone includes */

enum { JSON_DEPTH = 4 };

/* What is being written; begins as {0}, and belongs to these functions. */
struct json {
	struct json_t *open[JSON_DEPTH]; /* objects and lists, within another */
	const char *keys[JSON_DEPTH];
	size_t depth;
	bool in_array;	 /* objects are elements, one a line */
	bool has_object; /* in the array */
};

/* An array of objects; without one an object is the whole text. */
void json_array_begin(struct json *j);
void json_array_end(struct json *j);
/* Printed when it ends; or an element of the list it is in. */
void json_object_begin(struct json *j);
void json_object_end(struct json *j);

/* An array of objects as a member. key is kept until it ends. */
void json_list_begin(struct json *j, const char *key);
void json_list_end(struct json *j);

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

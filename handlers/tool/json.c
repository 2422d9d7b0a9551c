/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Output for programs: jansson writes each value, and an array goes out object
 * by object, so that a long one is never in memory as a whole. Reads nothing.
 */
#include "common/base.h"
#include "handlers/tool/json.h"

#include <jansson.h>

#include "common/buf.h"
#include "common/log.h"
#include "common/utf8.h"
#include "handlers/tool/text.h"

/*
 * Everything beyond ASCII is escaped: a value may be from outside, and a
 * terminal obeys C1 as well.
 */
enum { JSON_FORM = JSON_ENSURE_ASCII };

static void or_die(int result)
{
	if (result != 0)
		die_temp("out of memory");
}

/* --- values --------------------------------------------------------------- */

static json_t *new_text(const char *text)
{
	size_t left = strlen(text), n;
	struct buf clean;
	json_t *value;
	bool fits = true;

	buf_init(&clean, 3 * left);
	for (; left > 0; text += n, left -= n) {
		n = utf8_length((const uint8_t *)text, left);
		fits &= n ? buf_add(&clean, text, n)
			  : buf_adds(&clean, "\xef\xbf\xbd"); /* U+FFFD */
		n += n == 0;
	}
	if (!fits)
		die_bug("U+FFFD is longer than three octets");
	value = json_stringn(clean.data, clean.len);
	buf_release(&clean);
	return value;
}

static void add_member(struct json *j, const char *key, json_t *value)
{
	or_die(json_object_set_new(j->open[j->depth - 1], key, value));
}

void json_text(struct json *j, const char *key, const char *value)
{
	add_member(j, key, new_text(value));
}

void json_texts(struct json *j, const char *key, const char *const *list,
		size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		or_die(json_array_append_new(array, new_text(list[i])));
	add_member(j, key, array);
}

void json_bool(struct json *j, const char *key, bool value)
{
	add_member(j, key, json_boolean(value));
}

/* RFC 8259 section 6: beyond 2^53 readers do not agree on a number anyway. */
void json_number(struct json *j, const char *key, uint64_t value)
{
	json_int_t most = INT64_MAX;

	add_member(j, key,
		   json_integer(value > INT64_MAX ? most : (json_int_t)value));
}

void json_time(struct json *j, const char *key, int64_t seconds)
{
	char text[24];

	add_member(j, key,
		   seconds > 0 ? json_string(tool_time(seconds, text))
			       : json_null());
}

/* --- what holds them ------------------------------------------------------ */

static void open_container(struct json *j, const char *key, json_t *container)
{
	if (j->depth == JSON_DEPTH)
		die_bug("JSON deeper than %d", JSON_DEPTH);
	j->keys[j->depth] = key;
	j->open[j->depth++] = container;
}

/* An object without one around it is done, and goes out. */
static void print_object(struct json *j, json_t *object)
{
	if (j->in_array)
		fputs(j->has_object ? ",\n" : "\n", stdout);
	j->has_object = true;
	/* What could not be written stdout knows, and fflush() tells. */
	(void)json_dumpf(object, stdout, JSON_FORM);
	if (!j->in_array)
		putchar('\n');
	json_decref(object);
}

void json_array_begin(struct json *j)
{
	*j = (struct json){.in_array = true};
	putchar('[');
}

void json_array_end(struct json *j)
{
	fputs(j->has_object ? "\n]\n" : "]\n", stdout);
	*j = (struct json){.depth = 0};
}

void json_object_begin(struct json *j)
{
	open_container(j, NULL, json_object());
}

void json_object_end(struct json *j)
{
	json_t *object = j->open[--j->depth];

	if (j->depth)
		or_die(json_array_append_new(j->open[j->depth - 1], object));
	else
		print_object(j, object);
}

void json_list_begin(struct json *j, const char *key)
{
	open_container(j, key, json_array());
}

void json_list_end(struct json *j)
{
	json_t *list = j->open[--j->depth];

	add_member(j, j->keys[j->depth], list);
}

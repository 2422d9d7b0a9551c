/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes JSON to stdout. Keeps nothing, and reads nothing. */
#include "common/base.h"
#include "handlers/tool/json.h"

#include <inttypes.h>

#include "common/utf8.h"
#include "handlers/tool/text.h"

void json_array_begin(struct json *j)
{
	*j = (struct json){.has_object = false};
	putchar('[');
}

void json_array_end(const struct json *j)
{
	fputs(j->has_object ? "\n]\n" : "]\n", stdout);
}

void json_object_begin(struct json *j)
{
	fputs(j->has_object ? ",\n{" : "\n{", stdout);
	j->has_object = true;
	j->has_member = false;
}

void json_object_end(const struct json *j UNUSED)
{
	putchar('}');
}

/* RFC 8259 section 7 wants these escaped; DEL and C1 are, for terminals. */
static bool is_escaped(const uint8_t *s, size_t n)
{
	return *s == '"' || *s == '\\' || utf8_is_control(s, n);
}

static uint32_t code_point(const uint8_t *s, size_t n)
{
	return n == 1 ? s[0] : (uint32_t)(s[0] & 0x1f) << 6 | (s[1] & 0x3f);
}

static void write_string(const char *text)
{
	const uint8_t *s = (const uint8_t *)text;
	size_t left = strlen(text), n;

	putchar('"');
	for (; left > 0; s += n, left -= n) {
		n = utf8_length(s, left);
		if (n == 0) {
			fputs("\\ufffd", stdout);
			n = 1;
		} else if (is_escaped(s, n)) {
			printf("\\u%04" PRIx32, code_point(s, n));
		} else {
			fwrite(s, 1, n, stdout);
		}
	}
	putchar('"');
}

static void write_key(struct json *j, const char *key)
{
	if (j->has_member)
		fputs(", ", stdout);
	j->has_member = true;
	write_string(key);
	fputs(": ", stdout);
}

void json_text(struct json *j, const char *key, const char *value)
{
	write_key(j, key);
	write_string(value);
}

void json_texts(struct json *j, const char *key, const char *const *list,
		size_t n)
{
	write_key(j, key);
	putchar('[');
	for (size_t i = 0; i < n; i++) {
		fputs(i ? ", " : "", stdout);
		write_string(list[i]);
	}
	putchar(']');
}

void json_bool(struct json *j, const char *key, bool value)
{
	write_key(j, key);
	fputs(value ? "true" : "false", stdout);
}

void json_number(struct json *j, const char *key, uint64_t value)
{
	write_key(j, key);
	printf("%" PRIu64, value);
}

void json_time(struct json *j, const char *key, int64_t seconds)
{
	char text[24];

	write_key(j, key);
	if (seconds > 0)
		write_string(tool_time(seconds, text));
	else
		fputs("null", stdout);
}

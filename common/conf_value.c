/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values read from text. No files, no libconfuse, no messages. */
#include "common/base.h"
#include "common/conf_value.h"

#include "common/buf.h"
#include "common/conf_rule.h"
#include "common/log.h"
#include "common/num.h"

/* --- lists ---------------------------------------------------------------- */

void conf_strings_add(struct conf_strings *s, const char *value)
{
	s->list = xgrow(s->list, s->n, sizeof(*s->list));
	s->list[s->n++] = xstrdup(value);
}

bool conf_strings_remove(struct conf_strings *s, const char *value)
{
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->list[i], value) != 0)
			continue;
		free(s->list[i]);
		s->n--;
		memmove(&s->list[i], &s->list[i + 1],
			(s->n - i) * sizeof(*s->list));
		return true;
	}
	return false;
}

bool conf_strings_has(const struct conf_strings *s, const char *value)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->list[i], value) == 0)
			return true;
	return false;
}

void conf_strings_release(struct conf_strings *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->list[i]);
	free(s->list);
	*s = (struct conf_strings){.n = 0};
}

void conf_networks_release(struct conf_networks *n)
{
	free(n->list);
	*n = (struct conf_networks){.n = 0};
}

/* --- units ---------------------------------------------------------------- */

struct unit {
	char letter;
	uint64_t factor;
};

static const struct unit size_units[] = {
	{'K', 1ull << 10}, {'M', 1ull << 20}, {'G', 1ull << 30}};
static const struct unit time_units[] = {
	{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};

/* Digits and at most one of the letters; at most max in all. */
static bool parse_with_unit(const char *text, const struct unit *units,
			    size_t n_units, uint64_t max, uint64_t *value_r)
{
	size_t digits = strspn(text, "0123456789");
	uint64_t factor = 1;

	if (text[digits] != '\0') {
		size_t i = 0;

		while (i < n_units && units[i].letter != text[digits])
			i++;
		if (i == n_units || text[digits + 1] != '\0')
			return false;
		factor = units[i].factor;
	}
	if (!num_parse(text, digits, max / factor, value_r))
		return false;
	*value_r *= factor;
	return true;
}

bool conf_parse_size(const char *text, uint64_t *octets_r)
{
	/* Sizes are compared with file sizes: they stay within off_t. */
	return parse_with_unit(text, size_units, N_ELEMENTS(size_units),
			       INT64_MAX, octets_r);
}

bool conf_parse_time(const char *text, unsigned *seconds_r)
{
	uint64_t seconds;

	if (!parse_with_unit(text, time_units, N_ELEMENTS(time_units),
			     INT32_MAX, &seconds))
		return false;
	*seconds_r = (unsigned)seconds;
	return true;
}

/* --- types ---------------------------------------------------------------- */

static bool within(const struct conf_key *key, uint64_t value)
{
	return value >= key->min && value <= key->max;
}

static bool text_valid(const struct conf_key *key, const char *text)
{
	return within(key, strlen(text)) && conf_line_valid(text) &&
	       (!key->valid || key->valid(text));
}

static bool set_text(const struct conf_key *key, const char *text, void *member)
{
	char **stored = member;

	if (!text_valid(key, text))
		return false;
	if (stored) {
		free(*stored);
		*stored = xstrdup(text);
	}
	return true;
}

static void release_text(void *member)
{
	char **stored = member;

	free(*stored);
	*stored = NULL;
}

static bool set_flag(const struct conf_key *key UNUSED, const char *text,
		     void *member)
{
	bool value = strcmp(text, "true") == 0;

	if (!value && strcmp(text, "false") != 0)
		return false;
	if (member)
		*(bool *)member = value;
	return true;
}

static bool set_number(const struct conf_key *key, const char *text,
		       void *member)
{
	uint64_t value;

	if (!num_parse(text, strlen(text), UINT32_MAX, &value) ||
	    !within(key, value))
		return false;
	if (member)
		*(unsigned *)member = (unsigned)value;
	return true;
}

static bool set_time(const struct conf_key *key, const char *text, void *member)
{
	unsigned value;

	if (!conf_parse_time(text, &value) || !within(key, value))
		return false;
	if (member)
		*(unsigned *)member = value;
	return true;
}

static bool set_size(const struct conf_key *key, const char *text, void *member)
{
	uint64_t value;

	if (!conf_parse_size(text, &value) || !within(key, value))
		return false;
	if (member)
		*(uint64_t *)member = value;
	return true;
}

static bool add_string(const struct conf_key *key, const char *text,
		       void *member)
{
	if (!text_valid(key, text))
		return false;
	if (member)
		conf_strings_add(member, text);
	return true;
}

static void release_strings(void *member)
{
	conf_strings_release(member);
}

static bool add_network(const struct conf_key *key UNUSED, const char *text,
			void *member)
{
	struct conf_networks *networks = member;
	struct network network;

	if (!network_parse(text, &network))
		return false;
	if (networks) {
		networks->list = xgrow(networks->list, networks->n,
				       sizeof(*networks->list));
		networks->list[networks->n++] = network;
	}
	return true;
}

static void release_networks(void *member)
{
	conf_networks_release(member);
}

const struct conf_type conf_type_text = {
	.set = set_text, .release = release_text, .quoted = true};
const struct conf_type conf_type_flag = {.set = set_flag};
const struct conf_type conf_type_number = {.set = set_number};
const struct conf_type conf_type_time = {.set = set_time};
const struct conf_type conf_type_size = {.set = set_size};
const struct conf_type conf_type_strings = {.set = add_string,
					    .release = release_strings,
					    .list = true,
					    .quoted = true};
const struct conf_type conf_type_networks = {.set = add_network,
					     .release = release_networks,
					     .list = true,
					     .quoted = true};

bool conf_quote(struct buf *out, const char *text)
{
	size_t before = out->len;
	bool room = buf_adds(out, "'");

	for (; room && *text; text++) {
		if (*text == '\'' || *text == '\\')
			room = buf_adds(out, "\\");
		room = room && buf_add(out, text, 1);
	}
	room = room && buf_adds(out, "'");
	if (!room) {
		out->len = before;
		out->data[before] = '\0';
	}
	return room;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the receiver reads of each parameter. Pure functions. What is only
 * recorded is taken as it comes and cut to its room.
 */
#include "common/base.h"
#include "handlers/smtp_journal/params.h"

#include <strings.h>

#include "common/num.h"

static bool value_is(const struct addr_param *p, const char *word)
{
	return p->value && strlen(word) == p->value_len &&
	       strncasecmp(p->value, word, p->value_len) == 0;
}

static void add_note(char *note, size_t size, const struct addr_param *p,
		     const char *text)
{
	size_t used = strlen(note);

	snprintf(note + used, size - used, "%s%.*s=%s", used ? " " : "",
		 (int)p->name_len, p->name, text);
}

static bool is_printable(const char *text)
{
	while (*text >= ' ' && *text < 0x7f)
		text++;
	return *text == '\0';
}

/*
 * An xtext for people: decoded, or as it came where that would show less. A
 * sender that forgot to encode it is no reason to lose a copy.
 */
static void add_xtext(char *note, size_t size, const struct addr_param *p)
{
	char text[512];

	if (!addr_xtext_decode(p->value, p->value_len, text, sizeof(text)) ||
	    !is_printable(text))
		snprintf(text, sizeof(text), "%.*s", (int)p->value_len,
			 p->value);
	add_note(note, size, p, text);
}

/* RFC 1870 6.1; a number beyond 64 bits is a big message, not a bad one. */
static bool read_size(const struct addr_param *p, void *to)
{
	struct smtp_mail_params *params = to;
	size_t i = 0;

	while (i < p->value_len && p->value[i] >= '0' && p->value[i] <= '9')
		i++;
	if (i == 0 || i < p->value_len)
		return false;
	if (!num_parse(p->value, p->value_len, UINT64_MAX, &params->size))
		params->size = UINT64_MAX;
	return true;
}

/* BINARYMIME is never announced, so it is a value like any other here. */
static bool read_body(const struct addr_param *p, void *to UNUSED)
{
	return value_is(p, "7BIT") || value_is(p, "8BITMIME");
}

static bool read_utf8(const struct addr_param *p, void *to)
{
	((struct smtp_mail_params *)to)->utf8 = true;
	return !p->value;
}

static bool read_ret(const struct addr_param *p, void *to)
{
	struct smtp_mail_params *params = to;

	if (!value_is(p, "FULL") && !value_is(p, "HDRS"))
		return false;
	add_note(params->note, sizeof(params->note), p,
		 value_is(p, "FULL") ? "FULL" : "HDRS");
	return true;
}

static bool read_envid(const struct addr_param *p, void *to)
{
	struct smtp_mail_params *params = to;

	if (!p->value)
		return false;
	add_xtext(params->note, sizeof(params->note), p);
	return true;
}

static bool read_orcpt(const struct addr_param *p, void *to)
{
	struct smtp_rcpt_params *params = to;

	if (!p->value)
		return false;
	add_xtext(params->note, sizeof(params->note), p);
	return true;
}

/* One bit for each word of a NOTIFY list, 0: none of them. */
static unsigned notify_word(const char *text, size_t n)
{
	static const char *const words[] = {"SUCCESS", "FAILURE", "DELAY"};

	for (unsigned i = 0; i < N_ELEMENTS(words); i++)
		if (strlen(words[i]) == n &&
		    strncasecmp(text, words[i], n) == 0)
			return 1u << i;
	return 0;
}

/* RFC 3461 4.1: words between commas, each at most once. */
static bool is_notify_list(const char *text, size_t n)
{
	unsigned seen = 0;

	for (;;) {
		const char *comma = memchr(text, ',', n);
		size_t len = comma ? (size_t)(comma - text) : n;
		unsigned word = notify_word(text, len);

		if (!word || seen & word)
			return false;
		if (!comma)
			return true;
		seen |= word;
		text += len + 1;
		n -= len + 1;
	}
}

static bool read_notify(const struct addr_param *p, void *to)
{
	struct smtp_rcpt_params *params = to;
	char text[32]; /* all three words fit */

	if (!value_is(p, "NEVER") &&
	    !(p->value && is_notify_list(p->value, p->value_len)))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)p->value_len, p->value);
	add_note(params->note, sizeof(params->note), p, text);
	return true;
}

static const struct path_arg mail_rows[] = {
	{"BODY", read_body}, {"ENVID", read_envid},   {"RET", read_ret},
	{"SIZE", read_size}, {"SMTPUTF8", read_utf8},
};

static const struct path_arg rcpt_rows[] = {
	{"NOTIFY", read_notify},
	{"ORCPT", read_orcpt},
};

enum path_args smtp_mail_params_parse(const char *rest,
				      struct smtp_mail_params *p_r)
{
	static const struct path_args_table table = {
		mail_rows, N_ELEMENTS(mail_rows), .once = true};

	*p_r = (struct smtp_mail_params){.size = 0};
	return path_args_read(rest, &table, p_r);
}

enum path_args smtp_rcpt_params_parse(const char *rest,
				      struct smtp_rcpt_params *p_r)
{
	static const struct path_args_table table = {
		rcpt_rows, N_ELEMENTS(rcpt_rows), .once = true};

	*p_r = (struct smtp_rcpt_params){.note = ""};
	return path_args_read(rest, &table, p_r);
}

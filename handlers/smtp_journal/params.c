/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the receiver reads of each parameter. Pure functions. None is refused,
 * whatever its value: docs/sessions.md has why for each that IANA lists. What
 * is only recorded is taken as it comes and cut to its room.
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

	if (!p->value_len)
		return;
	if (!addr_xtext_decode(p->value, p->value_len, text, sizeof(text)) ||
	    !is_printable(text))
		snprintf(text, sizeof(text), "%.*s", (int)p->value_len,
			 p->value);
	add_note(note, size, p, text);
}

/*
 * RFC 1870 6.1; a number beyond 64 bits is a big message. What is no number
 * tells nothing: the octets are counted as they come.
 */
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

/* Never announced: line ends are mended all the same, and the reader told. */
static bool read_body(const struct addr_param *p, void *to)
{
	struct smtp_mail_params *params = to;

	if (value_is(p, "BINARYMIME"))
		add_note(params->note, sizeof(params->note), p, "BINARYMIME");
	return true;
}

static bool read_utf8(const struct addr_param *p UNUSED, void *to)
{
	((struct smtp_mail_params *)to)->utf8 = true;
	return true;
}

/* RFC 8689 4.1 */
static bool read_requiretls(const struct addr_param *p UNUSED, void *to)
{
	((struct smtp_mail_params *)to)->require_tls = true;
	return true;
}

/* RET and ENVID */
static bool read_of_mail(const struct addr_param *p, void *to)
{
	struct smtp_mail_params *params = to;

	add_xtext(params->note, sizeof(params->note), p);
	return true;
}

/* NOTIFY and ORCPT */
static bool read_of_rcpt(const struct addr_param *p, void *to)
{
	struct smtp_rcpt_params *params = to;

	add_xtext(params->note, sizeof(params->note), p);
	return true;
}

static const struct path_arg mail_rows[] = {
	{"BODY", read_body},   {"ENVID", read_of_mail},
	{"RET", read_of_mail}, {"REQUIRETLS", read_requiretls},
	{"SIZE", read_size},   {"SMTPUTF8", read_utf8},
};

static const struct path_arg rcpt_rows[] = {
	{"NOTIFY", read_of_rcpt},
	{"ORCPT", read_of_rcpt},
};

void smtp_mail_params_parse(const char *rest, struct smtp_mail_params *p_r)
{
	static const struct path_args_table table = {
		.rows = mail_rows, .n = N_ELEMENTS(mail_rows)};

	*p_r = (struct smtp_mail_params){.size = 0};
	path_args_read_loose(rest, &table, p_r);
}

void smtp_rcpt_params_parse(const char *rest, struct smtp_rcpt_params *p_r)
{
	static const struct path_args_table table = {
		.rows = rcpt_rows, .n = N_ELEMENTS(rcpt_rows)};

	*p_r = (struct smtp_rcpt_params){.note = ""};
	path_args_read_loose(rest, &table, p_r);
}

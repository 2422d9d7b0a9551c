/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Addresses. What matters is where one ends, not whether its domain could
 * exist. A path of the strict kind holds no controls; the loose kind is taken
 * as it comes, for a refused sender is a lost copy, and may hold whatever a
 * command line can.
 */
#include "common/base.h"
#include "handlers/smtp/address.h"

#include <strings.h>

#include "common/num.h"
#include "common/utf8.h"

/* True: text holds UTF-8 without controls; *wide_r: some of it beyond ASCII. */
static bool is_printable(const char *text, bool *wide_r)
{
	const unsigned char *p = (const unsigned char *)text;

	*wide_r = false;
	while (*p) {
		size_t n = utf8_length(p, strnlen((const char *)p, 4));

		if (n == 0 || utf8_is_control(p, n))
			return false;
		*wide_r |= n > 1;
		p += n;
	}
	return true;
}

/*
 * Where a path ends: at any of the stops outside quotes. Quoted pairs and
 * quoted strings (RFC 5321 4.1.2) may hold everything.
 */
static size_t path_length(const char *text, const char *stops)
{
	bool quoted = false;
	size_t i;

	for (i = 0; text[i]; i++) {
		if (text[i] == '"')
			quoted = !quoted;
		else if (text[i] == '\\' && text[i + 1])
			i++;
		else if (!quoted && strchr(stops, text[i]))
			break;
	}
	return i;
}

/* "@one,@two:user@domain": the route is to be ignored (RFC 5321 4.1.1.3). */
static void cut_route(const char **text, size_t *n)
{
	const char *colon;

	if (*n == 0 || (*text)[0] != '@')
		return;
	colon = memchr(*text, ':', *n);
	if (!colon)
		return;
	*n -= (size_t)(colon + 1 - *text);
	*text = colon + 1;
}

static size_t local_length(const char *address)
{
	const char *at = strrchr(address, '@');

	return at ? (size_t)(at - address) : strlen(address);
}

bool addr_path_parse(const char *text, struct addr_path *path_r,
		     const char **rest_r)
{
	bool bracketed;
	size_t n;

	text += strspn(text, " ");
	bracketed = *text == '<';
	text += bracketed;
	n = path_length(text, bracketed ? "<> " : "<> \t");
	*rest_r = text + n;
	if (bracketed && **rest_r != '>')
		return false;
	*rest_r += bracketed;
	if ((**rest_r && **rest_r != ' ') || (!bracketed && n == 0))
		return false;
	cut_route(&text, &n);
	if (n > ADDR_MAX)
		return false;
	memcpy(path_r->address, text, n);
	path_r->address[n] = '\0';
	path_r->local_len = local_length(path_r->address);
	return is_printable(path_r->address, &path_r->utf8);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Where a word ends that has no brackets, and whose form is nobody's. */
static size_t word_length(const char *text)
{
	return strcspn(text, " \t");
}

/*
 * Where a path in brackets ends that is none: at the first ">" with nothing or
 * a space behind it, else at the first, else at the end of the word.
 */
static size_t bracketed_length(const char *text)
{
	const char *first = strchr(text, '>'), *end;

	for (end = first; end && end[1] && !is_blank(end[1]);)
		end = strchr(end + 1, '>');
	if (end || first)
		return (size_t)((end ? end : first) - text);
	return word_length(text);
}

void addr_loose_parse(const char *text, struct addr_loose *a_r,
		      const char **rest_r)
{
	struct addr_path path;
	bool bracketed;

	text += strspn(text, " \t");
	bracketed = *text == '<';
	if (addr_path_parse(text, &path, rest_r)) {
		/* The route is cut: what is left of it stands at its end. */
		a_r->n = strlen(path.address);
		a_r->text = *rest_r - bracketed - a_r->n;
		return;
	}
	text += bracketed;
	a_r->text = text;
	a_r->n = bracketed ? bracketed_length(text) : word_length(text);
	*rest_r = text + a_r->n;
	*rest_r += bracketed && **rest_r == '>';
}

/* Walks over a local part as it is meant: without quotes and backslashes. */
struct unquoting {
	const char *at;
	bool quoted;
};

/* The next character; 0: the local part is over. */
static char unquote_next(struct unquoting *u)
{
	while (*u->at == '"') {
		u->quoted = !u->quoted;
		u->at++;
	}
	if (!*u->at || (*u->at == '@' && !u->quoted))
		return '\0';
	if (*u->at == '\\' && u->at[1])
		u->at++;
	return *u->at++;
}

bool addr_mailbox_id(const char *address, char id_r[MAILBOX_ID_LEN + 1])
{
	struct unquoting u = {.at = address};
	char id[MAILBOX_ID_LEN], next;
	size_t n = 0;

	while (n < MAILBOX_ID_LEN && (next = unquote_next(&u)))
		id[n++] = next;
	next = unquote_next(&u);
	if (next != '+' && (next || *u.at != '@'))
		return false;
	/* Behind the plus there may stand anything, but a domain behind it. */
	return strrchr(u.at, '@') && mailbox_id_parse(id, n, id_r);
}

bool addr_is_postmaster(const char *address)
{
	static const char name[] = "postmaster";
	struct unquoting u = {.at = address};

	for (size_t i = 0; i < sizeof(name) - 1; i++) {
		char next = unquote_next(&u);

		if (strncasecmp(&next, &name[i], 1) != 0)
			return false;
	}
	return unquote_next(&u) == '\0';
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-';
}

/*
 * esmtp-value, with UTF-8 as RFC 6533 lets an ORCPT have it, and with the "="
 * of a VERP address that a sender forgot to encode: no reason to lose a copy.
 */
static bool is_value_char(char c)
{
	return (unsigned char)c > ' ' && c != 0x7f;
}

static size_t run_of(const char *text, bool (*belongs)(char))
{
	size_t n = 0;

	while (belongs(text[n]))
		n++;
	return n;
}

int addr_param_next(const char **rest, struct addr_param *param_r)
{
	const char *p = *rest + strspn(*rest, " ");

	if (!*p)
		return 0;
	*param_r = (struct addr_param){.name = p};
	param_r->name_len = run_of(p, is_name_char);
	p += param_r->name_len;
	if (param_r->name_len == 0 || param_r->name[0] == '-')
		return -1;
	if (*p == '=') {
		param_r->value = ++p;
		param_r->value_len = run_of(p, is_value_char);
		p += param_r->value_len;
		if (param_r->value_len == 0)
			return -1;
	}
	if (*p && *p != ' ')
		return -1;
	*rest = p;
	return 1;
}

bool addr_param_next_loose(const char **rest, struct addr_param *param_r)
{
	const char *p = *rest + strspn(*rest, " \t"), *equals;
	size_t n = strcspn(p, " \t");

	if (!*p)
		return false;
	*rest = p + n;
	*param_r = (struct addr_param){.name = p, .name_len = n};
	equals = memchr(p, '=', n);
	if (equals) {
		param_r->name_len = (size_t)(equals - p);
		param_r->value = equals + 1;
		param_r->value_len = n - param_r->name_len - 1;
	}
	return true;
}

bool addr_param_is(const struct addr_param *p, const char *name)
{
	return strlen(name) == p->name_len &&
	       strncasecmp(p->name, name, p->name_len) == 0;
}

/* "+" and two hexadecimal digits; NUL has no place in a C string. */
static bool hexchar_decode(const char *text, size_t n, char *out)
{
	uint8_t byte;

	if (n < 3 || !num_parse_hex(text + 1, 2, &byte, 1) || byte == 0)
		return false;
	*out = (char)byte;
	return true;
}

bool addr_xtext_decode(const char *text, size_t n, char *out, size_t size)
{
	size_t used = 0, i = 0;

	while (i < n) {
		if (used + 1 >= size)
			return false;
		if (text[i] == '+') {
			if (!hexchar_decode(text + i, n - i, &out[used++]))
				return false;
			i += 3;
		} else if (text[i] > ' ' && text[i] < 0x7f && text[i] != '=') {
			out[used++] = text[i++];
		} else {
			return false;
		}
	}
	if (used >= size)
		return false;
	out[used] = '\0';
	return true;
}

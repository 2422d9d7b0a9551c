/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The escaping writer. Knows no page. */
#include "common/base.h"
#include "handlers/console/web/html.h"

#include "common/log.h"
#include "common/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

void html_init(struct html *h)
{
	buf_init(&h->out, HTML_MAX);
	h->full = false;
}

void html_release(struct html *h)
{
	buf_wipe(&h->out);
	buf_release(&h->out);
}

static void add(struct html *h, const char *bytes, size_t n)
{
	if (!buf_add(&h->out, bytes, n))
		h->full = true;
}

/* What stands for c in HTML, or NULL where it stands for itself. */
static const char *entity_of(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* HTML has no way to say these at all, not even as a reference. */
static bool is_sayable(char c)
{
	return (uint8_t)c >= 0x20 || c == '\n' || c == '\t' || c == '\r';
}

/* How many octets at text stand for themselves. */
static size_t plain_length(const char *text, size_t n)
{
	size_t i = 0, len;

	while (i < n && is_sayable(text[i]) && !entity_of(text[i]) &&
	       (len = utf8_length((const uint8_t *)text + i, n - i)) > 0)
		i += len;
	return i;
}

void html_text(struct html *h, const char *text, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t len = plain_length(text + i, n - i);
		const char *entity = entity_of(text[i]);

		if (len > 0)
			add(h, text + i, len);
		else if (entity)
			add(h, entity, strlen(entity));
		else
			add(h, REPLACEMENT, sizeof(REPLACEMENT) - 1);
		i += len ? len : 1;
	}
}

static void add_unsigned(struct html *h, uintmax_t v)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%ju", v);

	add(h, digits, (size_t)len);
}

static void add_signed(struct html *h, intmax_t v)
{
	if (v < 0)
		add(h, "-", 1);
	add_unsigned(h, v < 0 ? -(uintmax_t)v : (uintmax_t)v);
}

/* Writes one value; returns what follows its conversion. */
static const char *add_value(struct html *h, const char *conversion,
			     va_list *ap)
{
	const char *s;
	char c;

	switch (conversion[0]) {
	case 's':
		s = va_arg(*ap, const char *);
		html_text(h, s, strlen(s));
		return conversion + 1;
	case 'c':
		c = (char)va_arg(*ap, int);
		html_text(h, &c, 1);
		return conversion + 1;
	case 'd':
		add_signed(h, va_arg(*ap, int));
		return conversion + 1;
	case 'u':
		add_unsigned(h, va_arg(*ap, unsigned));
		return conversion + 1;
	case 'z':
		add_unsigned(h, va_arg(*ap, size_t));
		return conversion + 2;
	case 'j':
		if (conversion[1] == 'd')
			add_signed(h, va_arg(*ap, intmax_t));
		else
			add_unsigned(h, va_arg(*ap, uintmax_t));
		return conversion + 2;
	case '%':
		add(h, "%", 1);
		return conversion + 1;
	default:
		die_bug("html: no conversion: %s", conversion);
	}
}

void html_add(struct html *h, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	while (*fmt) {
		size_t n = strcspn(fmt, "%");

		add(h, fmt, n);
		fmt += n;
		if (*fmt)
			fmt = add_value(h, fmt + 1, &ap);
	}
	va_end(ap);
}

const char *html_flag(bool on, const char *text)
{
	return on ? text : "";
}

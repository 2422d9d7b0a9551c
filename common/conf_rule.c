/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Predicates over text. No I/O, no locale, nothing stored. */
#include "common/base.h"
#include "common/conf_rule.h"

#include <arpa/inet.h>

#include "common/peer.h"

enum { HOST_MAX = 255, LABEL_MAX = 63 };

/*
 * Length of the well-formed UTF-8 sequence at s, 0 where there is none
 * (RFC 3629: no overlong forms, no surrogates, nothing beyond U+10FFFF).
 */
static size_t utf8_length(const uint8_t *s)
{
	uint8_t low = 0x80, high = 0xbf;
	size_t n;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	for (size_t i = 1; i < n; i++) {
		if (s[i] < low || s[i] > high)
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	return n;
}

/* C0, DEL, and C1 (0xc2 0x80 to 0xc2 0x9f): a terminal may obey these too. */
static bool is_control(const uint8_t *s)
{
	return s[0] < 0x20 || s[0] == 0x7f || (s[0] == 0xc2 && s[1] < 0xa0);
}

bool conf_line_valid(const char *text)
{
	const uint8_t *s = (const uint8_t *)text;

	while (*s) {
		size_t n = utf8_length(s);

		if (n == 0 || is_control(s))
			return false;
		s += n;
	}
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Letters, digits and inner hyphens (RFC 1123 2.1). */
static bool label_valid(const char *label, size_t n)
{
	if (n == 0 || n > LABEL_MAX || label[0] == '-' || label[n - 1] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_alnum(label[i]) && label[i] != '-')
			return false;
	return true;
}

bool conf_host_valid(const char *text)
{
	const char *label = text;
	struct in_addr ipv4;

	if (strlen(text) > HOST_MAX)
		return false;
	for (;;) {
		size_t n = strcspn(label, ".");

		if (!label_valid(label, n))
			return false;
		if (label[n] == '\0')
			break;
		label += n + 1;
	}
	/* A last label of digits alone is no top-level domain (RFC 1123). */
	if (label[strspn(label, "0123456789")] == '\0')
		return inet_pton(AF_INET, text, &ipv4) == 1;
	return true;
}

bool conf_path_valid(const char *text)
{
	return text[0] == '/' && conf_line_valid(text);
}

bool conf_network_valid(const char *text)
{
	struct network network;

	return network_parse(text, &network);
}

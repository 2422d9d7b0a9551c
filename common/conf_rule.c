/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Predicates over text. No I/O, no locale, nothing stored. */
#include "common/base.h"
#include "common/conf_rule.h"

#include <arpa/inet.h>

#include "common/peer.h"
#include "common/utf8.h"

enum { HOST_MAX = 255, LABEL_MAX = 63 };

bool conf_line_valid(const char *text)
{
	const uint8_t *s = (const uint8_t *)text;

	while (*s) {
		size_t n = utf8_length(s, strnlen((const char *)s, 4));

		if (n == 0 || utf8_is_control(s, n))
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

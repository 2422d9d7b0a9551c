/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TARGET read piece by piece: host, port, options. Strict: no spaces. */
#include "common/base.h"
#include "common/target.h"

#include <arpa/inet.h>

#include "common/base64.h"
#include "common/conf_rule.h"
#include "common/num.h"

static bool refuse_target(struct err *e, const char *text, const char *expected)
{
	err_set(e, ERR_CONFIG, "target '%s': expected %s", text, expected);
	return false;
}

static bool take_target_host(struct target *t, const char *host, size_t n)
{
	if (n > TARGET_HOST_MAX)
		return false;
	memcpy(t->host, host, n);
	t->host[n] = '\0';
	return true;
}

/* "[2001:db8::1]"; *rest_r is what follows the bracket. */
static bool parse_ipv6(const char *text, struct target *t, const char **rest_r)
{
	const char *end = strchr(text, ']');
	struct in6_addr address;

	if (!end || !take_target_host(t, text + 1, (size_t)(end - text) - 1))
		return false;
	*rest_r = end + 1;
	return inet_pton(AF_INET6, t->host, &address) == 1;
}

static bool parse_host(const char *text, struct target *t, const char **rest_r)
{
	size_t n;

	if (text[0] == '[')
		return parse_ipv6(text, t, rest_r);
	n = strcspn(text, ":,");
	*rest_r = text + n;
	return take_target_host(t, text, n) && conf_host_valid(t->host);
}

static bool parse_port(struct target *t, const char **rest)
{
	size_t n;
	uint64_t port;

	if (**rest != ':')
		return true;
	n = strcspn(++*rest, ",");
	if (!num_parse(*rest, n, UINT16_MAX, &port) || port == 0)
		return false;
	t->port = (uint16_t)port;
	*rest += n;
	return true;
}

static bool parse_pin(struct target *t, const char *text, size_t n)
{
	struct secret pin = SECRET_EMPTY;
	bool good = base64_decode(text, n, &pin) && pin.len == TARGET_PIN_SIZE;

	if (good)
		memcpy(t->pin, pin.bytes, TARGET_PIN_SIZE);
	secret_release(&pin);
	t->pinned = good;
	return good;
}

static bool is(const char *text, size_t n, const char *word)
{
	return strlen(word) == n && memcmp(text, word, n) == 0;
}

/* One option without its comma; each may stand once. */
static bool parse_option(struct target *t, const char *text, size_t n)
{
	static const char pin[] = "pin-sha256=";
	size_t n_pin = sizeof(pin) - 1;

	if (n > n_pin && memcmp(text, pin, n_pin) == 0)
		return !t->pinned && parse_pin(t, text + n_pin, n - n_pin);
	if (t->tls != TARGET_TLS_BY_PORT)
		return false;
	if (is(text, n, "tls=implicit"))
		t->tls = TARGET_TLS_IMPLICIT;
	else if (is(text, n, "tls=starttls"))
		t->tls = TARGET_TLS_STARTTLS;
	return t->tls != TARGET_TLS_BY_PORT;
}

static bool parse_options(struct target *t, const char *rest)
{
	while (*rest) {
		size_t n = *rest == ',' ? strcspn(rest + 1, ",") : 0;

		if (n == 0 || !parse_option(t, rest + 1, n))
			return false;
		rest += n + 1;
	}
	return true;
}

static bool has_standard_port(const struct target *t)
{
	static const uint16_t standard[] = {0, 25, 110, 465, 587, 995};

	for (size_t i = 0; i < N_ELEMENTS(standard); i++)
		if (t->port == standard[i])
			return true;
	return false;
}

/* "*" and "*.DOMAIN" stand alone: a pin or a port belongs to one host. */
static bool parse_wildcard(const char *text, struct target *t, struct err *e)
{
	if (text[1] == '\0') {
		t->kind = TARGET_ANY;
		return true;
	}
	t->kind = TARGET_DOMAIN;
	if (text[1] == '.' && take_target_host(t, text + 2, strlen(text + 2)) &&
	    conf_host_valid(t->host))
		return true;
	return refuse_target(e, text,
			     "*.DOMAIN or *, without port and options");
}

bool target_parse(const char *text, struct target *target_r, struct err *e)
{
	struct target *t = target_r;
	const char *rest;

	*t = (struct target){.kind = TARGET_HOST};
	if (text[0] == '*')
		return parse_wildcard(text, t, e);
	if (!parse_host(text, t, &rest))
		return refuse_target(
			e, text,
			"HOST, *.DOMAIN or *; IPv6 stands in brackets");
	if (!parse_port(t, &rest))
		return refuse_target(e, text,
				     "a port from 1 to 65535 behind the :");
	if (!parse_options(t, rest))
		return refuse_target(
			e, text,
			"options ,tls=implicit or ,tls=starttls and "
			",pin-sha256=BASE64 (of 32 bytes)");
	if (!has_standard_port(t) && t->tls == TARGET_TLS_BY_PORT)
		return refuse_target(
			e, text,
			",tls=implicit or ,tls=starttls, as the port is "
			"none of 25, 110, 465, 587, 995");
	return true;
}

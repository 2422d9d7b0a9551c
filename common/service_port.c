/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names and ports of services, as text. Opens nothing. */
#include "common/base.h"
#include "common/service_port.h"

#include <arpa/inet.h>

#include "common/num.h"

static const struct {
	const char *name;
	unsigned port;
} services[] = {
	[SERVICE_SMTP_JOURNAL] = {"smtp-journal", 25},
	[SERVICE_SMTP_PROXY] = {"smtp-proxy", 587},
	[SERVICE_SMTPS_PROXY] = {"smtps-proxy", 465},
	[SERVICE_POP3_SERVE] = {"pop3-serve", 110},
	[SERVICE_POP3S_SERVE] = {"pop3s-serve", 995},
	[SERVICE_POP3_PROXY] = {"pop3-proxy", 110},
	[SERVICE_POP3S_PROXY] = {"pop3s-proxy", 995},
};

const char *service_name(enum service s)
{
	return services[s].name;
}

unsigned service_standard_port(enum service s)
{
	return services[s].port;
}

static bool parse_number(const char *text, unsigned *port_r)
{
	uint64_t n;

	if (!num_parse(text, strlen(text), 65535, &n) || n == 0)
		return false;
	*port_r = (unsigned)n;
	return true;
}

/* What every address is called: 0.0.0.0 and ::. */
static bool parse_address(const char *text, size_t n, char out[48])
{
	struct in6_addr any;
	bool bracketed = n > 2 && text[0] == '[' && text[n - 1] == ']';

	if (bracketed) {
		text++;
		n -= 2;
	}
	if (n == 0 || n > 47)
		return false;
	snprintf(out, 48, "%.*s", (int)n, text);
	if (inet_pton(bracketed ? AF_INET6 : AF_INET, out, &any) != 1)
		return false;
	if (strcmp(out, "::") == 0 || strcmp(out, "0.0.0.0") == 0)
		out[0] = '\0';
	return true;
}

bool service_port_parse(const char *text, struct service_port *p_r)
{
	const char *colon = strrchr(text, ':');

	*p_r = (struct service_port){.port = 0};
	if (!colon)
		return parse_number(text, &p_r->port);
	return parse_address(text, (size_t)(colon - text), p_r->address) &&
	       parse_number(colon + 1, &p_r->port);
}

bool service_port_parse_named(const char *text, enum service *s_r,
			      struct service_port *p_r)
{
	size_t n = strcspn(text, "=");

	for (size_t i = 0; text[n] && i < SERVICES; i++) {
		if (strlen(services[i].name) != n ||
		    strncmp(services[i].name, text, n) != 0)
			continue;
		*s_r = (enum service)i;
		return service_port_parse(text + n + 1, p_r);
	}
	return false;
}

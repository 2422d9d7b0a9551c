/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules of dialling. Resolves nothing and connects to nothing. */
#include "common/base.h"
#include "handlers/proxy/dial_rules.h"

#include <netinet/in.h>

#include <arpa/inet.h>
#include <strings.h>

#include "common/ascii.h"
#include "common/conf_rule.h"
#include "common/log.h"
#include "common/num.h"
#include "common/peer.h"

/* --- what a login names ------------------------------------------------------
 */

/* In lower case: whoever writes it otherwise means no other server. */
static bool take_host(struct dial_server *s, const char *text, size_t n)
{
	if (n == 0 || n >= sizeof(s->host))
		return false;
	for (size_t i = 0; i < n; i++)
		s->host[i] = ascii_lower(text[i]);
	s->host[n] = '\0';
	return true;
}

static bool take_port(struct dial_server *s, const char *text, size_t n)
{
	uint64_t port;

	s->port = 0;
	if (n == 0)
		return true;
	if (text[0] != ':' || !num_parse(text + 1, n - 1, UINT16_MAX, &port) ||
	    port == 0)
		return false;
	s->port = (uint16_t)port;
	return true;
}

static bool is_ipv6(const char *host)
{
	struct in6_addr ignored;

	return inet_pton(AF_INET6, host, &ignored) == 1;
}

bool dial_server_parse(const char *text, size_t n, struct dial_server *s_r)
{
	const char *end;

	if (n && text[0] == '[') {
		end = memchr(text, ']', n);
		return end &&
		       take_host(s_r, text + 1, (size_t)(end - text) - 1) &&
		       is_ipv6(s_r->host) &&
		       take_port(s_r, end + 1, (size_t)(text + n - end) - 1);
	}
	end = memchr(text, ':', n);
	if (!end)
		end = text + n;
	return take_host(s_r, text, (size_t)(end - text)) &&
	       conf_host_valid(s_r->host) &&
	       take_port(s_r, end, (size_t)(text + n - end));
}

/* --- the mailbox's targets ------------------------------------------------ */

/* The standard ports, the preferred one first (RFC 8314 3). */
static const struct {
	enum dial_service service;
	uint16_t port;
	bool implicit_tls;
	bool default_way;
} standard_ports[] = {
	{DIAL_SMTP, 465, true, true},  {DIAL_SMTP, 587, false, true},
	{DIAL_SMTP, 25, false, false}, {DIAL_POP3, 995, true, true},
	{DIAL_POP3, 110, false, true},
};

static bool same_host(const char *a, const char *b)
{
	struct in6_addr x, y;

	if (inet_pton(AF_INET6, a, &x) == 1 && inet_pton(AF_INET6, b, &y) == 1)
		return memcmp(&x, &y, sizeof(x)) == 0;
	return strcasecmp(a, b) == 0;
}

static bool is_below(const char *host, const char *domain)
{
	size_t n_host = strlen(host), n_domain = strlen(domain);

	return n_host > n_domain + 1 && host[n_host - n_domain - 1] == '.' &&
	       strcasecmp(host + n_host - n_domain, domain) == 0;
}

static bool host_matches(const struct target *t, const char *host)
{
	switch (t->kind) {
	case TARGET_HOST:
		return same_host(t->host, host);
	case TARGET_DOMAIN:
		return is_below(host, t->host);
	case TARGET_ANY:
		return true;
	}
	return false;
}

static void add_way(struct dial_plan *plan, uint16_t port, bool implicit_tls)
{
	if (plan->n == DIAL_WAYS_MAX)
		die_bug("dial plan: more than %d ways", DIAL_WAYS_MAX);
	plan->ways[plan->n].port = port;
	plan->ways[plan->n].implicit_tls = implicit_tls;
	plan->n++;
}

/* A target's own tls= outweighs what the port stands for. */
static bool tls_of(const struct target *t, bool by_port)
{
	if (t->tls == TARGET_TLS_BY_PORT)
		return by_port;
	return t->tls == TARGET_TLS_IMPLICIT;
}

static void add_standard_ways(struct dial_plan *plan, const struct target *t,
			      enum dial_service service, uint16_t port)
{
	for (size_t i = 0; i < N_ELEMENTS(standard_ports); i++) {
		if (standard_ports[i].service != service)
			continue;
		if (port ? standard_ports[i].port == port
			 : standard_ports[i].default_way)
			add_way(plan, standard_ports[i].port,
				tls_of(t, standard_ports[i].implicit_tls));
	}
}

/* Whether one of the service's standard ports. */
static bool is_port_of(uint16_t port, enum dial_service service)
{
	for (size_t i = 0; i < N_ELEMENTS(standard_ports); i++)
		if (standard_ports[i].port == port &&
		    standard_ports[i].service == service)
			return true;
	return false;
}

/* A port that is the other service's is none of this one's, whatever its TLS.
 */
static bool is_of_another(uint16_t port, enum dial_service service)
{
	enum dial_service other = service == DIAL_SMTP ? DIAL_POP3 : DIAL_SMTP;

	return is_port_of(port, other);
}

/* No way is left where the port is not this target's. */
static void plan_for(const struct target *t, const struct dial_server *server,
		     enum dial_service service, struct dial_plan *plan)
{
	uint16_t port = server->port ? server->port : t->port;

	*plan = (struct dial_plan){.named = t->kind == TARGET_HOST,
				   .pinned = t->pinned};
	memcpy(plan->pin, t->pin, sizeof(plan->pin));
	if (t->port && server->port && t->port != server->port)
		return;
	add_standard_ways(plan, t, service, port);
	if (plan->n == 0 && t->port && t->tls != TARGET_TLS_BY_PORT &&
	    !is_of_another(t->port, service))
		add_way(plan, t->port, t->tls == TARGET_TLS_IMPLICIT);
}

/*
 * How well a target fits that allows the server: of two lines for one host the
 * one with the port that is meant outweighs the one without any, for it may
 * hold a pin; a port that nothing is known of comes last.
 */
static unsigned fit(const struct target *t, const struct dial_server *server,
		    enum dial_service service)
{
	if (!t->port)
		return 2;
	return t->port == server->port || is_port_of(t->port, service) ? 3 : 1;
}

/* The best target of that kind that allows it, the first of equals. */
static bool plan_by_kind(const struct conf_strings *targets,
			 enum target_kind kind,
			 const struct dial_server *server,
			 enum dial_service service, struct dial_plan *plan)
{
	unsigned best = 0;
	struct target t;
	struct err e;

	for (size_t i = 0; i < targets->n; i++) {
		struct dial_plan found;

		if (!target_parse(targets->list[i], &t, &e) || t.kind != kind ||
		    !host_matches(&t, server->host) ||
		    fit(&t, server, service) <= best)
			continue;
		plan_for(&t, server, service, &found);
		if (!found.n)
			continue;
		best = fit(&t, server, service);
		*plan = found;
	}
	return best > 0;
}

/*
 * A host's own line outweighs a domain's, wherever they stand in the list: it
 * may hold a pin, or let a private address be dialled.
 */
int dial_plan_make(const struct conf_strings *targets,
		   const struct dial_server *server, enum dial_service service,
		   struct dial_plan *plan_r, struct err *e)
{
	for (enum target_kind kind = TARGET_HOST; kind <= TARGET_ANY; kind++)
		if (plan_by_kind(targets, kind, server, service, plan_r))
			return 0;
	return err_set(e, ERR_STATE, "server %s is not among the targets",
		       server->host);
}

/* --- addresses ------------------------------------------------------------ */

/*
 * The first row that has the address decides: IANA's registries of special
 * addresses. Of IPv6 only 2000::/3 is given out for hosts (RFC 4291 2.4, RFC
 * 3587 3); what lies outside, and is not ours by fc00::/7 or fe80::/10, leads
 * nowhere, or hides an IPv4 address (::/96, ::ffff:0:0:0/96, 64:ff9b::/96), and
 * what is made of it tomorrow is not known today.
 */
static const struct {
	const char *network;
	enum dial_address kind;
} special[] = {
	{"0.0.0.0/8", DIAL_ADDRESS_NEVER},
	{"127.0.0.0/8", DIAL_ADDRESS_NEVER},
	{"224.0.0.0/4", DIAL_ADDRESS_NEVER}, /* multicast */
	{"240.0.0.0/4", DIAL_ADDRESS_NEVER}, /* reserved, broadcast */
	{"10.0.0.0/8", DIAL_ADDRESS_PRIVATE},
	{"100.64.0.0/10", DIAL_ADDRESS_PRIVATE},  /* carriers' NAT, RFC 6598 */
	{"169.254.0.0/16", DIAL_ADDRESS_PRIVATE}, /* link-local, metadata */
	{"172.16.0.0/12", DIAL_ADDRESS_PRIVATE},
	{"192.0.0.0/24", DIAL_ADDRESS_PRIVATE},
	{"192.0.2.0/24", DIAL_ADDRESS_PRIVATE},
	{"192.88.99.0/24", DIAL_ADDRESS_PRIVATE},
	{"192.168.0.0/16", DIAL_ADDRESS_PRIVATE},
	{"198.18.0.0/15", DIAL_ADDRESS_PRIVATE},
	{"198.51.100.0/24", DIAL_ADDRESS_PRIVATE},
	{"203.0.113.0/24", DIAL_ADDRESS_PRIVATE},
	{"0.0.0.0/0", DIAL_ADDRESS_PUBLIC},
	{"2001::/32", DIAL_ADDRESS_NEVER}, /* Teredo */
	{"2002::/16", DIAL_ADDRESS_NEVER}, /* 6to4 */
	{"2001::/23", DIAL_ADDRESS_PRIVATE},
	{"2001:db8::/32", DIAL_ADDRESS_PRIVATE}, /* documents */
	{"3fff::/20", DIAL_ADDRESS_PRIVATE},	 /* the same, RFC 9637 */
	{"2000::/3", DIAL_ADDRESS_PUBLIC},
	{"fc00::/7", DIAL_ADDRESS_PRIVATE},
	{"fe80::/10", DIAL_ADDRESS_PRIVATE},
	{"fec0::/10", DIAL_ADDRESS_PRIVATE},
};

/* A mapped address is the IPv4 address it maps (RFC 4291 2.5.5.2). */
static bool read_address(const struct sockaddr *from, struct peer *p)
{
	*p = (struct peer){.is_ip = true};
	if (from->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)from;

		memcpy(p->address, &in->sin_addr, 4);
		return true;
	}
	if (from->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)from;

		if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
			memcpy(p->address, in6->sin6_addr.s6_addr + 12, 4);
			return true;
		}
		p->is_ipv6 = true;
		memcpy(p->address, &in6->sin6_addr, 16);
		return true;
	}
	return false;
}

enum dial_address dial_address_kind(const struct sockaddr *address)
{
	struct network network;
	struct peer p;

	if (!read_address(address, &p))
		return DIAL_ADDRESS_NEVER;
	for (size_t i = 0; i < N_ELEMENTS(special); i++) {
		if (!network_parse(special[i].network, &network))
			die_bug("dial rules: %s", special[i].network);
		if (network_has(&network, &p))
			return special[i].kind;
	}
	return DIAL_ADDRESS_NEVER;
}

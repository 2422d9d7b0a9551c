/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which server a proxied login may reach: by the mailbox's targets, by port,
 * by address. The names come from clients that have not logged in yet, so
 * nothing is allowed that is not listed. Pure functions.
 */
#ifndef RESTANTE_HANDLERS_PROXY_DIAL_RULES_H
#define RESTANTE_HANDLERS_PROXY_DIAL_RULES_H

#include <sys/socket.h>

#include "common/conf_value.h"
#include "common/target.h"

enum dial_service { DIAL_SMTP, DIAL_POP3 };

/* "server[:port]" of a login; port 0: none was named. */
struct dial_server {
	char host[TARGET_HOST_MAX + 1];
	uint16_t port;
};

/* HOST, HOST:PORT, [IPv6] or [IPv6]:PORT. False: none of them. */
bool dial_server_parse(const char *text, size_t n, struct dial_server *s_r);

enum { DIAL_WAYS_MAX = 2 };

/* How the server is to be tried, in this order. */
struct dial_plan {
	struct {
		uint16_t port;
		bool implicit_tls; /* else STARTTLS, and without it nothing */
	} ways[DIAL_WAYS_MAX];
	size_t n;
	bool named; /* the very host is listed: private addresses too */
	bool pinned;
	uint8_t pin[TARGET_PIN_SIZE];
};

/*
 * Looks the server up in the mailbox's targets. ERR_STATE: none allows it.
 * Without a port in login and target, implicit TLS is tried before STARTTLS.
 */
int dial_plan_make(const struct conf_strings *targets,
		   const struct dial_server *server, enum dial_service service,
		   struct dial_plan *plan_r, struct err *e);

enum dial_address {
	DIAL_ADDRESS_PUBLIC,
	DIAL_ADDRESS_PRIVATE, /* only where the host is listed by name */
	DIAL_ADDRESS_NEVER,   /* ourselves, nobody, everybody */
};

/*
 * What kind of address it is, by the IANA special-purpose registries (RFC
 * 6890). Loopback is ourselves; our interfaces' addresses are for the caller.
 */
enum dial_address dial_address_kind(const struct sockaddr *address);

#endif

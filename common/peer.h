/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who is connected: the socket's own peer, or, on the socket between two
 * handlers of ours, the client named by a PROXY protocol v2 header.
 */
#ifndef RESTANTE_COMMON_PEER_H
#define RESTANTE_COMMON_PEER_H

#include "common/err.h"

struct peer {
	bool is_ip;	     /* else a UNIX socket or a socketpair */
	bool is_ipv6;	     /* mapped IPv4 addresses are IPv4 here */
	uint8_t address[16]; /* network order; 4 or 16 bytes are used */
	char text[64]; /* "192.0.2.7", "2001:db8::1", "local", "unknown" */
	bool tls;      /* came over TLS to the handler in front of us */
	char tls_version[12]; /* "TLS1.3" where tls */
};

/* One CIDR network. */
struct network {
	bool is_ipv6;
	uint8_t address[16];
	unsigned bits;
};

/*
 * The peer of the socket fd; "local" where it is not an Internet socket,
 * "unknown" where it is gone already.
 */
void peer_of_socket(int fd, struct peer *peer_r);

/* Of 4 octets, or 16; a mapped IPv4 address becomes IPv4. Sets the text. */
void peer_set_address(struct peer *p, const uint8_t *address, bool is_ipv6);

/* An AF_UNIX stream socket whose peer has our own uid (SO_PEERCRED). */
bool peer_is_own_unix_socket(int fd);

/*
 * "192.0.2.0/24", "2001:db8::/32", or an address alone. False also where bits
 * are set beyond the prefix: then it is not clear what was meant.
 */
bool network_parse(const char *text, struct network *network_r);
bool network_has(const struct network *n, const struct peer *p);

#endif

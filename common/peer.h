/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who is connected: the socket's own peer, or, on the socket between two
 * handlers of ours, the client named by a PROXY protocol v2 header.
 */
#ifndef RESTANTE_COMMON_PEER_H
#define RESTANTE_COMMON_PEER_H

#include "common/err.h"

struct conn;

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
 * Reads the PROXY v2 header (haproxy's proxy-protocol.txt, section 2.2) and
 * not an octet more. LOCAL, and an address that is none of the Internet's,
 * leave the peer's address as it was.
 */
int peer_read_proxy_header(struct conn *c, struct peer *peer, struct err *e);

enum {
	PROXY_HEAD_SIZE = 16,
	PROXY_MAX = 2048, /* octets of a whole header that we take */
};

/*
 * The same as pure functions: the size of the whole header by its first
 * PROXY_HEAD_SIZE octets, 0 where they are none; then all n octets of it.
 * False: not a header, or not one that we take.
 */
size_t peer_proxy_size(const uint8_t head[PROXY_HEAD_SIZE]);
bool peer_parse_proxy(const uint8_t *bytes, size_t n, struct peer *peer);

/*
 * Writes the header that tells the next handler of a client, and that it came
 * over TLS of that version. Returns its size, at most PROXY_WRITTEN_MAX.
 */
enum { PROXY_WRITTEN_MAX = 16 + 216 + 3 + 5 + 3 + 12 };
size_t peer_write_proxy(const struct peer *peer, const char *tls_version,
			uint8_t out[PROXY_WRITTEN_MAX]);

/*
 * "192.0.2.0/24", "2001:db8::/32", or an address alone. False also where bits
 * are set beyond the prefix: then it is not clear what was meant.
 */
bool network_parse(const char *text, struct network *network_r);
bool network_has(const struct network *n, const struct peer *p);

#endif

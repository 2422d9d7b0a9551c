/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The PROXY protocol (haproxy's proxy-protocol.txt): how one handler of ours
 * tells the next who its client is (the second version, 2.2), and how a
 * balancer tells us (both).
 */
#ifndef RESTANTE_COMMON_PEER_PROXY_H
#define RESTANTE_COMMON_PEER_PROXY_H

#include "common/conn.h"
#include "common/peer.h"

/*
 * Reads a header and not an octet more. LOCAL, and an address that is none of
 * the Internet's, leave the peer's address as it was.
 */
int peer_proxy_read(struct conn *c, struct peer *peer, struct err *e);

/*
 * The same from a balancer, in the first version (2.1, a line) or the second.
 * What it says of TLS is forgotten: on the way from it to us all is in clear.
 * CONN_BAD_LINE: not a header, or not one that we take.
 */
enum conn_status peer_proxy_read_balancer(struct conn *c, struct peer *peer);

enum {
	PROXY_HEAD_SIZE = 16,
	PROXY_MAX = 2048,	     /* octets of a whole header that we take */
	PROXY_HEADER_LINE_MAX = 107, /* of the first version, with its CRLF */
};

/* The first version as a pure function, over a line with its CRLF. */
bool peer_proxy_parse_line(const uint8_t *bytes, size_t n, struct peer *peer);

/*
 * The same as pure functions: the size of the whole header by its first
 * PROXY_HEAD_SIZE octets, 0 where they are none; then all n octets of it.
 * False: not a header, or not one that we take.
 */
size_t peer_proxy_size(const uint8_t head[PROXY_HEAD_SIZE]);
bool peer_proxy_parse(const uint8_t *bytes, size_t n, struct peer *peer);

/*
 * Writes the header that tells the next handler of a client, and that it came
 * over TLS of that version. Returns its size, at most PROXY_WRITTEN_MAX.
 */
enum { PROXY_WRITTEN_MAX = 16 + 216 + 3 + 5 + 3 + 12 };
size_t peer_proxy_write(const struct peer *peer, const char *tls_version,
			uint8_t out[PROXY_WRITTEN_MAX]);

#endif

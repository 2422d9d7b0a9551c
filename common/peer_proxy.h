/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The PROXY protocol's second version (haproxy's proxy-protocol.txt, section
 * 2.2): how one handler of ours tells the next who its client is.
 */
#ifndef RESTANTE_COMMON_PEER_PROXY_H
#define RESTANTE_COMMON_PEER_PROXY_H

#include "common/peer.h"

struct conn;

/*
 * Reads a header and not an octet more. LOCAL, and an address that is none of
 * the Internet's, leave the peer's address as it was.
 */
int peer_proxy_read(struct conn *c, struct peer *peer, struct err *e);

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
bool peer_proxy_parse(const uint8_t *bytes, size_t n, struct peer *peer);

/*
 * Writes the header that tells the next handler of a client, and that it came
 * over TLS of that version. Returns its size, at most PROXY_WRITTEN_MAX.
 */
enum { PROXY_WRITTEN_MAX = 16 + 216 + 3 + 5 + 3 + 12 };
size_t peer_proxy_write(const struct peer *peer, const char *tls_version,
			uint8_t out[PROXY_WRITTEN_MAX]);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses of peers, and networks that they are in. Resolves no names. */
#include "common/base.h"
#include "common/peer.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

#include "common/num.h"

enum {
	V4_SIZE = 4,
	V6_SIZE = 16,
	MAPPED_SIZE = 12, /* ::ffff:0:0/96 */
};

static const uint8_t mapped[MAPPED_SIZE] = {[10] = 0xff, [11] = 0xff};

void peer_set_address(struct peer *p, const uint8_t *address, bool is_ipv6)
{
	if (is_ipv6 && memcmp(address, mapped, MAPPED_SIZE) == 0) {
		address += MAPPED_SIZE;
		is_ipv6 = false;
	}
	p->is_ip = true;
	p->is_ipv6 = is_ipv6;
	memset(p->address, 0, sizeof(p->address));
	memcpy(p->address, address, is_ipv6 ? V6_SIZE : V4_SIZE);
	(void)inet_ntop(is_ipv6 ? AF_INET6 : AF_INET, p->address, p->text,
			sizeof(p->text));
}

void peer_of_socket(int fd, struct peer *peer_r)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_storage room;
	} a = {.any.sa_family = AF_UNSPEC};
	socklen_t n = sizeof(a);

	*peer_r = (struct peer){.text = "unknown"};
	if (getpeername(fd, &a.any, &n) < 0)
		return;
	if (a.any.sa_family == AF_INET)
		peer_set_address(peer_r, (const uint8_t *)&a.v4.sin_addr,
				 false);
	else if (a.any.sa_family == AF_INET6)
		peer_set_address(peer_r, a.v6.sin6_addr.s6_addr, true);
	else
		*peer_r = (struct peer){.text = "local"};
}

static bool socket_option_is(int fd, int name, int wanted)
{
	int value;
	socklen_t n = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &n) == 0 &&
	       value == wanted;
}

bool peer_is_own_unix_socket(int fd)
{
	struct ucred peer;
	socklen_t n = sizeof(peer);

	return socket_option_is(fd, SO_DOMAIN, AF_UNIX) &&
	       socket_option_is(fd, SO_TYPE, SOCK_STREAM) &&
	       getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 &&
	       peer.uid == geteuid();
}

static bool bits_are_zero(const uint8_t *address, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		if (address[i / 8] >> (7 - i % 8) & 1)
			return false;
	return true;
}

/* Peers with mapped addresses are IPv4 here, so their networks are too. */
static void unmap(struct network *n)
{
	if (!n->is_ipv6 || n->bits < 8 * MAPPED_SIZE ||
	    memcmp(n->address, mapped, MAPPED_SIZE) != 0)
		return;
	n->is_ipv6 = false;
	n->bits -= 8 * MAPPED_SIZE;
	memmove(n->address, n->address + MAPPED_SIZE, V4_SIZE);
	memset(n->address + V4_SIZE, 0, V6_SIZE - V4_SIZE);
}

bool network_parse(const char *text, struct network *network_r)
{
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	struct network found = {.bits = 0};
	char address[INET6_ADDRSTRLEN];
	unsigned all;
	uint64_t bits;

	if (n >= sizeof(address))
		return false;
	memcpy(address, text, n);
	address[n] = '\0';
	found.is_ipv6 = memchr(address, ':', n) != NULL;
	all = found.is_ipv6 ? 8 * V6_SIZE : 8 * V4_SIZE;
	bits = all;
	if (inet_pton(found.is_ipv6 ? AF_INET6 : AF_INET, address,
		      found.address) != 1)
		return false;
	if (slash && !num_parse(slash + 1, strlen(slash + 1), all, &bits))
		return false;
	found.bits = (unsigned)bits;
	if (!bits_are_zero(found.address, found.bits, all))
		return false;
	unmap(&found);
	*network_r = found;
	return true;
}

bool network_has(const struct network *n, const struct peer *p)
{
	unsigned whole = n->bits / 8, odd = n->bits % 8;

	if (!p->is_ip || p->is_ipv6 != n->is_ipv6 ||
	    memcmp(p->address, n->address, whole) != 0)
		return false;
	return odd == 0 ||
	       (p->address[whole] ^ n->address[whole]) >> (8 - odd) == 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Believes a header only so far as every length in it fits. */
#include "common/base.h"
#include "common/peer_proxy.h"

#include <sys/socket.h>

#include <arpa/inet.h>

#include "common/log.h"
#include "common/num.h"

enum {
	V4_SIZE = 4,
	V6_SIZE = 16,
	UNIX_SIZE = 108,
	PORTS_SIZE = 4,
	PROXY_LOCAL = 0x20,
	PROXY_PROXY = 0x21,
	PROXY_TCP4 = 0x11,
	PROXY_TCP6 = 0x21,
	PROXY_UNIX = 0x31,
	PROXY_UNSPEC = 0x00,
	TLV_SSL = 0x20,
	TLV_SSL_VERSION = 0x21, /* within TLV_SSL */
	SSL_CLIENT = 0x01,	/* the client came over TLS */
};

static size_t load16_be(const uint8_t *p)
{
	return (size_t)p[0] << 8 | p[1];
}

static const uint8_t proxy_signature[12] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
					    0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

size_t peer_proxy_size(const uint8_t head[PROXY_HEAD_SIZE])
{
	size_t n;

	if (memcmp(head, proxy_signature, sizeof(proxy_signature)) != 0)
		return 0;
	n = PROXY_HEAD_SIZE + load16_be(head + 14);
	return n <= PROXY_MAX ? n : 0;
}

struct tlv {
	uint8_t type;
	const uint8_t *value;
	size_t n;
};

/* Cuts the next TLV off. False: what is left is not a whole one. */
static bool tlv_next(const uint8_t **bytes, size_t *n, struct tlv *tlv_r)
{
	size_t length;

	if (*n < 3)
		return false;
	length = load16_be(*bytes + 1);
	if (length > *n - 3)
		return false;
	*tlv_r =
		(struct tlv){.type = **bytes, .value = *bytes + 3, .n = length};
	*bytes += 3 + length;
	*n -= 3 + length;
	return true;
}

/* haproxy says "TLSv1.3", GnuTLS "TLS1.3". */
static bool set_tls_version(struct peer *p, const uint8_t *text, size_t n)
{
	size_t used = 0;

	if (n >= sizeof(p->tls_version))
		return false;
	for (size_t i = 0; i < n; i++) {
		bool digit = text[i] >= '0' && text[i] <= '9';
		bool upper = text[i] >= 'A' && text[i] <= 'Z';

		if (!digit && !upper && text[i] != '.' && text[i] != 'v')
			return false;
		if (text[i] != 'v')
			p->tls_version[used++] = (char)text[i];
	}
	p->tls_version[used] = '\0';
	return used > 0;
}

/* client (1 octet), verify (4), then TLVs of its own. */
static bool parse_ssl(const struct tlv *ssl, struct peer *p)
{
	const uint8_t *rest;
	struct tlv tlv;
	size_t n;

	if (ssl->n < 5)
		return false;
	rest = ssl->value + 5;
	n = ssl->n - 5;
	p->tls = (ssl->value[0] & SSL_CLIENT) != 0;
	while (n) {
		if (!tlv_next(&rest, &n, &tlv))
			return false;
		if (tlv.type == TLV_SSL_VERSION && p->tls &&
		    !set_tls_version(p, tlv.value, tlv.n))
			return false;
	}
	return true;
}

/* Octets of the address block: addresses first, then two ports. */
static bool address_block(uint8_t family, size_t *n_r)
{
	switch (family) {
	case PROXY_UNSPEC:
		*n_r = 0;
		return true;
	case PROXY_TCP4:
		*n_r = 2 * V4_SIZE + PORTS_SIZE;
		return true;
	case PROXY_TCP6:
		*n_r = 2 * V6_SIZE + PORTS_SIZE;
		return true;
	case PROXY_UNIX:
		*n_r = 2 * UNIX_SIZE;
		return true;
	default:
		return false;
	}
}

static bool parse_tlvs(const uint8_t *bytes, size_t n, struct peer *p)
{
	struct tlv tlv;

	while (n) {
		if (!tlv_next(&bytes, &n, &tlv))
			return false;
		if (tlv.type == TLV_SSL && !parse_ssl(&tlv, p))
			return false;
	}
	return true;
}

bool peer_proxy_parse(const uint8_t *bytes, size_t n, struct peer *peer)
{
	struct peer found = *peer;
	uint8_t command, family;
	size_t n_address;

	if (n < PROXY_HEAD_SIZE || peer_proxy_size(bytes) != n)
		return false;
	command = bytes[12];
	family = bytes[13];
	bytes += PROXY_HEAD_SIZE;
	n -= PROXY_HEAD_SIZE;
	if (command == PROXY_LOCAL)
		return true; /* 2.2: the rest is skipped unread */
	if (command != PROXY_PROXY || !address_block(family, &n_address) ||
	    n < n_address)
		return false;
	if (family == PROXY_TCP4 || family == PROXY_TCP6)
		peer_set_address(&found, bytes, family == PROXY_TCP6);
	if (family != PROXY_UNSPEC &&
	    !parse_tlvs(bytes + n_address, n - n_address, &found))
		return false;
	*peer = found;
	return true;
}

static uint8_t *add_tlv(uint8_t *at, uint8_t type, const void *value, size_t n)
{
	at[0] = type;
	at[1] = (uint8_t)(n >> 8);
	at[2] = (uint8_t)n;
	memcpy(at + 3, value, n);
	return at + 3 + n;
}

/* client, verify (nothing was asked for: not 0), and the version. */
static uint8_t *add_ssl(uint8_t *at, const char *version)
{
	uint8_t ssl[5 + 3 + sizeof(((struct peer *)0)->tls_version)];
	uint8_t *end;
	size_t n = strlen(version);

	if (n >= sizeof(((struct peer *)0)->tls_version))
		die_bug("PROXY header: TLS version %s", version);
	ssl[0] = SSL_CLIENT;
	memset(ssl + 1, 0xff, 4);
	end = add_tlv(ssl + 5, TLV_SSL_VERSION, version, n);
	return add_tlv(at, TLV_SSL, ssl, (size_t)(end - ssl));
}

/* Who has no address of the Internet's came by a socket of this host. */
static uint8_t family_of(const struct peer *peer)
{
	if (!peer->is_ip)
		return PROXY_UNIX;
	return peer->is_ipv6 ? PROXY_TCP6 : PROXY_TCP4;
}

size_t peer_proxy_write(const struct peer *peer, const char *tls_version,
			uint8_t out[PROXY_WRITTEN_MAX])
{
	uint8_t *at = out + PROXY_HEAD_SIZE;
	uint8_t family = family_of(peer);
	size_t n;

	memcpy(out, proxy_signature, sizeof(proxy_signature));
	out[12] = PROXY_PROXY;
	out[13] = family;
	/* Our own address and the ports tell the next handler nothing. */
	if (!address_block(family, &n))
		die_bug("PROXY header: family %x", family);
	memset(at, 0, n);
	if (peer->is_ip)
		memcpy(at, peer->address, peer->is_ipv6 ? V6_SIZE : V4_SIZE);
	at = add_ssl(at + n, tls_version);
	n = (size_t)(at - out) - PROXY_HEAD_SIZE;
	out[14] = (uint8_t)(n >> 8);
	out[15] = (uint8_t)n;
	return (size_t)(at - out);
}

/* --- the first version ---------------------------------------------------- */

/* Cuts the next word off; the last one has no space behind it. */
static char *next_word(char **rest)
{
	return strsep(rest, " ");
}

static bool is_port(const char *text)
{
	uint64_t port;

	return text && num_parse(text, strlen(text), UINT16_MAX, &port);
}

/* "192.0.2.7 192.0.2.1 40000 25": who it is, and whom it had dialled. */
static bool parse_line_addresses(char *rest, bool is_ipv6, struct peer *peer)
{
	int family = is_ipv6 ? AF_INET6 : AF_INET;
	const char *from = next_word(&rest), *to = next_word(&rest);
	const char *from_port = next_word(&rest), *to_port = next_word(&rest);
	uint8_t source[V6_SIZE], destination[V6_SIZE];

	if (!to || rest || !is_port(from_port) || !is_port(to_port) ||
	    inet_pton(family, from, source) != 1 ||
	    inet_pton(family, to, destination) != 1)
		return false;
	peer_set_address(peer, source, is_ipv6);
	return true;
}

bool peer_proxy_parse_line(const uint8_t *bytes, size_t n, struct peer *peer)
{
	char line[PROXY_HEADER_LINE_MAX + 1], *rest = line;
	const char *family;

	if (n < 2 || n > PROXY_HEADER_LINE_MAX ||
	    memcmp(bytes + n - 2, "\r\n", 2) || memchr(bytes, '\0', n))
		return false;
	memcpy(line, bytes, n - 2);
	line[n - 2] = '\0';
	if (strcmp(next_word(&rest), "PROXY") != 0)
		return false;
	family = next_word(&rest);
	if (!family)
		return false;
	if (strcmp(family, "UNKNOWN") == 0)
		return true; /* 2.1: what follows is ignored */
	if (!rest ||
	    (strcmp(family, "TCP4") != 0 && strcmp(family, "TCP6") != 0))
		return false;
	return parse_line_addresses(rest, family[3] == '6', peer);
}

/* --- reading -------------------------------------------------------------- */

/* The rest of a second version's header, and what it says. */
static enum conn_status read_version_2(struct conn *c, uint8_t *bytes,
				       size_t have, struct peer *peer)
{
	enum conn_status status =
		conn_read_exactly(c, bytes + have, PROXY_HEAD_SIZE - have);
	size_t n;

	if (status != CONN_OK)
		return status;
	n = peer_proxy_size(bytes);
	if (n == 0)
		return CONN_BAD_LINE;
	status = conn_read_exactly(c, bytes + PROXY_HEAD_SIZE,
				   n - PROXY_HEAD_SIZE);
	if (status != CONN_OK)
		return status;
	return peer_proxy_parse(bytes, n, peer) ? CONN_OK : CONN_BAD_LINE;
}

/* Octet by octet: what follows the line is not ours to read. */
static enum conn_status read_version_1(struct conn *c, uint8_t *bytes,
				       struct peer *peer)
{
	enum conn_status status = CONN_OK;
	size_t n = 1;

	while (status == CONN_OK && bytes[n - 1] != '\n') {
		if (n == PROXY_HEADER_LINE_MAX)
			return CONN_BAD_LINE;
		status = conn_read_exactly(c, bytes + n++, 1);
	}
	if (status == CONN_OK && !peer_proxy_parse_line(bytes, n, peer))
		return CONN_BAD_LINE;
	return status;
}

enum conn_status peer_proxy_read_balancer(struct conn *c, struct peer *peer)
{
	uint8_t bytes[PROXY_MAX];
	enum conn_status status = conn_read_exactly(c, bytes, 1);

	if (status != CONN_OK)
		return status;
	if (bytes[0] == 'P')
		return read_version_1(c, bytes, peer);
	if (bytes[0] != proxy_signature[0])
		return CONN_BAD_LINE;
	status = read_version_2(c, bytes, 1, peer);
	peer->tls = false;
	peer->tls_version[0] = '\0';
	return status;
}

int peer_proxy_read(struct conn *c, struct peer *peer, struct err *e)
{
	uint8_t bytes[PROXY_MAX];

	switch (read_version_2(c, bytes, 0, peer)) {
	case CONN_OK:
		return 0;
	case CONN_TIMEOUT:
		return err_set(e, ERR_TEMP, "PROXY header: timed out");
	case CONN_EOF:
		return err_set(e, ERR_TEMP, "PROXY header: the peer is gone");
	default:
		return err_set(e, ERR_TEMP, "PROXY header: none that we take");
	}
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PROXY headers of both versions, and networks as they are written. */
#include "common/base.h"

#include "common/peer.h"
#include "common/peer_proxy.h"
#include "tests/fuzz/fuzz.h"

/* What was read, written again, reads back as the same client. */
static void require_round_trip(const struct peer *peer)
{
	uint8_t header[PROXY_WRITTEN_MAX];
	struct peer again = {.is_ip = false};
	size_t n = peer_proxy_write(peer, "TLS1.3", header);

	fuzz_require(n >= PROXY_HEAD_SIZE && n <= sizeof(header));
	fuzz_require(peer_proxy_size(header) == n);
	fuzz_require(peer_proxy_parse(header, n, &again));
	fuzz_require(again.is_ip == peer->is_ip &&
		     strcmp(again.text, peer->text) == 0);
}

static void try_network(const uint8_t *bytes, size_t n, const struct peer *peer)
{
	char *text = fuzz_text(bytes, n);
	struct network network;

	if (network_parse(text, &network)) {
		fuzz_require(network.bits <= (network.is_ipv6 ? 128u : 32u));
		(void)network_has(&network, peer);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct peer peer = {.is_ip = false};

	if (n >= PROXY_HEAD_SIZE)
		fuzz_require(peer_proxy_size(bytes) <= PROXY_MAX);
	if (n <= PROXY_MAX && peer_proxy_parse(bytes, n, &peer))
		require_round_trip(&peer);
	peer = (struct peer){.is_ip = false};
	if (peer_proxy_parse_line(bytes, n, &peer))
		fuzz_require(n <= PROXY_HEADER_LINE_MAX && !peer.tls);
	try_network(bytes, n, &peer);
	return 0;
}

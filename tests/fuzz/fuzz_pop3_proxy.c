/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The POP3 proxy between a client and a server, either of them hostile, and
 * its relay to pop3-serve. What a server sends is passed as it is.
 */
#include "common/base.h"

#include "handlers/pop3_proxy/session.h"
#include "tests/fuzz/proxied.h"

static void session(struct conn *c, const struct conf *conf,
		    const struct peer *peer, enum tls_mode mode)
{
	(void)pop3_proxy_session(c, conf, peer, mode, proxied_dialler());
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct buf to_client, to_server;

	if (!n)
		return 0;
	buf_init(&to_client, FUZZ_ROOM);
	buf_init(&to_server, FUZZ_ROOM);
	proxied_run(bytes, n, session, &to_client, &to_server);
	world_require_tidy();
	world_reset();
	buf_release(&to_client);
	buf_release(&to_server);
	return 0;
}

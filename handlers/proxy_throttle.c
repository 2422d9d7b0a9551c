/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys for the throttle of proxied logins, and the waiting. */
#include "common/base.h"
#include "handlers/proxy_throttle.h"

#include <unistd.h>

#include "common/buf.h"
#include "common/throttle.h"

static const char file[] = "proxy-failures";

/* The port is left out: it is the same server's passwords. */
static void make_key(const struct peer *peer, const struct dial_server *server,
		     struct buf *key)
{
	buf_init(key, 512);
	(void)!buf_addf(key, "%s %s", peer->text, server->host);
}

void proxy_throttle_wait(const struct conf *conf, const struct peer *peer,
			 const struct dial_server *server)
{
	struct buf key;
	unsigned left;

	make_key(peer, server, &key);
	left = throttle_delay(conf->runtime, file, key.data);
	buf_release(&key);
	while (left)
		left = sleep(left);
}

void proxy_throttle_note(const struct conf *conf, const struct peer *peer,
			 const struct dial_server *server, bool well)
{
	struct buf key;

	make_key(peer, server, &key);
	throttle_note(conf->runtime, file, key.data, !well);
	buf_release(&key);
}

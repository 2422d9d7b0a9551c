/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys for the throttle of logins, and the waiting. */
#include "common/base.h"
#include "handlers/login_throttle.h"

#include <unistd.h>

#include "common/buf.h"
#include "common/num.h"
#include "common/throttle.h"

static const char file[] = "login-failures";

/* Whoever has one address of IPv6 has the 2^64 that begin like it. */
enum { IPV6_NETWORK = 8 };

static void make_key(const struct peer *peer, const char *place,
		     struct buf *key)
{
	char network[2 * IPV6_NETWORK + 1];

	buf_init(key, 512);
	num_write_hex(peer->address, IPV6_NETWORK, network);
	(void)!buf_addf(key, "%s %s", peer->is_ipv6 ? network : peer->text,
			place);
}

void login_throttle_wait(const struct conf *conf, const struct peer *peer,
			 const char *place)
{
	unsigned left;
	struct buf key;

	make_key(peer, place, &key);
	left = throttle_delay(conf->runtime, file, key.data);
	buf_release(&key);
	if (left > conf->limits.login_delay)
		left = conf->limits.login_delay;
	while (left)
		left = sleep(left);
}

void login_throttle_note(const struct conf *conf, const struct peer *peer,
			 const char *place, bool well)
{
	struct buf key;

	make_key(peer, place, &key);
	throttle_note(conf->runtime, file, key.data, !well);
	buf_release(&key);
}

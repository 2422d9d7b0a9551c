/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is there, counted. Starts and ends no process. */
#include "common/base.h"
#include "handlers/session/crowd.h"

#include "common/log.h"

enum { V4_OCTETS = 4, SUBSCRIBER_OCTETS = 8 };

static bool are_one_address(const struct peer *a, const struct peer *b)
{
	return a->is_ip && b->is_ip && a->is_ipv6 == b->is_ipv6 &&
	       memcmp(a->address, b->address,
		      a->is_ipv6 ? SUBSCRIBER_OCTETS : V4_OCTETS) == 0;
}

static bool is_exempt(const struct crowd *c, const struct peer *peer)
{
	if (!peer->is_ip)
		return true;
	for (size_t i = 0; i < c->exempt->n; i++)
		if (network_has(&c->exempt->list[i], peer))
			return true;
	return false;
}

static size_t count_of(const struct crowd *c, const struct peer *peer)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		if (are_one_address(&c->members[i].peer, peer))
			n++;
	return n;
}

bool crowd_has_room(const struct crowd *c, const struct peer *peer)
{
	if (c->n >= c->limits->max_connections)
		return false;
	return is_exempt(c, peer) ||
	       count_of(c, peer) < c->limits->max_per_address;
}

void crowd_add(struct crowd *c, pid_t pid, const struct peer *peer)
{
	c->members = xgrow(c->members, c->n, sizeof(*c->members));
	c->members[c->n++] = (struct crowd_member){.pid = pid, .peer = *peer};
}

bool crowd_remove(struct crowd *c, pid_t pid, struct peer *peer_r)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->members[i].pid != pid)
			continue;
		*peer_r = c->members[i].peer;
		c->members[i] = c->members[--c->n];
		return true;
	}
	return false;
}

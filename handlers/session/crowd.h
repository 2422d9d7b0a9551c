/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sessions that an acceptor has running: whose they are, and whether there
 * is room for one more. Knows processes by their number alone.
 */
#ifndef RESTANTE_HANDLERS_SESSION_CROWD_H
#define RESTANTE_HANDLERS_SESSION_CROWD_H

#include <sys/types.h>

#include "common/conf.h"
#include "common/peer.h"

struct crowd_member {
	pid_t pid;
	struct peer peer;
};

struct crowd {
	const struct conf_acceptor *limits;
	const struct conf_networks *exempt; /* from the limit of an address */
	struct crowd_member *members;
	size_t n;
};

/*
 * Whether that one may come in: max-connections in all, max-per-address of one
 * IPv4 address or of one IPv6 network of 64 bits, which is what one subscriber
 * gets. A peer that is no address counts in all alone.
 */
bool crowd_has_room(const struct crowd *c, const struct peer *peer);

void crowd_add(struct crowd *c, pid_t pid, const struct peer *peer);

/* False: it is none of them. */
bool crowd_remove(struct crowd *c, pid_t pid, struct peer *peer_r);

#endif

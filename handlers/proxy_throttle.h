/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Wrong logins at a real server are slowed per client address and server: a
 * proxy must not be the better place to guess from, nor get its own address
 * banned. The counts outlive a process, in a file of the runtime directory.
 */
#ifndef RESTANTE_HANDLERS_PROXY_THROTTLE_H
#define RESTANTE_HANDLERS_PROXY_THROTTLE_H

#include "common/conf.h"
#include "common/peer.h"
#include "handlers/dial_rules.h"

/* Waits as long as this client's last failures at this server ask for. */
void proxy_throttle_wait(const struct conf *conf, const struct peer *peer,
			 const struct dial_server *server);

/* A login went well (or failed for another reason than its credential). */
void proxy_throttle_note(const struct conf *conf, const struct peer *peer,
			 const struct dial_server *server, bool well);

#endif

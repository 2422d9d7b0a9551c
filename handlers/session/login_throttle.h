/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Wrong logins are slowed, per client address and per place that they are
 * tried at: a real server behind a proxy, or our own mailboxes. A proxy must
 * not be the better place to guess from, nor get its own address banned. The
 * counts outlive a process, in a file of the runtime directory.
 */
#ifndef RESTANTE_HANDLERS_SESSION_LOGIN_THROTTLE_H
#define RESTANTE_HANDLERS_SESSION_LOGIN_THROTTLE_H

#include <time.h>

#include "common/conf.h"
#include "common/peer.h"

/*
 * Waits as long as this client's last failures at this place ask for, at most
 * limits.login-delay.
 */
void login_throttle_wait(const struct conf *conf, const struct peer *peer,
			 const char *place);

/* A login went well (or failed for another reason than its credential). */
void login_throttle_note(const struct conf *conf, const struct peer *peer,
			 const char *place, bool well);

/*
 * A refusal leaves at a full quarter of a second since the password came: to
 * look into a mailbox takes longer than to find none, and what was tried must
 * not show in how long it took. Called when the work is done and nothing that
 * others wait for is held.
 */
void login_refusal_wait(const struct timespec *came);

#endif

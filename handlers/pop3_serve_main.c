/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pop3-serve: lets an archive collect over the one connection that is fd 0 and
 * 1. Sets up, takes its place among the sessions that may run at a time, and
 * nothing else.
 */
#include "common/base.h"

#include <sysexits.h>
#include <unistd.h>

#include "common/log.h"
#include "common/program.h"
#include "common/slots.h"
#include "handlers/pop3_serve_session.h"

/*
 * A session costs memory at login, so their number is limited. But a limit that
 * cannot be had limits nobody: collecting is what frees a full disk.
 */
static bool take_slot(const struct conf *conf, int *slot_r)
{
	struct err e;

	*slot_r = slot_take(conf->runtime, "pop3-serve",
			    conf->pop3_serve.max_sessions, &e);
	if (*slot_r >= 0)
		return true;
	log_warn("%s", e.text);
	return e.kind != ERR_BUSY;
}

int main(int argc, char **argv)
{
	struct program p;
	bool served;
	int slot;

	program_start(&p, "pop3-serve", argc, argv);
	served = take_slot(p.conf, &slot);
	program_confine(&p, SANDBOX_COLLECTOR);
	if (served)
		pop3_serve_confined(p.conn, p.conf, &p.peer, p.tls_mode);
	else
		pop3_serve_turn_away(p.conn, p.conf, &p.peer, p.tls_mode);
	program_end(&p);
	if (slot >= 0)
		(void)close(slot);
	return served ? 0 : EX_TEMPFAIL;
}

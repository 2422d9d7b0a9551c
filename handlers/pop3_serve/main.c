/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pop3-serve: lets an archive collect over the one connection that is fd 0 and
 * 1. Sets up and nothing else; what a peer did is in the log, not in the exit
 * code.
 */
#include "common/base.h"
#include "handlers/session/program.h"
#include "handlers/pop3_serve/session.h"

int main(int argc, char **argv)
{
	struct program p;

	program_start(&p, "pop3-serve", argc, argv);
	program_confine(&p, SANDBOX_COLLECTOR);
	pop3_serve_confined(p.conn, p.conf, &p.peer, p.tls_mode);
	program_end(&p);
	return 0;
}

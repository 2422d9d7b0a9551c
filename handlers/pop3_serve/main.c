/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pop3-serve: lets an archive collect, over one connection in each process.
 * Sets up and nothing else; what a peer did is in the log, not in the exit
 * code.
 */
#include "common/base.h"
#include "handlers/pop3/replies.h"
#include "handlers/session/program.h"
#include "handlers/pop3_serve/session.h"

int main(int argc, char **argv)
{
	static const struct program_kind kind = {
		.name = "pop3-serve",
		.row = SANDBOX_COLLECTOR,
		.acceptor = offsetof(struct conf, pop3_serve.acceptor),
		.full_house = &pop3_full_house,
	};
	struct program p;

	program_start(&p, &kind, argc, argv);
	program_confine(&p);
	pop3_serve_confined(p.conn, p.conf, &p.peer, p.tls_mode);
	program_end(&p);
	return 0;
}

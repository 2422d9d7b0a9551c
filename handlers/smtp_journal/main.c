/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * smtp-journal: receives the one connection that is fd 0 and 1. Sets up and
 * nothing else; what a peer did is in the log, not in the exit code.
 */
#include "common/base.h"
#include "handlers/session/program.h"
#include "handlers/smtp_journal/session.h"

int main(int argc, char **argv)
{
	struct program p;

	program_start(&p, "smtp-journal", argc, argv);
	program_confine(&p, SANDBOX_RECEIVER);
	(void)smtp_journal_session(p.conn, p.conf, &p.peer, p.tls_mode);
	program_end(&p);
	return 0;
}

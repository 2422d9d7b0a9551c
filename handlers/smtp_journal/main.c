/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * smtp-journal: receives over one connection in each process. Sets up and
 * nothing else; what a peer did is in the log, not in the exit code.
 */
#include "common/base.h"
#include "handlers/session/program.h"
#include "handlers/smtp/replies.h"
#include "handlers/smtp_journal/session.h"

int main(int argc, char **argv)
{
	static const struct program_kind kind = {
		.name = "smtp-journal",
		.row = SANDBOX_RECEIVER,
		.acceptor = offsetof(struct conf, smtp_journal.acceptor),
		.full_house = &smtp_full_house,
	};
	struct program p;

	program_start(&p, &kind, argc, argv);
	program_confine(&p);
	(void)smtp_journal_session(p.conn, p.conf, &p.peer, p.tls_mode);
	program_end(&p);
	return 0;
}

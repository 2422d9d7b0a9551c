/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pop3-proxy: one mail client on fd 0 and 1, its real server behind, or
 * pop3-serve. Sets up, nothing else: the dialler is forked before the first
 * octet of input.
 */
#include "common/base.h"

#include <sysexits.h>

#include "common/log.h"
#include "handlers/pop3_proxy/session.h"
#include "handlers/proxy/dialler.h"
#include "handlers/session/program.h"

int main(int argc, char **argv)
{
	struct dialler *dialler;
	struct program p;
	struct err e;

	program_start(&p, "pop3-proxy", argc, argv);
	dialler = dialler_start(p.conf, DIAL_POP3, &e);
	if (!dialler)
		die_temp("%s", e.text);
	program_confine(&p, SANDBOX_PROXY);
	pop3_proxy_session(p.conn, p.conf, &p.peer, p.tls_mode, dialler);
	dialler_end(&dialler);
	program_end(&p);
	return EX_OK;
}

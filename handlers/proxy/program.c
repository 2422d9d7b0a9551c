/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order in which a proxy gives up what it does not need. */
#include "common/base.h"
#include "handlers/proxy/program.h"

#include "common/log.h"
#include "handlers/proxy/dialler.h"

void proxy_program_run(const struct proxy_program *proxy, int argc, char **argv)
{
	struct dialler *dialler;
	struct program p;
	struct err e;

	program_start(&p, &proxy->program, argc, argv);
	dialler = dialler_start(p.conf, proxy->service, &e);
	if (!dialler)
		die_temp("%s", e.text);
	program_confine(&p);
	(void)proxy->session(p.conn, p.conf, &p.peer, p.tls_mode, dialler);
	dialler_end(&dialler);
	program_end(&p);
}

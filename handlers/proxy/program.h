/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A proxy's program: one client on fd 0 and 1, its real server behind. Sets up
 * and nothing else: the dialler is forked before the first octet of input.
 */
#ifndef RESTANTE_HANDLERS_PROXY_PROGRAM_H
#define RESTANTE_HANDLERS_PROXY_PROGRAM_H

#include "handlers/proxy/dial_rules.h"
#include "handlers/session/program.h"
#include "handlers/session/summary.h"

struct dialler;

struct proxy_program {
	struct program_kind program;
	enum dial_service service;
	enum outcome (*session)(struct conn *c, const struct conf *conf,
				const struct peer *peer, enum tls_mode mode,
				struct dialler *dialler);
};

/* All of main(). Exits 64 or 75 where it cannot be set up. */
void proxy_program_run(const struct proxy_program *proxy, int argc,
		       char **argv);

#endif

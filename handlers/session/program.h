/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What every handler does before its first byte of input, in one order that
 * can be read in one place: arguments, log, limits of the process,
 * configuration, connection; then the sandbox, and the peer.
 */
#ifndef RESTANTE_HANDLERS_SESSION_PROGRAM_H
#define RESTANTE_HANDLERS_SESSION_PROGRAM_H

#include "common/conf.h"
#include "common/conn.h"
#include "common/peer.h"
#include "common/sandbox.h"

enum tls_mode { TLS_MODE_IMPLICIT, TLS_MODE_STARTTLS, TLS_MODE_NONE };

struct program {
	const char *name;
	enum tls_mode tls_mode;
	struct conf *conf;
	struct conn *conn; /* on fd 0 and 1 */
	struct peer peer;
};

/*
 * Reads `[-c FILE] --tls=implicit|starttls|none`, --help and --version (both
 * exit 0), the configuration, and says who is connected. Exits 64 or 75 on
 * failure. What else a handler needs to open or to fork comes now; then
 * program_confine().
 */
void program_start(struct program *p, const char *name, int argc, char **argv);

/*
 * The end of the start: gives up what the row does not grant. Only then is the
 * peer read: with --tls=none, whom the handler in front vouches for; from a
 * balancer (limits.proxy-from), whom that names. Exits 64 or 75 on failure, 0
 * where a balancer named nobody.
 */
void program_confine(struct program *p, enum sandbox_row row);

/* Says goodbye to the peer and frees everything. */
void program_end(struct program *p);

#endif

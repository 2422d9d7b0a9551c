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

struct reply;

enum tls_mode { TLS_MODE_IMPLICIT, TLS_MODE_STARTTLS, TLS_MODE_NONE };

/* What a handler's main() says of itself. */
struct program_kind {
	const char *name;
	enum sandbox_row row;
	size_t acceptor; /* where in struct conf its struct conf_acceptor is */
	const struct reply *full_house;
};

struct program {
	const struct program_kind *kind;
	const char *name;
	enum tls_mode tls_mode;
	struct conf *conf;
	struct conn *conn; /* on fd 0 and 1 */
	struct peer peer;
	bool prepared; /* by an acceptor that this is a child of */
	struct sandbox sandbox;
};

/*
 * Reads `[-c FILE] [--listen ADDR:PORT] --tls=implicit|starttls|none`, --help
 * and --version (both exit 0), the configuration, and says who is connected.
 * Exits 64 or 75 on failure. What else a handler needs to open or to fork comes
 * now; then program_confine().
 *
 * Where the socket is a listening one, this process is an acceptor: it returns
 * in children alone, each with a connection of its own.
 */
void program_start(struct program *p, const struct program_kind *kind, int argc,
		   char **argv);

/*
 * The end of the start: gives up what the row does not grant. Only then is the
 * peer read: with --tls=none, whom the handler in front vouches for; from a
 * balancer (limits.proxy-from), whom that names. Exits 64 or 75 on failure, 0
 * where a balancer named nobody.
 */
void program_confine(struct program *p);

/* Says goodbye to the peer and frees everything. */
void program_end(struct program *p);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A connection to one of this host's own services, as a client from outside
 * would have it; with a PROXY header in front where such clients need one.
 * Firewalls and name servers are not proved.
 */
#ifndef RESTANTE_HANDLERS_DOCTOR_KNOCK_H
#define RESTANTE_HANDLERS_DOCTOR_KNOCK_H

#include "common/conf.h"
#include "common/conn.h"
#include "handlers/admin/service_ports.h"

struct knock {
	struct conn *conn;
	int fd;
	char where[64]; /* "127.0.0.1 port 25"; set also where it fails */
};

/* Where it listens at every address: at our own of either kind. */
int knock_open(struct knock *k, const struct conf *conf, enum service service,
	       const struct service_ports *ports, struct err *e) MUST_USE;

/* TLS, and the certificate must be good for conf->hostname. */
int knock_start_tls(struct knock *k, const struct conf *conf,
		    struct err *e) MUST_USE;

void knock_close(struct knock *k);

#endif

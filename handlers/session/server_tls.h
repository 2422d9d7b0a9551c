/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TLS as every session of ours begins it, at once or behind STARTTLS and STLS:
 * the certificate read now, so that a renewed one counts from now on, unless an
 * acceptor has it ready; then the handshake. What goes wrong is logged and
 * noted in the summary.
 */
#ifndef RESTANTE_HANDLERS_SESSION_SERVER_TLS_H
#define RESTANTE_HANDLERS_SESSION_SERVER_TLS_H

#include "common/conf.h"
#include "common/conn.h"

struct reply;
struct summary;

enum server_tls {
	SERVER_TLS_ON,
	SERVER_TLS_NO_CERTIFICATE, /* nothing was said: the peer may be told */
	SERVER_TLS_FAILED,	   /* the connection is good for nothing more */
};

/*
 * go_ahead, where not NULL, is written once there is a certificate. The
 * handshake must end within seconds.
 */
enum server_tls server_tls_start(struct conn *c, const struct conf *conf,
				 unsigned seconds, const struct reply *go_ahead,
				 struct summary *summary);

#endif

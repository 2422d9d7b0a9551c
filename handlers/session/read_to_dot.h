/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A message as it comes from a connection, up to CRLF.CRLF and not an octet
 * beyond: the client's behind DATA, the server's behind RETR.
 */
#ifndef RESTANTE_HANDLERS_SESSION_READ_TO_DOT_H
#define RESTANTE_HANDLERS_SESSION_READ_TO_DOT_H

#include "common/conf.h"
#include "common/conn.h"
#include "common/sink.h"

/* Much is going to pass: limits.data-timeout, and more time for more octets. */
void read_to_dot_expect(struct conn *c, const struct conf *conf);

/*
 * Pushes the message, dots unstuffed, into sink. One that fails is called no
 * more, and the message is read to its end all the same.
 */
enum conn_status read_to_dot(struct conn *c, const struct sink *sink);

/*
 * The same until the sink fails: then *taken_r is false, and what has not been
 * read stays on the connection.
 */
enum conn_status
read_to_dot_while_taken(struct conn *c, const struct sink *sink, bool *taken_r);

#endif

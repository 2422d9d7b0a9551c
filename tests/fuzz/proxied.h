/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The other side of the proxies' targets: a dialler that reaches a server
 * which has said everything before it is asked. Takes the place of
 * handlers/proxy/dialler.c.
 */
#ifndef RESTANTE_TESTS_FUZZ_PROXIED_H
#define RESTANTE_TESTS_FUZZ_PROXIED_H

#include "tests/fuzz/world.h"

struct dialler;

/*
 * Plays one input: the client's side in front of the first octet 0xff, the
 * server's behind it. Both hear into their buffer.
 */
void proxied_run(const uint8_t *bytes, size_t n,
		 void (*session)(struct conn *c, const struct conf *conf,
				 const struct peer *peer, enum tls_mode mode),
		 struct buf *client_heard, struct buf *server_heard);

/* The dialler of the input being played. */
struct dialler *proxied_dialler(void);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the certificates of the handlers say. mailbox-tool reads it, once for
 * each change: a library that does is half of what a page would cost.
 */
#ifndef RESTANTE_HANDLERS_CONSOLE_PARTS_CERTIFICATE_H
#define RESTANTE_HANDLERS_CONSOLE_PARTS_CERTIFICATE_H

#include "common/tls.h"
#include "handlers/console/context.h"

/* Calls each() for every certificate of every chain, in their order. */
int certificate_chain(const struct console *c,
		      void (*each)(const struct tls_link *link, void *arg),
		      void *arg, struct err *e) MUST_USE;

/* When the first of our own ends, in seconds since 1970. */
int certificate_end(const struct console *c, int64_t *when_r,
		    struct err *e) MUST_USE;

#endif

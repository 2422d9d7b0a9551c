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

/* How long our own are good: of several, the one that ends first. */
int certificate_term(const struct console *c, struct tls_term *term_r,
		     struct err *e) MUST_USE;

#endif

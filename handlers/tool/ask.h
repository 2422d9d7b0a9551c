/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person is asked and told that nobody else may see. */
#ifndef RESTANTE_HANDLERS_TOOL_ASK_H
#define RESTANTE_HANDLERS_TOOL_ASK_H

#include "common/err.h"
#include "common/secret.h"

/*
 * A password: the first line of fd 0 or, where that is a terminal, typed
 * without echo at a prompt. Nothing behind the line is read.
 */
int tool_read_password(const char *prompt, struct secret *password_r,
		       struct err *e) MUST_USE;

/* The first key of an age identity file. */
int tool_read_identity(const char *file, struct secret *key_r,
		       struct err *e) MUST_USE;

/* Asks on stderr for the id; ERR_CONFIG where another line comes from fd 0. */
int tool_confirm(const char *question, const char *id, struct err *e) MUST_USE;

/*
 * Writes "password: …" to fd 1 by itself: no stdio buffer keeps a copy. -1
 * where nobody can have read it.
 */
int tool_show_password(const struct secret *password, struct err *e) MUST_USE;

#endif

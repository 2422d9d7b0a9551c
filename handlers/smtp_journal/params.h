/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The parameters of MAIL and RCPT: SIZE (RFC 1870), BODY (RFC 6152), SMTPUTF8
 * (RFC 6531), and those of DSN (RFC 3461), which are recorded and nothing
 * else: a receiver that never sends mail sends no notifications either.
 */
#ifndef RESTANTE_HANDLERS_SMTP_JOURNAL_PARAMS_H
#define RESTANTE_HANDLERS_SMTP_JOURNAL_PARAMS_H

#include "handlers/smtp/path_args.h"

struct smtp_mail_params {
	uint64_t size; /* as declared; 0: not. UINT64_MAX: that or more */
	bool utf8;
	bool require_tls;
	char note[128]; /* "RET=HDRS ENVID=…" for the trace header, or "" */
};

struct smtp_rcpt_params {
	char note[400]; /* "ORCPT=rfc822;… NOTIFY=NEVER", or "" */
};

/* rest: what follows the path. Nothing in it is refused. */
void smtp_mail_params_parse(const char *rest, struct smtp_mail_params *p_r);
void smtp_rcpt_params_parse(const char *rest, struct smtp_rcpt_params *p_r);

#endif

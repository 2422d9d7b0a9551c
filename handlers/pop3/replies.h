/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What server and proxy say alike in POP3, as constants (RFC 1939; the codes
 * in brackets RFC 2449 and RFC 3206).
 */
#ifndef RESTANTE_HANDLERS_POP3_REPLIES_H
#define RESTANTE_HANDLERS_POP3_REPLIES_H

#include "common/cmd.h"

extern const struct reply pop3_full_house;
extern const struct reply pop3_begin_tls;
extern const struct reply pop3_no_stls;
extern const struct reply pop3_no_certificate;
extern const struct reply pop3_utf8;
extern const struct reply pop3_noop;
extern const struct reply pop3_password; /* asked for behind USER */
extern const struct reply pop3_need_tls;
extern const struct reply pop3_bad_state;
extern const struct reply pop3_log_in;
extern const struct reply pop3_logged_in;
extern const struct reply pop3_user_first;
extern const struct reply pop3_not_base64;
extern const struct reply pop3_not_sasl;
extern const struct reply pop3_for_another;
extern const struct reply pop3_cancelled;

/* The dispatcher's. */
extern const struct cmd_replies pop3_replies;

#endif

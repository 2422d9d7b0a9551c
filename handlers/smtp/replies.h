/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Everything that receiver and proxy say in SMTP, as constants (RFC 5321 4.2,
 * enhanced codes RFC 3463 and RFC 5248). Whatever can pass is a 4xx: senders of
 * journal copies try those again, and lose a copy over a 5xx.
 */
#ifndef RESTANTE_HANDLERS_SMTP_REPLIES_H
#define RESTANTE_HANDLERS_SMTP_REPLIES_H

#include "common/cmd.h"
#include "common/err.h"

extern const struct reply smtp_ok;
extern const struct reply smtp_sender_ok;
extern const struct reply smtp_recipient_ok;
extern const struct reply smtp_chunk_ok;
extern const struct reply smtp_go_ahead;
extern const struct reply smtp_help;
extern const struct reply smtp_cannot_verify;
extern const struct reply smtp_goodbye;
extern const struct reply smtp_full_house;

extern const struct reply smtp_begin_tls;
extern const struct reply smtp_need_tls;
extern const struct reply smtp_no_certificate;
extern const struct reply smtp_no_starttls;
extern const struct reply smtp_tls_already;
extern const struct reply smtp_behind_starttls;

extern const struct reply smtp_bad_sender;
extern const struct reply smtp_bad_recipient;
extern const struct reply smtp_bad_parameter;
extern const struct reply smtp_unknown_parameter;
extern const struct reply smtp_bad_syntax;
extern const struct reply smtp_need_utf8;
extern const struct reply smtp_network_refused;
extern const struct reply smtp_client_refused;
extern const struct reply smtp_too_many_recipients;
extern const struct reply smtp_too_many_mailboxes;

extern const struct reply smtp_no_mailbox;
extern const struct reply smtp_suspended;
extern const struct reply smtp_no_room;
extern const struct reply smtp_mailbox_full;
extern const struct reply smtp_trouble;

extern const struct reply smtp_no_recipient;
extern const struct reply smtp_not_for_now;
extern const struct reply smtp_behind_data;
extern const struct reply smtp_no_chunking;
extern const struct reply smtp_bad_chunk;
extern const struct reply smtp_too_big;
extern const struct reply smtp_loop;

extern const struct reply smtp_bad_sequence;
extern const struct reply smtp_timeout;

/* Said by the proxy alone: its clients are people's, and a 5xx is an answer. */
extern const struct reply smtp_login_needs_tls;
extern const struct reply smtp_need_login;
extern const struct reply smtp_logged_in;

/* The dispatcher's: the receiver's, and the proxy's. */
extern const struct cmd_replies smtp_replies;
extern const struct cmd_replies smtp_proxy_replies;

/* What a failure of the store is to the sender. */
const struct reply *smtp_reply_for(enum err_kind kind);

#endif

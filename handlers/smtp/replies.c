/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The wording of receiver and proxy in SMTP, all of it, and nothing else. */
#include "common/base.h"
#include "handlers/smtp/replies.h"

#include "common/reply.h"

/* clang-format off */
#define SAY(name, ...) const struct reply smtp_##name = {__VA_ARGS__}

SAY(ok,             "250", "2.0.0", "OK", 0);
SAY(sender_ok,      "250", "2.1.0", "Sender OK", 0);
SAY(recipient_ok,   "250", "2.1.5", "Recipient OK", 0);
SAY(chunk_ok,       "250", "2.0.0", "Chunk OK", 0);
SAY(go_ahead,       "354", "", "End the message with <CRLF>.<CRLF>", 0);
SAY(help,           "214", "2.0.0", "Copies of mail are kept here; see RFC 5321", 0);
SAY(cannot_verify,  "252", "2.1.5", "Send to it and see", 0);
SAY(goodbye,        "221", "2.0.0", "Goodbye", REPLY_CLOSE);

SAY(full_house,     "421", "4.3.2", "Too many connections, try again later", REPLY_CLOSE);

SAY(begin_tls,      "220", "2.0.0", "Begin TLS", 0);
SAY(need_tls,       "450", "4.7.0", "Only under TLS: STARTTLS first", 0);
SAY(no_certificate, "454", "4.7.0", "TLS cannot be had now", 0);
SAY(no_starttls,    "502", "5.5.1", "There is no STARTTLS here", REPLY_FAULT);
SAY(tls_already,    "503", "5.5.1", "This is under TLS already", REPLY_FAULT);
SAY(behind_starttls, "421", "4.7.0", "Nothing may follow STARTTLS before TLS", REPLY_CLOSE);

SAY(bad_sender,     "501", "5.1.7", "That is no sender's address", REPLY_FAULT);
SAY(bad_recipient,  "501", "5.1.3", "That is no recipient's address", REPLY_FAULT);
SAY(bad_parameter,  "501", "5.5.4", "A parameter has a value it cannot have", REPLY_FAULT);
SAY(unknown_parameter, "555", "5.5.4", "A parameter was not announced", REPLY_FAULT);
SAY(bad_syntax,     "501", "5.5.4", "MAIL FROM:<address> or RCPT TO:<address> was expected", REPLY_FAULT);
SAY(need_utf8,      "553", "5.6.7", "That address needs SMTPUTF8", REPLY_FAULT);
SAY(network_refused, "450", "4.7.1", "Not from this network", 0);
SAY(client_refused, "450", "4.7.1", "Not without the right client certificate", 0);
SAY(too_many_recipients, "452", "4.5.3", "Too many recipients; send again for the rest", 0);
SAY(too_many_mailboxes, "452", "4.5.3", "Too many mailboxes; send again for the rest", 0);

SAY(no_mailbox,     "550", "5.1.1", "No such mailbox here", 0);
SAY(suspended,      "450", "4.2.1", "Mailbox suspended", 0);
SAY(no_room,        "452", "4.3.1", "No room now", 0);
SAY(mailbox_full,   "452", "4.2.2", "The mailbox takes no more for now", 0);
SAY(trouble,        "451", "4.3.0", "Cannot keep it now", 0);

SAY(no_recipient,   "503", "5.5.1", "No recipient yet", 0);
SAY(not_for_now,    "451", "4.5.1", "Sender or recipients were refused for now", 0);
SAY(behind_data,    "421", "4.5.0", "Wait for the reply to DATA", REPLY_CLOSE);
SAY(no_chunking,    "502", "5.5.1", "There is no BDAT here", REPLY_FAULT);
SAY(bad_chunk,      "501", "5.5.4", "BDAT needs a size, and may say LAST", REPLY_CLOSE);
SAY(too_big,        "552", "5.3.4", "Message too big", 0);
SAY(loop,           "554", "5.4.6", "Too many Received fields: a loop", 0);

SAY(login_needs_tls, "530", "5.7.0", "Only under TLS: STARTTLS first", 0);
SAY(need_login,     "530", "5.7.0", "Log in first", REPLY_FAULT);
SAY(logged_in,      "503", "5.5.1", "You are logged in already", REPLY_FAULT);

SAY(bad_sequence,   "503", "5.5.1", "Bad sequence of commands", REPLY_FAULT);
SAY(timeout,        "421", "4.4.2", "Time is up, closing", REPLY_CLOSE);
/* clang-format on */

static const struct reply unknown = {"500", "5.5.1", "No such command",
				     REPLY_FAULT};
static const struct reply bad_line = {
	"500", "5.5.2", "A line ends in CRLF and holds no CR, LF or NUL",
	REPLY_FAULT};
static const struct reply too_long = {"500", "5.5.2", "Line too long",
				      REPLY_FAULT};
static const struct reply no_argument = {
	"501", "5.5.4", "An argument was expected", REPLY_FAULT};
static const struct reply spare_argument = {
	"501", "5.5.4", "No argument was expected", REPLY_FAULT};
static const struct reply rest_of_secret = {
	"421", "4.7.0", "Base64 stands on one line, closing",
	REPLY_FAULT | REPLY_CLOSE};
static const struct reply too_many_faults = {
	"421", "4.7.0", "Too many errors, closing", REPLY_CLOSE};

/* clang-format off */
#define REPLIES(tls)                                                           \
	{                                                                      \
		.unknown = &unknown, .bad_line = &bad_line,                    \
		.too_long = &too_long, .pipelined = &smtp_behind_starttls,     \
		.need_tls = (tls), .bad_state = &smtp_bad_sequence,            \
		.no_argument = &no_argument,                                   \
		.spare_argument = &spare_argument,                             \
		.rest_of_secret = &rest_of_secret,                             \
		.too_many_faults = &too_many_faults, .timeout = &smtp_timeout, \
	}
/* clang-format on */

const struct cmd_replies smtp_replies = REPLIES(&smtp_need_tls);
const struct cmd_replies smtp_proxy_replies = REPLIES(&smtp_login_needs_tls);

const struct reply *smtp_reply_for(enum err_kind kind)
{
	switch (kind) {
	case ERR_ABSENT:
		return &smtp_no_mailbox;
	case ERR_STATE:
		return &smtp_suspended;
	case ERR_FULL:
		return &smtp_no_room;
	case ERR_QUOTA:
		return &smtp_mailbox_full;
	default:
		return &smtp_trouble;
	}
}

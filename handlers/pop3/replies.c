/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The wording that POP3 server and proxy share, and nothing else. */
#include "common/base.h"
#include "handlers/pop3/replies.h"

/* clang-format off */
#define SAY(name, ...) const struct reply pop3_##name = {__VA_ARGS__}

SAY(full_house,     "-ERR", "[SYS/TEMP]", "Too many connections, try again later", REPLY_CLOSE);
SAY(begin_tls,      "+OK", "", "Begin TLS", 0);
SAY(no_stls,        "-ERR", "", "There is no STLS here", REPLY_FAULT);
SAY(no_certificate, "-ERR", "[SYS/TEMP]", "TLS cannot be had now", 0);
SAY(utf8,           "+OK", "", "UTF-8 it is", 0);
SAY(noop,           "+OK", "", "", 0);
SAY(password,       "+OK", "", "Now the password", 0);
SAY(need_tls,       "-ERR", "", "Only under TLS: use STLS or POP3S", REPLY_FAULT);
SAY(bad_state,      "-ERR", "", "Not now", REPLY_FAULT);
SAY(log_in,         "-ERR", "", "Log in first", REPLY_FAULT);
SAY(logged_in,      "-ERR", "", "Already logged in", REPLY_FAULT);
SAY(user_first,     "-ERR", "", "USER comes first", REPLY_FAULT);
SAY(not_base64,     "-ERR", "", "Not base64 with its padding", REPLY_FAULT | REPLY_CLOSE);
SAY(not_sasl,       "-ERR", "", "Not what the mechanism says", REPLY_FAULT | REPLY_CLOSE);
SAY(for_another,    "-ERR", "[AUTH]", "Nobody logs in for another here", REPLY_FAULT);
SAY(cancelled,      "-ERR", "", "Cancelled", 0);
/* clang-format on */

static const struct reply unknown = {"-ERR", "", "Unknown command",
				     REPLY_FAULT};
static const struct reply bad_line = {
	"-ERR", "", "Lines end in CRLF and hold no NUL", REPLY_FAULT};
static const struct reply too_long = {"-ERR", "", "Line too long", REPLY_FAULT};
static const struct reply pipelined = {"-ERR", "",
				       "Nothing may follow STLS before TLS", 0};
static const struct reply no_argument = {"-ERR", "", "An argument was expected",
					 REPLY_FAULT};
static const struct reply spare_argument = {
	"-ERR", "", "No argument was expected", REPLY_FAULT};
static const struct reply rest_of_secret = {
	"-ERR", "", "Base64 stands on one line", REPLY_FAULT | REPLY_CLOSE};
static const struct reply too_many_faults = {"-ERR", "", "Too many errors", 0};

const struct cmd_replies pop3_replies = {
	.unknown = &unknown,
	.bad_line = &bad_line,
	.too_long = &too_long,
	.pipelined = &pipelined,
	.need_tls = &pop3_need_tls,
	.bad_state = &pop3_bad_state,
	.no_argument = &no_argument,
	.spare_argument = &spare_argument,
	.rest_of_secret = &rest_of_secret,
	.too_many_faults = &too_many_faults,
	/* RFC 1939 3: an autologout timer closes without a response. */
	.timeout = &reply_sent,
};

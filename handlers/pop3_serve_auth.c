/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Logging in: USER and PASS, AUTH PLAIN and AUTH LOGIN (RFC 5034). All of it
 * runs under TLS only, which the command table sees to. Whether a mailbox
 * exists must not show, neither in a reply nor in the time it takes.
 */
#include "common/base.h"
#include "handlers/pop3_serve_private.h"

#include <strings.h>

#include "common/addr.h"
#include "common/buf.h"
#include "common/log.h"
#include "common/sasl.h"

static const struct reply reply_password = {"+OK", "", "Now the password", 0};
static const struct reply reply_open = {"+OK", "", "The mailbox is open", 0};
static const struct reply reply_denied = {
	"-ERR", "[AUTH]", "No such mailbox, or not its password", REPLY_FAULT};
static const struct reply reply_in_use = {"-ERR", "[IN-USE]",
					  "Another session is collecting", 0};
static const struct reply reply_no_store = {
	"-ERR", "[SYS/TEMP]", "The mailbox cannot be opened now", 0};
static const struct reply reply_mechanism = {
	"-ERR", "", "No such mechanism: PLAIN, LOGIN", REPLY_FAULT};
static const struct reply reply_not_sasl = {
	"-ERR", "", "Not base64, or not what the mechanism says", REPLY_FAULT};
static const struct reply reply_cancelled = {"-ERR", "", "Cancelled", 0};

/*
 * A well-formed id that belongs to no mailbox: ids are 128 random bits. A name
 * that is no id is tried with it, so that the store does the same work and
 * gives the same answer as for an id that it does not have.
 */
static const char no_mailbox[MAILBOX_ID_LEN + 1] =
	"mbx-00000000000000000000000000000000";

/* RFC 1939 3: once logged in, ten minutes of silence are the client's right. */
enum { AUTOLOGOUT_MIN_SECONDS = 600 };

/* The id in what people put in as a user: "<id>", and also "<id>@<domain>". */
static const char *mailbox_of_user(struct session *s, const char *user)
{
	if (mailbox_id_parse(user, strcspn(user, "@"), s->mailbox))
		return s->mailbox;
	s->mailbox[0] = '\0';
	return no_mailbox;
}

static const struct reply *denied(struct session *s, const struct err *e)
{
	switch (e->kind) {
	case ERR_PASSWORD:
		pop3_serve_note(s, OUTCOME_AUTH_FAILED, NULL);
		return &reply_denied;
	case ERR_BUSY:
		pop3_serve_note(s, OUTCOME_TEMPFAIL, "in-use");
		return &reply_in_use;
	default:
		log_error("login to %s: %s", s->mailbox, e->text);
		pop3_serve_note(s, OUTCOME_TEMPFAIL, "store");
		return &reply_no_store;
	}
}

/* The first recipient is the mailbox itself; whoever else can read is told. */
static void log_recovery_recipients(struct session *s)
{
	const struct mailbox *m = collection_mailbox(s->mail);
	size_t n = mailbox_settings(m)->recipients.n;

	if (n > 1)
		log_info("%s: recovery recipients: %zu", s->mailbox, n - 1);
}

static const struct reply *begin_transaction(struct session *s)
{
	log_recovery_recipients(s);
	pop3_serve_forget_outcome(s);
	pop3_serve_enter(s, POP3_TRANSACTION);
	conn_set_session_limit(s->conn, s->conf->limits.session_max);
	if (s->limits.line_seconds < AUTOLOGOUT_MIN_SECONDS)
		s->limits.line_seconds = AUTOLOGOUT_MIN_SECONDS;
	return &reply_open;
}

/* Every login comes through here. Takes the password and releases it. */
static const struct reply *log_in(struct session *s, const char *user,
				  struct secret *password)
{
	const char *id = mailbox_of_user(s, user);
	struct err e = {.kind = ERR_NONE};

	if (!s->store)
		s->store = store_open(s->conf->store, &e);
	if (s->store)
		s->mail = collection_login(s->store, id, password,
					   s->conf->identity.scrypt_log_n, &e);
	secret_release(password);
	pop3_serve_expect_long_answer(s);
	if (s->mail)
		return begin_transaction(s);
	pop3_serve_enter(s, POP3_AUTHORIZATION);
	return denied(s, &e);
}

const struct reply *pop3_serve_user(struct session *s, const char *arg)
{
	size_t n = strlen(arg);

	/* The dispatcher leaves a line alone that may end in a password. */
	while (n && arg[n - 1] == ' ')
		n--;
	pop3_serve_enter(s, POP3_USER_GIVEN);
	snprintf(s->user, sizeof(s->user), "%.*s", (int)n, arg);
	return &reply_password;
}

const struct reply *pop3_serve_pass(struct session *s, const char *arg)
{
	struct secret password = SECRET_EMPTY;

	secret_set(&password, arg, strlen(arg));
	return log_in(s, s->user, &password);
}

/* Decodes what a client answered; NULL: it is in *answer_r. */
static const struct reply *decode(const char *text, struct secret *answer_r)
{
	if (strcmp(text, "*") == 0)
		return &reply_cancelled;
	if (!sasl_base64_decode(text, strlen(text), answer_r))
		return &reply_not_sasl;
	return NULL;
}

static const struct reply *answer_of(struct session *s, enum conn_status status,
				     const struct buf *line,
				     struct secret *answer_r)
{
	switch (status) {
	case CONN_OK:
		return decode(line->data, answer_r);
	case CONN_LONG:
	case CONN_BAD_LINE:
		return &reply_not_sasl;
	case CONN_EOF:
	case CONN_TIMEOUT:
		break;
	}
	return pop3_serve_cut_lost(s, status);
}

/* Asks and waits. NULL: the answer, decoded, is in *answer_r. */
static const struct reply *challenge(struct session *s, const char *question,
				     struct secret *answer_r)
{
	const struct reply *r;
	enum conn_status status;
	struct buf line;

	buf_init(&line, SASL_LINE_MAX);
	conn_printf(s->conn, "+ %s\r\n", question);
	conn_set_deadline(s->conn, s->limits.line_seconds, 0);
	status = conn_flush(s->conn);
	if (status == CONN_OK)
		status = conn_read_line(s->conn, &line, SASL_LINE_MAX);
	r = answer_of(s, status, &line, answer_r);
	buf_release(&line); /* wiped by it */
	conn_wipe_input(s->conn);
	return r;
}

/* The same for a mechanism's first message, which may have come already. */
static const struct reply *first_answer(struct session *s, const char *initial,
					const char *question,
					struct secret *answer_r)
{
	if (!initial)
		return challenge(s, question, answer_r);
	if (strcmp(initial, "=") == 0) /* RFC 5034 4: a response of no octets */
		initial = "";
	return decode(initial, answer_r);
}

static const struct reply *auth_plain(struct session *s, const char *initial)
{
	struct secret message = SECRET_EMPTY;
	struct sasl_login login;
	const struct reply *r;
	bool parsed;

	r = first_answer(s, initial, "", &message);
	if (r)
		return r;
	parsed = sasl_plain_parse(message.bytes, message.len, &login);
	secret_release(&message);
	if (!parsed)
		return &reply_not_sasl;
	r = log_in(s, login.user, &login.password);
	sasl_login_release(&login);
	return r;
}

/* "Username:" and "Password:", as every client expects them. */
static const struct reply *auth_login(struct session *s, const char *initial)
{
	struct secret user = SECRET_EMPTY, password = SECRET_EMPTY;
	const struct reply *r;

	r = first_answer(s, initial, "VXNlcm5hbWU6", &user);
	if (!r)
		r = challenge(s, "UGFzc3dvcmQ6", &password);
	if (!r && memchr(user.bytes, '\0', user.len))
		r = &reply_not_sasl;
	if (!r)
		r = log_in(s, (const char *)user.bytes, &password);
	secret_release(&password);
	secret_release(&user);
	return r;
}

static const struct {
	const char *name;
	const struct reply *(*run)(struct session *s, const char *initial);
} mechanisms[] = {
	{"PLAIN", auth_plain},
	{"LOGIN", auth_login},
};

/* "AUTH" alone is how older clients ask what there is. */
static const struct reply *list_mechanisms(struct session *s)
{
	conn_printf(s->conn, "+OK\r\n");
	for (size_t i = 0; i < N_ELEMENTS(mechanisms); i++)
		conn_printf(s->conn, "%s\r\n", mechanisms[i].name);
	conn_printf(s->conn, ".\r\n");
	return &reply_sent;
}

const struct reply *pop3_serve_auth(struct session *s, const char *arg)
{
	size_t n = strcspn(arg, " ");
	const char *initial = arg[n] && arg[n + 1] ? arg + n + 1 : NULL;

	if (!*arg)
		return list_mechanisms(s);
	for (size_t i = 0; i < N_ELEMENTS(mechanisms); i++)
		if (strlen(mechanisms[i].name) == n &&
		    strncasecmp(mechanisms[i].name, arg, n) == 0)
			return mechanisms[i].run(s, initial);
	return &reply_mechanism;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Logging in: USER and PASS, AUTH PLAIN and AUTH LOGIN (RFC 5034). All of it
 * runs under TLS only, which the command table sees to. Whether a mailbox
 * exists must not show, neither in a reply nor in the time it takes.
 */
#include "common/base.h"
#include "handlers/pop3_serve/state.h"

#include <time.h>

#include "common/log.h"
#include "common/mailbox_id.h"
#include "common/sandbox.h"
#include "common/slots.h"
#include "handlers/pop3/replies.h"
#include "handlers/session/auth_list.h"
#include "handlers/session/login_throttle.h"
#include "handlers/session/sasl_server.h"

static const struct reply reply_open = {"+OK", "", "The mailbox is open", 0};
static const struct reply reply_denied = {
	"-ERR", "[AUTH]", "No such mailbox, or not its password", REPLY_FAULT};
static const struct reply reply_in_use = {"-ERR", "[IN-USE]",
					  "Another session is collecting", 0};
static const struct reply reply_no_store = {"-ERR", "[SYS/TEMP]",
					    "The mailbox cannot be opened now",
					    REPLY_NOT_NOW};
static const struct reply reply_busy = {"-ERR", "[SYS/TEMP]",
					"Too many sessions, try again later",
					REPLY_NOT_NOW};
static const struct reply reply_mechanism = {
	"-ERR", "", "No such mechanism: PLAIN, LOGIN", REPLY_FAULT};

/*
 * A well-formed id that belongs to no mailbox: ids are 128 random bits. A name
 * that is no id is tried with it, so that the store does the same work and
 * gives the same answer as for an id that it does not have.
 */
static const char no_mailbox[MAILBOX_ID_LEN + 1] =
	"mbx-00000000000000000000000000000000";

/* RFC 1939 3: once logged in, ten minutes of silence are the client's right. */
enum { AUTOLOGOUT_MIN_SECONDS = 600 };

/* An alias that nobody has is no error: it is a name that is no id. */
static bool id_of_alias(struct pop3_serve *s, const char *user)
{
	char alias[MAILBOX_ALIAS_LEN + 1];
	struct err e;

	return s->store &&
	       mailbox_alias_parse(user, strcspn(user, "@"), alias) &&
	       store_alias_id(s->store, alias, s->mailbox, &e) == 0;
}

/*
 * The id in what people put in as a user: "<id>" or an alias of it, and also
 * "<id>@<domain>".
 */
static const char *mailbox_of_user(struct pop3_serve *s, const char *user)
{
	if (mailbox_id_parse(user, strcspn(user, "@"), s->mailbox) ||
	    id_of_alias(s, user))
		return s->mailbox;
	s->mailbox[0] = '\0';
	return no_mailbox;
}

static const struct reply *denied(struct pop3_serve *s, const struct err *e)
{
	switch (e->kind) {
	case ERR_PASSWORD:
		summary_note(&s->summary, OUTCOME_AUTH_FAILED, NULL);
		return &reply_denied;
	case ERR_BUSY:
		summary_note(&s->summary, OUTCOME_TEMPFAIL, "in-use");
		return &reply_in_use;
	default:
		log_error("login to %s: %s", s->mailbox, e->text);
		summary_note(&s->summary, OUTCOME_TEMPFAIL, "store");
		return &reply_no_store;
	}
}

/* The first recipient is the mailbox itself; whoever else can read is told. */
static void log_recovery_recipients(struct pop3_serve *s)
{
	const struct mailbox *m = collection_mailbox(s->mail);
	size_t n = mailbox_settings(m)->recipients.n;

	if (n > 1)
		log_info("%s: recovery recipients: %zu", s->mailbox, n - 1);
}

static const struct reply *begin_transaction(struct pop3_serve *s)
{
	log_recovery_recipients(s);
	if (s->confined)
		sandbox_keep_to_mailbox(s->conf->store, s->mailbox);
	summary_forget(&s->summary);
	pop3_serve_enter(s, POP3_TRANSACTION);
	conn_set_session_limit(s->conn, s->conf->limits.session_max);
	if (s->limits.line_seconds < AUTOLOGOUT_MIN_SECONDS)
		s->limits.line_seconds = AUTOLOGOUT_MIN_SECONDS;
	return &reply_open;
}

/*
 * A login costs memory and work, and a session keeps both: their number is
 * limited. But a limit that cannot be had limits nobody: collecting is what
 * frees a full disk.
 */
static bool take_place(struct pop3_serve *s)
{
	struct err e;

	s->place = slot_take(s->conf->runtime, "pop3-serve",
			     s->conf->pop3_serve.max_sessions, &e);
	if (s->place >= 0)
		return true;
	log_warn("%s", e.text);
	return e.kind != ERR_BUSY;
}

static const struct reply *turn_away(struct pop3_serve *s)
{
	pop3_serve_enter(s, POP3_AUTHORIZATION);
	summary_note(&s->summary, OUTCOME_TEMPFAIL, "sessions");
	return &reply_busy;
}

static void open_mailbox(struct pop3_serve *s, const char *user,
			 const struct secret *password, struct err *e)
{
	const char *id;

	if (!s->store)
		s->store = store_open(s->conf->store, e);
	id = mailbox_of_user(s, user);
	if (s->store)
		s->mail = collection_login(s->store, id, password,
					   s->conf->identity.scrypt_log_n, e);
	if (s->mail)
		collection_announce(s->mail, s->conf->ledger.path);
	if (s->mail || e->kind == ERR_PASSWORD)
		login_throttle_note(s->conf, s->peer, "pop3-serve",
				    s->mail != NULL);
}

/*
 * Every login comes through here. Takes the password and releases it. Who has
 * guessed waits before a place is taken, and so keeps nobody out.
 */
static const struct reply *log_in(struct pop3_serve *s, const char *user,
				  struct secret *password)
{
	struct err e = {.kind = ERR_NONE};
	struct timespec came;
	bool may_try;

	login_throttle_wait(s->conf, s->peer, "pop3-serve");
	clock_gettime(CLOCK_MONOTONIC, &came);
	may_try = take_place(s);
	if (may_try)
		open_mailbox(s, user, password, &e);
	secret_release(password);
	pop3_serve_expect_long_answer(s);
	if (s->mail)
		return begin_transaction(s);
	pop3_serve_give_place(s);
	if (!may_try)
		return turn_away(s);
	if (s->confined && e.kind == ERR_PASSWORD)
		login_refusal_wait(&came);
	pop3_serve_enter(s, POP3_AUTHORIZATION);
	return denied(s, &e);
}

const struct reply *pop3_serve_user(void *session, const char *arg)
{
	struct pop3_serve *s = session;
	size_t n = strlen(arg);

	/* The dispatcher leaves a line alone that may end in a password. */
	while (n && arg[n - 1] == ' ')
		n--;
	pop3_serve_enter(s, POP3_USER_GIVEN);
	snprintf(s->user, sizeof(s->user), "%.*s", (int)n, arg);
	return &pop3_password;
}

const struct reply *pop3_serve_pass(void *session, const char *arg)
{
	struct pop3_serve *s = session;
	struct secret password = SECRET_EMPTY;

	secret_set(&password, arg, strlen(arg));
	return log_in(s, s->user, &password);
}

const struct reply *pop3_serve_auth(void *session, const char *arg)
{
	struct pop3_serve *s = session;
	struct sasl_server server = {
		.conn = s->conn,
		.prompt = "+ ",
		.seconds = s->limits.line_seconds,
		.mechanisms = SASL_PASSWORDS,
	};
	struct sasl_login login;
	const struct reply *r;

	if (!*arg) {
		auth_list_bare(s->conn, SASL_PASSWORDS);
		return &reply_sent;
	}
	switch (sasl_server_run(&server, arg, &login)) {
	case SASL_GIVEN:
		r = log_in(s, login.user, &login.password);
		sasl_login_release(&login);
		return r;
	case SASL_CANCELLED:
		return &pop3_cancelled;
	case SASL_NOT_BASE64:
		return &pop3_not_base64;
	case SASL_FOR_ANOTHER:
		return &pop3_for_another;
	case SASL_MALFORMED:
		return &pop3_not_sasl;
	case SASL_NO_MECHANISM:
		return &reply_mechanism;
	case SASL_LOST:
		break;
	}
	return pop3_serve_cut_lost(s, server.status);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ways in, and in which order they are tried. No credential is kept, and
 * none is sent without TLS.
 */
#include "common/base.h"
#include "handlers/proxy/upstream_login.h"

#include "common/base64.h"
#include "common/log.h"
#include "handlers/session/sasl_token.h"

enum {
	/* So that the line fits into the 512 octets of RFC 5321 4.5.3.1.4. */
	INITIAL_RESPONSE_MAX = 360,
	/* Servers that count failures lock an account after three. */
	REFUSALS_MAX = 2,
};

struct exchange {
	struct upstream *u;
	const struct credential *c;
	const struct upstream_dialect *dialect;
	struct buf words; /* the server's last ones */
	enum upstream_step step;
	bool shown; /* the server has seen the password or token */
};

/* --- replies -------------------------------------------------------------- */

static int read_step(struct exchange *x, struct err *e)
{
	x->step = UPSTREAM_GO_ON; /* no refusal, where nothing is said */
	return x->dialect->read_step(x->u, &x->step, &x->words, e);
}

static bool is_refusal(enum upstream_step step)
{
	return step != UPSTREAM_DONE && step != UPSTREAM_GO_ON;
}

static int refused(const struct exchange *x, struct err *e)
{
	static const enum err_kind kinds[] = {
		[UPSTREAM_REFUSED] = ERR_PASSWORD,
		[UPSTREAM_NO_MECHANISM] = ERR_PASSWORD,
		[UPSTREAM_NOT_NOW] = ERR_TEMP,
		[UPSTREAM_NEVER] = ERR_REFUSED,
	};

	return upstream_says(x->u, kinds[x->step], "refused the login",
			     x->words.data, e);
}

/* What was read must be the wanted one. */
static int judge(const struct exchange *x, enum upstream_step wanted,
		 struct err *e)
{
	if (x->step == wanted)
		return 0;
	if (is_refusal(x->step))
		return refused(x, e);
	return upstream_says(x->u, ERR_TEMP, "answers out of turn",
			     x->words.data, e);
}

static int expect(struct exchange *x, enum upstream_step wanted, struct err *e)
{
	return read_step(x, e) < 0 ? -1 : judge(x, wanted, e);
}

/* Exchange 2003 says "+OK" to AUTH and means "+" (MailKit#391). */
static int expect_challenge(struct exchange *x, struct err *e)
{
	if (read_step(x, e) < 0)
		return -1;
	if (x->step == UPSTREAM_DONE && x->dialect->done_is_challenge)
		return 0;
	return judge(x, UPSTREAM_GO_ON, e);
}

/* --- what is sent --------------------------------------------------------- */

static int send_base64(struct exchange *x, const char *before,
		       const uint8_t *bytes, size_t n, struct err *e)
{
	struct buf text;
	bool fits;

	buf_init(&text, UPSTREAM_LINE_MAX);
	fits = buf_adds(&text, before) && base64_encode(bytes, n, &text) &&
	       buf_adds(&text, "\r\n");
	return upstream_send_wiped(x->u, &text, fits, e);
}

static int send_secret(struct exchange *x, const char *before,
		       const struct secret *s, struct err *e)
{
	x->shown = true;
	return send_base64(x, before, s->bytes, s->len, e);
}

static int begin(struct exchange *x, const char *mechanism, struct err *e)
{
	if (upstream_send(x->u, e, "AUTH %s", mechanism) < 0)
		return -1;
	return expect_challenge(x, e);
}

/* --- passwords ------------------------------------------------------------ */

static int plain_response(struct exchange *x, const struct secret *m,
			  struct err *e)
{
	if (send_secret(x, "", m, e) < 0)
		return -1;
	return expect(x, UPSTREAM_DONE, e);
}

static int plain_in_steps(struct exchange *x, const struct secret *m,
			  struct err *e)
{
	return begin(x, "PLAIN", e) < 0 ? -1 : plain_response(x, m, e);
}

/* A server that asks all the same is answered. */
static int plain_at_once(struct exchange *x, const struct secret *m,
			 struct err *e)
{
	if (send_secret(x, "AUTH PLAIN ", m, e) < 0 || read_step(x, e) < 0)
		return -1;
	if (x->step == UPSTREAM_GO_ON)
		return plain_response(x, m, e);
	return judge(x, UPSTREAM_DONE, e);
}

static int login_plain(struct exchange *x, struct err *e)
{
	struct secret message;
	int result;

	sasl_plain_make(x->c->user, x->c->secret, &message);
	if (x->dialect->initial_response && message.len <= INITIAL_RESPONSE_MAX)
		result = plain_at_once(x, &message, e);
	else
		result = plain_in_steps(x, &message, e);
	secret_release(&message);
	return result;
}

static int login_login(struct exchange *x, struct err *e)
{
	const char *user = x->c->user;

	if (begin(x, "LOGIN", e) < 0 ||
	    send_base64(x, "", (const uint8_t *)user, strlen(user), e) < 0 ||
	    expect_challenge(x, e) < 0 ||
	    send_secret(x, "", x->c->secret, e) < 0)
		return -1;
	return expect(x, UPSTREAM_DONE, e);
}

/* A line break in a name or password would be a command of its own. */
static bool fits_on_a_line(const struct credential *c)
{
	return !strpbrk(c->user, "\r\n") &&
	       !memchr(c->secret->bytes, '\r', c->secret->len) &&
	       !memchr(c->secret->bytes, '\n', c->secret->len) &&
	       !memchr(c->secret->bytes, '\0', c->secret->len);
}

static int send_pass(struct exchange *x, struct err *e)
{
	const struct secret *password = x->c->secret;
	struct buf text;
	bool fits;

	x->shown = true;
	buf_init(&text, UPSTREAM_LINE_MAX);
	fits = buf_adds(&text, "PASS ") &&
	       buf_add(&text, password->bytes, password->len) &&
	       buf_adds(&text, "\r\n");
	return upstream_send_wiped(x->u, &text, fits, e);
}

/*
 * RFC 2449 6.8: both at once where the server takes it, a round trip less. The
 * answer to PASS is the one that counts.
 */
static int user_pass_at_once(struct exchange *x, struct err *e)
{
	if (upstream_send(x->u, e, "USER %s", x->c->user) < 0 ||
	    send_pass(x, e) < 0 || read_step(x, e) < 0)
		return -1;
	return expect(x, UPSTREAM_DONE, e);
}

static int login_user_pass(struct exchange *x, struct err *e)
{
	if (!fits_on_a_line(x->c)) {
		x->step = UPSTREAM_NO_MECHANISM;
		return err_set(e, ERR_PASSWORD,
			       "server %s: user name or password holds a line "
			       "break",
			       x->u->host);
	}
	if (x->dialect->pipelined)
		return user_pass_at_once(x, e);
	if (upstream_send(x->u, e, "USER %s", x->c->user) < 0 ||
	    expect(x, UPSTREAM_DONE, e) < 0 || send_pass(x, e) < 0)
		return -1;
	return expect(x, UPSTREAM_DONE, e);
}

/* --- tokens --------------------------------------------------------------- */

/*
 * A refused token is answered with a challenge that says why; the client owes
 * an answer ("AQ==", RFC 7628 3.2.3) before the failure itself comes.
 */
static int finish_token(struct exchange *x, struct err *e)
{
	if (read_step(x, e) < 0)
		return -1;
	if (x->step == UPSTREAM_GO_ON &&
	    (upstream_send(x->u, e, "AQ==") < 0 || read_step(x, e) < 0))
		return -1;
	return judge(x, UPSTREAM_DONE, e);
}

static int send_token(struct exchange *x, struct secret *message, struct err *e)
{
	int result = send_secret(x, "", message, e);

	secret_release(message);
	return result < 0 ? -1 : finish_token(x, e);
}

static int login_oauthbearer(struct exchange *x, struct err *e)
{
	struct secret message;

	if (begin(x, "OAUTHBEARER", e) < 0)
		return -1;
	sasl_oauthbearer_make(x->c->user, x->u->host, x->u->port, x->c->secret,
			      &message);
	return send_token(x, &message, e);
}

static int login_xoauth2(struct exchange *x, struct err *e)
{
	struct secret message;

	if (begin(x, "XOAUTH2", e) < 0)
		return -1;
	sasl_xoauth2_make(x->c->user, x->c->secret, &message);
	return send_token(x, &message, e);
}

/* --- which way ------------------------------------------------------------ */

/* Where the client's own is not listed, or refused: in this order. */
static const struct way {
	unsigned mechanism;
	int (*login)(struct exchange *x, struct err *e);
} ways[] = {
	{SASL_PLAIN, login_plain},
	{SASL_LOGIN, login_login},
	{SASL_OAUTHBEARER, login_oauthbearer},
	{SASL_XOAUTH2, login_xoauth2},
	{SASL_USER_PASS, login_user_pass},
};

static bool is_token(const struct credential *c)
{
	return c->mechanism & SASL_TOKENS;
}

/*
 * A server that takes LOGIN alone may name USER all the same, and refuse it
 * (Dovecot): so it is not taken at its word there.
 */
static unsigned listed(const struct exchange *x)
{
	const unsigned m = x->u->mechanisms;

	return (m & SASL_PASSWORDS) == SASL_LOGIN
		       ? m & ~(unsigned)SASL_USER_PASS
		       : m;
}

static unsigned fitting(const struct exchange *x)
{
	const unsigned all =
		x->u->mechanisms | (x->dialect->user_pass ? SASL_USER_PASS : 0);

	return all &
	       (is_token(x->c) ? SASL_TOKENS : SASL_PASSWORDS | SASL_USER_PASS);
}

/* NULL: there is none that was not tried. */
static const struct way *next_way(const struct exchange *x, unsigned tried)
{
	unsigned left = fitting(x) & ~tried;

	if (left & x->c->mechanism & listed(x))
		left = x->c->mechanism;
	for (size_t i = 0; i < N_ELEMENTS(ways); i++)
		if (ways[i].mechanism & left)
			return &ways[i];
	return NULL;
}

/* A refused password is refused; a token may be meant for the other form. */
static bool leads_on(const struct exchange *x)
{
	return x->step == UPSTREAM_NO_MECHANISM ||
	       (x->step == UPSTREAM_REFUSED && is_token(x->c));
}

/* The word about the credential is the one to tell, else the last refusal. */
static void note_refusal(struct err *said, enum upstream_step *worst,
			 const struct exchange *x, const struct err *e)
{
	if (!is_refusal(x->step) && said->kind != ERR_NONE)
		return;
	if (x->step == UPSTREAM_NO_MECHANISM && *worst == UPSTREAM_REFUSED)
		return;
	*said = *e;
	*worst = x->step;
}

static int try_ways(struct exchange *x, struct err *e)
{
	struct err said = {.kind = ERR_NONE};
	enum upstream_step worst = UPSTREAM_GO_ON;
	const struct way *way;
	unsigned tried = 0, refusals = 0;

	while (refusals < REFUSALS_MAX && (way = next_way(x, tried))) {
		x->step = UPSTREAM_GO_ON;
		x->shown = false;
		if (way->login(x, e) == 0)
			return 0;
		note_refusal(&said, &worst, x, e);
		if (!leads_on(x))
			break;
		tried |= way->mechanism;
		refusals += x->shown;
	}
	if (said.kind == ERR_NONE)
		return err_set(
			e, ERR_STATE, "server %s offers no login with a %s",
			x->u->host, is_token(x->c) ? "token" : "password");
	*e = said;
	return -1;
}

int upstream_login(struct upstream *u, const struct credential *c,
		   const struct upstream_dialect *dialect, struct err *e)
{
	struct exchange x = {.u = u, .c = c, .dialect = dialect};
	int result;

	if (!upstream_has_tls(u))
		die_bug("upstream login without TLS");
	buf_init(&x.words, UPSTREAM_WORDS_MAX);
	result = try_ways(&x, e);
	buf_release(&x.words);
	return result;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asking for a credential. What it reads is a secret from the first octet on.
 */
#include "common/base.h"
#include "handlers/session/sasl_server.h"

#include <strings.h>

#include "common/base64.h"
#include "common/buf.h"
#include "handlers/session/sasl_token.h"

/* --- one answer ----------------------------------------------------------- */

static enum sasl_end decode(const char *text, struct secret *answer_r)
{
	if (strcmp(text, "*") == 0)
		return SASL_CANCELLED;
	return base64_decode(text, strlen(text), answer_r) ? SASL_GIVEN
							   : SASL_NOT_BASE64;
}

static enum sasl_end judge(struct sasl_server *s, const struct buf *line,
			   struct secret *answer_r)
{
	switch (s->status) {
	case CONN_OK:
		return decode(line->data, answer_r);
	case CONN_LONG:
	case CONN_BAD_LINE:
		return SASL_NOT_BASE64;
	case CONN_EOF:
	case CONN_TIMEOUT:
		break;
	}
	return SASL_LOST;
}

/* Asks and waits. */
static enum sasl_end challenge(struct sasl_server *s, const char *question,
			       struct secret *answer_r)
{
	enum sasl_end end;
	struct buf line;

	buf_init(&line, SASL_LINE_MAX);
	conn_printf(s->conn, "%s%s\r\n", s->prompt, question);
	conn_set_deadline(s->conn, s->seconds, 0);
	s->status = conn_flush(s->conn);
	if (s->status == CONN_OK)
		s->status = conn_read_line(s->conn, &line, SASL_LINE_MAX);
	end = judge(s, &line, answer_r);
	buf_release(&line); /* wiped by it */
	conn_wipe_input(s->conn);
	return end;
}

/* The same for a mechanism's first message, which may have come already. */
static enum sasl_end first_answer(struct sasl_server *s, const char *initial,
				  const char *question, struct secret *answer_r)
{
	if (!initial)
		return challenge(s, question, answer_r);
	if (strcmp(initial, "=") == 0) /* RFC 4954 4: no octets at all */
		initial = "";
	return decode(initial, answer_r);
}

/* --- mechanisms ----------------------------------------------------------- */

typedef bool parse_message(const uint8_t *bytes, size_t n,
			   struct sasl_login *l_r);

static enum sasl_end one_message(struct sasl_server *s, const char *initial,
				 parse_message *parse, struct sasl_login *l_r)
{
	struct secret message = SECRET_EMPTY;
	enum sasl_end end = first_answer(s, initial, "", &message);

	if (end == SASL_GIVEN && !parse(message.bytes, message.len, l_r))
		end = SASL_MALFORMED;
	secret_release(&message);
	if (end == SASL_GIVEN && l_r->for_another) {
		sasl_login_release(l_r);
		end = SASL_FOR_ANOTHER; /* RFC 4616 2: not to be had here */
	}
	return end;
}

static enum sasl_end run_plain(struct sasl_server *s, const char *initial,
			       struct sasl_login *l_r)
{
	return one_message(s, initial, sasl_plain_parse, l_r);
}

static enum sasl_end run_xoauth2(struct sasl_server *s, const char *initial,
				 struct sasl_login *l_r)
{
	return one_message(s, initial, sasl_xoauth2_parse, l_r);
}

static enum sasl_end run_oauthbearer(struct sasl_server *s, const char *initial,
				     struct sasl_login *l_r)
{
	return one_message(s, initial, sasl_oauthbearer_parse, l_r);
}

/* A name of no octets is one that nobody has: that is for the caller to say. */
static bool take_user(const struct secret *user, struct sasl_login *l)
{
	if (user->len >= sizeof(l->user) ||
	    memchr(user->bytes, '\0', user->len))
		return false;
	memcpy(l->user, user->bytes, user->len);
	l->user[user->len] = '\0';
	return true;
}

/* Over already, whatever is said next: there is nothing to ask for. */
static bool is_over(enum sasl_end end)
{
	return end == SASL_CANCELLED || end == SASL_LOST;
}

/*
 * "Username:" and "Password:", as every client expects them. A user that is no
 * base64 is refused behind the password: many a client sends that whatever it
 * hears, and it would be read as a command.
 */
static enum sasl_end run_login(struct sasl_server *s, const char *initial,
			       struct sasl_login *l_r)
{
	struct secret user = SECRET_EMPTY;
	enum sasl_end first, end;

	*l_r = (struct sasl_login){.password = SECRET_EMPTY};
	first = end = first_answer(s, initial, "VXNlcm5hbWU6", &user);
	if (!is_over(first))
		end = challenge(s, "UGFzc3dvcmQ6", &l_r->password);
	if (end == SASL_GIVEN && first == SASL_GIVEN && !take_user(&user, l_r))
		first = SASL_MALFORMED;
	if (end == SASL_GIVEN && first != SASL_GIVEN) {
		secret_release(&l_r->password);
		end = first;
	}
	secret_release(&user);
	return end;
}

static const struct {
	const char *name;
	unsigned mechanism;
	enum sasl_end (*run)(struct sasl_server *s, const char *initial,
			     struct sasl_login *l_r);
} mechanisms[] = {
	{"PLAIN", SASL_PLAIN, run_plain},
	{"LOGIN", SASL_LOGIN, run_login},
	{"XOAUTH2", SASL_XOAUTH2, run_xoauth2},
	{"OAUTHBEARER", SASL_OAUTHBEARER, run_oauthbearer},
};

void sasl_server_list(struct conn *c, unsigned set, const char *before,
		      const char *after)
{
	for (size_t i = 0; i < N_ELEMENTS(mechanisms); i++)
		if (set & mechanisms[i].mechanism)
			conn_printf(c, "%s%s%s", before, mechanisms[i].name,
				    after);
}

enum sasl_end sasl_server_run(struct sasl_server *s, const char *arg,
			      struct sasl_login *l_r)
{
	size_t n = strcspn(arg, " ");
	const char *initial = arg[n] && arg[n + 1] ? arg + n + 1 : NULL;

	for (size_t i = 0; i < N_ELEMENTS(mechanisms); i++)
		if (s->mechanisms & mechanisms[i].mechanism &&
		    strlen(mechanisms[i].name) == n &&
		    strncasecmp(mechanisms[i].name, arg, n) == 0) {
			s->mechanism = mechanisms[i].mechanism;
			return mechanisms[i].run(s, initial, l_r);
		}
	return SASL_NO_MECHANISM;
}

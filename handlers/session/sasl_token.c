/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SASL messages in and out. Whatever holds a credential is a secret, also
 * while it is being put together.
 */
#include "common/base.h"
#include "handlers/session/sasl_token.h"

#include <strings.h>

#include "common/log.h"

enum { SEPARATOR = 0x01 }; /* ^A between key-value pairs */

/* --- reading -----------------------------------------------------------------
 */

struct span {
	const uint8_t *bytes;
	size_t n;
};

/* Cuts the text up to the next ^A off. False: there is none. */
static bool next_pair(struct span *rest, struct span *pair_r)
{
	const uint8_t *end =
		rest->n ? memchr(rest->bytes, SEPARATOR, rest->n) : NULL;

	if (!end)
		return false;
	pair_r->bytes = rest->bytes;
	pair_r->n = (size_t)(end - rest->bytes);
	rest->n -= pair_r->n + 1;
	rest->bytes = end + 1;
	return true;
}

static bool cut_prefix(struct span *s, const char *prefix)
{
	size_t n = strlen(prefix);

	if (s->n < n || strncasecmp((const char *)s->bytes, prefix, n) != 0)
		return false;
	s->bytes += n;
	s->n -= n;
	return true;
}

/* b64token of RFC 6750 2.1: printable, no space. */
static bool is_token(const struct span *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->bytes[i] <= ' ' || s->bytes[i] > '~')
			return false;
	return s->n > 0;
}

static bool take_user(const struct span *s, struct sasl_login *l)
{
	if (s->n == 0 || s->n >= sizeof(l->user) ||
	    memchr(s->bytes, '\0', s->n))
		return false;
	memcpy(l->user, s->bytes, s->n);
	l->user[s->n] = '\0';
	return true;
}

/* Pairs up to the empty one that ends the message; auth must be among them. */
static bool take_pairs(struct span rest, struct sasl_login *l)
{
	struct span pair = {.n = 0}, token = {.n = 0};

	while (next_pair(&rest, &pair) && pair.n) {
		if (!cut_prefix(&pair, "auth="))
			continue;
		if (token.n || !cut_prefix(&pair, "Bearer ") ||
		    !is_token(&pair))
			return false;
		token = pair;
	}
	if (token.n == 0 || pair.n || rest.n)
		return false;
	secret_set(&l->password, token.bytes, token.n);
	return true;
}

bool sasl_xoauth2_parse(const uint8_t *bytes, size_t n, struct sasl_login *l_r)
{
	struct span rest = {.bytes = bytes, .n = n}, user;

	*l_r = (struct sasl_login){.password = SECRET_EMPTY};
	return next_pair(&rest, &user) && cut_prefix(&user, "user=") &&
	       take_user(&user, l_r) && take_pairs(rest, l_r);
}

/* saslname: "=2C" is a comma, "=3D" an equals sign (RFC 5801 4). */
static bool take_escaped_user(struct span s, struct sasl_login *l)
{
	size_t n = 0;

	while (s.n && n + 1 < sizeof(l->user)) {
		char c = (char)s.bytes[0];

		if (cut_prefix(&s, "=2C"))
			c = ',';
		else if (cut_prefix(&s, "=3D"))
			c = '=';
		else if (c == '=' || c == ',' || c == '\0')
			return false;
		else
			s.bytes++, s.n--;
		l->user[n++] = c;
	}
	l->user[n] = '\0';
	return n > 0 && s.n == 0;
}

bool sasl_oauthbearer_parse(const uint8_t *bytes, size_t n,
			    struct sasl_login *l_r)
{
	struct span rest = {.bytes = bytes, .n = n}, head;

	*l_r = (struct sasl_login){.password = SECRET_EMPTY};
	/* gs2-header: no channel binding, "y" or "n"; then "a=USER,". */
	if (!next_pair(&rest, &head) ||
	    (!cut_prefix(&head, "n,a=") && !cut_prefix(&head, "y,a=")) ||
	    head.n == 0 || head.bytes[head.n - 1] != ',')
		return false;
	head.n--;
	return take_escaped_user(head, l_r) && take_pairs(rest, l_r);
}

/* --- writing -------------------------------------------------------------- */

/* Pieces one after the other; n is the sum of their lengths. */
static void join(const struct span *pieces, size_t n_pieces,
		 struct secret *out_r)
{
	size_t total = 0, at = 0;

	for (size_t i = 0; i < n_pieces; i++)
		total += pieces[i].n;
	secret_init(out_r, total);
	for (size_t i = 0; i < n_pieces; i++) {
		if (pieces[i].n)
			memcpy(out_r->bytes + at, pieces[i].bytes, pieces[i].n);
		at += pieces[i].n;
	}
}

static struct span text(const char *s)
{
	return (struct span){.bytes = (const uint8_t *)s, .n = strlen(s)};
}

static struct span bytes_of(const struct secret *s)
{
	return (struct span){.bytes = s->bytes, .n = s->len};
}

void sasl_plain_make(const char *user, const struct secret *password,
		     struct secret *out_r)
{
	const struct span nul = {.bytes = (const uint8_t *)"", .n = 1};
	const struct span pieces[] = {nul, text(user), nul, bytes_of(password)};

	join(pieces, N_ELEMENTS(pieces), out_r);
}

void sasl_xoauth2_make(const char *user, const struct secret *token,
		       struct secret *out_r)
{
	const struct span pieces[] = {text("user="), text(user),
				      text("\001auth=Bearer "), bytes_of(token),
				      text("\001\001")};

	join(pieces, N_ELEMENTS(pieces), out_r);
}

static void escape_user(const char *user, char *out)
{
	for (; *user; user++) {
		if (*user == ',' || *user == '=') {
			memcpy(out, *user == ',' ? "=2C" : "=3D", 3);
			out += 3;
		} else {
			*out++ = *user;
		}
	}
	*out = '\0';
}

void sasl_oauthbearer_make(const char *user, const char *host, uint16_t port,
			   const struct secret *token, struct secret *out_r)
{
	char *escaped = xmalloc(3 * strlen(user) + 1);
	char number[sizeof("65535")];

	escape_user(user, escaped);
	snprintf(number, sizeof(number), "%u", (unsigned)port);
	{
		const struct span pieces[] = {text("n,a="),
					      text(escaped),
					      text(",\001host="),
					      text(host),
					      text("\001port="),
					      text(number),
					      text("\001auth=Bearer "),
					      bytes_of(token),
					      text("\001\001")};

		join(pieces, N_ELEMENTS(pieces), out_r);
	}
	free(escaped);
}

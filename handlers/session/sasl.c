/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The PLAIN message, as a pure function: what is decoded goes into a secret and
 * nowhere else. Strict, because two readings of one credential are one too
 * many.
 */
#include "common/base.h"
#include "handlers/session/sasl.h"

void sasl_login_release(struct sasl_login *l)
{
	explicit_bzero(l->user, sizeof(l->user));
	secret_release(&l->password);
}

bool sasl_plain_parse(const uint8_t *bytes, size_t n, struct sasl_login *l_r)
{
	const uint8_t *end = bytes + n;
	const uint8_t *nul1 = n ? memchr(bytes, '\0', n) : NULL;
	const uint8_t *user, *nul2, *password;
	size_t n_authzid, n_user, n_password;

	nul2 = nul1 ? memchr(nul1 + 1, '\0', (size_t)(end - nul1 - 1)) : NULL;
	if (!nul2)
		return false;
	user = nul1 + 1;
	password = nul2 + 1;
	n_authzid = (size_t)(nul1 - bytes);
	n_user = (size_t)(nul2 - user);
	n_password = (size_t)(end - password);

	/* RFC 4616 2: both are 1*SAFE, and no NUL is safe. */
	if (!n_user || n_user >= sizeof(l_r->user) || !n_password ||
	    memchr(password, '\0', n_password))
		return false;
	*l_r = (struct sasl_login){.password = SECRET_EMPTY};
	l_r->for_another = n_authzid && (n_authzid != n_user ||
					 memcmp(bytes, user, n_user) != 0);
	memcpy(l_r->user, user, n_user);
	secret_set(&l_r->password, password, n_password);
	return true;
}

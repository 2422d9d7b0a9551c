/* SPDX-License-Identifier: GPL-3.0-or-later */
/* OAuth messages read and written; what is not quite one is refused. */
#include "common/base.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "handlers/session/sasl_token.h"

typedef bool parse(const uint8_t *bytes, size_t n, struct sasl_login *l_r);

static const struct {
	parse *parse;
	const char *message;
	const char *user; /* NULL: refused */
	const char *token;
} cases[] = {
	{sasl_xoauth2_parse, "user=a@b\001auth=Bearer tok-en.1\001\001", "a@b",
	 "tok-en.1"},
	{sasl_xoauth2_parse, "user=a%s:99%mbx\001auth=bearer T==\001\001",
	 "a%s:99%mbx", "T=="},
	{sasl_xoauth2_parse, "user=a\001auth=Bearer T\001", NULL, NULL},
	{sasl_xoauth2_parse, "user=a\001auth=Bearer T", NULL, NULL},
	{sasl_xoauth2_parse, "user=\001auth=Bearer T\001\001", NULL, NULL},
	{sasl_xoauth2_parse, "user=a\001auth=Bearer \001\001", NULL, NULL},
	{sasl_xoauth2_parse, "user=a\001auth=Bearer T T\001\001", NULL, NULL},
	{sasl_xoauth2_parse, "user=a\001auth=Basic T\001\001", NULL, NULL},
	{sasl_xoauth2_parse, "user=a\001\001", NULL, NULL},
	{sasl_xoauth2_parse, "user=a\001auth=Bearer T\001\001x", NULL, NULL},
	{sasl_xoauth2_parse, "user=a\001auth=Bearer T\001auth=Bearer U\001\001",
	 NULL, NULL},
	{sasl_xoauth2_parse, "", NULL, NULL},
	{sasl_oauthbearer_parse,
	 "n,a=a@b,\001host=h\001port=993\001auth=Bearer T\001\001", "a@b", "T"},
	{sasl_oauthbearer_parse, "n,a=a@b,\001auth=Bearer T\001\001", "a@b",
	 "T"},
	{sasl_oauthbearer_parse, "y,a=x=2Cy=3Dz,\001auth=Bearer T\001\001",
	 "x,y=z", "T"},
	{sasl_oauthbearer_parse, "n,a=x=2Dz,\001auth=Bearer T\001\001", NULL,
	 NULL},
	{sasl_oauthbearer_parse, "n,a=x,y,\001auth=Bearer T\001\001", NULL,
	 NULL},
	{sasl_oauthbearer_parse, "n,,\001auth=Bearer T\001\001", NULL, NULL},
	{sasl_oauthbearer_parse, "p=tls,a=a,\001auth=Bearer T\001\001", NULL,
	 NULL},
	{sasl_oauthbearer_parse, "n,a=a\001auth=Bearer T\001\001", NULL, NULL},
};

static void messages_are_read(UNUSED void **state)
{
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct sasl_login l;
		bool good = cases[i].parse((const uint8_t *)cases[i].message,
					   strlen(cases[i].message), &l);

		if (good != (cases[i].user != NULL))
			fail_msg("case %zu: %s", i, cases[i].message);
		if (!good)
			continue;
		assert_string_equal(l.user, cases[i].user);
		assert_true(secret_equal(&l.password, cases[i].token,
					 strlen(cases[i].token)));
		sasl_login_release(&l);
	}
}

/* No prefix of a good message is one; none may be read beyond its end. */
static void cut_messages_are_refused(UNUSED void **state)
{
	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		for (size_t n = 0; n < strlen(cases[i].message); n++) {
			struct sasl_login l;
			uint8_t *copy = malloc(n ? n : 1);

			assert_non_null(copy);
			memcpy(copy, cases[i].message, n);
			if (cases[i].parse(copy, n, &l)) {
				/* Only what has something behind its end. */
				assert_null(cases[i].user);
				sasl_login_release(&l);
			}
			free(copy);
		}
}

static void written_messages_read_back(UNUSED void **state)
{
	struct secret token = SECRET_EMPTY, out = SECRET_EMPTY;
	struct sasl_login l;

	secret_set(&token, "abc.def", 7);
	sasl_xoauth2_make("u@example.org", &token, &out);
	assert_true(sasl_xoauth2_parse(out.bytes, out.len, &l));
	assert_string_equal(l.user, "u@example.org");
	assert_true(secret_equal(&l.password, "abc.def", 7));
	sasl_login_release(&l);
	secret_release(&out);

	sasl_oauthbearer_make("a,b=c", "mail.example.org", 995, &token, &out);
	assert_true(secret_equal(
		&out,
		"n,a=a=2Cb=3Dc,\001host=mail.example.org\001port=995\001"
		"auth=Bearer abc.def\001\001",
		strlen("n,a=a=2Cb=3Dc,\001host=mail.example.org\001port=995\001"
		       "auth=Bearer abc.def\001\001")));
	assert_true(sasl_oauthbearer_parse(out.bytes, out.len, &l));
	assert_string_equal(l.user, "a,b=c");
	sasl_login_release(&l);
	secret_release(&out);

	sasl_plain_make("user", &token, &out);
	assert_true(secret_equal(&out, "\0user\0abc.def", 13));
	secret_release(&out);
	secret_release(&token);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_read),
		cmocka_unit_test(cut_messages_are_refused),
		cmocka_unit_test(written_messages_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Proxied user names: split from the right, and nothing that is none. */
#include "common/base.h"
#include "handlers/proxy/login.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ID "mbx-00112233445566778899aabbccddeeff"

static const struct {
	const char *text;
	const char *user, *host; /* user NULL: it is none */
	uint16_t port;
} rows[] = {
	{"joe%mail.example%" ID, "joe", "mail.example", 0},
	{"joe%mail.example:587%" ID, "joe", "mail.example", 587},
	{"Joe%MAIL.Example%" ID, "Joe", "mail.example", 0},
	{"joe@x.example%mail.example%" ID, "joe@x.example", "mail.example", 0},
	{"a%b%mail.example%" ID, "a%b", "mail.example", 0},
	{"%%mail.example%" ID, "%", "mail.example", 0},
	{"joe%[2001:db8::1]:995%" ID, "joe", "2001:db8::1", 995},
	{"joe%[2001:db8::1]%" ID, "joe", "2001:db8::1", 0},
	{"joe%mail.example%MBX-00112233445566778899AABBCCDDEEFF", "joe",
	 "mail.example", 0},
	{"joe%192.0.2.1%" ID, "joe", "192.0.2.1", 0},
	{"joe%mail.example%" ID "@gw.example", "joe", "mail.example", 0},
	{"joe@x.example%mail.example%" ID "@", "joe@x.example", "mail.example",
	 0},
	{"joe%mail.example%" ID "0@gw.example", NULL, NULL, 0},
	{"joe%mail.example%@gw.example", NULL, NULL, 0},
	{"joe%mail.example:+1%" ID, NULL, NULL, 0},
	{"joe%[::1%" ID, NULL, NULL, 0},
	{"joe%[localhost]%" ID, NULL, NULL, 0},
	{"joe%[::1]x%" ID, NULL, NULL, 0},
	{"", NULL, NULL, 0},
	{"joe", NULL, NULL, 0},
	{ID, NULL, NULL, 0},
	{"%" ID, NULL, NULL, 0},
	{"mail.example%" ID, NULL, NULL, 0},
	{"%mail.example%" ID, NULL, NULL, 0},
	{"joe%%" ID, NULL, NULL, 0},
	{"joe%mail.example%", NULL, NULL, 0},
	{"joe%mail.example%mbx-0", NULL, NULL, 0},
	{"joe%mail.example%" ID "0", NULL, NULL, 0},
	{"joe%mail.example%" ID " ", NULL, NULL, 0},
	{"joe%mail.example:%" ID, NULL, NULL, 0},
	{"joe%mail.example:0%" ID, NULL, NULL, 0},
	{"joe%mail.example:65536%" ID, NULL, NULL, 0},
	{"joe%mail example%" ID, NULL, NULL, 0},
	{"joe%../../etc%" ID, NULL, NULL, 0},
};

static void names_are_split_from_the_right(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct proxy_login l;

		if (proxy_login_parse(rows[i].text, &l) !=
		    (rows[i].user != NULL))
			fail_msg("\"%s\"", rows[i].text);
		if (!rows[i].user)
			continue;
		assert_string_equal(l.user, rows[i].user);
		assert_string_equal(l.server.host, rows[i].host);
		assert_int_equal(l.server.port, rows[i].port);
		assert_string_equal(l.mailbox_id, ID);
	}
}

static const struct {
	const char *text;
	const char *alias; /* NULL: it is none */
} aliases[] = {
	{"joe%mail.example%k3j5abcxyz", "k3j5abcxyz"},
	{"joe%mail.example:587%K3J5ABCXYZ@gw.example", "k3j5abcxyz"},
	{"joe%mail.example%k3j5abcxy", NULL},
	{"joe%mail.example%k3j5abcxyz2", NULL},
	{"joe%mail.example%k3j5abcxy1", NULL},
	{"joe%mail.example%../mailbox", NULL},
};

static void an_alias_stands_for_an_id(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(aliases); i++) {
		struct proxy_login l;

		if (proxy_login_parse(aliases[i].text, &l) !=
		    (aliases[i].alias != NULL))
			fail_msg("\"%s\"", aliases[i].text);
		if (!aliases[i].alias)
			continue;
		assert_string_equal(l.mailbox_alias, aliases[i].alias);
		assert_string_equal(l.mailbox_id, "");
	}
}

static void long_names_are_none(void **state UNUSED)
{
	char text[2000];

	for (size_t n = 500; n < 520; n++) {
		struct proxy_login l;

		memset(text, 'u', n);
		snprintf(text + n, sizeof(text) - n, "%%mail.example%%%s", ID);
		assert_int_equal(proxy_login_parse(text, &l),
				 n < sizeof(l.user));
	}
}

static void a_percent_sign_says_what_was_meant(void **state UNUSED)
{
	assert_true(proxy_login_is_meant("joe%mail.example"));
	assert_true(proxy_login_is_meant("%"));
	assert_false(proxy_login_is_meant(ID));
	assert_false(proxy_login_is_meant(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_split_from_the_right),
		cmocka_unit_test(an_alias_stands_for_an_id),
		cmocka_unit_test(long_names_are_none),
		cmocka_unit_test(a_percent_sign_says_what_was_meant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

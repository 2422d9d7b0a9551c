/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Paths, mailbox ids, parameters and xtext: tables of what is taken, what it
 * becomes, and what is not taken.
 */
#include "common/base.h"
#include "handlers/smtp/address.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ID	 "mbx-0123456789abcdef0123456789abcdef"
#define UPPER_ID "MBX-0123456789ABCDEF0123456789ABCDEF"
#define X60	 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X64	 X60 "xxxx"

/* ADDR_MAX octets */
#define FULL X64 "@" X64 "." X64 "." X64 "." X60

static const struct {
	const char *text, *address; /* NULL: not a path */
	size_t local_len;
	bool utf8;
	const char *rest;
} paths[] = {
	{"<>", "", 0, false, ""},
	{"<a@b>", "a@b", 1, false, ""},
	{" <a@b>", "a@b", 1, false, ""},
	{"<a@b> SIZE=1 X", "a@b", 1, false, " SIZE=1 X"},
	{"a@b SIZE=1", "a@b", 1, false, " SIZE=1"},
	{"<postmaster>", "postmaster", 10, false, ""},
	{"<a..b.@b_c>", "a..b.@b_c", 5, false, ""},
	{"<a@[192.0.2.7]>", "a@[192.0.2.7]", 1, false, ""},
	{"<\"a b>\\\"\"@c>", "\"a b>\\\"\"@c", 8, false, ""},
	{"<\"a@b\"@c>", "\"a@b\"@c", 5, false, ""},
	{"<a\\>b@c>", "a\\>b@c", 4, false, ""},
	{"<@one,@two:a@b>", "a@b", 1, false, ""},
	{"<m\xc3\xbc@b>", "m\xc3\xbc@b", 3, true, ""},
	{"<\xf0\x9f\x93\xae@b>", "\xf0\x9f\x93\xae@b", 4, true, ""},
	{"<" FULL ">", FULL, 64, false, ""},
	{"", NULL, 0, false, NULL},
	{" ", NULL, 0, false, NULL},
	{"<", NULL, 0, false, NULL},
	{"<a@b", NULL, 0, false, NULL},
	{"<a@b>x", NULL, 0, false, NULL},
	{"<a@b>>", NULL, 0, false, NULL},
	{"<<a@b>>", NULL, 0, false, NULL},
	{"<a b@c>", NULL, 0, false, NULL},
	{"<a\tb@c>", NULL, 0, false, NULL},
	{"<\"a@b>", NULL, 0, false, NULL},
	{"<\"a\tb\"@c>", NULL, 0, false, NULL},
	{"<a\x7f@c>", NULL, 0, false, NULL},
	{"<a\xff@c>", NULL, 0, false, NULL},
	{"<a\xc0\xaf@c>", NULL, 0, false, NULL},     /* overlong */
	{"<a\xc2\x85@c>", NULL, 0, false, NULL},     /* NEL, a control */
	{"<a\xed\xa0\x80@c>", NULL, 0, false, NULL}, /* a surrogate */
	{"<a\xf4\x90\x80\x80@c>", NULL, 0, false, NULL},
	{"<a\xc3", NULL, 0, false, NULL},
	{"<a\xc3>", NULL, 0, false, NULL},
	{"<" FULL "x>", NULL, 0, false, NULL},
};

static void paths_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(paths); i++) {
		struct addr_path p;
		const char *rest;
		bool taken = addr_path_parse(paths[i].text, &p, &rest);

		if (taken != (paths[i].address != NULL))
			fail_msg("row %zu: %s", i, paths[i].text);
		if (!taken)
			continue;
		assert_string_equal(p.address, paths[i].address);
		assert_int_equal(p.local_len, paths[i].local_len);
		assert_int_equal(p.utf8, paths[i].utf8);
		assert_string_equal(rest, paths[i].rest);
	}
}

/*
 * What a receiver that refuses nobody makes of it. Public sources: an address
 * in Latin-1 or UTF-8 without SMTPUTF8,
 * github.com/sisimai/go-sisimai/issues/434 and postalserver/postal/issues/724.
 */
static const struct {
	const char *text, *address, *rest;
} loose[] = {
	{"<>", "", ""},
	{"", "", ""},
	{"<a@b> SIZE=1", "a@b", " SIZE=1"},
	{" \t<a@b>", "a@b", ""},
	{"a@b SIZE=1", "a@b", " SIZE=1"},
	{"a@b\tSIZE=1", "a@b", "\tSIZE=1"},
	{"<@one,@two:a@b>", "a@b", ""},
	{"<j\xf6rg@b> X=1", "j\xf6rg@b", " X=1"},
	{"<j\xc3\xb6rg@b> X=1", "j\xc3\xb6rg@b", " X=1"},
	{"<a b@c> SIZE=1 AUTH=<>", "a b@c", " SIZE=1 AUTH=<>"},
	{"<a\tb@c>", "a\tb@c", ""},
	{"<a b@c>\tSIZE=1", "a b@c", "\tSIZE=1"},
	{"<\"a@b> SIZE=1", "\"a@b", " SIZE=1"},
	{"<\"a>b\"@c> X", "\"a>b\"@c", " X"},
	{"<<a@b>> X", "<a@b>", " X"},
	{"<a@b>x", "a@b", "x"},
	{"<a@b>SIZE=1", "a@b", "SIZE=1"},
	{"<a@b", "a@b", ""},
	{"<a@b SIZE=1", "a@b", " SIZE=1"},
	{"<", "", ""},
	{"<\x01\x7f\x1b@c>", "\x01\x7f\x1b@c", ""},
	{"<" FULL FULL ">", FULL FULL, ""},
};

static void any_address_is_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(loose); i++) {
		struct addr_loose a;
		const char *rest;

		addr_loose_parse(loose[i].text, &a, &rest);
		if (a.n != strlen(loose[i].address) ||
		    memcmp(a.text, loose[i].address, a.n) != 0)
			fail_msg("%s: %.*s", loose[i].text, (int)a.n, a.text);
		assert_string_equal(rest, loose[i].rest);
	}
}

/*
 * RFC 5321 4.1.2: quoted and unquoted are the same. Postfix quotes what stands
 * behind the plus, github.com/KumoCorp/kumomta/issues/77 and
 * smtpd/qpsmtpd/issues/313.
 */
static const struct {
	const char *address;
	bool ours, postmaster;
} recipients[] = {
	{ID "@x", true, false},
	{UPPER_ID "@X.EXAMPLE", true, false},
	{ID "+alice@x", true, false},
	{ID "+@x", true, false},
	{ID "+a+b@x", true, false},
	{"\"" ID "\"@x", true, false},
	{"\"" ID "+john..doe\"@x", true, false},
	{"\"" ID "+john doe\"@x", true, false},
	{"\"" ID "+a@b\"@x", true, false},
	{"\"" ID "+a\\\"b\\\\\"@x", true, false},
	{"\"" ID "\"+a@x", true, false},
	{"\"\\m\\b\\x-0123456789abcdef0123456789abcdef\"@x", true, false},
	{ID "+j\xf6rg@x", true, false},
	{ID "+a b\t@x", true, false},
	{ID, false, false},
	{"\"" ID "\"", false, false},
	{ID "+a", false, false},
	{ID "x@x", false, false},
	{ID "-a@x", false, false},
	{"\"" ID "x\"@x", false, false},
	{"\"" ID " \"@x", false, false},
	{"x" ID "@x", false, false},
	{"mbx-0123456789abcdef0123456789abcde@x", false, false},
	{"mbx-0123456789abcdef0123456789abcdeg@x", false, false},
	{"mbx-0123456789abcdef0123456789abcde+f@x", false, false},
	{"abx-0123456789abcdef0123456789abcdef@x", false, false},
	{"a+" ID "@x", false, false},
	{"", false, false},
	{"\"", false, false},
	{"@", false, false},
	{"@x", false, false},
	{"postmaster", false, true},
	{"PostMaster@x", false, true},
	{"\"postmaster\"@x", false, true},
	{"\"Post\\master\"", false, true},
	{"postmaster+a@x", false, false},
	{"postmasters@x", false, false},
	{"\"postmaster \"@x", false, false},
	{"postmaste@x", false, false},
};

static void recipients_name_a_mailbox_or_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(recipients); i++) {
		char id[MAILBOX_ID_LEN + 1];

		if (addr_mailbox_id(recipients[i].address, id) !=
		    recipients[i].ours)
			fail_msg("%s", recipients[i].address);
		if (recipients[i].ours)
			assert_string_equal(id, ID);
		if (addr_is_postmaster(recipients[i].address) !=
		    recipients[i].postmaster)
			fail_msg("%s", recipients[i].address);
	}
}

/* NAME|VALUE; of each, NAME; where there is no "=". */
static const struct {
	const char *text, *read;
} loose_params[] = {
	{"", ""},
	{" \t ", ""},
	{" SIZE=", "SIZE|;"},
	{" AUTH=<> SIZE=1", "AUTH|<>;SIZE|1;"},
	{" =1\t-A=1  B_C", "|1;-A|1;B_C;"},
	{"x a\x01=\xff=", "x;a\x01|\xff=;"},
};

static void any_parameter_is_passed_over(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(loose_params); i++) {
		const char *rest = loose_params[i].text;
		struct addr_param p;
		char read[80] = "";

		while (addr_param_next_loose(&rest, &p)) {
			size_t n = strlen(read);

			snprintf(read + n, sizeof(read) - n, "%.*s%s%.*s;",
				 (int)p.name_len, p.name, p.value ? "|" : "",
				 (int)p.value_len, p.value ? p.value : "");
		}
		assert_string_equal(read, loose_params[i].read);
	}
}

static const struct {
	const char *text;
	int result;	  /* of the last call */
	const char *read; /* what came before it, "name=value;" each */
} params[] = {
	{"", 0, ""},
	{"   ", 0, ""},
	{" SIZE=12", 0, "SIZE=12;"},
	{" SMTPUTF8", 0, "SMTPUTF8;"},
	{" a=b  C-1=d ", 0, "a=b;C-1=d;"},
	{" ORCPT=rfc822;a+40b", 0, "ORCPT=rfc822;a+40b;"},
	{" ORCPT=utf-8;m\xc3\xbc@x", 0, "ORCPT=utf-8;m\xc3\xbc@x;"},
	{" ORCPT=rfc822;prvs=1=a@x", 0, "ORCPT=rfc822;prvs=1=a@x;"},
	{" SIZE=", -1, ""},
	{" =1", -1, ""},
	{" -A=1", -1, ""},
	{" A=1 B_C=2", -1, "A=1;"},
	{" A=1\x7f", -1, ""},
	{" A=1\t", -1, ""},
};

static void parameters_are_read_one_by_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(params); i++) {
		const char *rest = params[i].text;
		struct addr_param p;
		char read[80] = "";
		int result;

		while ((result = addr_param_next(&rest, &p)) == 1) {
			size_t n = strlen(read);

			snprintf(read + n, sizeof(read) - n, "%.*s%s%.*s;",
				 (int)p.name_len, p.name, p.value ? "=" : "",
				 (int)p.value_len, p.value ? p.value : "");
		}
		if (result != params[i].result)
			fail_msg("%s: %d", params[i].text, result);
		assert_string_equal(read, params[i].read);
	}
}

static void parameter_names_have_no_case(void **state)
{
	const char *rest = " sIzE=1";
	struct addr_param p;

	(void)state;
	assert_int_equal(addr_param_next(&rest, &p), 1);
	assert_true(addr_param_is(&p, "SIZE"));
	assert_false(addr_param_is(&p, "SIZ"));
	assert_false(addr_param_is(&p, "SIZES"));
}

static const struct {
	const char *text, *plain; /* NULL: not xtext */
} xtexts[] = {
	{"", ""},
	{"abc", "abc"},
	{"a+2Bb+3D", "a+b="},
	{"+C3+BC", "\xc3\xbc"},
	{"+0D+0A", "\r\n"}, /* decoded; the trace header takes it out */
	{"1234567", "1234567"},
	{"12345678", NULL}, /* no room for the NUL */
	{"+", NULL},
	{"+4", NULL},
	{"+4g", NULL},
	{"+00", NULL},
	{"a b", NULL},
	{"a=b", NULL},
	{"m\xc3\xbc", NULL},
};

static void xtext_is_decoded(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(xtexts); i++) {
		const char *text = xtexts[i].text;
		char out[8];
		bool taken =
			addr_xtext_decode(text, strlen(text), out, sizeof(out));

		if (taken != (xtexts[i].plain != NULL))
			fail_msg("%s", text);
		if (taken)
			assert_string_equal(out, xtexts[i].plain);
	}
}

static void a_mailbox_id_is_written_in_lower_case(void **state)
{
	char id[MAILBOX_ID_LEN + 1];

	(void)state;
	assert_true(mailbox_id_parse(UPPER_ID, strlen(UPPER_ID), id));
	assert_string_equal(id, ID);
	for (size_t n = 0; n < strlen(ID); n++)
		assert_false(mailbox_id_parse(ID, n, id));
	assert_false(mailbox_id_parse(ID "0", strlen(ID) + 1, id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_read),
		cmocka_unit_test(any_address_is_taken),
		cmocka_unit_test(recipients_name_a_mailbox_or_not),
		cmocka_unit_test(any_parameter_is_passed_over),
		cmocka_unit_test(parameters_are_read_one_by_one),
		cmocka_unit_test(parameter_names_have_no_case),
		cmocka_unit_test(xtext_is_decoded),
		cmocka_unit_test(a_mailbox_id_is_written_in_lower_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

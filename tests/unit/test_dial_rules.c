/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which server a proxied login may reach, row by row. */
#include "common/base.h"

#include <netinet/in.h>

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "handlers/proxy/dial_rules.h"

static const struct {
	const char *target;
	const char *host;
	unsigned port;
	enum dial_service service;
	const char *ways; /* "465i 587s"; "": refused */
} plans[] = {
	{"mail.x.org", "mail.x.org", 0, DIAL_SMTP, "465i 587s"},
	{"mail.x.org", "MAIL.X.ORG", 0, DIAL_POP3, "995i 110s"},
	{"mail.x.org", "mail.x.org", 25, DIAL_SMTP, "25s"},
	{"mail.x.org", "mail.x.org", 587, DIAL_SMTP, "587s"},
	{"mail.x.org", "mail.x.org", 995, DIAL_SMTP, ""},
	{"mail.x.org", "mail.x.org", 2525, DIAL_SMTP, ""},
	{"mail.x.org", "x.org", 0, DIAL_SMTP, ""},
	{"mail.x.org:2525,tls=starttls", "mail.x.org", 0, DIAL_SMTP, "2525s"},
	{"mail.x.org:2525,tls=starttls", "mail.x.org", 2525, DIAL_SMTP,
	 "2525s"},
	{"mail.x.org:2525,tls=implicit", "mail.x.org", 2525, DIAL_POP3,
	 "2525i"},
	{"mail.x.org:2525,tls=implicit", "mail.x.org", 465, DIAL_SMTP, ""},
	{"mail.x.org:995", "mail.x.org", 0, DIAL_POP3, "995i"},
	{"mail.x.org:995", "mail.x.org", 0, DIAL_SMTP, ""},
	{"mail.x.org:110,tls=implicit", "mail.x.org", 0, DIAL_POP3, "110i"},
	{"*.x.org", "mail.x.org", 0, DIAL_SMTP, "465i 587s"},
	{"*.x.org", "a.b.x.org", 465, DIAL_SMTP, "465i"},
	{"*.x.org", "x.org", 0, DIAL_SMTP, ""},
	{"*.x.org", "evilx.org", 0, DIAL_SMTP, ""},
	{"*.x.org", "mail.x.org", 2525, DIAL_SMTP, ""},
	{"*", "any.where.net", 0, DIAL_POP3, "995i 110s"},
	{"*", "any.where.net", 22, DIAL_POP3, ""},
	{"*", "any.where.net", 110, DIAL_POP3, "110s"},
	{"[2001:db8::1]", "2001:DB8:0::1", 0, DIAL_POP3, "995i 110s"},
};

static void write_ways(const struct dial_plan *plan, char *out, size_t size)
{
	int at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < plan->n; i++)
		at += snprintf(out + at, size - (size_t)at, "%s%u%c",
			       i ? " " : "", (unsigned)plan->ways[i].port,
			       plan->ways[i].implicit_tls ? 'i' : 's');
}

static void targets_decide(UNUSED void **state)
{
	for (size_t i = 0; i < N_ELEMENTS(plans); i++) {
		char target[100], ways[64];
		char *list[] = {target};
		const struct conf_strings targets = {.list = list, .n = 1};
		struct dial_server server = {.port = (uint16_t)plans[i].port};
		struct dial_plan plan = {.n = 0};
		struct err e;

		snprintf(target, sizeof(target), "%s", plans[i].target);
		snprintf(server.host, sizeof(server.host), "%s", plans[i].host);
		if (dial_plan_make(&targets, &server, plans[i].service, &plan,
				   &e) < 0) {
			assert_int_equal(e.kind, ERR_STATE);
			plan.n = 0;
		}
		write_ways(&plan, ways, sizeof(ways));
		if (strcmp(ways, plans[i].ways) != 0)
			fail_msg("%s for %s:%u gives \"%s\"", plans[i].target,
				 plans[i].host, plans[i].port, ways);
	}
}

/* Else a line that allows more would take a pin away. */
static void the_narrowest_target_decides(UNUSED void **state)
{
	char *list[] = {(char *)"*", (char *)"*.x.org",
			(char *)"mail.x.org:465"};
	const struct conf_strings targets = {.list = list, .n = 3};
	static const struct {
		const char *host, *ways;
		uint16_t port;
		bool named;
	} rows[] = {
		{"mail.x.org", "465i", 0, true},
		{"mail.x.org", "587s", 587, false},
		{"www.x.org", "465i 587s", 0, false},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct dial_server server = {.port = rows[i].port};
		struct dial_plan plan;
		struct err e;
		char ways[64];

		snprintf(server.host, sizeof(server.host), "%s", rows[i].host);
		assert_int_equal(
			dial_plan_make(&targets, &server, DIAL_SMTP, &plan, &e),
			0);
		write_ways(&plan, ways, sizeof(ways));
		assert_string_equal(ways, rows[i].ways);
		assert_int_equal(plan.named, rows[i].named);
	}
}

/* Two lines for one host: the one whose port is meant, wherever it stands. */
static void the_port_that_fits_decides(UNUSED void **state)
{
	static const struct {
		const char *first, *second;
		uint16_t port; /* that the login names */
		enum dial_service service;
		const char *ways;
		bool pinned;
	} rows[] = {
#define PIN ",pin-sha256=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
		{"m.x:995,tls=implicit", "m.x:465", 0, DIAL_SMTP, "465i",
		 false},
		{"m.x:995,tls=implicit", "m.x:2525,tls=starttls", 0, DIAL_SMTP,
		 "2525s", false},
		{"m.x:2525,tls=starttls", "m.x:465,tls=implicit", 0, DIAL_POP3,
		 "2525s", false},
		{"m.x:2525,tls=starttls", "m.x:465", 0, DIAL_SMTP, "465i",
		 false},
		{"m.x:2525,tls=starttls", "m.x", 0, DIAL_POP3, "995i 110s",
		 false},
		{"m.x", "m.x:995" PIN, 0, DIAL_POP3, "995i", true},
		{"m.x", "m.x:995" PIN, 995, DIAL_POP3, "995i", true},
		{"m.x", "m.x:995" PIN, 110, DIAL_POP3, "110s", false},
		{"m.x", "m.x:995" PIN, 0, DIAL_SMTP, "465i 587s", false},
		{"m.x:2525,tls=starttls", "m.x:9950,tls=implicit", 9950,
		 DIAL_POP3, "9950i", false},
	};

	for (size_t i = 0; i < 2 * N_ELEMENTS(rows); i++) {
		char one[128], two[128];
		char *list[] = {i % 2 ? one : two, i % 2 ? two : one};
		const struct conf_strings targets = {.list = list, .n = 2};
		struct dial_server server = {.host = "m.x",
					     .port = rows[i / 2].port};
		struct dial_plan plan;
		struct err e;
		char ways[64];

		snprintf(one, sizeof(one), "%s", rows[i / 2].first);
		snprintf(two, sizeof(two), "%s", rows[i / 2].second);
		assert_int_equal(dial_plan_make(&targets, &server,
						rows[i / 2].service, &plan, &e),
				 0);
		write_ways(&plan, ways, sizeof(ways));
		if (strcmp(ways, rows[i / 2].ways) != 0 ||
		    plan.pinned != rows[i / 2].pinned)
			fail_msg("row %zu: %s", i, ways);
	}
}

static void no_targets_allow_nothing(UNUSED void **state)
{
	const struct conf_strings none = {.n = 0};
	struct dial_server server = {.host = "mail.example.org"};
	struct dial_plan plan;
	struct err e;

	assert_int_equal(dial_plan_make(&none, &server, DIAL_SMTP, &plan, &e),
			 -1);
}

static const struct {
	const char *address;
	enum dial_address kind;
} addresses[] = {
	{"8.8.8.8", DIAL_ADDRESS_PUBLIC},
	{"172.15.255.255", DIAL_ADDRESS_PUBLIC},
	{"172.16.0.0", DIAL_ADDRESS_PRIVATE},
	{"172.31.255.255", DIAL_ADDRESS_PRIVATE},
	{"10.1.2.3", DIAL_ADDRESS_PRIVATE},
	{"192.168.0.1", DIAL_ADDRESS_PRIVATE},
	{"100.64.0.1", DIAL_ADDRESS_PRIVATE},
	{"100.128.0.1", DIAL_ADDRESS_PUBLIC},
	{"169.254.169.254", DIAL_ADDRESS_PRIVATE},
	{"127.0.0.1", DIAL_ADDRESS_NEVER},
	{"127.255.0.1", DIAL_ADDRESS_NEVER},
	{"0.0.0.0", DIAL_ADDRESS_NEVER},
	{"224.0.0.1", DIAL_ADDRESS_NEVER},
	{"255.255.255.255", DIAL_ADDRESS_NEVER},
	{"2a00:1450::1", DIAL_ADDRESS_PUBLIC},
	{"::1", DIAL_ADDRESS_NEVER},
	{"::", DIAL_ADDRESS_NEVER},
	{"::ffff:127.0.0.1", DIAL_ADDRESS_NEVER},
	{"::ffff:10.0.0.1", DIAL_ADDRESS_PRIVATE},
	{"::ffff:8.8.8.8", DIAL_ADDRESS_PUBLIC},
	{"::127.0.0.1", DIAL_ADDRESS_NEVER},
	{"64:ff9b::7f00:1", DIAL_ADDRESS_NEVER},
	{"2002:7f00:1::", DIAL_ADDRESS_NEVER},
	{"fe80::1", DIAL_ADDRESS_PRIVATE},
	{"fd00::1", DIAL_ADDRESS_PRIVATE},
	{"ff02::1", DIAL_ADDRESS_NEVER},
	/* Beyond 2000::/3 there are no hosts. */
	{"::ffff:0:127.0.0.1", DIAL_ADDRESS_NEVER},
	{"64:ff9b:1::7f00:1", DIAL_ADDRESS_NEVER},
	{"100::1", DIAL_ADDRESS_NEVER},
	{"100:0:0:1::1", DIAL_ADDRESS_NEVER},
	{"1fff:ffff::1", DIAL_ADDRESS_NEVER},
	{"2000::1", DIAL_ADDRESS_PUBLIC},
	{"2001::1", DIAL_ADDRESS_NEVER},
	{"2001:db8::1", DIAL_ADDRESS_PRIVATE},
	{"2620:4f:8000::1", DIAL_ADDRESS_PUBLIC},
	{"3ffe:ffff::1", DIAL_ADDRESS_PUBLIC},
	{"3fff::1", DIAL_ADDRESS_PRIVATE},
	{"3fff:fff::1", DIAL_ADDRESS_PRIVATE},
	{"3fff:1000::1", DIAL_ADDRESS_PUBLIC},
	{"4000::1", DIAL_ADDRESS_NEVER},
	{"5f00::1", DIAL_ADDRESS_NEVER},
	{"fbff::1", DIAL_ADDRESS_NEVER},
};

static void addresses_have_a_kind(UNUSED void **state)
{
	for (size_t i = 0; i < N_ELEMENTS(addresses); i++) {
		struct sockaddr_storage s = {.ss_family = AF_INET};
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&s;
		struct sockaddr_in *in = (struct sockaddr_in *)&s;

		if (inet_pton(AF_INET, addresses[i].address, &in->sin_addr) !=
		    1) {
			s.ss_family = AF_INET6;
			assert_int_equal(inet_pton(AF_INET6,
						   addresses[i].address,
						   &in6->sin6_addr),
					 1);
		}
		if (dial_address_kind((struct sockaddr *)&s) !=
		    addresses[i].kind)
			fail_msg("%s", addresses[i].address);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets_decide),
		cmocka_unit_test(the_narrowest_target_decides),
		cmocka_unit_test(the_port_that_fits_decides),
		cmocka_unit_test(no_targets_allow_nothing),
		cmocka_unit_test(addresses_have_a_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

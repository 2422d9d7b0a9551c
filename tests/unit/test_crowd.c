/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom an acceptor has room for. */
#include "common/base.h"
#include "handlers/session/crowd.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct peer peer(const char *text)
{
	struct peer p = {.text = "local"};
	uint8_t address[16];

	if (inet_pton(AF_INET, text, address) == 1)
		peer_set_address(&p, address, false);
	else if (inet_pton(AF_INET6, text, address) == 1)
		peer_set_address(&p, address, true);
	return p;
}

static void enter(struct crowd *c, pid_t pid, const char *text)
{
	struct peer p = peer(text);

	assert_true(crowd_has_room(c, &p));
	crowd_add(c, pid, &p);
}

static bool has_room(const struct crowd *c, const char *text)
{
	struct peer p = peer(text);

	return crowd_has_room(c, &p);
}

static void leave(struct crowd *c, pid_t pid, const char *text)
{
	struct peer p;

	assert_true(crowd_remove(c, pid, &p));
	assert_string_equal(p.text, text);
}

static void test_all(void **state)
{
	const struct conf_acceptor limits = {.max_connections = 3,
					     .max_per_address = 3};
	const struct conf_networks none = {.n = 0};
	struct crowd c = {.limits = &limits, .exempt = &none};
	struct peer p;

	(void)state;
	enter(&c, 11, "192.0.2.1");
	enter(&c, 12, "2001:db8::1");
	enter(&c, 13, "a socket of this host");
	assert_false(has_room(&c, "198.51.100.1"));
	assert_false(has_room(&c, "a socket of this host"));
	assert_false(crowd_remove(&c, 14, &p));
	leave(&c, 12, "2001:db8::1");
	assert_false(crowd_remove(&c, 12, &p));
	assert_true(has_room(&c, "198.51.100.1"));
	leave(&c, 11, "192.0.2.1");
	leave(&c, 13, "local");
	assert_int_equal(c.n, 0);
	free(c.members);
}

/* A subscriber has 2^64 addresses, and is one all the same. */
static void test_per_address(void **state)
{
	const struct conf_acceptor limits = {.max_connections = 100,
					     .max_per_address = 2};
	const struct conf_networks none = {.n = 0};
	struct crowd c = {.limits = &limits, .exempt = &none};

	(void)state;
	enter(&c, 1, "192.0.2.1");
	enter(&c, 2, "::ffff:192.0.2.1");
	assert_false(has_room(&c, "192.0.2.1"));
	assert_true(has_room(&c, "192.0.2.2"));
	enter(&c, 3, "2001:db8:0:1::1");
	enter(&c, 4, "2001:db8:0:1:ffff:ffff:ffff:ffff");
	assert_false(has_room(&c, "2001:db8:0:1:2::"));
	assert_true(has_room(&c, "2001:db8:0:2::1"));
	/* c000:0201:: begins as 192.0.2.1 does. */
	assert_true(has_room(&c, "c000:201::"));
	for (pid_t pid = 5; pid < 9; pid++)
		enter(&c, pid, "a socket of this host");
	leave(&c, 1, "192.0.2.1");
	assert_true(has_room(&c, "192.0.2.1"));
	free(c.members);
}

/* All of a balancer's clients come from its address. */
static void test_exempt(void **state)
{
	const struct conf_acceptor limits = {.max_connections = 3,
					     .max_per_address = 1};
	struct network network;
	const struct conf_networks balancers = {.list = &network, .n = 1};
	struct crowd c = {.limits = &limits, .exempt = &balancers};

	(void)state;
	assert_true(network_parse("192.0.2.0/24", &network));
	enter(&c, 1, "192.0.2.1");
	enter(&c, 2, "192.0.2.1");
	enter(&c, 3, "198.51.100.1");
	assert_false(has_room(&c, "192.0.2.1"));
	leave(&c, 1, "192.0.2.1");
	assert_false(has_room(&c, "198.51.100.1"));
	assert_true(has_room(&c, "192.0.2.9"));
	free(c.members);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_per_address),
		cmocka_unit_test(test_exempt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

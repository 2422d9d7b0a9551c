/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The dialler as a session meets it: what it refuses, which way it takes, and
 * that what it hands back is connected. Resolver and connect(2) are played.
 */
#include "common/base.h"
#include "handlers/proxy/dialler.h"

#include <sys/socket.h>

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/conf.h"
#include "store/admin/admin.h"
#include "tests/chat/network.h"
#include "tests/unit/store_rig.h"

#define NOBODY "mbx-00000000000000000000000000000000"

struct rig {
	struct store_rig *store;
	struct conf conf;
	struct dialler *dialler;
};

static int allow(struct mailbox_conf *conf, const void *arg,
		 struct err *e UNUSED)
{
	if (!arg)
		conf->suspended = true;
	else
		conf_strings_add(&conf->targets, arg);
	return 0;
}

/* target NULL: the mailbox is suspended. */
static void change(struct rig *r, const char *target)
{
	struct mailbox *m = store_rig_open(r->store);
	struct err e;

	assert_int_equal(mailbox_update(m, allow, target, &e), 0);
	mailbox_close(&m);
}

static void start(struct rig *r, void **state, enum dial_service service)
{
	struct err e;

	*r = (struct rig){.store = *state};
	r->conf.store = r->conf.runtime = r->store->path;
	r->conf.proxy.connect_timeout = 20;
	network_set(r->store->path);
	r->dialler = dialler_start(&r->conf, service, &e);
	assert_non_null(r->dialler);
}

static int listen_at(const struct rig *r, const char *at)
{
	char path[NETWORK_PATH_MAX];

	network_path(r->store->path, at, path);
	return network_listen(path);
}

/* "text" may be "server" or "server:port". */
static int dial(struct rig *r, const char *id, const char *text,
		struct dialled *out, struct err *e)
{
	struct dial_server server;

	assert_true(dial_server_parse(text, strlen(text), &server));
	return dialler_dial(r->dialler, id, &server, out, e);
}

static void expect_refusal(struct rig *r, const char *id, const char *server,
			   enum err_kind kind, const char *text)
{
	struct dialled out;
	struct err e;

	assert_int_equal(dial(r, id, server, &out, &e), -1);
	assert_int_equal(e.kind, kind);
	if (!strstr(e.text, text))
		fail_msg("%s: %s", server, e.text);
}

static void what_is_not_listed_is_refused(void **state)
{
	struct rig r;

	start(&r, state, DIAL_SMTP);
	expect_refusal(&r, r.store->id, "mail.example", ERR_STATE, "");
	change(&r, "mail.example");
	change(&r, "*");
	expect_refusal(&r, NOBODY, "mail.example", ERR_ABSENT, "");
	expect_refusal(&r, r.store->id, "mail.private", ERR_STATE, "private");
	expect_refusal(&r, r.store->id, "nowhere.invalid", ERR_TEMP,
		       "nowhere.invalid");
	expect_refusal(&r, r.store->id, "mail.example:22", ERR_STATE, "");
	expect_refusal(&r, r.store->id, "mail.example", ERR_TEMP, "refused");
	change(&r, NULL);
	expect_refusal(&r, r.store->id, "mail.example", ERR_STATE, "suspended");
	dialler_end(&r.dialler);
	assert_null(r.dialler);
}

/* The request comes from a session that may be subverted. */
static void an_id_that_is_none_is_refused(void **state)
{
	struct rig r;

	start(&r, state, DIAL_SMTP);
	expect_refusal(&r, "../../etc", "mail.example", ERR_STATE,
		       "not a request");
	expect_refusal(&r, "", "mail.example", ERR_STATE, "not a request");
	dialler_end(&r.dialler);
}

static void expect_way(struct rig *r, const char *server, uint16_t port,
		       bool implicit, int listener)
{
	struct dialled out;
	char octet = 'x';
	struct err e;
	int there;

	if (dial(r, r->store->id, server, &out, &e) < 0)
		fail_msg("%s: %s", server, e.text);
	assert_int_equal(out.port, port);
	assert_int_equal(out.implicit_tls, implicit);
	there = accept(listener, NULL, NULL);
	assert_int_equal(write(there, "a", 1), 1);
	assert_int_equal(read(out.fd, &octet, 1), 1);
	assert_int_equal(octet, 'a');
	/* The dialler itself has kept nothing of it. */
	close(out.fd);
	assert_int_equal(read(there, &octet, 1), 0);
	close(there);
}

static void implicit_tls_is_tried_first(void **state)
{
	struct rig r;
	int second, first;

	start(&r, state, DIAL_POP3);
	change(&r, "mail.example");
	second = listen_at(&r, "110");
	expect_way(&r, "mail.example", 110, false, second);
	first = listen_at(&r, "995");
	expect_way(&r, "mail.example", 995, true, first);
	expect_way(&r, "mail.example:110", 110, false, second);
	close(first);
	close(second);
	dialler_end(&r.dialler);
}

static void a_private_address_needs_its_name(void **state)
{
	struct rig r;
	int listener;

	start(&r, state, DIAL_SMTP);
	change(&r, "*.private");
	listener = listen_at(&r, "465");
	expect_refusal(&r, r.store->id, "mail.private", ERR_STATE, "private");
	change(&r, "mail.private");
	expect_way(&r, "mail.private", 465, true, listener);
	close(listener);
	dialler_end(&r.dialler);
}

static void a_pin_comes_with_it(void **state)
{
	struct dialled out;
	struct err e;
	struct rig r;
	int listener;

	start(&r, state, DIAL_SMTP);
	change(&r, "mail.example,pin-sha256="
		   "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=");
	listener = listen_at(&r, "465");
	assert_int_equal(dial(&r, r.store->id, "mail.example", &out, &e), 0);
	assert_true(out.pinned);
	for (size_t i = 0; i < sizeof(out.pin); i++)
		assert_int_equal(out.pin[i], 1);
	close(out.fd);
	close(listener);
	dialler_end(&r.dialler);
}

/* Collecting is pop3-proxy's affair: smtp-proxy would guess past a throttle. */
static void smtp_hands_nothing_over(void **state)
{
	struct rig r;
	struct err e;
	int listener;

	start(&r, state, DIAL_SMTP);
	listener = listen_at(&r, "pop3-serve.sock");
	assert_int_equal(dialler_hand_over(r.dialler, &e), -1);
	assert_int_equal(e.kind, ERR_STATE);
	close(listener);
	dialler_end(&r.dialler);
}

static void pop3_serve_is_handed_over_to(void **state)
{
	struct rig r;
	struct err e;
	int listener, fd;

	start(&r, state, DIAL_POP3);
	assert_int_equal(dialler_hand_over(r.dialler, &e), -1);
	listener = listen_at(&r, "pop3-serve.sock");
	fd = dialler_hand_over(r.dialler, &e);
	assert_true(fd >= 0);
	close(fd);
	close(listener);
	dialler_end(&r.dialler);
}

#define TEST(f)                                                                \
	cmocka_unit_test_setup_teardown(f, store_rig_setup, store_rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_not_listed_is_refused),
		TEST(an_id_that_is_none_is_refused),
		TEST(implicit_tls_is_tried_first),
		TEST(a_private_address_needs_its_name),
		TEST(a_pin_comes_with_it),
		TEST(smtp_hands_nothing_over),
		TEST(pop3_serve_is_handed_over_to),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

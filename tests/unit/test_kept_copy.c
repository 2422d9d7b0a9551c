/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A proxy's copy from its trace header to its fate: kept, dropped, or left for
 * the next login or sweep; as it is, or wrapped.
 */
#include "common/base.h"
#include "handlers/proxy/kept_copy.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/peer.h"
#include "handlers/mail/trace.h"
#include "store/admin/admin.h"
#include "tests/unit/store_rig.h"

enum { MESSAGE_MAX = 64 * 1024 };

static const struct peer peer = {.is_ip = true, .text = "192.0.2.7"};
static const struct trace trace = {
	.hostname = "gw.example",
	.helo = "client.example",
	.peer = &peer,
	.protocol = "ESMTPSA",
	.tls_version = "TLS1.3",
	.tls_cipher = "X",
	.client_name = "",
	.note = "",
	.when = 1700000000,
};
static const char *const recipients[] = {"ann@example.org", "bcc@example.org"};
static const struct copy_facts facts = {
	.trace = &trace,
	.domain = "mail.example",
	.account = "joe",
	.server = "mail.example:465",
	.sent = true,
	.sender = "joe@mail.example",
	.recipients = recipients,
	.n_recipients = N_ELEMENTS(recipients),
};

static struct kept_copy *write_copy(struct mailbox *m, const char *text)
{
	struct kept_copy *c;
	struct err e;

	assert_int_equal(mailbox_hold(m, &e), 0);
	c = kept_copy_begin(m, &facts, &e);
	assert_non_null(c);
	assert_int_equal(kept_copy_push(c, (const uint8_t *)text, strlen(text)),
			 0);
	assert_int_equal(kept_copy_end(c), 0);
	return c;
}

/* The only message there is; its flags. */
static unsigned read_only_one(const struct store_rig *rig, struct buf *out)
{
	struct collection *c = store_rig_login(rig);
	const uint8_t *bytes;
	struct reader *r;
	unsigned flags;
	struct err e;
	size_t n;

	assert_int_equal(collection_count(c), 1);
	flags = collection_message(c, 0).flags;
	r = reader_open(c, 0, &e);
	assert_non_null(r);
	do {
		assert_int_equal(reader_next(r, &bytes, &n, &e), 0);
		assert_true(buf_add(out, bytes, n));
	} while (n);
	reader_close(&r);
	collection_free(&c);
	return flags;
}

static void commit(struct kept_copy **c)
{
	struct err e;

	assert_int_equal(delivery_commit(kept_copy_delivery(*c), 0, &e), 0);
	kept_copy_free(c);
	assert_null(*c);
}

static void a_kept_one_names_everybody(void **state)
{
	const struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	struct kept_copy *c = write_copy(m, "no field\r\n");
	struct buf text;

	buf_init(&text, MESSAGE_MAX);
	commit(&c);
	mailbox_close(&m);
	assert_int_equal(read_only_one(rig, &text), 0);
	assert_non_null(
		strstr(text.data, "Return-Path: <joe@mail.example>\r\n"));
	assert_non_null(
		strstr(text.data, "X-Envelope-To: <ann@example.org>\r\n"));
	assert_non_null(
		strstr(text.data, "X-Envelope-To: <bcc@example.org>\r\n"));
	assert_non_null(strstr(text.data, "X-Restante-Account: joe\r\n"));
	assert_non_null(
		strstr(text.data, "X-Restante-Server: mail.example:465\r\n"));
	/* The body is none of the header. */
	assert_non_null(strstr(text.data, "\r\n\r\nno field\r\n"));
	buf_release(&text);
}

static void a_dropped_one_leaves_nothing(void **state)
{
	const struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	struct kept_copy *c = write_copy(m, "Subject: x\r\n");

	assert_int_equal(store_rig_count(rig, "tmp"), 1);
	kept_copy_free(&c);
	assert_null(c);
	kept_copy_free(&c);
	assert_int_equal(store_rig_count(rig, "tmp"), 0);
	assert_int_equal(store_rig_count(rig, "cur"), 0);
	mailbox_close(&m);
}

static void one_that_is_left_is_kept_unconfirmed(void **state)
{
	const struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	struct kept_copy *c = write_copy(m, "Subject: x\r\n");
	struct buf text;

	buf_init(&text, MESSAGE_MAX);
	kept_copy_leave(&c);
	assert_null(c);
	mailbox_close(&m);
	assert_int_equal(read_only_one(rig, &text), MESSAGE_UNCONFIRMED);
	assert_non_null(strstr(text.data, "\r\nSubject: x\r\n"));
	buf_release(&text);
}

static int wrap(struct mailbox_conf *conf, const void *arg UNUSED,
		struct err *e UNUSED)
{
	conf->journal_report = true;
	return 0;
}

static void a_wrapped_one_is_a_report(void **state)
{
	const struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	struct kept_copy *c;
	struct buf text;
	struct err e;

	assert_int_equal(mailbox_update(m, wrap, NULL, &e), 0);
	buf_init(&text, MESSAGE_MAX);
	c = write_copy(m, "To: ann@example.org\r\n\r\nbody\r\n");
	commit(&c);
	mailbox_close(&m);
	assert_int_equal(read_only_one(rig, &text), 0);
	assert_non_null(strstr(text.data, "X-MS-Journal-Report:\r\n"));
	assert_non_null(strstr(text.data, "\r\nTo: ann@example.org\r\n"
					  "Bcc: bcc@example.org\r\n"));
	assert_non_null(strstr(text.data, "\r\n\r\nTo: ann@example.org\r\n\r\n"
					  "body\r\n\r\n--"));
	buf_release(&text);
}

#define TEST(f)                                                                \
	cmocka_unit_test_setup_teardown(f, store_rig_setup, store_rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_kept_one_names_everybody),
		TEST(a_dropped_one_leaves_nothing),
		TEST(one_that_is_left_is_kept_unconfirmed),
		TEST(a_wrapped_one_is_a_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

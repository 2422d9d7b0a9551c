/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An SMTP session in this process: a store in memory that fails where the test
 * wants it to, and a script as its peer. Included once by each test of the
 * SMTP receiver; its definitions take the place of the real store's.
 */
#ifndef RESTANTE_TESTS_UNIT_SMTP_RIG_H
#define RESTANTE_TESTS_UNIT_SMTP_RIG_H

#include "common/base.h"

#include <sys/mman.h>

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/conf.h"
#include "common/conn.h"
#include "common/log.h"
#include "handlers/smtp_journal/session.h"
#include "store/store.h"

#define RIG_A "mbx-000000000000000000000000000000aa"
#define RIG_B "mbx-000000000000000000000000000000bb"

enum { RIG_MAILBOXES = 4, RIG_KEPT = 16, RIG_TEXT_MAX = 1024 * 1024 };

struct rig_mailbox {
	uint64_t quota; /* 0: none */
	struct mailbox_conf conf;
	enum err_kind open_fails, hold_fails, begin_fails, commit_fails;
	bool begin_fails_once; /* and then no more */
	size_t write_fails_at; /* octets; 0: never */
	unsigned accounts;     /* times */
	struct activity activity;
};

struct rig_message {
	char id[MAILBOX_ID_LEN + 1];
	char ulid[ULID_LEN + 1];
	unsigned flags;
	struct buf text;
};

/* What the store holds, how it fails, and what is still open in it. */
static struct rig_store {
	struct rig_mailbox mailboxes[RIG_MAILBOXES];
	size_t n_mailboxes;
	struct rig_message kept[RIG_KEPT];
	size_t n_kept;
	enum err_kind open_fails, account_fails;
	uint64_t room; /* UINT64_MAX: endless */
	uint64_t reserve;
	unsigned n_ulids, aborted;
	int open_stores, open_mailboxes, open_deliveries;
} rig_store;

struct store {
	char unused;
};

struct mailbox {
	struct rig_mailbox *rig;
	bool held;
};

struct delivery {
	struct mailbox *mailbox;
	struct rig_message message;
};

static struct store rig_the_store;

struct store *store_open(const char *path UNUSED, struct err *e)
{
	if (rig_store.open_fails) {
		err_set(e, rig_store.open_fails, "the store is away");
		return NULL;
	}
	rig_store.open_stores++;
	return &rig_the_store;
}

void store_free(struct store **s)
{
	rig_store.open_stores -= *s != NULL;
	*s = NULL;
}

void store_set_reserve(struct store *s UNUSED, uint64_t octets)
{
	rig_store.reserve = octets;
}

int store_room(const struct store *s UNUSED, uint64_t octets, struct err *e)
{
	if (rig_store.room - rig_store.reserve < octets)
		return err_set(e, ERR_FULL, "no room");
	return 0;
}

int mailbox_room(const struct mailbox *m, uint64_t octets, struct err *e)
{
	if (m->rig->quota && octets > m->rig->quota)
		return err_set(e, ERR_QUOTA, "its quota");
	return 0;
}

struct mailbox *mailbox_open(struct store *s UNUSED, const char *id,
			     struct err *e)
{
	struct mailbox *m;

	for (size_t i = 0; i < rig_store.n_mailboxes; i++) {
		struct rig_mailbox *rig = &rig_store.mailboxes[i];

		if (strcmp(rig->conf.id, id) != 0)
			continue;
		if (rig->open_fails) {
			err_set(e, rig->open_fails, "does not open");
			return NULL;
		}
		m = calloc(1, sizeof(*m));
		assert_non_null(m);
		m->rig = rig;
		rig_store.open_mailboxes++;
		return m;
	}
	err_set(e, ERR_ABSENT, "does not exist");
	return NULL;
}

void mailbox_close(struct mailbox **m)
{
	rig_store.open_mailboxes -= *m != NULL;
	free(*m);
	*m = NULL;
}

bool mailbox_is(const struct mailbox *m, const char *id)
{
	return strcmp(m->rig->conf.id, id) == 0;
}

void mailbox_release(struct mailbox *m)
{
	m->held = false;
}

const struct mailbox_conf *mailbox_settings(const struct mailbox *m)
{
	return &m->rig->conf;
}

int mailbox_hold(struct mailbox *m, struct err *e)
{
	if (m->rig->hold_fails)
		return err_set(e, m->rig->hold_fails, "cannot be held");
	m->held = true;
	return 0;
}

struct delivery *delivery_begin(struct mailbox *m, struct err *e)
{
	enum err_kind failure = m->rig->begin_fails;
	struct delivery *d;

	assert_true(m->held);
	if (m->rig->begin_fails_once)
		m->rig->begin_fails = ERR_NONE;
	if (failure) {
		err_set(e, failure, "does not begin");
		return NULL;
	}
	d = calloc(1, sizeof(*d));
	assert_non_null(d);
	d->mailbox = m;
	buf_init(&d->message.text, RIG_TEXT_MAX);
	snprintf(d->message.id, sizeof(d->message.id), "%s", m->rig->conf.id);
	snprintf(d->message.ulid, sizeof(d->message.ulid),
		 "01JD00000000000000000000%02u", ++rig_store.n_ulids);
	rig_store.open_deliveries++;
	return d;
}

int delivery_write(struct delivery *d, const uint8_t *bytes, size_t n,
		   struct err *e)
{
	struct rig_mailbox *rig = d->mailbox->rig;

	if (rig->write_fails_at &&
	    d->message.text.len + n > rig->write_fails_at)
		return err_set(e, ERR_FULL, "no space left");
	assert_true(buf_add(&d->message.text, bytes, n));
	return 0;
}

void delivery_abort(struct delivery **d)
{
	if (!*d)
		return;
	rig_store.open_deliveries--;
	rig_store.aborted++;
	buf_release(&(*d)->message.text);
	free(*d);
	*d = NULL;
}

int delivery_commit(struct delivery **d_r, unsigned flags, struct err *e)
{
	struct delivery *d = *d_r;
	enum err_kind failure = d->mailbox->rig->commit_fails;

	if (failure) {
		delivery_abort(d_r);
		return err_set(e, failure, "does not commit");
	}
	assert_true(rig_store.n_kept < RIG_KEPT);
	d->message.flags = flags;
	rig_store.kept[rig_store.n_kept++] = d->message;
	rig_store.open_deliveries--;
	free(d);
	*d_r = NULL;
	return 0;
}

const char *delivery_ulid(const struct delivery *d)
{
	return d->message.ulid;
}

void delivery_want_digest(struct delivery *d, uint8_t digest_r[DIGEST_SIZE])
{
	memset(digest_r, d->message.ulid[ULID_LEN - 1], DIGEST_SIZE);
}

int mailbox_account(struct mailbox *m, const struct activity *activity,
		    struct err *e)
{
	assert_false(m->held);
	m->rig->accounts++;
	m->rig->activity = *activity;
	if (rig_store.account_fails)
		return err_set(e, rig_store.account_fails, "somebody is in it");
	return 0;
}

static void rig_add_mailbox(const char *id)
{
	struct rig_mailbox *m = &rig_store.mailboxes[rig_store.n_mailboxes++];

	*m = (struct rig_mailbox){.conf = {.name = NULL}};
	snprintf(m->conf.id, sizeof(m->conf.id), "%s", id);
}

/* --- the session ---------------------------------------------------------- */

struct rig {
	struct conf conf;
	struct peer peer;
	enum tls_mode tls_mode;
	struct buf heard; /* all that the session said */
	struct buf log;
	enum outcome outcome;
};

static const struct conf rig_conf_default = {
	.hostname = (char[]){"gw.example"},
	.domain = (char[]){"mail.example"},
	.store = (char[]){"/nowhere"},
	.postmaster = (char[]){""},
	.smtp_journal = {.require_tls = true,
			 .chunking = true,
			 .max_size = 1000,
			 .max_recipients = 4,
			 .max_mailboxes = 2},
	.limits = {.command_timeout = 20,
		   .data_timeout = 20,
		   .session_max = 60,
		   .faults = 10,
		   .minimum_rate = 100,
		   .reserve = 4500},
};

/* Two mailboxes, and a client that is taken to come over TLS. */
static void rig_init(struct rig *r)
{
	*r = (struct rig){
		.conf = rig_conf_default,
		.peer = {.is_ip = true,
			 .address = {192, 0, 2, 7},
			 .text = "192.0.2.7",
			 .tls = true,
			 .tls_version = "TLS1.3"},
		.tls_mode = TLS_MODE_NONE,
	};
	buf_init(&r->heard, RIG_TEXT_MAX);
	buf_init(&r->log, RIG_TEXT_MAX);
	rig_store = (struct rig_store){.room = UINT64_MAX};
	rig_add_mailbox(RIG_A);
	rig_add_mailbox(RIG_B);
}

static void rig_release(struct rig *r)
{
	for (size_t i = 0; i < rig_store.n_kept; i++)
		buf_release(&rig_store.kept[i].text);
	buf_release(&r->heard);
	buf_release(&r->log);
}

static int rig_file(void)
{
	int fd = memfd_create("rig", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void rig_read(int fd, struct buf *out)
{
	char piece[4096];
	ssize_t got;

	buf_reset(out);
	lseek(fd, 0, SEEK_SET);
	while ((got = read(fd, piece, sizeof(piece))) > 0)
		assert_true(buf_add(out, piece, (size_t)got));
	close(fd);
}

/* The session logs to fd 2: for its time, that is a file. */
static void rig_talk(struct rig *r, struct conn *c, int log)
{
	int saved = dup(STDERR_FILENO);

	assert_true(saved >= 0);
	assert_true(dup2(log, STDERR_FILENO) >= 0);
	log_open("restante", LOG_STYLE_SERVICE); /* as a process of its own */
	r->outcome = smtp_journal_session(c, &r->conf, &r->peer, r->tls_mode);
	dup2(saved, STDERR_FILENO);
	close(saved);
}

/*
 * Plays a session whose peer says all n octets at once and hangs up. Nothing
 * may be open when it is over.
 */
static void rig_run_bytes(struct rig *r, const void *script, size_t n)
{
	int in = rig_file(), out = rig_file(), log = rig_file();
	struct conn *c;

	assert_int_equal(write(in, script, n), n);
	lseek(in, 0, SEEK_SET);
	c = conn_new(in, out);
	rig_talk(r, c, log);
	conn_free(&c);
	close(in);
	rig_read(out, &r->heard);
	rig_read(log, &r->log);
	assert_int_equal(rig_store.open_stores, 0);
	assert_int_equal(rig_store.open_mailboxes, 0);
	assert_int_equal(rig_store.open_deliveries, 0);
}

static UNUSED void rig_run(struct rig *r, const char *script)
{
	rig_run_bytes(r, script, strlen(script));
}

#endif

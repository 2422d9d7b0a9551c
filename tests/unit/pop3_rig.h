/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A POP3 session in this process: a store in memory that does what the test
 * tells it to, and a client thread at the other end of a socketpair. Included
 * once by each test of the POP3 server; its definitions take the place of the
 * real store's.
 */
#ifndef RESTANTE_TESTS_UNIT_POP3_RIG_H
#define RESTANTE_TESTS_UNIT_POP3_RIG_H

#include "common/base.h"

#include <sys/mman.h>
#include <sys/socket.h>

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/conf.h"
#include "common/conn.h"
#include "common/log.h"
#include "common/secret.h"
#include "handlers/pop3_serve/session.h"
#include "store/store.h"

#define RIG_ID	     "mbx-00112233445566778899aabbccddeeff"
#define RIG_PASSWORD "abcd-efgh-ijkl-mnop"
#define RIG_LOGIN    "USER " RIG_ID "\r\nPASS " RIG_PASSWORD "\r\n"
/* base64 of PLAIN with both. */
#define RIG_PLAIN64                                                            \
	"AG1ieC0wMDExMjIzMzQ0NTU2Njc3ODg5OWFhYmJjY2RkZWVmZgBhYmNkLWVmZ2gtaWpr" \
	"bC1tbm9w"
#define RIG_GREETING "+OK Restante ready\r\n"
#define RIG_OPENED   "+OK Now the password\r\n+OK The mailbox is open\r\n"

enum { RIG_MESSAGES = 128 };

/* --- the store in memory ---------------------------------------------------
 */

struct rig_message {
	struct message public;
	const uint8_t *bytes; /* lent over and over until octets are full */
	size_t n;
	enum err_kind open_fails; /* ERR_NONE: it does not */
	size_t next_fails_at;	  /* the call that fails, from 1; 0: none */
};

struct mailbox {
	struct mailbox_conf conf;
};

struct store {
	bool open;
};

/* What the store holds, and what was asked of it. */
struct collection {
	struct rig_message list[RIG_MESSAGES];
	size_t n;
	size_t chunk; /* octets lent at a time */
	enum err_kind store_fails, login_fails;
	size_t not_removable;	 /* by collection_update() */
	unsigned slow_ms;	 /* a message takes that long to open */
	bool discreet;		 /* keeps no copy of a password */
	void (*at_update)(void); /* called while the session lives */
	int wait_on; /* messages and deletions wait for its peer to hang up */

	struct store store;
	struct mailbox mailbox;
	unsigned logins, updates, records, open_readers, chunks_lent;
	char login_id[64];
	char login_password[512];
	bool logged_in;
	size_t removed;
	char activity[32];
};

static struct collection rig_store;

static void rig_wait_for_hang_up(int fd)
{
	struct pollfd p = {.fd = fd};

	assert_int_equal(poll(&p, 1, 60 * 1000), 1);
}

struct store *store_open(const char *path UNUSED, struct err *e)
{
	if (rig_store.store_fails) {
		err_set(e, rig_store.store_fails, "the store is away");
		return NULL;
	}
	assert_false(rig_store.store.open);
	rig_store.store.open = true;
	return &rig_store.store;
}

void store_free(struct store **s)
{
	if (*s)
		(*s)->open = false;
	*s = NULL;
}

static enum err_kind rig_login_result(const char *id, const struct secret *p)
{
	if (rig_store.login_fails)
		return rig_store.login_fails;
	if (strcmp(id, RIG_ID) != 0 ||
	    !secret_equal(p, RIG_PASSWORD, strlen(RIG_PASSWORD)))
		return ERR_PASSWORD;
	return ERR_NONE;
}

struct collection *collection_login(struct store *s, const char *id,
				    const struct secret *p,
				    unsigned scrypt_log_n, struct err *e)
{
	enum err_kind failure;

	assert_ptr_equal(s, &rig_store.store);
	assert_int_equal(scrypt_log_n, 14);
	rig_store.logins++;
	snprintf(rig_store.login_id, sizeof(rig_store.login_id), "%s", id);
	if (!rig_store.discreet)
		snprintf(rig_store.login_password,
			 sizeof(rig_store.login_password), "%.*s", (int)p->len,
			 (const char *)p->bytes);
	failure = rig_login_result(id, p);
	if (failure) {
		err_set(e, failure, "login fails");
		return NULL;
	}
	rig_store.logged_in = true;
	return &rig_store;
}

void collection_announce(struct collection *c UNUSED, const char *ledger UNUSED)
{
}

struct mailbox *collection_mailbox(struct collection *c)
{
	return &c->mailbox;
}

const struct mailbox_conf *mailbox_settings(const struct mailbox *m)
{
	return &m->conf;
}

int collection_hung_up(struct collection *c UNUSED,
		       const struct activity *activity, struct err *e UNUSED)
{
	rig_store.records++;
	snprintf(rig_store.activity, sizeof(rig_store.activity), "%s",
		 activity->outcome);
	return 0;
}

void collection_free(struct collection **c)
{
	if (*c) {
		assert_int_equal((*c)->open_readers, 0);
		(*c)->logged_in = false;
	}
	*c = NULL;
}

size_t collection_count(const struct collection *c)
{
	return c->n;
}

struct message collection_message(const struct collection *c, size_t i)
{
	assert_true(i < c->n);
	return c->list[i].public;
}

void collection_mark(struct collection *c, size_t i, bool marked)
{
	assert_true(i < c->n);
	c->list[i].public.marked = marked;
}

int collection_update(struct collection *c, size_t *removed_r,
		      const struct activity *activity, struct err *e)
{
	size_t marked = 0;

	if (c->wait_on)
		rig_wait_for_hang_up(c->wait_on);
	if (c->at_update)
		c->at_update();
	c->updates++;
	for (size_t i = 0; i < c->n; i++)
		marked += c->list[i].public.marked;
	snprintf(c->activity, sizeof(c->activity), "%s", activity->outcome);
	*removed_r = c->removed = marked - c->not_removable;
	if (c->not_removable)
		return err_set(e, ERR_TEMP, "some stay");
	return 0;
}

struct reader {
	struct rig_message *message;
	uint64_t at;
	size_t calls;
};

struct reader *reader_open(struct collection *c, size_t i, struct err *e)
{
	struct reader *r;

	if (c->list[i].open_fails) {
		err_set(e, c->list[i].open_fails, "does not open");
		return NULL;
	}
	if (c->wait_on)
		rig_wait_for_hang_up(c->wait_on);
	poll(NULL, 0, (int)c->slow_ms);
	r = calloc(1, sizeof(*r));
	assert_non_null(r);
	r->message = &c->list[i];
	c->open_readers++;
	return r;
}

int reader_next(struct reader *r, const uint8_t **bytes_r, size_t *n_r,
		struct err *e)
{
	const struct rig_message *m = r->message;
	size_t from = m->n ? (size_t)(r->at % m->n) : 0;
	size_t n = m->n - from;

	rig_store.chunks_lent++;
	if (++r->calls == m->next_fails_at)
		return err_set(e, ERR_DAMAGED, "is damaged");
	if (n > rig_store.chunk)
		n = rig_store.chunk;
	if (n > m->public.octets - r->at)
		n = (size_t)(m->public.octets - r->at);
	*bytes_r = m->bytes + from;
	*n_r = n;
	r->at += n;
	return 0;
}

void reader_close(struct reader **r)
{
	if (!*r)
		return;
	rig_store.open_readers--;
	free(*r);
	*r = NULL;
}

/* A store with no message in it. */
static void rig_empty_store(void)
{
	rig_store = (struct collection){.chunk = 64 * 1024};
	snprintf(rig_store.mailbox.conf.id, sizeof(rig_store.mailbox.conf.id),
		 "%s", RIG_ID);
}

/* Bytes are borrowed. The message's ULID follows from its number. */
static struct rig_message *rig_add(const void *bytes, size_t n)
{
	struct rig_message *m = &rig_store.list[rig_store.n++];

	assert_true(rig_store.n <= RIG_MESSAGES);
	*m = (struct rig_message){
		.public = {.octets = n}, .bytes = bytes, .n = n};
	snprintf(m->public.ulid, sizeof(m->public.ulid),
		 "01JD000000000000000000%04zu", rig_store.n);
	return m;
}

static UNUSED void rig_add_text(const char *text)
{
	rig_add(text, strlen(text));
}

/* --- the client ------------------------------------------------------------
 */

struct rig_client {
	int fd;
	const char *script;
	size_t n;
	const char *const *turns; /* instead: each behind one read; NULL ends */
	size_t step;		  /* octets a write; 0: all at once */
	size_t hang_up_at; /* closes after so many octets read; 0: never */
	bool hang_up; /* closes behind the script, having read the greeting */
	bool deaf;    /* reads nothing, and stays */
	bool stay;    /* does not close its side behind the script */
	struct buf heard;
	size_t reads;
	bool locked_at_bye; /* the mailbox was, when QUIT's answer was heard */
};

static void rig_speak(struct rig_client *c)
{
	size_t step = c->step ? c->step : c->n;

	for (size_t at = 0; at < c->n;) {
		size_t n = step < c->n - at ? step : c->n - at;
		ssize_t put = send(c->fd, c->script + at, n, MSG_NOSIGNAL);

		if (put <= 0)
			return;
		at += (size_t)put;
	}
}

/* One read, which is one record of a packet socket. False: nothing more. */
static bool rig_hear(struct rig_client *c)
{
	static char piece[64 * 1024];
	size_t n = sizeof(piece);
	ssize_t got;

	if (c->hang_up_at && n > c->hang_up_at - c->heard.len)
		n = c->hang_up_at - c->heard.len;
	got = n ? recv(c->fd, piece, n, 0) : 0;
	if (got <= 0)
		return false;
	c->reads++;
	if (!buf_add(&c->heard, piece, (size_t)got))
		return false;
	if (strstr(c->heard.data, "+OK Bye\r\n"))
		c->locked_at_bye |= rig_store.logged_in;
	return true;
}

static void rig_take_turns(struct rig_client *c)
{
	for (size_t i = 0; c->turns[i] && rig_hear(c); i++)
		send(c->fd, c->turns[i], strlen(c->turns[i]), MSG_NOSIGNAL);
}

static void *rig_client_main(void *arg)
{
	struct rig_client *c = arg;

	char greeting[sizeof(RIG_GREETING)];

	if (c->hang_up)
		recv(c->fd, greeting, sizeof(greeting) - 1, MSG_WAITALL);
	if (c->turns)
		rig_take_turns(c);
	else
		rig_speak(c);
	if (!c->stay && !c->hang_up)
		shutdown(c->fd, SHUT_WR);
	if (c->deaf)
		rig_wait_for_hang_up(c->fd);
	while (!c->deaf && !c->hang_up && rig_hear(c))
		;
	close(c->fd);
	return NULL;
}

/* --- the session -----------------------------------------------------------
 */

static const struct conf rig_conf_default = {
	.hostname = (char[]){"mail.example"},
	.store = (char[]){"/nowhere"},
	.runtime = (char[]){"/nowhere"},
	.identity = {.scrypt_log_n = 14},
	.limits = {.command_timeout = 20,
		   .data_timeout = 20,
		   .session_max = 60,
		   .faults = 10,
		   .minimum_rate = 100},
};

struct rig {
	struct conf conf;
	struct peer peer;
	enum tls_mode tls_mode;
	void (*serve)(struct conn *c, const struct conf *conf,
		      const struct peer *peer, enum tls_mode tls_mode);
	int socket_type;
	struct rig_client client;
	bool wait_for_hang_up; /* before a message, and before deleting */
	struct buf log;
};

/* A client that is taken to come over TLS, through a handler in front. */
static void rig_init(struct rig *r)
{
	*r = (struct rig){
		.conf = rig_conf_default,
		.peer = {.text = "192.0.2.7",
			 .tls = true,
			 .tls_version = "TLS1.3"},
		.tls_mode = TLS_MODE_NONE,
		.serve = pop3_serve_session,
		.socket_type = SOCK_STREAM,
	};
	signal(SIGPIPE, SIG_IGN);
	buf_init(&r->client.heard, 64 * 1024 * 1024);
	buf_init(&r->log, 64 * 1024);
}

static void rig_release(struct rig *r)
{
	buf_release(&r->client.heard);
	buf_release(&r->log);
}

static void rig_read_log(struct rig *r, int fd)
{
	char piece[4096];
	ssize_t got;

	buf_reset(&r->log);
	lseek(fd, 0, SEEK_SET);
	while ((got = read(fd, piece, sizeof(piece))) > 0)
		assert_true(buf_add(&r->log, piece, (size_t)got));
}

/* Runs one session against the script; what was heard and logged is in r. */
static void rig_run_n(struct rig *r, const char *script, size_t n)
{
	int log = memfd_create("log", MFD_CLOEXEC), saved = dup(STDERR_FILENO);
	struct conn *conn;
	pthread_t thread;
	int pair[2];

	assert_true(log >= 0 && saved >= 0);
	assert_int_equal(
		socketpair(AF_UNIX, r->socket_type | SOCK_CLOEXEC, 0, pair), 0);
	r->client.fd = pair[1];
	r->client.script = script;
	r->client.n = n;
	r->client.reads = 0;
	buf_reset(&r->client.heard);
	rig_store.wait_on = r->wait_for_hang_up ? pair[0] : 0;
	dup2(log, STDERR_FILENO);
	log_open("restante", LOG_STYLE_SERVICE); /* as a process of its own */
	assert_int_equal(
		pthread_create(&thread, NULL, rig_client_main, &r->client), 0);

	conn = conn_new(pair[0], pair[0]);
	r->serve(conn, &r->conf, &r->peer, r->tls_mode);
	conn_free(&conn);
	close(pair[0]);

	pthread_join(thread, NULL);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rig_read_log(r, log);
	close(log);
	assert_false(rig_store.logged_in);
	assert_false(rig_store.store.open);
	assert_int_equal(rig_store.open_readers, 0);
}

static UNUSED void rig_run(struct rig *r, const char *script)
{
	rig_run_n(r, script, strlen(script));
}

/* The same, but each turn waits for the answer to the one before. */
static UNUSED void rig_run_in_turn(struct rig *r, const char *const *turns)
{
	r->client.turns = turns;
	rig_run_n(r, "", 0);
	r->client.turns = NULL;
}

/* The same with a rig of its own: a whole dialogue, word by word. */
static UNUSED void rig_expect(const char *script, const char *heard)
{
	struct rig r;

	rig_init(&r);
	rig_run(&r, script);
	assert_string_equal(r.client.heard.data, heard);
	rig_release(&r);
}

static UNUSED void rig_expect_logged(const struct rig *r, const char *text)
{
	if (!strstr(r->log.data, text))
		fail_msg("not logged: \"%s\" in\n%s", text, r->log.data);
}

#endif

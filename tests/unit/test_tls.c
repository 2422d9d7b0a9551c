/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TLS under a connection: our two sides against each other, and each against
 * a bare GnuTLS peer that is old, garbled, silent or gone.
 */
#include "common/base.h"
#include "common/tls.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "common/conn.h"
#include "tests/support/test_cert.h"
#include "tests/support/test_dir.h"

enum { BIG = 1024 * 1024, SECONDS = 20 };

/* Files of one certificate authority, made once. */
static struct {
	char dir[TEST_DIR_SIZE];
	struct test_ca *ca, *other_ca;
	char ca_pem[160], other_ca_pem[160];
	char cert[160], key[160];	  /* ECDSA, localhost */
	char rsa_cert[160], rsa_key[160]; /* RSA, localhost */
	char old_cert[160], old_key[160]; /* expired */
	char mixed[160], missing[160];
} files;

static void name_file(char *path, size_t size, const char *name)
{
	assert_true(snprintf(path, size, "%s/%s", files.dir, name) < (int)size);
}

static void make_cert(struct test_ca *ca, const struct test_cert *wanted,
		      const char *name, char cert[160], char key[160])
{
	char file[32];

	snprintf(file, sizeof(file), "%s.pem", name);
	name_file(cert, 160, file);
	snprintf(file, sizeof(file), "%s.key", name);
	name_file(key, 160, file);
	test_cert_write(ca, wanted, cert, key);
}

static int make_files(void **state)
{
	(void)state;
	test_dir_make(files.dir);
	files.ca = test_ca_new("Test CA");
	files.other_ca = test_ca_new("Other CA");
	name_file(files.ca_pem, 160, "ca.pem");
	name_file(files.other_ca_pem, 160, "other.pem");
	name_file(files.missing, 160, "missing.pem");
	test_ca_write(files.ca, files.ca_pem);
	test_ca_write(files.other_ca, files.other_ca_pem);
	make_cert(files.ca, &(struct test_cert){.dns = "localhost"}, "ecdsa",
		  files.cert, files.key);
	make_cert(files.ca,
		  &(struct test_cert){.dns = "localhost", .rsa = true}, "rsa",
		  files.rsa_cert, files.rsa_key);
	make_cert(files.ca,
		  &(struct test_cert){.dns = "localhost", .expired = true},
		  "old", files.old_cert, files.old_key);
	return 0;
}

static int remove_files(void **state)
{
	(void)state;
	test_ca_free(&files.ca);
	test_ca_free(&files.other_ca);
	test_dir_remove(files.dir);
	return 0;
}

/* They last as long as the block that they stand in. */
#define FILES(...)                                                             \
	{                                                                      \
		.list = (char *[]){__VA_ARGS__},                               \
		.n = sizeof((char *[]){__VA_ARGS__}) / sizeof(char *),         \
	}
#define ONE_FILE(path) ((struct conf_strings)FILES(path))
#define SETTINGS                                                               \
	((struct tls_server_settings){                                         \
		.certificate = FILES(files.cert),                              \
		.key = FILES(files.key),                                       \
		.min_version = "1.2",                                          \
		.priorities = "",                                              \
		.client_ca = "",                                               \
	})

/* Counts what leaves at one descriptor. */
static struct {
	int fd;
	unsigned writes;
	size_t last;
} counted = {.fd = -1};

ssize_t write(int fd, const void *bytes, size_t n)
{
	ssize_t put = syscall(SYS_write, fd, bytes, n);

	if (fd == counted.fd && put > 0) {
		counted.writes++;
		counted.last = (size_t)put;
	}
	return put;
}

/*
 * A socketpair; the client runs in a thread of its own and leaves what it
 * found in the fields below, for the test to judge behind pair_join().
 */
struct pair {
	int fd, client_fd;
	struct conn *conn; /* the server's */
	pthread_t thread;

	/* What the client is to do. */
	const char *name, *trust;
	const char *priorities; /* for a bare client */
	unsigned flags;		/* the same */
	const char *cert, *key;
	const uint8_t *pin;
	const char *server_name; /* a whole extension, for a bare client */
	size_t n_server_name;

	/* What it found. */
	int code; /* 0: the handshake was good */
	struct err error;
	struct tls_facts facts;
	enum conn_status status;
	size_t octets;
	char text[256];
	char shown[80]; /* "localhost EC/ECDSA": what the server is */
};

static void pair_start(struct pair *p, void *(*client)(void *))
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	p->fd = fds[0];
	p->client_fd = fds[1];
	p->conn = conn_new(p->fd, p->fd);
	conn_set_deadline(p->conn, SECONDS, 0);
	counted.fd = p->fd;
	counted.writes = 0;
	assert_int_equal(pthread_create(&p->thread, NULL, client, p), 0);
}

static void pair_join(struct pair *p)
{
	conn_free(&p->conn);
	counted.fd = -1;
	close(p->fd);
	assert_int_equal(pthread_join(p->thread, NULL), 0);
}

/* The server's handshake. */
static int serve(struct pair *p, const struct tls_server_settings *s,
		 struct err *e)
{
	struct tls *t = tls_server_new(s, e);

	if (!t)
		return -1;
	return conn_start_tls(p->conn, t, e);
}

/* Our client: a handshake, one line, and all that comes back. */
static void *our_client(void *arg)
{
	struct pair *p = arg;
	struct conn *c = conn_new(p->client_fd, p->client_fd);
	struct tls *t =
		tls_client_new(p->name ? p->name : "localhost",
			       p->trust ? p->trust : files.ca_pem, &p->error);
	struct buf line;

	buf_init(&line, sizeof(p->text));
	conn_set_deadline(c, SECONDS, 0);
	if (t && p->pin)
		tls_client_pin(t, p->pin);
	p->code = t ? conn_start_tls(c, t, &p->error) : -1;
	if (p->code == 0) {
		p->facts = *conn_tls(c);
		conn_write(c, "EHLO us\r\n", 9);
		p->status = conn_flush(c);
		while (p->status == CONN_OK) {
			p->status = conn_read_line(c, &line, 256);
			if (p->status == CONN_OK)
				snprintf(p->text, sizeof(p->text), "%s",
					 line.data);
		}
		p->octets = (size_t)conn_octets_in(c);
	}
	buf_release(&line);
	conn_free(&c);
	close(p->client_fd);
	return NULL;
}

static void expect_line(struct conn *c, const char *text)
{
	struct buf line;

	buf_init(&line, 256);
	assert_int_equal(conn_read_line(c, &line, 256), CONN_OK);
	assert_string_equal(line.data, text);
	buf_release(&line);
}

static void test_both_ways(void **state)
{
	struct tls_server_settings s = SETTINGS;
	struct pair p = {.code = 0};
	struct err e;

	(void)state;
	pair_start(&p, our_client);
	assert_null(conn_tls(p.conn));
	assert_int_equal(serve(&p, &s, &e), 0);
	assert_string_equal(conn_tls(p.conn)->version, "TLS1.3");
	assert_int_equal(conn_tls(p.conn)->client_names.n, 0);
	expect_line(p.conn, "EHLO us");
	assert_int_equal(conn_octets_in(p.conn), 9);
	conn_write(p.conn, "250-restante\r\n", 14);
	conn_printf(p.conn, "250 %s\r\n", "SIZE");
	conn_bye(p.conn);
	assert_int_equal(conn_octets_out(p.conn), 24);
	pair_join(&p);
	assert_int_equal(p.code, 0);
	assert_string_equal(p.facts.version, "TLS1.3");
	assert_non_null(strstr(p.facts.cipher, "ECDHE-"));
	assert_non_null(strstr(p.facts.cipher, ":AES-256-GCM"));
	assert_int_equal(p.status, CONN_EOF);
	assert_int_equal(p.octets, 24);
	assert_string_equal(p.text, "250 SIZE");
}

/* The whole flight of the handshake is one write, and so is each flush. */
static void test_one_record_per_flush(void **state)
{
	struct tls_server_settings s = SETTINGS;
	struct pair p = {.code = 0};
	struct err e;

	(void)state;
	pair_start(&p, our_client);
	assert_int_equal(serve(&p, &s, &e), 0);
	assert_int_equal(counted.writes, 1);
	expect_line(p.conn, "EHLO us");
	assert_int_equal(counted.writes, 1);
	for (int i = 0; i < 100; i++)
		conn_printf(p.conn, "250-%d\r\n", i);
	assert_int_equal(conn_flush(p.conn), CONN_OK);
	assert_int_equal(counted.writes, 2);
	/* Header, type of the content, tag: nothing else is added. */
	assert_int_equal(counted.last, conn_octets_out(p.conn) + 5 + 1 + 16);
	pair_join(&p);
	assert_string_equal(p.text, "250-99");
}

/* Lines that are records of 16 KiB and over. */
static void *big_client(void *arg)
{
	static uint8_t block[BIG];
	struct pair *p = arg;
	struct conn *c = conn_new(p->client_fd, p->client_fd);
	struct tls *t = tls_client_new("localhost", files.ca_pem, &p->error);
	const uint8_t *bytes;
	size_t n;

	for (size_t i = 0; i < BIG; i++)
		block[i] = (uint8_t)(i * 7 + i / 1000);
	conn_set_deadline(c, SECONDS, 0);
	p->code = conn_start_tls(c, t, &p->error);
	conn_write(c, block, BIG);
	p->status = conn_flush(c);
	while (p->status == CONN_OK && p->octets < BIG) {
		p->status = conn_peek(c, &bytes, &n);
		if (p->status != CONN_OK)
			break;
		if (memcmp(bytes, block + p->octets, n) != 0)
			p->code = 1;
		p->octets += n;
		conn_consume(c, n);
	}
	conn_bye(c);
	conn_free(&c);
	close(p->client_fd);
	return NULL;
}

static void test_much(void **state)
{
	static uint8_t got[BIG];
	struct tls_server_settings s = SETTINGS;
	struct pair p = {.code = 0};
	const uint8_t *bytes;
	struct err e;
	size_t n, at = 0;

	(void)state;
	pair_start(&p, big_client);
	assert_int_equal(serve(&p, &s, &e), 0);
	while (at < BIG) {
		assert_int_equal(conn_peek(p.conn, &bytes, &n), CONN_OK);
		assert_true(n <= BIG - at);
		memcpy(got + at, bytes, n);
		conn_consume(p.conn, n);
		at += n;
	}
	conn_write(p.conn, got, BIG);
	assert_int_equal(conn_flush(p.conn), CONN_OK);
	assert_int_equal(conn_peek(p.conn, &bytes, &n), CONN_EOF);
	pair_join(&p);
	assert_int_equal(p.code, 0);
	assert_int_equal(p.octets, BIG);
}

/* Whatever stands in it, GnuTLS would not write it itself. */
static int send_server_name(gnutls_session_t session, gnutls_buffer_t out)
{
	const struct pair *p = gnutls_session_get_ptr(session);

	gnutls_buffer_append_data(out, p->server_name, p->n_server_name);
	return p->n_server_name ? (int)p->n_server_name : GNUTLS_E_INT_RET_0;
}

static int heed_nothing(gnutls_session_t session UNUSED,
			const unsigned char *bytes UNUSED, size_t n UNUSED)
{
	return 0;
}

static void set_server_name(gnutls_session_t session, struct pair *p)
{
	if (!p->server_name)
		return;
	gnutls_session_set_ptr(session, p);
	/* The same door that the server's side goes through. */
	(void)gnutls_session_ext_register(
		session, "server_name", 0x10000, GNUTLS_EXT_TLS, heed_nothing,
		send_server_name, NULL, NULL, NULL,
		GNUTLS_EXT_FLAG_CLIENT_HELLO | GNUTLS_EXT_FLAG_TLS);
}

static void note_server(gnutls_session_t session, struct pair *p)
{
	const gnutls_datum_t *chain =
		gnutls_certificate_get_peers(session, NULL);
	char name[64] = "";
	size_t n = sizeof(name);
	gnutls_x509_crt_t leaf;

	if (!chain || gnutls_x509_crt_init(&leaf) < 0)
		return;
	gnutls_x509_crt_import(leaf, &chain[0], GNUTLS_X509_FMT_DER);
	(void)gnutls_x509_crt_get_subject_alt_name(leaf, 0, name, &n, NULL);
	snprintf(p->shown, sizeof(p->shown), "%s %s", name,
		 gnutls_pk_get_name(
			 (gnutls_pk_algorithm_t)
				 gnutls_x509_crt_get_pk_algorithm(leaf, NULL)));
	gnutls_x509_crt_deinit(leaf);
}

/* A bare GnuTLS client; it trusts everybody. */
static void *bare_client(void *arg)
{
	struct pair *p = arg;
	gnutls_certificate_credentials_t cred;
	gnutls_session_t session;
	ssize_t got = 0;

	gnutls_certificate_allocate_credentials(&cred);
	if (p->cert)
		gnutls_certificate_set_x509_key_file(cred, p->cert, p->key,
						     GNUTLS_X509_FMT_PEM);
	gnutls_init(&session,
		    GNUTLS_CLIENT | GNUTLS_FORCE_CLIENT_CERT | p->flags);
	p->code = gnutls_priority_set_direct(
		session, p->priorities ? p->priorities : "NORMAL", NULL);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, cred);
	gnutls_transport_set_int(session, p->client_fd);
	set_server_name(session, p);
	while (p->code == 0 || p->code == GNUTLS_E_AGAIN) {
		p->code = gnutls_handshake(session);
		if (p->code == 0)
			break;
	}
	if (p->code == GNUTLS_E_FATAL_ALERT_RECEIVED)
		snprintf(p->text, sizeof(p->text), "%s",
			 gnutls_alert_get_name(gnutls_alert_get(session)));
	if (p->code == 0) {
		note_server(session, p);
		gnutls_record_send(session, "EHLO us\r\n", 9);
		do
			got = gnutls_record_recv(session, p->text,
						 sizeof(p->text) - 1);
		while (got == GNUTLS_E_AGAIN);
	}
	p->octets = got > 0 ? (size_t)got : 0;
	gnutls_deinit(session);
	gnutls_certificate_free_credentials(cred);
	close(p->client_fd);
	return NULL;
}

/* OpenSSL's clients come with one key share, for X25519: it must do. */
static void test_no_second_hello(void **state)
{
	struct tls_server_settings s = SETTINGS;
	struct pair p = {
		.priorities = "NORMAL:-GROUP-ALL:+GROUP-X25519:"
			      "+GROUP-SECP256R1:+GROUP-SECP384R1",
		.flags = GNUTLS_KEY_SHARE_TOP,
	};
	struct err e;

	(void)state;
	pair_start(&p, bare_client);
	assert_int_equal(serve(&p, &s, &e), 0);
	assert_int_equal(counted.writes, 1);
	pair_join(&p);
	assert_int_equal(p.code, 0);
}

struct offer {
	const char *client, *min_version, *priorities;
	bool rsa;
	const char *version, *cipher; /* version NULL: refused */
};

static const struct offer offers[] = {
	{"NORMAL", "1.2", "", false, "TLS1.3", NULL},
	{"NORMAL", "1.2", "", true, "TLS1.3", NULL},
	{"NORMAL", "1.3", "", false, "TLS1.3", NULL},
	{"NORMAL:-VERS-TLS1.3", "1.2", "", false, "TLS1.2", NULL},
	{"NORMAL:-VERS-TLS1.3", "1.3", "", false, NULL, NULL},
	{"NORMAL:-VERS-ALL:+VERS-TLS1.1", "1.2", "", false, NULL, NULL},
	{"NORMAL:-VERS-ALL:+VERS-TLS1.0", "1.2", "", true, NULL, NULL},
	/* An administrator cannot bring them back. */
	{"NORMAL:-VERS-ALL:+VERS-TLS1.1", "1.2", "LEGACY:+VERS-TLS1.1", true,
	 NULL, NULL},
	{"NORMAL:-VERS-ALL:+VERS-TLS1.1", "1.2", "+VERS-TLS1.1", false, NULL,
	 NULL},
	/* The groups, the server's preference, forward secrecy. */
	{"NORMAL:-GROUP-ALL:+GROUP-X25519", "1.2", "", false, "TLS1.3",
	 "ECDHE-X25519:AES-256-GCM"},
	{"NORMAL:-GROUP-ALL:+GROUP-SECP384R1:-CIPHER-ALL:+AES-128-GCM", "1.2",
	 "", false, "TLS1.3", "ECDHE-SECP384R1:AES-128-GCM"},
	{"NORMAL:-GROUP-ALL:+GROUP-FFDHE2048", "1.2", "", false, "TLS1.3",
	 "DHE-FFDHE2048:AES-256-GCM"},
	{"NORMAL:-VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:"
	 "-GROUP-ALL:+GROUP-X25519",
	 "1.2", "", false, "TLS1.2", "ECDHE-X25519:AES-256-GCM"},
	{"NORMAL:-VERS-TLS1.3:-KX-ALL:+DHE-RSA:-GROUP-ALL:+GROUP-FFDHE3072",
	 "1.2", "", true, "TLS1.2", "DHE-FFDHE3072:AES-256-GCM"},
	{"NORMAL:-VERS-TLS1.3:-KX-ALL:+RSA", "1.2", "", true, NULL, NULL},
	{"NORMAL:-VERS-TLS1.3:-CIPHER-ALL:+AES-256-CBC:+AES-128-CBC", "1.2", "",
	 true, NULL, NULL},
	{"NORMAL:-SIGN-ALL:+SIGN-RSA-SHA1", "1.2", "", true, NULL, NULL},
	/* Settings of the administrator's own. */
	{"NORMAL:-GROUP-ALL:+GROUP-X25519", "1.2", "-GROUP-X25519", false, NULL,
	 NULL},
	{"NORMAL:-VERS-TLS1.3:-CIPHER-ALL:+AES-256-CBC", "1.2",
	 "+AES-256-CBC:+SHA1", true, "TLS1.2", NULL},
	{"NORMAL", "1.2", "SECURE128", false, "TLS1.3", NULL},
	{"NORMAL", "1.2", "SECURE128:-VERS-TLS1.3", true, "TLS1.2", NULL},
};

static void test_offers(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(offers); i++) {
		const struct offer *o = &offers[i];
		struct tls_server_settings s = SETTINGS;
		struct pair p = {.priorities = o->client};
		struct err e = {.text = ""};

		s.min_version = o->min_version;
		s.priorities = o->priorities;
		s.certificate = ONE_FILE(o->rsa ? files.rsa_cert : files.cert);
		s.key = ONE_FILE(o->rsa ? files.rsa_key : files.key);
		pair_start(&p, bare_client);
		if (serve(&p, &s, &e) == 0) {
			if (!o->version)
				fail_msg("%s: was let in", o->client);
			assert_string_equal(conn_tls(p.conn)->version,
					    o->version);
			if (o->cipher)
				assert_string_equal(conn_tls(p.conn)->cipher,
						    o->cipher);
			expect_line(p.conn, "EHLO us");
			conn_write(p.conn, "250 ok\r\n", 8);
			conn_bye(p.conn);
		} else if (o->version) {
			fail_msg("%s, %s: %s", o->client, o->priorities,
				 e.text);
		}
		pair_join(&p);
		if (o->version) {
			assert_int_equal(p.code, 0);
			assert_string_equal(p.text, "250 ok\r\n");
		} else {
			/* It was told so, not just left alone. */
			assert_memory_equal(e.text, "TLS handshake: ", 15);
			assert_int_equal(p.code, GNUTLS_E_FATAL_ALERT_RECEIVED);
			assert_true(p.text[0]);
		}
	}
}

static void write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void expect_refused(const struct tls_server_settings *s,
			   const char *file, const char *reason)
{
	struct err e;
	struct tls *t = tls_server_new(s, &e);

	assert_null(t);
	if (!strstr(e.text, file) || !strstr(e.text, reason))
		fail_msg("\"%s\" does not name %s and \"%s\"", e.text, file,
			 reason);
}

static void test_bad_files(void **state)
{
	struct tls_server_settings s;
	char junk[160], locked[160];

	(void)state;
	name_file(junk, sizeof(junk), "junk.pem");
	write_text(junk, "-----BEGIN CERTIFICATE-----\nAAAA\n");
	s = SETTINGS;
	s.certificate = ONE_FILE(files.missing);
	expect_refused(&s, files.missing, "No such file");
	s.certificate = ONE_FILE(files.dir);
	expect_refused(&s, files.dir, "Is a directory");
	s.certificate = ONE_FILE(junk);
	expect_refused(&s, junk, "no certificate in PEM form");
	s.certificate = ONE_FILE(files.key);
	expect_refused(&s, files.key, "no certificate in PEM form");
	write_text(junk, "");
	s.certificate = ONE_FILE(junk);
	expect_refused(&s, junk, "no certificate in PEM form");
	s = SETTINGS;
	s.key = ONE_FILE(files.missing);
	expect_refused(&s, files.missing, "No such file");
	s.key = ONE_FILE(junk);
	expect_refused(&s, junk, "no private key in PEM form");
	s.key = ONE_FILE(files.cert);
	expect_refused(&s, files.cert, "no private key in PEM form");
	s.key = ONE_FILE(files.rsa_key);
	expect_refused(&s, files.rsa_key, "not the key of the first");
	s.key = ONE_FILE(files.old_key); /* the same kind, another key */
	expect_refused(&s, files.old_key, files.cert);
	s = SETTINGS;
	s.client_ca = files.missing;
	expect_refused(&s, files.missing, "No such file");
	s.client_ca = junk;
	expect_refused(&s, junk, "no certificate in PEM form");
	s = SETTINGS;
	s.priorities = "NORMAL:+BREAD";
	expect_refused(&s, "+BREAD", "tls priorities");
	s.priorities = "+BREAD";
	expect_refused(&s, "+BREAD", "tls priorities");
	s = SETTINGS;
	s.min_version = "1.1";
	expect_refused(&s, "min-version", "1.2");
	if (geteuid() == 0)
		return; /* root may read what it likes */
	name_file(locked, sizeof(locked), "locked.key");
	write_text(locked, "x");
	assert_int_equal(chmod(locked, 0), 0);
	s = SETTINGS;
	s.key = ONE_FILE(locked);
	expect_refused(&s, locked, "Permission denied");
}

/* A certificate renewed on the disk counts from the next session on. */
static void test_renewal(void **state)
{
	char cert[160], key[160];
	struct tls_server_settings s = SETTINGS;
	static const char *const names[] = {"one.test", "two.test"};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		struct pair p = {.name = names[i]};
		struct err e;

		make_cert(files.ca, &(struct test_cert){.dns = names[i]},
			  "renewed", cert, key);
		s.certificate = ONE_FILE(cert);
		s.key = ONE_FILE(key);
		pair_start(&p, our_client);
		assert_int_equal(serve(&p, &s, &e), 0);
		pair_join(&p);
		assert_int_equal(p.code, 0);
	}
}

/* --- whom a client wants -------------------------------------------------- */

#define NAME(text) (text), sizeof(text) - 1

static const struct {
	const char *label, *bytes;
	size_t n;
} odd_names[] = {
	/* Hosts that Windows and compose call so. */
	{"underscore", NAME("\0\027\0\0\024mail_gw.corp.example")},
	{"colon", NAME("\0\023\0\0\020mail.example:465")},
	{"at", NAME("\0\015\0\0\012a@mail.exa")},
	{"beyond ASCII", NAME("\0\013\0\0\010j\303\266rg.de")},
	{"Latin-1", NAME("\0\012\0\0\007j\366rg.de")},
	{"an address", NAME("\0\014\0\0\011127.0.0.1")},
	{"NUL within", NAME("\0\014\0\0\011local\0hos")},
	{"spaces", NAME("\0\006\0\0\003   ")},
	{"a dot", NAME("\0\004\0\0\001.")},
	{"empty", NAME("\0\003\0\0\0")},
	{"of another type", NAME("\0\006\007\0\003abc")},
	{"no list", NAME("\0\0")},
	{"nothing", NAME("")},
	{"one octet", NAME("\0")},
	{"longer than it is", NAME("\0\377\0\0\377abc")},
	{"cut", NAME("\0\013\0\0\010abc")},
};

static void expect_shown(struct pair *p, const struct tls_server_settings *s,
			 const char *label, const char *shown)
{
	struct err e = {.text = ""};

	pair_start(p, bare_client);
	if (serve(p, s, &e) < 0)
		fail_msg("%s: %s", label, e.text);
	expect_line(p->conn, "EHLO us");
	conn_bye(p->conn);
	pair_join(p);
	assert_int_equal(p->code, 0);
	if (strcmp(p->shown, shown) != 0)
		fail_msg("%s: shows %s, not %s", label, p->shown, shown);
}

/* RFC 6066 3: a name that is none of ours is no reason to hang up. */
static void test_odd_server_names(void **state)
{
	static const char *const versions[] = {"NORMAL", "NORMAL:-VERS-TLS1.3"};
	struct tls_server_settings s = SETTINGS;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(odd_names); i++) {
		for (size_t v = 0; v < N_ELEMENTS(versions); v++) {
			struct pair p = {
				.priorities = versions[v],
				.server_name = odd_names[i].bytes,
				.n_server_name = odd_names[i].n,
			};

			expect_shown(&p, &s, odd_names[i].label,
				     "localhost EC/ECDSA");
		}
	}
}

#define TLS12	  "NORMAL:-VERS-TLS1.3"
#define LOCALHOST "\0\014\0\0\011localhost"
#define CUSTOMER  "\0\023\0\0\020mx.customer.test"

static const struct {
	const char *label, *client, *name;
	size_t n;
	const char *shown;
} choices[] = {
	{"no name", "NORMAL", NULL, 0, "localhost EC/ECDSA"},
	{"RSA only, 1.2", TLS12 ":-KX-ALL:+ECDHE-RSA", NULL, 0,
	 "localhost RSA"},
	{"RSA only, old Windows", TLS12 ":-KX-ALL:+DHE-RSA", NULL, 0,
	 "localhost RSA"},
	{"RSA only, 1.3", "NORMAL:-SIGN-ALL:+SIGN-RSA-PSS-RSAE-SHA256", NULL, 0,
	 "localhost RSA"},
	{"ECDSA only", TLS12 ":-KX-ALL:+ECDHE-ECDSA", NULL, 0,
	 "localhost EC/ECDSA"},
	{"own name, RSA", TLS12 ":-KX-ALL:+ECDHE-RSA", NAME(LOCALHOST),
	 "localhost RSA"},
	{"a customer", "NORMAL", NAME(CUSTOMER), "mx.customer.test RSA"},
	{"a customer, 1.2", TLS12, NAME(CUSTOMER), "mx.customer.test RSA"},
	{"a customer, in capitals", "NORMAL",
	 NAME("\0\023\0\0\020MX.Customer.Test"), "mx.customer.test RSA"},
	{"a customer, two hellos",
	 "NORMAL:-GROUP-ALL:+GROUP-X448:+GROUP-SECP256R1", NAME(CUSTOMER),
	 "mx.customer.test RSA"},
	{"a wildcard", "NORMAL", NAME("\0\020\0\0\015mx.other.test"),
	 "*.other.test EC/ECDSA"},
	{"nobody's", "NORMAL", NAME("\0\023\0\0\020mx.nowhere.tests"),
	 "localhost EC/ECDSA"},
	/* A customer's ECDSA key is not for whom asked for nobody. */
	{"nobody's, 1.2", TLS12, NULL, 0, "localhost EC/ECDSA"},
};

static void test_choice(void **state)
{
	char customer[160], customer_key[160], other[160], other_key[160];
	struct tls_server_settings s = SETTINGS;

	(void)state;
	make_cert(files.ca,
		  &(struct test_cert){.dns = "mx.customer.test", .rsa = true},
		  "customer", customer, customer_key);
	make_cert(files.ca, &(struct test_cert){.dns = "*.other.test"},
		  "wildcard", other, other_key);
	s.certificate = (struct conf_strings)FILES(files.cert, customer, other,
						   files.rsa_cert);
	s.key = (struct conf_strings)FILES(files.key, customer_key, other_key,
					   files.rsa_key);
	for (size_t i = 0; i < N_ELEMENTS(choices); i++) {
		struct pair p = {
			.priorities = choices[i].client,
			.flags = GNUTLS_KEY_SHARE_TOP,
			.server_name = choices[i].name,
			.n_server_name = choices[i].n,
		};

		expect_shown(&p, &s, choices[i].label, choices[i].shown);
	}
}

/* The first is RSA: who can do both does not get a customer's for that. */
static void test_first_decides(void **state)
{
	struct tls_server_settings s = SETTINGS;
	struct pair p = {.priorities = TLS12};
	char customer[160], key[160];

	(void)state;
	make_cert(files.ca, &(struct test_cert){.dns = "mx.customer.test"},
		  "customer", customer, key);
	s.certificate = (struct conf_strings)FILES(files.rsa_cert, customer);
	s.key = (struct conf_strings)FILES(files.rsa_key, key);
	expect_shown(&p, &s, "no name", "localhost RSA");
}

/* One that went wrong stops nobody else. */
static void test_one_of_several_is_bad(void **state)
{
	struct tls_server_settings s = SETTINGS;
	struct pair p = {.priorities = "NORMAL"}, q = p;

	(void)state;
	s.certificate =
		(struct conf_strings)FILES(files.missing, files.rsa_cert);
	s.key = (struct conf_strings)FILES(files.key, files.rsa_key);
	expect_shown(&p, &s, "the first is missing", "localhost RSA");
	s.certificate = (struct conf_strings)FILES(files.cert, files.rsa_cert);
	s.key = (struct conf_strings)FILES(files.key, files.key);
	expect_shown(&q, &s, "another's key", "localhost EC/ECDSA");
	s.key = (struct conf_strings)FILES(files.missing, files.key);
	expect_refused(&s, files.key, "not the key of the first");
	s.certificate.n = s.key.n = 0;
	expect_refused(&s, "tls", "no certificate is set");
}

static void test_is_for(void **state)
{
	struct err e;
	bool is_for;

	(void)state;
	assert_int_equal(
		tls_certificate_is_for(files.cert, "LOCALHOST", &is_for, &e),
		0);
	assert_true(is_for);
	assert_int_equal(
		tls_certificate_is_for(files.cert, "mail.test", &is_for, &e),
		0);
	assert_false(is_for);
	assert_int_equal(
		tls_certificate_is_for(files.missing, "x", &is_for, &e), -1);
}

struct client_row {
	struct test_cert cert;
	bool of_other_ca, none;
	size_t n;		  /* how many names count */
	const char *first, *last; /* of them */
};

#define NAME_63                                                                \
	"a23456789012345678901234567890123456789012345678901234567890123"
#define NAME_255 NAME_63 "." NAME_63 "." NAME_63 "." NAME_63

/* GeneralNames: the host "mx.test\0.evil", the mail address "a@mx.test". */
#define NUL_WITHIN                                                             \
	"\x30\x1a\x82\x0dmx.test\0.evil"                                       \
	"\x81\x09"                                                             \
	"a@mx.test"

#define DER(octets) .names_der = (octets), .n_names_der = sizeof(octets) - 1

static const struct client_row client_rows[] = {
	{{.dns = "mx.test"}, .n = 1, .first = "mx.test", .last = "mx.test"},
	{{.dns = "mx.test", .email = "a@mx.test"},
	 .n = 2,
	 .first = "mx.test",
	 .last = "a@mx.test"},
	{{.dns = "mx.test", .numbered = "mx.test", .n_numbered = 99},
	 .n = 100,
	 .first = "mx.test",
	 .last = "99.mx.test"},
	{{.dns = "mx.test", .rsa = true},
	 .n = 1,
	 .first = "mx.test",
	 .last = "mx.test"},
	{{.dns = "mx.test", .for_clients = true},
	 .n = 1,
	 .first = "mx.test",
	 .last = "mx.test"},
	/* The subject is none, whether there are others or not. */
	{{.common_name = "mx.test"}, .n = 0},
	{{.common_name = "mx.test", .dns = "other.test"},
	 .n = 1,
	 .first = "other.test",
	 .last = "other.test"},
	/* What does not verify has no names. */
	{{.dns = "mx.test"}, .of_other_ca = true, .n = 0},
	{{.dns = "mx.test", .expired = true}, .n = 0},
	{{.dns = "mx.test"}, .none = true, .n = 0},
	{{.rsa = false}, .n = 0}, /* no name at all */
	/* Names that could be taken for others, beside one that counts. */
	{{DER(NUL_WITHIN)}, .n = 1, .first = "a@mx.test", .last = "a@mx.test"},
	{{DER("\x30\x06\x82\x04z\r\nz")}, .n = 0},
	{{DER("\x30\x06\x82\x04mx\xc3\xbc")}, .n = 0},
	/* As long and as many as count, and more. */
	{{.dns = NAME_255}, .n = 1, .first = NAME_255, .last = NAME_255},
	{{.dns = NAME_255 "x"}, .n = 0},
	{{.numbered = "mx.test", .n_numbered = 300},
	 .n = 256,
	 .first = "1.mx.test",
	 .last = "256.mx.test"},
};

static void expect_names(const struct conf_strings *names,
			 const struct client_row *row, size_t i)
{
	if (names->n != row->n)
		fail_msg("row %zu: %zu names", i, names->n);
	if (row->n == 0)
		return;
	assert_string_equal(names->list[0], row->first);
	assert_string_equal(names->list[row->n - 1], row->last);
}

/* Whatever a client shows or does not, the handshake is good. */
static void test_client_names(void **state)
{
	char cert[160], key[160];

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(client_rows); i++) {
		const struct client_row *row = &client_rows[i];
		/* Version 1.2 verifies at another place than 1.3 does. */
		for (int old = 0; old < 2; old++) {
			struct tls_server_settings s = SETTINGS;
			struct pair p = {.cert = row->none ? NULL : cert,
					 .key = key};
			struct err e;

			make_cert(row->of_other_ca ? files.other_ca : files.ca,
				  &row->cert, "client", cert, key);
			s.client_ca = files.ca_pem;
			p.priorities = old ? "NORMAL:-VERS-TLS1.3" : "NORMAL";
			pair_start(&p, bare_client);
			if (serve(&p, &s, &e) < 0)
				fail_msg("row %zu: %s", i, e.text);
			expect_names(&conn_tls(p.conn)->client_names, row, i);
			expect_line(p.conn, "EHLO us");
			conn_bye(p.conn);
			pair_join(&p);
			assert_int_equal(p.code, 0);
		}
	}
}

/* What our client refuses: e says why, and nothing was said in the session. */
static void expect_distrust(const struct tls_server_settings *s,
			    const char *name, const char *trust,
			    const char *reason)
{
	struct pair p = {.name = name, .trust = trust};
	struct buf line;
	struct err e = {.text = ""};

	buf_init(&line, 256);
	pair_start(&p, our_client);
	if (serve(&p, s, &e) == 0) /* 1.3: the server was done first */
		assert_int_equal(conn_read_line(p.conn, &line, 256), CONN_EOF);
	pair_join(&p);
	buf_release(&line);
	assert_int_equal(p.code, -1);
	if (!strstr(p.error.text, reason))
		fail_msg("\"%s\" does not say \"%s\"", p.error.text, reason);
}

static void test_distrust(void **state)
{
	struct tls_server_settings s = SETTINGS;

	(void)state;
	expect_distrust(&s, "example.org", files.ca_pem,
			"certificate of example.org");
	expect_distrust(&s, "127.0.0.1", files.ca_pem, "does not match");
	expect_distrust(&s, "localhost", files.other_ca_pem,
			"issuer is unknown");
	expect_distrust(&s, "localhost", "", "issuer is unknown");
	expect_distrust(&s, "localhost", files.dir, "issuer is unknown");
	s.certificate = ONE_FILE(files.old_cert);
	s.key = ONE_FILE(files.old_key);
	expect_distrust(&s, "localhost", files.ca_pem, "expired");
}

static void test_distrust_of_a_client(void **state)
{
	struct tls_server_settings s = SETTINGS;
	char cert[160], key[160];

	(void)state;
	make_cert(files.ca,
		  &(struct test_cert){.dns = "localhost", .for_clients = true},
		  "purpose", cert, key);
	s.certificate = ONE_FILE(cert);
	s.key = ONE_FILE(key);
	expect_distrust(&s, "localhost", files.ca_pem, "purpose");
}

/* The SHA-256 of the public key in a PEM file. */
static void pin_of(const char *path, uint8_t pin[TLS_PIN_SIZE])
{
	gnutls_x509_crt_t cert;
	gnutls_datum_t pem;
	size_t n = TLS_PIN_SIZE;

	assert_int_equal(gnutls_load_file(path, &pem), 0);
	assert_int_equal(gnutls_x509_crt_init(&cert), 0);
	assert_int_equal(
		gnutls_x509_crt_import(cert, &pem, GNUTLS_X509_FMT_PEM), 0);
	assert_int_equal(gnutls_x509_crt_get_key_id(
				 cert, GNUTLS_KEYID_USE_SHA256, pin, &n),
			 0);
	gnutls_x509_crt_deinit(cert);
	gnutls_free(pem.data);
}

/* With a pin the key alone counts: neither name nor chain nor age. */
static void test_pin(void **state)
{
	uint8_t old_pin[TLS_PIN_SIZE], other_pin[TLS_PIN_SIZE];
	struct tls_server_settings s = SETTINGS;
	struct pair good = {.name = "elsewhere.test", .pin = old_pin};
	struct pair bad = {.name = "localhost", .pin = other_pin};
	struct buf line;
	struct err e;

	(void)state;
	buf_init(&line, 256);
	pin_of(files.old_cert, old_pin);
	pin_of(files.cert, other_pin);
	s.certificate = ONE_FILE(files.old_cert);
	s.key = ONE_FILE(files.old_key);
	good.trust = files.other_ca_pem;
	pair_start(&good, our_client);
	assert_int_equal(serve(&good, &s, &e), 0);
	expect_line(good.conn, "EHLO us");
	pair_join(&good);
	assert_int_equal(good.code, 0);
	pair_start(&bad, our_client);
	if (serve(&bad, &s, &e) == 0)
		assert_int_equal(conn_read_line(bad.conn, &line, 256),
				 CONN_EOF);
	pair_join(&bad);
	assert_int_equal(bad.code, -1);
	assert_non_null(strstr(bad.error.text, "key of localhost is not"));
	buf_release(&line);
}

static void test_missing_trust(void **state)
{
	struct err e;

	(void)state;
	assert_null(tls_client_new("localhost", files.missing, &e));
	assert_non_null(strstr(e.text, files.missing));
}

/* "Test CA" is found under its hash, whichever of several has the same. */
static void test_hashed_directory(void **state)
{
	struct tls_server_settings s = SETTINGS;
	struct pair p = {.trust = files.dir};
	char link0[160], link1[160];
	struct err e;

	(void)state;
	name_file(link0, sizeof(link0), "3387b84d.0");
	name_file(link1, sizeof(link1), "3387b84d.1");
	assert_int_equal(symlink("other.pem", link0), 0);
	assert_int_equal(symlink("ca.pem", link1), 0);
	pair_start(&p, our_client);
	assert_int_equal(serve(&p, &s, &e), 0);
	expect_line(p.conn, "EHLO us");
	pair_join(&p);
	assert_int_equal(p.code, 0);
	unlink(link0);
	unlink(link1);
}

/* A server that sends tickets, as all others do. */
static void *ticket_server(void *arg)
{
	struct pair *p = arg;
	gnutls_certificate_credentials_t cred;
	gnutls_session_t session;
	gnutls_datum_t key;

	gnutls_certificate_allocate_credentials(&cred);
	gnutls_certificate_set_x509_key_file(cred, files.cert, files.key,
					     GNUTLS_X509_FMT_PEM);
	gnutls_init(&session, GNUTLS_SERVER);
	gnutls_priority_set_direct(session, "NORMAL", NULL);
	gnutls_session_ticket_key_generate(&key);
	gnutls_session_ticket_enable_server(session, &key);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, cred);
	gnutls_transport_set_int(session, p->client_fd);
	p->code = gnutls_handshake(session);
	gnutls_session_ticket_send(session, 3, 0);
	gnutls_record_send(session, "220 hello\r\n", 11);
	gnutls_deinit(session);
	gnutls_free(key.data);
	gnutls_certificate_free_credentials(cred);
	close(p->client_fd);
	return NULL;
}

static void test_tickets_are_no_time_out(void **state)
{
	struct pair p = {.code = 0};
	struct buf line;
	struct tls *t;
	struct err e;

	(void)state;
	buf_init(&line, 256);
	pair_start(&p, ticket_server);
	t = tls_client_new("localhost", files.ca_pem, &e);
	assert_non_null(t);
	assert_int_equal(conn_start_tls(p.conn, t, &e), 0);
	expect_line(p.conn, "220 hello");
	/* The end without a goodbye is an end like any other. */
	assert_int_equal(conn_read_line(p.conn, &line, 256), CONN_EOF);
	pair_join(&p);
	buf_release(&line);
	assert_int_equal(p.code, 0);
}

/* Plain sockets, no thread: what the peer sends is there already. */
static int handshake_against(const void *bytes, size_t n, bool hang_up,
			     struct err *e)
{
	struct tls_server_settings s = SETTINGS;
	struct conn *c;
	int fds[2], done;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(send(fds[1], bytes, n, 0), n);
	if (hang_up)
		shutdown(fds[1], SHUT_WR);
	c = conn_new(fds[0], fds[0]);
	conn_set_deadline(c, hang_up ? SECONDS : 1, 0);
	done = conn_start_tls(c, tls_server_new(&s, e), e);
	if (done < 0) {
		/* Good for nothing, but not dangerous either. */
		conn_write(c, "x", 1);
		assert_int_equal(conn_flush(c), CONN_EOF);
		conn_bye(c);
	}
	conn_free(&c);
	close(fds[0]);
	close(fds[1]);
	return done;
}

static void test_garbage(void **state)
{
	static const char plain[] = "EHLO example.org\r\nMAIL FROM:<>\r\n";
	struct err e;

	(void)state;
	assert_int_equal(handshake_against(plain, sizeof(plain), true, &e), -1);
	assert_memory_equal(e.text, "TLS handshake: ", 15);
	assert_int_equal(handshake_against("", 0, true, &e), -1);
	assert_int_equal(handshake_against("\x16\x03\x01", 3, true, &e), -1);
}

static void test_silence(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(handshake_against("\x16", 1, false, &e), -1);
	assert_string_equal(e.text, "TLS handshake: timed out");
}

/* What came in clear before the handshake must not be taken for its part. */
static void test_input_in_clear(void **state)
{
	struct tls_server_settings s = SETTINGS;
	const uint8_t *bytes;
	struct conn *c;
	struct err e;
	int fds[2];
	size_t n;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	c = conn_new(fds[0], fds[0]);
	conn_set_deadline(c, SECONDS, 0);
	assert_int_equal(send(fds[1], "RSET\r\n", 6, 0), 6);
	assert_int_equal(conn_peek(c, &bytes, &n), CONN_OK);
	assert_int_equal(conn_start_tls(c, tls_server_new(&s, &e), &e), -1);
	assert_non_null(strstr(e.text, "in clear"));
	conn_free(&c);
	close(fds[0]);
	close(fds[1]);
}

/* A client that dawdles within a record is told so, under TLS. */
static void *dawdling_client(void *arg)
{
	struct pair *p = arg;
	struct conn *c = conn_new(p->client_fd, p->client_fd);
	struct tls *t = tls_client_new("localhost", files.ca_pem, &p->error);
	struct buf line;

	buf_init(&line, 256);
	conn_set_deadline(c, SECONDS, 0);
	p->code = conn_start_tls(c, t, &p->error);
	/* The header of a record and a piece of it. */
	if (send(p->client_fd, "\x17\x03\x03\x00\x50xyz", 8, 0) != 8)
		p->code = 1;
	p->status = conn_read_line(c, &line, 256);
	snprintf(p->text, sizeof(p->text), "%s", line.data);
	buf_release(&line);
	conn_free(&c);
	close(p->client_fd);
	return NULL;
}

static void test_time_out_within_a_record(void **state)
{
	struct tls_server_settings s = SETTINGS;
	struct pair p = {.code = 0};
	struct buf line;
	struct err e;

	(void)state;
	buf_init(&line, 256);
	pair_start(&p, dawdling_client);
	assert_int_equal(serve(&p, &s, &e), 0);
	conn_set_deadline(p.conn, 1, 0);
	assert_int_equal(conn_read_line(p.conn, &line, 256), CONN_TIMEOUT);
	conn_set_deadline(p.conn, SECONDS, 0);
	conn_write(p.conn, "421 too slow\r\n", 14);
	assert_int_equal(conn_flush(p.conn), CONN_OK);
	pair_join(&p);
	buf_release(&line);
	assert_int_equal(p.code, 0);
	assert_int_equal(p.status, CONN_OK);
	assert_string_equal(p.text, "421 too slow");
}

/* A client that asks for another handshake is told no. */
static void *renegotiating_client(void *arg)
{
	struct pair *p = arg;
	gnutls_certificate_credentials_t cred;
	gnutls_session_t session;

	gnutls_certificate_allocate_credentials(&cred);
	gnutls_init(&session, GNUTLS_CLIENT);
	gnutls_priority_set_direct(session, "NORMAL:-VERS-TLS1.3", NULL);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, cred);
	gnutls_transport_set_int(session, p->client_fd);
	p->code = gnutls_handshake(session);
	if (p->code == 0)
		p->octets =
			gnutls_handshake(session) ==
				GNUTLS_E_WARNING_ALERT_RECEIVED &&
			gnutls_alert_get(session) == GNUTLS_A_NO_RENEGOTIATION;
	gnutls_deinit(session);
	gnutls_certificate_free_credentials(cred);
	close(p->client_fd);
	return NULL;
}

static void test_no_renegotiation(void **state)
{
	struct tls_server_settings s = SETTINGS;
	struct pair p = {.octets = 0};
	struct buf line;
	struct err e;

	(void)state;
	buf_init(&line, 256);
	pair_start(&p, renegotiating_client);
	assert_int_equal(serve(&p, &s, &e), 0);
	assert_int_equal(conn_read_line(p.conn, &line, 256), CONN_EOF);
	pair_join(&p);
	buf_release(&line);
	assert_int_equal(p.code, 0);
	assert_int_equal(p.octets, 1);
}

static void test_free_nothing(void **state)
{
	struct tls *t = NULL;

	(void)state;
	tls_free(&t);
	assert_null(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_one_record_per_flush),
		cmocka_unit_test(test_much),
		cmocka_unit_test(test_no_second_hello),
		cmocka_unit_test(test_offers),
		cmocka_unit_test(test_bad_files),
		cmocka_unit_test(test_renewal),
		cmocka_unit_test(test_odd_server_names),
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_first_decides),
		cmocka_unit_test(test_one_of_several_is_bad),
		cmocka_unit_test(test_is_for),
		cmocka_unit_test(test_client_names),
		cmocka_unit_test(test_distrust),
		cmocka_unit_test(test_distrust_of_a_client),
		cmocka_unit_test(test_pin),
		cmocka_unit_test(test_missing_trust),
		cmocka_unit_test(test_hashed_directory),
		cmocka_unit_test(test_tickets_are_no_time_out),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_input_in_clear),
		cmocka_unit_test(test_time_out_within_a_record),
		cmocka_unit_test(test_no_renegotiation),
		cmocka_unit_test(test_free_nothing),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, make_files, remove_files);
}

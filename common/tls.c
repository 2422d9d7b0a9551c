/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TLS sessions on GnuTLS: TLS 1.2 and 1.3 with forward secrecy, no tickets, no
 * renegotiation. Never touches a descriptor: bytes go through struct tls_io.
 */
#include "common/base.h"
#include "common/tls_private.h"

#include <errno.h>

#include "common/log.h"

enum {
	RECORD_MAX = 16 * 1024,
	FLIGHT_MAX = 1024 * 1024, /* one side's messages, certificates too */
};

/*
 * Fixed, so that no system file decides and none is read. Authenticated
 * ciphers only; DHE is for old Windows servers that know AES-GCM with nothing
 * else where the certificate is RSA. X25519 comes first because most clients
 * guess it: any other choice of ours costs them a second hello.
 */
static const char default_priorities[] =
	"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
	":-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:+DHE-RSA"
	":-CIPHER-ALL:+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM"
	":-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1"
	":+GROUP-SECP521R1:+GROUP-FFDHE2048:+GROUP-FFDHE3072:+GROUP-FFDHE4096"
	":-SIGN-RSA-SHA1:-SIGN-ECDSA-SHA1"
	":%SERVER_PRECEDENCE:%PROFILE_MEDIUM";

/* Behind every string, also an administrator's. */
static const char always_priorities[] = ":-VERS-TLS1.0:-VERS-TLS1.1:-RSA";

struct tls *tls_new(unsigned flags, struct err *e)
{
	struct tls *t = xcalloc(1, sizeof(*t));
	int done = gnutls_certificate_allocate_credentials(&t->cred);

	buf_init(&t->flight, FLIGHT_MAX);
	t->ahead = xmalloc(TLS_AHEAD_MAX);
	if (done >= 0)
		done = gnutls_init(&t->session,
				   flags | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
	if (done >= 0)
		done = gnutls_credentials_set(t->session,
					      GNUTLS_CRD_CERTIFICATE, t->cred);
	if (done >= 0)
		return t;
	err_set(e, ERR_TEMP, "TLS: %s", gnutls_strerror(done));
	tls_free(&t);
	return NULL;
}

void tls_free(struct tls **t)
{
	if (!*t)
		return;
	if ((*t)->session)
		gnutls_deinit((*t)->session);
	if ((*t)->cred)
		gnutls_certificate_free_credentials((*t)->cred);
	conf_strings_release(&(*t)->facts.client_names);
	buf_release(&(*t)->flight);
	free((*t)->ahead);
	for (size_t i = 0; i < (*t)->n_pairs; i++)
		tls_key_pair_release(&(*t)->pairs[i]);
	free((*t)->pairs);
	free((*t)->name);
	free((*t)->trust_dir);
	free(*t);
	*t = NULL;
}

/*
 * What an administrator writes replaces our string where it begins with a
 * keyword, such as SECURE192, and adds to it where it begins with + - % or !.
 */
int tls_set_priorities(struct tls *t, const char *wanted,
		       const char *min_version, struct err *e)
{
	bool adds = *wanted && strchr("+-%!", *wanted);
	struct buf text;
	const char *at = NULL;
	int done = GNUTLS_E_INVALID_REQUEST;

	if (strcmp(min_version, "1.2") != 0 && strcmp(min_version, "1.3") != 0)
		return err_set(e, ERR_CONFIG,
			       "tls min-version: \"1.2\" or \"1.3\"");
	buf_init(&text, 4096);
	if (buf_addf(&text, "%s%s%s%s%s",
		     adds || !*wanted ? default_priorities : wanted,
		     adds ? ":" : "", adds ? wanted : "", always_priorities,
		     strcmp(min_version, "1.3") == 0 ? ":-VERS-TLS1.2" : ""))
		done = gnutls_priority_set_direct(t->session, text.data, &at);
	if (done < 0)
		err_set(e, ERR_CONFIG, "tls priorities: %s at \"%s\"",
			gnutls_strerror(done), at ? at : wanted);
	buf_release(&text);
	return done < 0 ? -1 : 0;
}

static ssize_t push(struct tls *t, const void *bytes, size_t n)
{
	ssize_t put = t->io.push(t->io.owner, bytes, n);

	t->late = put < 0 && errno == EAGAIN;
	if (put < 0)
		gnutls_transport_set_errno(t->session, errno);
	return put;
}

static int send_flight(struct tls *t)
{
	size_t n = t->flight.len;
	ssize_t put = n ? push(t, t->flight.data, n) : 0;

	buf_reset(&t->flight);
	return put < 0 ? -1 : 0;
}

/*
 * In a handshake GnuTLS hands its messages over one by one. They leave
 * together when an answer is waited for: under TCP_NODELAY each would be a
 * packet of its own and wake the peer for nothing.
 */
static ssize_t push_vector(gnutls_transport_ptr_t owner, const giovec_t *parts,
			   int n_parts)
{
	struct tls *t = owner;
	size_t all = 0;

	for (int i = 0; i < n_parts; i++) {
		const void *bytes = parts[i].iov_base;
		size_t n = parts[i].iov_len;

		if (t->in_handshake ? !buf_add(&t->flight, bytes, n)
				    : push(t, bytes, n) < 0)
			return -1;
		all += n;
	}
	return (ssize_t)all;
}

/* Reads once what there is. */
static ssize_t read_ahead(struct tls *t)
{
	ssize_t got = t->io.pull(t->io.owner, t->ahead, TLS_AHEAD_MAX);

	t->late = got < 0 && errno == EAGAIN;
	if (got < 0)
		gnutls_transport_set_errno(t->session, errno);
	t->ahead_start = 0;
	t->ahead_end = got > 0 ? (size_t)got : 0;
	return got;
}

/*
 * GnuTLS asks for the five octets of a record's header, then for its body: that
 * is one read here, and often that of the next records as well.
 */
static ssize_t pull(gnutls_transport_ptr_t owner, void *bytes, size_t n)
{
	struct tls *t = owner;

	if (!tls_has_read_ahead(t)) {
		ssize_t got = send_flight(t) < 0 ? -1 : read_ahead(t);

		if (got <= 0)
			return got;
	}
	if (n > t->ahead_end - t->ahead_start)
		n = t->ahead_end - t->ahead_start;
	memcpy(bytes, t->ahead + t->ahead_start, n);
	t->ahead_start += n;
	return (ssize_t)n;
}

/* "ECDHE-X25519:AES-256-GCM" */
static void note_cipher(struct tls *t)
{
	gnutls_group_t group = gnutls_group_get(t->session);
	gnutls_kx_algorithm_t kx = gnutls_kx_get(t->session);
	const char *group_name = group ? gnutls_group_get_name(group) : NULL;
	const char *cipher =
		gnutls_cipher_get_name(gnutls_cipher_get(t->session));
	bool finite = kx == GNUTLS_KX_DHE_RSA ||
		      (group_name && strncmp(group_name, "FFDHE", 5) == 0);

	snprintf(t->facts.cipher, sizeof(t->facts.cipher), "%s%s%s:%s",
		 finite ? "DHE" : "ECDHE", group_name ? "-" : "",
		 group_name ? group_name : "", cipher ? cipher : "?");
}

static void note_facts(struct tls *t)
{
	const char *version = gnutls_protocol_get_name(
		gnutls_protocol_get_version(t->session));

	snprintf(t->facts.version, sizeof(t->facts.version), "%s",
		 version ? version : "TLS");
	note_cipher(t);
	if (!t->name)
		tls_note_client_names(t->session, &t->facts.client_names);
}

static int untrusted(struct tls *t, struct err *e)
{
	gnutls_datum_t why = {.data = NULL};

	(void)gnutls_certificate_verification_status_print(
		t->verify_status, GNUTLS_CRT_X509, &why, 0);
	err_set(e, ERR_TEMP, "TLS handshake: certificate of %s: %s", t->name,
		why.data ? (const char *)why.data : "not trusted");
	gnutls_free(why.data);
	return -1;
}

static int handshake_failed(struct tls *t, int code, struct err *e)
{
	if (t->late)
		return err_set(e, ERR_TEMP, "TLS handshake: timed out");
	if (code == GNUTLS_E_FATAL_ALERT_RECEIVED)
		return err_set(
			e, ERR_TEMP, "TLS handshake: the peer says: %s",
			gnutls_alert_get_name(gnutls_alert_get(t->session)));
	/* Its client shall be able to say more than "connection closed". */
	(void)gnutls_alert_send_appropriate(t->session, code);
	(void)send_flight(t);
	if (t->pin_differs)
		return err_set(e, ERR_TEMP,
			       "TLS handshake: the key of %s is not the one "
			       "that is pinned",
			       t->name);
	if (t->verify_status)
		return untrusted(t, e);
	return err_set(e, ERR_TEMP, "TLS handshake: %s", gnutls_strerror(code));
}

int tls_handshake(struct tls *t, const struct tls_io *io, struct err *e)
{
	int done;

	t->io = *io;
	gnutls_transport_set_ptr(t->session, t);
	gnutls_transport_set_pull_function(t->session, pull);
	gnutls_transport_set_vec_push_function(t->session, push_vector);
	t->in_handshake = true;
	do {
		t->late = false;
		done = gnutls_handshake(t->session);
	} while (done < 0 && !t->late && !gnutls_error_is_fatal(done));
	if (done >= 0 && send_flight(t) < 0)
		done = GNUTLS_E_PUSH_ERROR;
	if (done < 0)
		return handshake_failed(t, done, e);
	t->in_handshake = false;
	buf_release(&t->flight);
	note_facts(t);
	return 0;
}

const struct tls_facts *tls_facts(const struct tls *t)
{
	return &t->facts;
}

/*
 * RFC 5246 7.2.2. Without it a client is left to guess why the connection ends,
 * and some take a closed one for a handshake that came about.
 */
static void refuse_renegotiation(struct tls *t)
{
	(void)gnutls_alert_send(t->session, GNUTLS_AL_WARNING,
				GNUTLS_A_NO_RENEGOTIATION);
}

/*
 * GNUTLS_E_AGAIN means the deadline only where the owner said so: it also
 * comes when a record held no data, such as a TLS 1.3 ticket. A request to
 * renegotiate is the end.
 */
ssize_t tls_read(struct tls *t, void *bytes, size_t n)
{
	ssize_t got;

	do {
		t->late = false;
		got = gnutls_record_recv(t->session, bytes, n);
	} while (got < 0 && !t->late && got != GNUTLS_E_REHANDSHAKE &&
		 !gnutls_error_is_fatal((int)got));
	if (got >= 0)
		return got;
	if (got == GNUTLS_E_PREMATURE_TERMINATION)
		return 0;
	if (got == GNUTLS_E_REHANDSHAKE)
		refuse_renegotiation(t);
	errno = t->late ? EAGAIN : EPROTO;
	return -1;
}

int tls_write(struct tls *t, const void *bytes, size_t n)
{
	const uint8_t *next = bytes;

	while (n) {
		ssize_t put = gnutls_record_send(
			t->session, next, n < RECORD_MAX ? n : RECORD_MAX);

		if (put == GNUTLS_E_INTERRUPTED)
			continue;
		if (put < 0) {
			errno = t->late ? EAGAIN : EPIPE;
			return -1;
		}
		next += put;
		n -= (size_t)put;
	}
	return 0;
}

size_t tls_pending(const struct tls *t)
{
	return gnutls_record_check_pending(t->session);
}

bool tls_has_read_ahead(const struct tls *t)
{
	return t->ahead_start < t->ahead_end;
}

void tls_bye(struct tls *t)
{
	(void)gnutls_bye(t->session, GNUTLS_SHUT_WR);
}

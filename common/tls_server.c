/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The server's side: which of our certificates a client gets. A name that a
 * client asks for only ever chooses; it never refuses anybody.
 */
#include "common/base.h"
#include "common/tls_private.h"

#include <gnutls/x509.h>

#include "common/log.h"

/*
 * The extension server_name, 0, with a bit that is lost on the way: GnuTLS
 * compares all of this with the extensions that it reads itself, and keeps
 * sixteen bits of it. Its own reader ends the handshake where the name is not
 * letters, digits, dots and hyphens, which senders' machines are called all
 * the same; and the name decides nothing that would be worth a copy. Where
 * GnuTLS refuses this one day, its reader is in force again, and a test says
 * so (docs/decisions/0140).
 */
enum { SERVER_NAME_ID = 0x10000 };

enum { NAME_TYPE_HOST = 0 }; /* RFC 6066 3 */

static size_t load16_be(const uint8_t *p)
{
	return (size_t)p[0] << 8 | p[1];
}

/* A name that a certificate could hold. Of others nothing is remembered. */
static bool is_host_name(const uint8_t *name, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool letter = (name[i] >= 'a' && name[i] <= 'z') ||
			      (name[i] >= 'A' && name[i] <= 'Z');
		bool digit = name[i] >= '0' && name[i] <= '9';

		if (!letter && !digit && !strchr("-._", name[i]))
			return false;
	}
	return n > 0;
}

bool tls_server_name_parse(const uint8_t *bytes, size_t n, char *name_r,
			   size_t size)
{
	if (n < 2)
		return false;
	for (bytes += 2, n -= 2; n >= 3;) {
		size_t length = load16_be(bytes + 1);
		const uint8_t *name = bytes + 3;

		if (length > n - 3)
			return false;
		if (bytes[0] == NAME_TYPE_HOST) {
			if (length >= size || !is_host_name(name, length))
				return false;
			memcpy(name_r, name, length);
			name_r[length] = '\0';
			return true;
		}
		bytes += 3 + length;
		n -= 3 + length;
	}
	return false;
}

static int note_server_name(gnutls_session_t session, const uint8_t *bytes,
			    size_t n)
{
	struct tls *t = gnutls_session_get_ptr(session);

	(void)tls_server_name_parse(bytes, n, t->server_name,
				    sizeof(t->server_name));
	return 0;
}

/* RFC 6066 3 wants an empty answer; clients do without, as with GnuTLS. */
static int say_nothing(gnutls_session_t session UNUSED,
		       gnutls_buffer_t out UNUSED)
{
	return 0;
}

static void read_server_name_ourselves(gnutls_session_t session)
{
	(void)gnutls_session_ext_register(
		session, "server_name", SERVER_NAME_ID, GNUTLS_EXT_APPLICATION,
		note_server_name, say_nothing, NULL, NULL, NULL,
		GNUTLS_EXT_FLAG_CLIENT_HELLO | GNUTLS_EXT_FLAG_TLS);
}

/* --- choosing ------------------------------------------------------------- */

/*
 * Every pair that is for name goes to the client, so that it can take the
 * kind of key that it knows. The first: also where its own name is none.
 */
static unsigned use_pairs_for(struct tls *t, const char *name, bool and_first)
{
	unsigned used = 0;

	for (size_t i = 0; i < t->n_pairs; i++) {
		struct tls_key_pair *p = &t->pairs[i];

		if (p->n &&
		    ((and_first && i == 0) || tls_key_pair_is_for(p, name)) &&
		    tls_key_pair_use(p, t->cred) >= 0)
			used++;
	}
	return used;
}

/*
 * Once the client has said whom it wants, and once only: a hello may come
 * twice. Who asks for nobody of ours is served as who asks for the first.
 */
static int choose_pairs(gnutls_session_t session)
{
	struct tls *t = gnutls_session_get_ptr(session);
	char first[TLS_NAME_MAX + 1];

	if (t->chosen)
		return 0;
	t->chosen = true;
	if (t->server_name[0] && use_pairs_for(t, t->server_name, false))
		return 0;
	tls_key_pair_name(&t->pairs[0], first, sizeof(first));
	(void)use_pairs_for(t, first, true);
	return 0;
}

/* --- the session ---------------------------------------------------------- */

/*
 * One that cannot be loaded is left out, so that a customer's certificate
 * gone wrong stops nobody else. -1: none of them can be loaded.
 */
static int load_pairs(struct tls *t, const struct tls_server_settings *settings,
		      struct err *e)
{
	size_t n = settings->certificate.n;
	int result = err_set(e, ERR_CONFIG, "tls: no certificate is set");

	t->pairs = xcalloc(n + 1, sizeof(*t->pairs));
	for (size_t i = 0; i < n && i < settings->key.n; i++) {
		struct err fault;

		if (tls_key_pair_load(settings->certificate.list[i],
				      settings->key.list[i],
				      &t->pairs[t->n_pairs], &fault) == 0)
			t->n_pairs++;
		else if (n > 1)
			log_error("%s", fault.text);
		*e = fault;
	}
	if (t->n_pairs)
		result = 0;
	return result;
}

static int use_pairs(struct tls *t, struct err *e)
{
	int done;

	gnutls_certificate_set_flags(t->cred,
				     GNUTLS_CERTIFICATE_SKIP_KEY_CERT_MATCH);
	gnutls_session_set_ptr(t->session, t);
	read_server_name_ourselves(t->session);
	if (t->n_pairs > 1) {
		gnutls_handshake_set_post_client_hello_function(t->session,
								choose_pairs);
		return 0;
	}
	done = tls_key_pair_use(&t->pairs[0], t->cred);
	if (done >= 0)
		return 0;
	return err_set(e, ERR_CONFIG, "certificate and key: %s",
		       gnutls_strerror(done));
}

/* A certificate is asked for, but none is required: names decide elsewhere. */
static int ask_for_client_certificate(struct tls *t, const char *client_ca,
				      struct err *e)
{
	if (tls_load_trust(t->cred, client_ca, e) < 0)
		return -1;
	gnutls_certificate_server_set_request(t->session, GNUTLS_CERT_REQUEST);
	return 0;
}

struct tls *tls_server_new(const struct tls_server_settings *settings,
			   struct err *e)
{
	struct tls *t = tls_new(GNUTLS_SERVER | GNUTLS_NO_TICKETS, e);

	if (!t)
		return NULL;
	if (load_pairs(t, settings, e) < 0 || use_pairs(t, e) < 0 ||
	    tls_set_priorities(t, settings->priorities, settings->min_version,
			       e) < 0 ||
	    (*settings->client_ca &&
	     ask_for_client_certificate(t, settings->client_ca, e) < 0))
		tls_free(&t);
	return t;
}

size_t tls_server_pairs(const struct tls *t)
{
	return t->n_pairs;
}

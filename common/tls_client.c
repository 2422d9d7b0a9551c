/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The client's side: whom we talk to is checked by chain, purpose and name,
 * or there is no session. Programs that only serve do not link this.
 */
#include "common/base.h"
#include "common/tls_private.h"

#include <sys/stat.h>

#include <arpa/inet.h>
#include <unistd.h>

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>

#include "common/buf.h"
#include "common/dn.h"
#include "common/log.h"

enum { SAME_HASH_MAX = 10 };

/* Where systems keep CA certificates under hashed names. */
static const char *const system_trust[] = {
	"/etc/ssl/certs",
	"/etc/pki/ca-trust/extracted/pem/directory-hash",
	"/etc/pki/tls/certs",
};

/* OpenSSL's name of a file: four octets of SHA-1 over the canonical name. */
static bool hash_of_name(const gnutls_datum_t *name, uint32_t *hash_r)
{
	uint8_t sha1[20];
	struct buf text;
	bool ok;

	buf_init(&text, 64 * 1024);
	ok = dn_canonical(name->data, name->size, &text) &&
	     gnutls_hash_fast(GNUTLS_DIG_SHA1, text.data, text.len, sha1) >= 0;
	buf_release(&text);
	if (ok)
		*hash_r = (uint32_t)sha1[0] | (uint32_t)sha1[1] << 8 |
			  (uint32_t)sha1[2] << 16 | (uint32_t)sha1[3] << 24;
	return ok;
}

static int load_by_hash(gnutls_certificate_credentials_t cred, const char *dir,
			uint32_t hash)
{
	int found = 0;

	for (unsigned i = 0; i < SAME_HASH_MAX; i++) {
		struct buf path;
		int n = 0;

		buf_init(&path, 4096);
		if (buf_addf(&path, "%s/%08x.%u", dir, hash, i) &&
		    access(path.data, R_OK) == 0)
			n = gnutls_certificate_set_x509_trust_file(
				cred, path.data, GNUTLS_X509_FMT_PEM);
		buf_release(&path);
		if (n <= 0)
			break;
		found += n;
	}
	return found;
}

static int load_issuers_of(gnutls_certificate_credentials_t cred,
			   const gnutls_datum_t *der, const char *dir)
{
	gnutls_x509_crt_t cert;
	gnutls_datum_t issuer = {.data = NULL};
	uint32_t hash;
	int found = 0;

	if (gnutls_x509_crt_init(&cert) < 0)
		return 0;
	if (gnutls_x509_crt_import(cert, der, GNUTLS_X509_FMT_DER) >= 0 &&
	    gnutls_x509_crt_get_raw_issuer_dn(cert, &issuer) >= 0 &&
	    hash_of_name(&issuer, &hash)) {
		if (*dir)
			found = load_by_hash(cred, dir, hash);
		for (size_t i = 0; !*dir && i < N_ELEMENTS(system_trust); i++)
			found += load_by_hash(cred, system_trust[i], hash);
	}
	gnutls_free(issuer.data);
	gnutls_x509_crt_deinit(cert);
	return found;
}

static int load_issuers(gnutls_certificate_credentials_t cred,
			gnutls_session_t session, const char *dir)
{
	unsigned n;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &n);
	int found = 0;

	for (unsigned i = 0; chain && i < n && i < TLS_CHAIN_MAX; i++)
		found += load_issuers_of(cred, &chain[i], dir);
	return found;
}

static bool hash_of_key(const gnutls_datum_t *der, uint8_t sha256[TLS_PIN_SIZE])
{
	gnutls_datum_t key = {.data = NULL};
	gnutls_x509_crt_t cert;
	gnutls_pubkey_t public;
	bool ok = false;

	if (gnutls_x509_crt_init(&cert) < 0)
		return false;
	if (gnutls_pubkey_init(&public) < 0) {
		gnutls_x509_crt_deinit(cert);
		return false;
	}
	if (gnutls_x509_crt_import(cert, der, GNUTLS_X509_FMT_DER) >= 0 &&
	    gnutls_pubkey_import_x509(public, cert, 0) >= 0 &&
	    gnutls_pubkey_export2(public, GNUTLS_X509_FMT_DER, &key) >= 0)
		ok = gnutls_hash_fast(GNUTLS_DIG_SHA256, key.data, key.size,
				      sha256) >= 0;
	gnutls_free(key.data);
	gnutls_pubkey_deinit(public);
	gnutls_x509_crt_deinit(cert);
	return ok;
}

static int check_pin(struct tls *t)
{
	unsigned n;
	const gnutls_datum_t *chain =
		gnutls_certificate_get_peers(t->session, &n);
	uint8_t sha256[TLS_PIN_SIZE];

	t->pin_differs = !chain || n == 0 || !hash_of_key(&chain[0], sha256) ||
			 memcmp(sha256, t->pin, sizeof(sha256)) != 0;
	return t->pin_differs ? GNUTLS_E_CERTIFICATE_ERROR : 0;
}

/*
 * In GnuTLS's handshake: the certificate, its purpose and its name, against
 * the trust that fits it. Where no hashed directory is kept, the whole store
 * is loaded after all.
 */
static int check_server(gnutls_session_t session)
{
	struct tls *t = gnutls_session_get_ptr(session);
	gnutls_typed_vdata_st wanted[] = {
		{.type = GNUTLS_DT_DNS_HOSTNAME, .data = (void *)t->name},
		{.type = GNUTLS_DT_KEY_PURPOSE_OID,
		 .data = (void *)GNUTLS_KP_TLS_WWW_SERVER},
	};

	if (t->pinned)
		return check_pin(t);
	if (t->trust_dir && load_issuers(t->cred, session, t->trust_dir) == 0 &&
	    !*t->trust_dir)
		(void)gnutls_certificate_set_x509_system_trust(t->cred);
	if (gnutls_certificate_verify_peers(session, wanted, N_ELEMENTS(wanted),
					    &t->verify_status) < 0)
		return GNUTLS_E_CERTIFICATE_ERROR;
	return t->verify_status ? GNUTLS_E_CERTIFICATE_ERROR : 0;
}

void tls_client_pin(struct tls *t, const uint8_t pin[TLS_PIN_SIZE])
{
	t->pinned = true;
	memcpy(t->pin, pin, TLS_PIN_SIZE);
}

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_ip_address(const char *text)
{
	uint8_t address[16];

	return inet_pton(AF_INET, text, address) == 1 ||
	       inet_pton(AF_INET6, text, address) == 1;
}

struct tls *tls_client_new(const char *name, const char *ca_file, struct err *e)
{
	struct tls *t = tls_new(GNUTLS_CLIENT, e);

	if (!t)
		return NULL;
	t->name = xstrdup(name);
	if (!*ca_file || is_directory(ca_file))
		t->trust_dir = xstrdup(ca_file);
	if (tls_set_priorities(t, "", "1.2", e) < 0 ||
	    (!t->trust_dir && tls_load_trust(t->cred, ca_file, e) < 0)) {
		tls_free(&t);
		return NULL;
	}
	if (!is_ip_address(name)) /* RFC 6066 3: no literal addresses */
		(void)gnutls_server_name_set(t->session, GNUTLS_NAME_DNS, name,
					     strlen(name));
	gnutls_session_set_ptr(t->session, t);
	gnutls_session_set_verify_function(t->session, check_server);
	return t;
}

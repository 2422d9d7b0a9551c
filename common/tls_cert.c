/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Certificates and keys in files: our own, and those of who may be trusted.
 * Reads them when a session needs them and keeps nothing between sessions.
 */
#include "common/base.h"
#include "common/tls_private.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <gnutls/x509.h>

#include "common/buf.h"
#include "common/read_all.h"

enum {
	FILE_MAX = 4 * 1024 * 1024, /* a bundle of all public CAs is 220 KiB */
	KEY_ID_MAX = 64,
	/* As in restante.conf; public authorities put 100 names into one. */
	CLIENT_NAME_MAX = 255,
	CLIENT_NAMES_MAX = 256,
};

/*
 * Keys and certificates alike; after -1 nothing is held. Releasing it wipes
 * it. Locked pages would guard little here: GnuTLS keeps the key in ordinary
 * memory as long as the session lasts.
 */
static int read_pem_file(const char *what, const char *path,
			 struct buf *content_r, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int done;

	buf_init(content_r, FILE_MAX);
	if (fd < 0)
		return err_sys(e, "%s %s", what, path);
	done = read_all(fd, content_r);
	if (done < 0) {
		err_sys(e, "%s %s", what, path);
		buf_release(content_r);
	}
	(void)close(fd);
	return done;
}

static gnutls_datum_t datum(const struct buf *b)
{
	return (gnutls_datum_t){.data = (unsigned char *)b->data,
				.size = (unsigned)b->len};
}

static void release_chain(gnutls_pcert_st *certs, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		gnutls_pcert_deinit(&certs[i]);
}

static int load_chain(const char *path, struct tls_key_pair *p, struct err *e)
{
	struct buf file;
	gnutls_datum_t pem;
	int done;

	p->n = 0;
	if (read_pem_file("certificate", path, &file, e) < 0)
		return -1;
	pem = datum(&file);
	p->n = TLS_CHAIN_MAX;
	done = gnutls_pcert_list_import_x509_raw(
		p->chain, &p->n, &pem, GNUTLS_X509_FMT_PEM,
		GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED);
	buf_release(&file);
	if (done >= 0 && p->n > 0)
		return 0;
	p->n = 0;
	return err_set(e, ERR_CONFIG,
		       "certificate %s: no certificate in PEM form: %s", path,
		       gnutls_strerror(done));
}

static int load_key(const char *path, gnutls_privkey_t *key_r, struct err *e)
{
	struct buf file;
	gnutls_datum_t pem;
	int done;

	if (read_pem_file("key", path, &file, e) < 0)
		return -1;
	pem = datum(&file);
	done = gnutls_privkey_init(key_r);
	if (done >= 0)
		done = gnutls_privkey_import_x509_raw(
			*key_r, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
	buf_release(&file);
	if (done >= 0)
		return 0;
	gnutls_privkey_deinit(*key_r);
	*key_r = NULL;
	return err_set(e, ERR_CONFIG, "key %s: no private key in PEM form: %s",
		       path, gnutls_strerror(done));
}

/*
 * By the hash of the public key. GnuTLS would sign and verify something to
 * find out: 1.3 ms with a key of RSA 2048, at every connection.
 */
static bool key_fits(gnutls_privkey_t key, const gnutls_pcert_st *cert)
{
	uint8_t id[KEY_ID_MAX], cert_id[KEY_ID_MAX];
	size_t n = sizeof(id), n_cert = sizeof(cert_id);
	gnutls_pubkey_t public;
	bool fits;

	if (gnutls_pubkey_init(&public) < 0)
		return false;
	fits = gnutls_pubkey_import_privkey(public, key, 0, 0) >= 0 &&
	       gnutls_pubkey_get_key_id(public, 0, id, &n) >= 0 &&
	       gnutls_pubkey_get_key_id(cert->pubkey, 0, cert_id, &n_cert) >=
		       0 &&
	       n == n_cert && memcmp(id, cert_id, n) == 0;
	gnutls_pubkey_deinit(public);
	return fits;
}

int tls_key_pair_load(const char *certificate, const char *key,
		      struct tls_key_pair *pair_r, struct err *e)
{
	*pair_r = (struct tls_key_pair){.n = 0};
	if (load_chain(certificate, pair_r, e) < 0)
		return -1;
	if (load_key(key, &pair_r->key, e) == 0) {
		if (key_fits(pair_r->key, &pair_r->chain[0]))
			return 0;
		err_set(e, ERR_CONFIG,
			"key %s: not the key of the first certificate in %s",
			key, certificate);
	}
	tls_key_pair_release(pair_r);
	return -1;
}

void tls_key_pair_release(struct tls_key_pair *p)
{
	release_chain(p->chain, p->n);
	if (p->key)
		gnutls_privkey_deinit(p->key);
	*p = (struct tls_key_pair){.n = 0};
}

int tls_key_pair_use(struct tls_key_pair *p,
		     gnutls_certificate_credentials_t cred)
{
	/* Takes chain and key over. */
	int done = gnutls_certificate_set_key(cred, NULL, 0, p->chain,
					      (int)p->n, p->key);

	if (done >= 0)
		*p = (struct tls_key_pair){.n = 0};
	return done;
}

int tls_load_trust(gnutls_certificate_credentials_t cred, const char *file,
		   struct err *e)
{
	struct buf content;
	gnutls_datum_t pem;
	int n;

	if (read_pem_file("CA certificates", file, &content, e) < 0)
		return -1;
	pem = datum(&content);
	n = gnutls_certificate_set_x509_trust_mem(cred, &pem,
						  GNUTLS_X509_FMT_PEM);
	buf_release(&content);
	if (n > 0)
		return 0;
	return err_set(e, ERR_CONFIG,
		       "CA certificates %s: no certificate in PEM form%s%s",
		       file, n < 0 ? ": " : "",
		       n < 0 ? gnutls_strerror(n) : "");
}

/*
 * Names go into header fields and logs, and are compared as C strings. What
 * GnuTLS cannot show as text, such as a NUL within, it shows as "#" and digits.
 */
static bool is_plain_name(const char *name, size_t n)
{
	if (n == 0 || name[0] == '#')
		return false;
	for (size_t i = 0; i < n; i++)
		if (name[i] < ' ' || name[i] > '~')
			return false;
	return true;
}

/*
 * The i-th name, if it is a host or a mail address that can be written down.
 * False: there are no more.
 */
static bool note_name(gnutls_x509_crt_t cert, unsigned i,
		      struct conf_strings *names_r)
{
	char name[CLIENT_NAME_MAX + 1];
	size_t n = sizeof(name);
	int type =
		gnutls_x509_crt_get_subject_alt_name(cert, i, name, &n, NULL);

	if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		return false;
	if (type != GNUTLS_SAN_DNSNAME && type != GNUTLS_SAN_RFC822NAME)
		return true;
	if (n >= sizeof(name) || !is_plain_name(name, n))
		return true;
	name[n] = '\0';
	conf_strings_add(names_r, name);
	return true;
}

/*
 * RFC 9525 2: names stand in subjectAltName; what an authority writes into the
 * subject is prose, and nobody has verified that it is a host.
 */
static void note_names(gnutls_x509_crt_t cert, struct conf_strings *names_r)
{
	for (unsigned i = 0; i < CLIENT_NAMES_MAX; i++)
		if (!note_name(cert, i, names_r))
			return;
}

/*
 * No key purpose is asked for: public CAs issue certificates for servers
 * only, and it is these that mail servers show as clients.
 */
void tls_note_client_names(gnutls_session_t session,
			   struct conf_strings *names_r)
{
	const gnutls_datum_t *chain;
	gnutls_x509_crt_t cert;
	unsigned status, n_chain;

	chain = gnutls_certificate_get_peers(session, &n_chain);
	if (!chain || n_chain == 0 ||
	    gnutls_certificate_verify_peers2(session, &status) < 0 || status ||
	    gnutls_x509_crt_init(&cert) < 0)
		return;
	if (gnutls_x509_crt_import(cert, &chain[0], GNUTLS_X509_FMT_DER) >= 0)
		note_names(cert, names_r);
	gnutls_x509_crt_deinit(cert);
}

/* The certificate of a pair as its names are asked for. */
static bool open_leaf(const struct tls_key_pair *p, gnutls_x509_crt_t *leaf_r)
{
	/* GnuTLS does not say so, but it only reads. */
	return p->n && gnutls_pcert_export_x509((gnutls_pcert_st *)&p->chain[0],
						leaf_r) >= 0;
}

bool tls_key_pair_is_for(const struct tls_key_pair *p, const char *host)
{
	gnutls_x509_crt_t leaf;
	bool is_for;

	if (!host[0] || !open_leaf(p, &leaf))
		return false;
	is_for = gnutls_x509_crt_check_hostname2(
		leaf, host, GNUTLS_VERIFY_DO_NOT_ALLOW_IP_MATCHES);
	gnutls_x509_crt_deinit(leaf);
	return is_for;
}

static bool common_name(gnutls_x509_crt_t cert, char *name_r, size_t *n)
{
	return gnutls_x509_crt_get_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME,
					     0, 0, name_r, n) >= 0;
}

static bool alternative_name(gnutls_x509_crt_t cert, char *name_r, size_t *n)
{
	size_t size = *n;

	for (unsigned i = 0;; i++) {
		int type;

		*n = size;
		type = gnutls_x509_crt_get_subject_alt_name(cert, i, name_r, n,
							    NULL);
		if (type == GNUTLS_SAN_DNSNAME || type == GNUTLS_SAN_RFC822NAME)
			return true;
		if (type < 0 && type != GNUTLS_E_SHORT_MEMORY_BUFFER)
			return false;
	}
}

void tls_key_pair_name(const struct tls_key_pair *p, char *name_r, size_t size)
{
	gnutls_x509_crt_t leaf;
	size_t n = size;
	bool ok;

	name_r[0] = '\0';
	if (!open_leaf(p, &leaf))
		return;
	ok = alternative_name(leaf, name_r, &n) ||
	     (n = size, common_name(leaf, name_r, &n));
	gnutls_x509_crt_deinit(leaf);
	if (!ok || n >= size || !is_plain_name(name_r, n))
		n = 0;
	name_r[n] = '\0';
}

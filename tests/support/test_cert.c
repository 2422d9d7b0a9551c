/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A certificate authority for as long as one test lasts. */
#include "common/base.h"
#include "tests/support/test_cert.h"

#include <sys/stat.h>

#include <dirent.h>
#include <time.h>
#include <unistd.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

enum { DAY = 24 * 60 * 60 };

struct test_ca {
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t cert;
};

static void must(int code, const char *what)
{
	if (code >= 0)
		return;
	fprintf(stderr, "test_cert: %s: %s\n", what, gnutls_strerror(code));
	exit(1);
}

static void write_file(const char *path, const gnutls_datum_t *content)
{
	FILE *f = fopen(path, "w");

	if (!f || fwrite(content->data, 1, content->size, f) != content->size ||
	    fclose(f) != 0) {
		perror(path);
		exit(1);
	}
}

static gnutls_x509_privkey_t new_key(bool rsa)
{
	gnutls_x509_privkey_t key;
	unsigned bits =
		rsa ? 2048 : GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);

	must(gnutls_x509_privkey_init(&key), "key");
	must(gnutls_x509_privkey_generate(
		     key, rsa ? GNUTLS_PK_RSA : GNUTLS_PK_ECDSA, bits, 0),
	     "key");
	return key;
}

/* What every certificate has: key, serial number, a validity of some days. */
static gnutls_x509_crt_t new_cert(gnutls_x509_privkey_t key, bool expired)
{
	static unsigned char serial[8] = {1};
	gnutls_x509_crt_t cert;
	time_t now = time(NULL);

	must(gnutls_x509_crt_init(&cert), "certificate");
	must(gnutls_x509_crt_set_version(cert, 3), "version");
	must(gnutls_x509_crt_set_key(cert, key), "key");
	serial[7]++;
	must(gnutls_x509_crt_set_serial(cert, serial, sizeof(serial)),
	     "serial");
	must(gnutls_x509_crt_set_activation_time(cert, now - 10 * DAY),
	     "validity");
	must(gnutls_x509_crt_set_expiration_time(
		     cert, now + (expired ? -2 : 2) * DAY),
	     "validity");
	return cert;
}

struct test_ca *test_ca_new(const char *common_name)
{
	struct test_ca *ca = calloc(1, sizeof(*ca));

	if (!ca)
		abort();
	ca->key = new_key(false);
	ca->cert = new_cert(ca->key, false);
	must(gnutls_x509_crt_set_dn_by_oid(
		     ca->cert, GNUTLS_OID_X520_COMMON_NAME, 0, common_name,
		     (unsigned)strlen(common_name)),
	     "name");
	must(gnutls_x509_crt_set_basic_constraints(ca->cert, 1, -1), "ca");
	must(gnutls_x509_crt_set_key_usage(ca->cert, GNUTLS_KEY_KEY_CERT_SIGN),
	     "usage");
	must(gnutls_x509_crt_sign2(ca->cert, ca->cert, ca->key,
				   GNUTLS_DIG_SHA256, 0),
	     "sign");
	return ca;
}

void test_ca_free(struct test_ca **ca)
{
	gnutls_x509_crt_deinit((*ca)->cert);
	gnutls_x509_privkey_deinit((*ca)->key);
	free(*ca);
	*ca = NULL;
}

static void write_cert(gnutls_x509_crt_t cert, const char *path)
{
	gnutls_datum_t pem;

	must(gnutls_x509_crt_export2(cert, GNUTLS_X509_FMT_PEM, &pem), path);
	write_file(path, &pem);
	gnutls_free(pem.data);
}

void test_ca_write(const struct test_ca *ca, const char *path)
{
	write_cert(ca->cert, path);
}

static void add_name(gnutls_x509_crt_t cert,
		     gnutls_x509_subject_alt_name_t kind, const char *name)
{
	must(gnutls_x509_crt_set_subject_alt_name(cert, kind, name,
						  (unsigned)strlen(name),
						  GNUTLS_FSAN_APPEND),
	     name);
}

static void add_numbered_names(gnutls_x509_crt_t cert,
			       const struct test_cert *wanted)
{
	char name[300];

	for (unsigned i = 1; i <= wanted->n_numbered; i++) {
		snprintf(name, sizeof(name), "%u.%s", i, wanted->numbered);
		add_name(cert, GNUTLS_SAN_DNSNAME, name);
	}
}

static void set_names(gnutls_x509_crt_t cert, const struct test_cert *wanted)
{
	const char *cn = wanted->common_name;

	if (cn)
		must(gnutls_x509_crt_set_dn_by_oid(
			     cert, GNUTLS_OID_X520_COMMON_NAME, 0, cn,
			     (unsigned)(wanted->common_name_len
						? wanted->common_name_len
						: strlen(cn))),
		     "name");
	if (wanted->dns)
		add_name(cert, GNUTLS_SAN_DNSNAME, wanted->dns);
	add_numbered_names(cert, wanted);
	if (wanted->email)
		add_name(cert, GNUTLS_SAN_RFC822NAME, wanted->email);
	if (wanted->names_der)
		must(gnutls_x509_crt_set_extension_by_oid(
			     cert, GNUTLS_X509EXT_OID_SAN, wanted->names_der,
			     wanted->n_names_der, 0),
		     "names");
}

void test_cert_write(const struct test_ca *ca, const struct test_cert *wanted,
		     const char *cert_path, const char *key_path)
{
	gnutls_x509_privkey_t key = new_key(wanted->rsa);
	gnutls_x509_crt_t cert = new_cert(key, wanted->expired);
	gnutls_datum_t pem;

	set_names(cert, wanted);
	must(gnutls_x509_crt_set_key_purpose_oid(
		     cert,
		     wanted->for_clients ? GNUTLS_KP_TLS_WWW_CLIENT
					 : GNUTLS_KP_TLS_WWW_SERVER,
		     0),
	     "purpose");
	must(gnutls_x509_crt_set_key_usage(cert,
					   GNUTLS_KEY_DIGITAL_SIGNATURE |
						   GNUTLS_KEY_KEY_ENCIPHERMENT),
	     "usage");
	must(gnutls_x509_crt_sign2(cert, ca->cert, ca->key, GNUTLS_DIG_SHA256,
				   0),
	     "sign");
	write_cert(cert, cert_path);
	must(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem),
	     key_path);
	write_file(key_path, &pem);
	gnutls_free(pem.data);
	gnutls_x509_crt_deinit(cert);
	gnutls_x509_privkey_deinit(key);
}

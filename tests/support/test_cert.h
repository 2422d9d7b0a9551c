/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Certificates for tests, made when they are needed, so that none expires in
 * the repository. A failure ends the test program.
 */
#ifndef RESTANTE_TESTS_SUPPORT_TEST_CERT_H
#define RESTANTE_TESTS_SUPPORT_TEST_CERT_H

#include "common/base.h"

struct test_ca;

struct test_ca *test_ca_new(const char *common_name);
void test_ca_free(struct test_ca **ca); /* sets *ca to NULL */
void test_ca_write(const struct test_ca *ca, const char *path);

struct test_cert {
	const char *common_name; /* NULL: none */
	const char *dns;	 /* a subjectAltName; NULL: none */
	const char *names_der;	 /* subjectAltName as octets, instead */
	size_t n_names_der;
	const char *numbered; /* more of them, "1." and so on before it */
	unsigned n_numbered;
	const char *email;	/* the same */
	size_t common_name_len; /* 0: strlen() */
	bool rsa;		/* RSA 2048 instead of ECDSA P-256 */
	bool expired;
	bool for_clients; /* purpose: clients only */
};

/* A certificate signed by ca, and its key, both in PEM. */
void test_cert_write(const struct test_ca *ca, const struct test_cert *wanted,
		     const char *cert_path, const char *key_path);

#endif

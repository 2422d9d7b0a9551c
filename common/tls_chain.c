/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a certificate file says, for whoever must renew it in time. No session.
 */
#include "common/base.h"
#include "common/tls.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

struct chain {
	gnutls_x509_crt_t *certs;
	unsigned n;
};

static int read_chain(const char *file, struct chain *c_r, struct err *e)
{
	gnutls_datum_t pem;
	int done = gnutls_load_file(file, &pem);

	*c_r = (struct chain){.n = 0};
	if (done < 0)
		return err_sys(e, "certificate %s", file);
	done = gnutls_x509_crt_list_import2(&c_r->certs, &c_r->n, &pem,
					    GNUTLS_X509_FMT_PEM, 0);
	gnutls_free(pem.data);
	if (done < 0 || c_r->n == 0)
		return err_set(e, ERR_CONFIG,
			       "certificate %s: no certificate in PEM form: %s",
			       file, gnutls_strerror(done));
	return 0;
}

static void release_chain(struct chain *c)
{
	for (unsigned i = 0; i < c->n; i++)
		gnutls_x509_crt_deinit(c->certs[i]);
	gnutls_free(c->certs);
}

/* A name that does not fit is no name a person would read. */
static void name_of_certificate(gnutls_x509_crt_t cert, char out[TLS_LINK_NAME],
				int (*get)(gnutls_x509_crt_t cert, char *out,
					   size_t *n))
{
	size_t n = TLS_LINK_NAME;

	if (get(cert, out, &n) < 0)
		snprintf(out, TLS_LINK_NAME, "?");
}

static void describe_chain(gnutls_x509_crt_t cert, struct tls_link *link_r)
{
	name_of_certificate(cert, link_r->subject, gnutls_x509_crt_get_dn);
	name_of_certificate(cert, link_r->issuer,
			    gnutls_x509_crt_get_issuer_dn);
	link_r->begins = gnutls_x509_crt_get_activation_time(cert);
	link_r->ends = gnutls_x509_crt_get_expiration_time(cert);
}

int tls_certificate_chain(const char *file,
			  void (*each)(const struct tls_link *link, void *arg),
			  void *arg, struct err *e)
{
	struct chain c;

	if (read_chain(file, &c, e) < 0)
		return -1;
	for (unsigned i = 0; i < c.n; i++) {
		struct tls_link link = {.file = file};

		describe_chain(c.certs[i], &link);
		each(&link, arg);
	}
	release_chain(&c);
	return 0;
}

int tls_certificate_term(const char *file, struct tls_term *term_r,
			 struct err *e)
{
	struct chain c;

	if (read_chain(file, &c, e) < 0)
		return -1;
	term_r->begins = gnutls_x509_crt_get_activation_time(c.certs[0]);
	term_r->ends = gnutls_x509_crt_get_expiration_time(c.certs[0]);
	release_chain(&c);
	return 0;
}

int tls_certificate_is_for(const char *file, const char *host, bool *is_for_r,
			   struct err *e)
{
	struct chain c;

	if (read_chain(file, &c, e) < 0)
		return -1;
	*is_for_r = gnutls_x509_crt_check_hostname2(
		c.certs[0], host, GNUTLS_VERIFY_DO_NOT_ALLOW_IP_MATCHES);
	release_chain(&c);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When a certificate ends, for whoever must renew it in time. No session. */
#include "common/base.h"
#include "common/tls.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

static void release(gnutls_x509_crt_t *certs, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		gnutls_x509_crt_deinit(certs[i]);
	gnutls_free(certs);
}

int tls_certificate_end(const char *file, int64_t *when_r, struct err *e)
{
	gnutls_x509_crt_t *certs;
	gnutls_datum_t pem;
	unsigned n;
	int done = gnutls_load_file(file, &pem);

	if (done < 0)
		return err_sys(e, "certificate %s", file);
	done = gnutls_x509_crt_list_import2(&certs, &n, &pem,
					    GNUTLS_X509_FMT_PEM, 0);
	gnutls_free(pem.data);
	if (done < 0)
		return err_set(e, ERR_CONFIG,
			       "certificate %s: no certificate in PEM form: %s",
			       file, gnutls_strerror(done));
	*when_r = gnutls_x509_crt_get_expiration_time(certs[0]);
	release(certs, n);
	return 0;
}

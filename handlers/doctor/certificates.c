/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A session does with the pairs that it can use and logs the others; here each
 * must be good. Whether strangers believe in them the ports will tell.
 */
#include "common/base.h"
#include "handlers/doctor/certificates.h"

#include <sys/stat.h>

#include "common/iso_time.h"
#include "common/tls.h"
#include "handlers/admin/health.h"

#define RENEW                                                                  \
	"restante setup makes or fetches one; one of your own goes to where "  \
	"restante.conf says, by /usr/libexec/restante/certificate-hook"

static void check_pair(const struct conf *conf, size_t i, struct findings *f)
{
	struct tls_server_settings one = conf->tls;
	struct tls *tls;
	struct err e;

	one.certificate = (struct conf_strings){&one.certificate.list[i], 1};
	one.key = (struct conf_strings){&one.key.list[i], 1};
	tls = tls_server_new(&one, &e);
	if (!tls)
		fault(f, one.certificate.list[0], RENEW,
		      "cannot be used by sessions: %s", e.text);
	tls_free(&tls);
}

/* Whoever has the key can be this host. */
static void check_key(const char *key, struct findings *f)
{
	struct stat st;

	if (stat(key, &st) == 0 && st.st_mode & 07)
		fault(f, key, "chmod o= on that file",
		      "every user of this host can read the key");
}

static void check_term(const char *file, int64_t now, struct findings *f)
{
	struct tls_term term;
	char when[ISO_TIME_LEN + 1];
	struct err e;

	if (tls_certificate_term(file, &term, &e) < 0)
		return; /* the pair was told of */
	iso_time_write(term.ends, when);
	switch (health_of_certificate(&term, now)) {
	case CERTIFICATE_FINE:
		break;
	case CERTIFICATE_ENDED:
		fault(f, file, RENEW, "ended at %s", when);
		break;
	case CERTIFICATE_ENDS_SOON:
		fault(f, file, RENEW,
		      "ends at %s, and should have been renewed by now", when);
		break;
	}
	if (term.begins > now) {
		iso_time_write(term.begins, when);
		fault(f, file, "look at this host's clock",
		      "is not good before %s", when);
	}
}

static bool is_for(const char *file, const char *host)
{
	bool yes = false;
	struct err e;

	return tls_certificate_is_for(file, host, &yes, &e) == 0 && yes;
}

static void check_name(const struct conf *conf, struct findings *f)
{
	const struct conf_strings *files = &conf->tls.certificate;

	for (size_t i = 0; i < files->n; i++)
		if (is_for(files->list[i], conf->hostname))
			return;
	fault(f, conf->hostname, RENEW,
	      "no certificate is for this name, the hostname: whoever checks "
	      "names does not connect");
}

void certificates_check(const struct conf *conf, int64_t now,
			struct findings *f)
{
	for (size_t i = 0; i < conf->tls.certificate.n; i++) {
		check_pair(conf, i, f);
		check_key(conf->tls.key.list[i], f);
		check_term(conf->tls.certificate.list[i], now, f);
	}
	check_name(conf, f);
}

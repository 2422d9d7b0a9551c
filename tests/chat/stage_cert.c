/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The stage's certificates: ours, which clients check, and those of the real
 * servers behind a proxy, good and bad.
 */
#include "common/base.h"
#include "tests/chat/stage.h"

#include "common/log.h"
#include "tests/support/test_cert.h"

static void write_one(const struct stage *stage, const struct test_ca *ca,
		      const char *name, const struct test_cert *wanted)
{
	char cert[STAGE_PATH_MAX], key[STAGE_PATH_MAX];

	snprintf(cert, sizeof(cert), "%s/%scert.pem", stage->dir, name);
	snprintf(key, sizeof(key), "%s/%skey.pem", stage->dir, name);
	test_cert_write(ca, wanted, cert, key);
}

void stage_make_certificates(struct stage *stage)
{
	const struct test_cert ours = {.common_name = "gw.example",
				       .dns = "gw.example"};

	stage->ca = test_ca_new("Chat CA");
	stage->other_ca = test_ca_new("Nobody's CA");
	test_ca_write(stage->ca, stage->ca_file);
	write_one(stage, stage->ca, "", &ours);
}

/* By the words of UTLS: which name, whose signature, until when. */
static void make_upstream(const struct stage *stage, const char *kind)
{
	struct test_cert wanted = {.dns = "mail.example"};
	const struct test_ca *ca = stage->ca;

	if (strcmp(kind, "other-name") == 0)
		wanted.dns = "other.example";
	else if (strcmp(kind, "expired") == 0)
		wanted.expired = true;
	else if (strcmp(kind, "untrusted") == 0)
		ca = stage->other_ca;
	else if (kind[0])
		die_usage("UTLS %s", kind);
	write_one(stage, ca, "upstream-", &wanted);
}

struct tls *stage_upstream_tls(const struct stage *stage, const char *kind,
			       struct err *e)
{
	char cert[STAGE_PATH_MAX], key[STAGE_PATH_MAX];
	char *certificates[] = {cert}, *keys[] = {key};
	const struct tls_server_settings settings = {
		.certificate = {.list = certificates, .n = 1},
		.key = {.list = keys, .n = 1},
		.min_version = "1.2",
		.priorities = "",
		.client_ca = "",
	};

	make_upstream(stage, kind);
	snprintf(cert, sizeof(cert), "%s/upstream-cert.pem", stage->dir);
	snprintf(key, sizeof(key), "%s/upstream-key.pem", stage->dir);
	return tls_server_new(&settings, e);
}

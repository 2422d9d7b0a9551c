/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The certificate of the handlers, for people and for the console. */
#include "common/base.h"
#include "handlers/tool/cmd_certificate.h"

#include "common/iso_time.h"
#include "common/tls.h"
#include "handlers/tool/command.h"

/* A name from a certificate ends no column and no line. */
static void print_name(const char *name)
{
	for (; *name; name++)
		putchar((unsigned char)*name < 0x20 || *name == 0x7f ? '?'
								     : *name);
}

/* "begins ends subject issuer file", restante(8). */
static void print_porcelain(const struct tls_link *link, void *arg UNUSED)
{
	char begins[ISO_TIME_LEN + 1], ends[ISO_TIME_LEN + 1];

	iso_time_write(link->begins, begins);
	iso_time_write(link->ends, ends);
	printf("%s\t%s\t", begins, ends);
	print_name(link->subject);
	putchar('\t');
	print_name(link->issuer);
	printf("\t%s\n", link->file);
}

static void print_for_people(const struct tls_link *link, void *arg UNUSED)
{
	char begins[ISO_TIME_LEN + 1], ends[ISO_TIME_LEN + 1];

	iso_time_write(link->begins, begins);
	iso_time_write(link->ends, ends);
	print_name(link->subject);
	fputs("\n  by ", stdout);
	print_name(link->issuer);
	printf("\n  from %s to %s\n", begins, ends);
}

TOOL_RUN(certificate)
{
	const struct conf_strings *files = &t->conf->tls.certificate;
	bool porcelain = tool_has(a, "porcelain");

	for (size_t i = 0; i < files->n; i++) {
		if (!porcelain && files->n > 1)
			printf("%s%s:\n", i ? "\n" : "", files->list[i]);
		if (tls_certificate_chain(files->list[i],
					  porcelain ? print_porcelain
						    : print_for_people,
					  NULL, e) < 0)
			return -1;
	}
	return 0;
}

bool tool_hostname_is_certified(const struct conf *conf)
{
	const struct conf_strings *files = &conf->tls.certificate;

	for (size_t i = 0; i < files->n; i++) {
		bool is_for;
		struct err e;

		if (tls_certificate_is_for(files->list[i], conf->hostname,
					   &is_for, &e) < 0 ||
		    is_for)
			return true; /* what cannot be read is told elsewhere */
	}
	return false;
}

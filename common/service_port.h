/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The services that have a port of their own, and what names one. Pure. */
#ifndef RESTANTE_COMMON_SERVICE_PORT_H
#define RESTANTE_COMMON_SERVICE_PORT_H

#include "common/base.h"

/* As their units are called; one with an s speaks TLS from the beginning. */
enum service {
	SERVICE_SMTP_JOURNAL,
	SERVICE_SMTP_PROXY,
	SERVICE_SMTPS_PROXY,
	SERVICE_POP3_SERVE,
	SERVICE_POP3S_SERVE,
	SERVICE_POP3_PROXY,
	SERVICE_POP3S_PROXY,
};
enum { SERVICES = SERVICE_POP3S_PROXY + 1 };

struct service_port {
	unsigned port;	  /* 0: none */
	char address[48]; /* "": every address of this host */
};

const char *service_name(enum service s);	/* "smtp-journal" */
unsigned service_standard_port(enum service s); /* 25 */

/* "25", "192.0.2.7:25", "[2001:db8::7]:25", as systemd takes it, too. */
bool service_port_parse(const char *text, struct service_port *p_r);

/* "smtp-journal=25", as restante.conf has it. */
bool service_port_parse_named(const char *text, enum service *s_r,
			      struct service_port *p_r);

#endif

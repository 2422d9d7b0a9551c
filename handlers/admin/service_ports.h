/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which services this host has, and at which ports: as the administrator says
 * in restante.conf, else as systemd's sockets and xinetd's files have it.
 */
#ifndef RESTANTE_HANDLERS_ADMIN_SERVICE_PORTS_H
#define RESTANTE_HANDLERS_ADMIN_SERVICE_PORTS_H

#include "common/conf.h"
#include "common/service_port.h"

struct service_ports {
	struct service_port list[SERVICES]; /* port 0: not in service */
	bool listens[SERVICES]; /* somebody does, as the kernel says */
};

/* root goes before the paths of systemd, xinetd and /proc: "" but in tests. */
void service_ports_find(const struct conf *conf, const char *root,
			struct service_ports *p_r);

/*
 * The service of the two that is there, the first before the second; the
 * second where neither is.
 */
enum service service_ports_either(const struct service_ports *p,
				  enum service first, enum service second);

#endif

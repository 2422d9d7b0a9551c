/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads unit files, xinetd's files and /proc/net/tcp (proc(5)): what root has
 * written, and the kernel. Opens no socket, and asks no daemon: the console
 * may not.
 */
#include "common/base.h"
#include "handlers/admin/service_ports.h"

#include <limits.h>

#include "handlers/admin/unit_files.h"

enum { LINE_SIZE = 1024 };

/* --- systemd -------------------------------------------------------------- */

/* An empty one forgets those before it; the first with a port is taken. */
static void take_listen_stream(const char *key, const char *value, void *arg)
{
	struct service_port *p = arg, found;

	if (strcmp(key, "ListenStream") != 0)
		return;
	if (!*value)
		p->port = 0;
	else if (!p->port && service_port_parse(value, &found))
		*p = found;
}

static void ask_systemd(const char *root, const char *name,
			struct service_port *p)
{
	char unit[64];

	snprintf(unit, sizeof(unit), "restante-%s.socket", name);
	if (unit_is_wanted(root, "sockets", unit))
		(void)unit_lines(root, unit, take_listen_stream, p);
}

/* --- xinetd --------------------------------------------------------------- */

struct xinetd {
	struct service_port port;
	bool disabled;
};

static void take_attribute(const char *key, const char *value, void *arg)
{
	struct xinetd *x = arg;
	struct service_port found;

	if (strcmp(key, "port") == 0 && service_port_parse(value, &found))
		x->port.port = found.port;
	else if (strcmp(key, "disable") == 0)
		x->disabled = strcmp(value, "yes") == 0;
	else if (strcmp(key, "bind") == 0 && strlen(value) < 48)
		snprintf(x->port.address, sizeof(x->port.address), "%s", value);
}

static void ask_xinetd(const char *root, const char *name,
		       struct service_port *p)
{
	struct xinetd x = {.disabled = false};
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/etc/xinetd.d/restante-%s", root, name);
	if (unit_file_lines(path, take_attribute, &x) && !x.disabled)
		*p = x.port;
}

/* --- who listens ---------------------------------------------------------- */

enum { TCP_LISTEN_STATE = 0x0a };

/* "  0: 00000000:0019 00000000:0000 0A …" */
static void take_socket(const char *line, struct service_ports *p)
{
	unsigned port, state;

	if (sscanf(line, " %*d: %*[0-9A-Fa-f]:%4x %*[0-9A-Fa-f]:%*x %2x", &port,
		   &state) != 2 ||
	    state != TCP_LISTEN_STATE)
		return;
	for (size_t i = 0; i < SERVICES; i++)
		p->listens[i] |= p->list[i].port == port;
}

static void take_table(const char *root, const char *name,
		       struct service_ports *p)
{
	char path[PATH_MAX], line[LINE_SIZE];
	FILE *in;

	snprintf(path, sizeof(path), "%s/proc/net/%s", root, name);
	in = fopen(path, "re");
	if (!in)
		return;
	while (fgets(line, sizeof(line), in))
		take_socket(line, p);
	fclose(in);
}

/* --- all of it ------------------------------------------------------------ */

static void take_configured(const struct conf_strings *ports,
			    struct service_ports *p)
{
	struct service_port port;
	enum service service;

	for (size_t i = 0; i < ports->n; i++)
		if (service_port_parse_named(ports->list[i], &service, &port))
			p->list[service] = port;
}

void service_ports_find(const struct conf *conf, const char *root,
			struct service_ports *p_r)
{
	*p_r = (struct service_ports){.listens = {false}};
	take_configured(&conf->ports, p_r);
	for (size_t i = 0; conf->ports.n == 0 && i < SERVICES; i++) {
		const char *name = service_name((enum service)i);

		ask_systemd(root, name, &p_r->list[i]);
		if (!p_r->list[i].port)
			ask_xinetd(root, name, &p_r->list[i]);
	}
	take_table(root, "tcp", p_r);
	take_table(root, "tcp6", p_r);
}

enum service service_ports_either(const struct service_ports *p,
				  enum service first, enum service second)
{
	return p->list[first].port ? first : second;
}

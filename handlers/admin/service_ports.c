/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads unit files, xinetd's files and /proc/net/tcp (proc(5)): what root has
 * written, and the kernel. Opens no socket, and asks no daemon: the console
 * may not.
 */
#include "common/base.h"
#include "handlers/admin/service_ports.h"

#include <sys/stat.h>

#include <dirent.h>
#include <limits.h>
#include <unistd.h>

enum { LINE_SIZE = 1024 };

/* --- lines "Key=value" ---------------------------------------------------- */

/* Cut at both ends, in place. */
static char *trim(char *text)
{
	size_t n;

	text += strspn(text, " \t");
	n = strlen(text);
	while (n && strchr(" \t\r\n", text[n - 1]))
		text[--n] = '\0';
	return text;
}

/* Calls each() for every line with a "=". False: there is no such file. */
static bool read_lines(const char *path,
		       void (*each)(const char *key, const char *value,
				    void *arg),
		       void *arg)
{
	FILE *in = fopen(path, "re");
	char line[LINE_SIZE];

	if (!in)
		return false;
	while (fgets(line, sizeof(line), in)) {
		char *equals = strchr(line, '=');

		if (!equals || strchr("#;", line[strspn(line, " \t")]))
			continue;
		*equals = '\0';
		each(trim(line), trim(equals + 1), arg);
	}
	fclose(in);
	return true;
}

/* --- systemd -------------------------------------------------------------- */

/* Where units lie, the first before the others (systemd.unit(5)). */
static const char *const unit_folders[] = {
	"/etc/systemd/system",		 "/run/systemd/system",
	"/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
	"/lib/systemd/system",
};

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

static int is_drop_in(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return d->d_name[0] != '.' && n > 5 &&
	       strcmp(d->d_name + n - 5, ".conf") == 0;
}

/* One drop-in file, unless a folder before this one has another for it. */
static void read_drop_in(const char *root, size_t folder, const char *name,
			 const char *file, struct service_port *p)
{
	char path[PATH_MAX];

	for (size_t i = 0; i <= folder; i++) {
		snprintf(path, sizeof(path), "%s%s/restante-%s.socket.d/%s",
			 root, unit_folders[i], name, file);
		if (i < folder && access(path, F_OK) == 0)
			return;
	}
	(void)read_lines(path, take_listen_stream, p);
}

/* The folders of least weight come first here, as what is later counts. */
static void read_drop_ins(const char *root, const char *name,
			  struct service_port *p)
{
	for (size_t i = N_ELEMENTS(unit_folders); i-- > 0;) {
		struct dirent **list;
		char path[PATH_MAX];
		int n;

		snprintf(path, sizeof(path), "%s%s/restante-%s.socket.d", root,
			 unit_folders[i], name);
		n = scandir(path, &list, is_drop_in, alphasort);
		for (int k = 0; k < n; k++) {
			read_drop_in(root, i, name, list[k]->d_name, p);
			free(list[k]);
		}
		if (n >= 0)
			free(list);
	}
}

/* As `systemctl enable` leaves it, for good or until the next boot. */
static bool is_enabled(const char *root, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path),
			 "%s%s/sockets.target.wants/restante-%s.socket", root,
			 unit_folders[i], name);
		if (lstat(path, &st) == 0)
			return true;
	}
	return false;
}

static void ask_systemd(const char *root, const char *name,
			struct service_port *p)
{
	char path[PATH_MAX];

	if (!is_enabled(root, name))
		return;
	for (size_t i = 0; i < N_ELEMENTS(unit_folders); i++) {
		snprintf(path, sizeof(path), "%s%s/restante-%s.socket", root,
			 unit_folders[i], name);
		if (read_lines(path, take_listen_stream, p))
			break;
	}
	read_drop_ins(root, name, p);
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
	if (read_lines(path, take_attribute, &x) && !x.disabled)
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

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What to enter in other programs, with the ports that this host has. Changes
 * nothing.
 */
#include "common/base.h"
#include "handlers/tool/command.h"

#include "handlers/admin/service_ports.h"
#include "handlers/tool/json.h"
#include "handlers/tool/store.h"

struct settings {
	const struct conf *conf;
	const struct mailbox_conf *mailbox;
	struct service_ports ports;
	/* Who collects comes to pop3-proxy where pop3-serve has no port. */
	enum service collecting, collecting_tls;
};

static bool is_implicit(enum service s)
{
	return s == SERVICE_SMTPS_PROXY || s == SERVICE_POP3S_SERVE ||
	       s == SERVICE_POP3S_PROXY;
}

/* --- for people ----------------------------------------------------------- */

static bool print_port(const struct service_ports *p, enum service s, bool any)
{
	if (!p->list[s].port)
		return any;
	printf("%s%u with %s", any ? ", or " : "", p->list[s].port,
	       is_implicit(s) ? "TLS" : "STARTTLS");
	return true;
}

static void warn_of_silence(const struct service_ports *p, enum service s)
{
	if (p->list[s].port && !p->listens[s])
		printf("            nobody listens at %u: is %s started?\n",
		       p->list[s].port, service_name(s));
}

static void print_none(void)
{
	puts("none: this host does not have that service (restante setup)");
}

/* Of two services that do the same. */
static void print_ports(const struct service_ports *p, enum service first,
			enum service second)
{
	fputs("  port      ", stdout);
	if (print_port(p, second, print_port(p, first, false)))
		putchar('\n');
	else
		print_none();
	warn_of_silence(p, first);
	warn_of_silence(p, second);
}

static void print_collecting(const struct settings *s)
{
	printf("Where the archive collects (POP3, always under TLS):\n"
	       "  server    %s\n",
	       s->conf->hostname);
	print_ports(&s->ports, s->collecting_tls, s->collecting);
	printf("  user      %s\n"
	       "  password  the one shown when it was made; a new one comes "
	       "from\n"
	       "            restante mailbox passwd %s\n\n",
	       s->mailbox->id, s->mailbox->id);
}

static void print_journal(const struct settings *s)
{
	printf("Where a mail server sends a copy of every message (SMTP):\n"
	       "  address   %s@%s\n"
	       "  server    %s\n",
	       s->mailbox->id, s->conf->domain, s->conf->hostname);
	fputs("  port      ", stdout);
	if (print_port(&s->ports, SERVICE_SMTP_JOURNAL, false))
		putchar('\n');
	else
		print_none();
	warn_of_silence(&s->ports, SERVICE_SMTP_JOURNAL);
	putchar('\n');
}

static void print_proxies(const struct settings *s)
{
	const struct mailbox_conf *c = s->mailbox;

	printf("How a mail client goes through the proxies, so that copies are "
	       "kept:\n"
	       "  outgoing  %s\n",
	       s->conf->hostname);
	print_ports(&s->ports, SERVICE_SMTP_PROXY, SERVICE_SMTPS_PROXY);
	printf("  incoming  %s\n", s->conf->hostname);
	print_ports(&s->ports, SERVICE_POP3S_PROXY, SERVICE_POP3_PROXY);
	printf("  user      USER%%SERVER%%%s\n"
	       "            USER and SERVER being those of the real account\n"
	       "  password  that of the real account\n",
	       c->id);
	if (c->targets.n == 0)
		printf("No server may be reached yet: restante mailbox target "
		       "add %s SERVER\n",
		       c->id);
	else
		puts("Servers that may be reached:");
	for (size_t i = 0; i < c->targets.n; i++)
		printf("  %s\n", c->targets.list[i]);
}

/* --- for programs --------------------------------------------------------- */

static void write_service(struct json *j, const struct service_ports *p,
			  enum service s)
{
	if (!p->list[s].port)
		return;
	json_object_begin(j);
	json_text(j, "service", service_name(s));
	json_number(j, "port", p->list[s].port);
	json_text(j, "tls", is_implicit(s) ? "implicit" : "starttls");
	json_bool(j, "listens", p->listens[s]);
	json_object_end(j);
}

static void write_settings(const struct settings *s)
{
	const struct mailbox_conf *c = s->mailbox;
	struct json j = {.depth = 0};
	char address[512];

	snprintf(address, sizeof(address), "%s@%s", c->id, s->conf->domain);
	json_object_begin(&j);
	json_text(&j, "id", c->id);
	json_text(&j, "name", c->name);
	json_text(&j, "address", address);
	json_text(&j, "hostname", s->conf->hostname);
	json_list_begin(&j, "services");
	for (size_t i = 0; i < SERVICES; i++)
		write_service(&j, &s->ports, (enum service)i);
	json_list_end(&j);
	json_texts(&j, "targets", (const char *const *)c->targets.list,
		   c->targets.n);
	json_object_end(&j);
}

/* --- the command ---------------------------------------------------------- */

TOOL_RUN(settings)
{
	struct mailbox *m = tool_mailbox(t, a->words[0], e);
	struct settings s = {.conf = t->conf};

	if (!m)
		return -1;
	s.mailbox = mailbox_settings(m);
	service_ports_find(t->conf, "", &s.ports);
	s.collecting = service_ports_either(&s.ports, SERVICE_POP3_SERVE,
					    SERVICE_POP3_PROXY);
	s.collecting_tls = service_ports_either(&s.ports, SERVICE_POP3S_SERVE,
						SERVICE_POP3S_PROXY);
	if (tool_has(a, "json")) {
		write_settings(&s);
	} else {
		printf("%s\n\n", s.mailbox->name);
		print_collecting(&s);
		print_journal(&s);
		print_proxies(&s);
	}
	mailbox_close(&m);
	return 0;
}

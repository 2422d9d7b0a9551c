/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What to enter in other programs, with this mailbox's own values: on the side
 * that sends, in mail clients, and in the archive. One row is one program.
 */
#include "common/base.h"
#include "handlers/console/pages/pages.h"

#include "handlers/admin/service_ports.h"
#include "handlers/console/parts/mailbox_frame.h"
#include "handlers/console/parts/page.h"

/*
 * {address}, {host}, {domain}, {id}, and the ports {journal}, {submit},
 * {fetch} and {collect} stand for the values.
 */
struct recipe {
	const char *program;
	const char *how;     /* N_() */
	const char *snippet; /* what is copied whole; NULL: none */
};

static const struct recipe senders[] = {
	{"Microsoft 365",
	 N_("In Exchange Online PowerShell. NDR-MAILBOX is a mailbox of yours "
	    "that takes the reports about copies that could not be delivered:"),
	 "New-OutboundConnector -Name Restante -ConnectorType Partner "
	 "-RecipientDomains {domain} -SmartHosts {host} -UseMXRecord $false "
	 "-TlsSettings DomainValidation -TlsDomain {host}\n"
	 "Set-TransportConfig -JournalingReportNdrTo NDR-MAILBOX "
	 "-JournalMessageExpirationDays 7\n"
	 "New-JournalRule -Name Restante -JournalEmailAddress {address} "
	 "-Scope Global -Enabled $true"},
	{"Google Workspace",
	 N_("Admin console, Apps, Google Workspace, Gmail: under Hosts add the "
	    "host below with port {journal}, TLS and a checked certificate; "
	    "under "
	    "Routing add a rule for all mail, “also deliver to” the address, "
	    "by that host."),
	 "{host}:{journal}\n{address}"},
	{"Exchange Server", N_("In the Exchange Management Shell:"),
	 "New-SendConnector -Name Restante -Usage Custom -AddressSpaces "
	 "\"SMTP:{domain};1\" -DNSRoutingEnabled $false -SmartHosts {host} "
	 "-RequireTLS $true -TlsAuthLevel DomainValidation -TlsDomain {host}\n"
	 "New-MailContact -Name Restante -ExternalEmailAddress {address}\n"
	 "New-JournalRule -Name Restante -JournalEmailAddress {address} "
	 "-Scope Global -Enabled $true"},
	{"Postfix",
	 N_("In main.cf; then “postmap” both maps and “postfix reload”. Every "
	    "message is copied, its envelope recipients are not."),
	 "always_bcc = {address}\n"
	 "transport_maps = hash:/etc/postfix/transport\n"
	 "smtp_tls_policy_maps = hash:/etc/postfix/tls_policy\n"
	 "smtp_tls_CAfile = /etc/ssl/certs/ca-certificates.crt\n"
	 "# /etc/postfix/transport:\n"
	 "{domain} smtp:[{host}]:{journal}\n"
	 "# /etc/postfix/tls_policy:\n"
	 "[{host}]:{journal} secure match={host}"},
	{"Exim",
	 N_("Both routers come first among the routers, in this order; the "
	    "transport goes among the transports:"),
	 "# routers:\n"
	 "archive_copy:\n"
	 "  driver = redirect\n"
	 "  condition = ${if !eq{$domain}{{domain}}}\n"
	 "  data = {address}\n"
	 "  unseen\n"
	 "  no_verify\n"
	 "  no_expn\n"
	 "  repeat_use = false\n\n"
	 "archive_route:\n"
	 "  driver = manualroute\n"
	 "  domains = {domain}\n"
	 "  route_list = * {host}\n"
	 "  transport = archive_smtp\n\n"
	 "# transports:\n"
	 "archive_smtp:\n"
	 "  driver = smtp\n"
	 "  hosts_require_tls = *\n"
	 "  tls_verify_hosts = *"},
};

static const struct recipe clients[] = {
	{"Outlook",
	 N_("In the account's server settings. USER and SERVER are those of "
	    "the real account; its password stays as it is."),
	 "{host}\nUSER%SERVER%{id}"},
	{"Thunderbird",
	 N_("Incoming POP3 server with SSL/TLS, port {fetch}; outgoing server "
	    "with STARTTLS, port {submit}; both with “normal password”:"),
	 "{host}\nUSER%SERVER%{id}"},
	{"Apple Mail",
	 N_("Incoming POP account and outgoing server, TLS on, “automatically "
	    "manage connection settings” off:"),
	 "{host}\nUSER%SERVER%{id}"},
};

static const struct recipe collectors[] = {
	{"MailStore",
	 N_("Make an archiving profile of the type “POP3 multidrop” or the "
	    "journal type of your sender, POP3-SSL, port {collect}; let it "
	    "delete "
	    "what was archived."),
	 "{host}\n{id}"},
	{"Piler",
	 N_("From cron. It takes the password on its command line, where other "
	    "users see it, and does not check the certificate: only on a "
	    "machine and across a network that you trust:"),
	 "pilerimport -K {host} -P {collect} -u {id} -p PASSWORD -r"},
	{"getmail", N_("In ~/.config/getmail/getmailrc:"),
	 "[retriever]\n"
	 "type = SimplePOP3SSLRetriever\n"
	 "server = {host}\n"
	 "port = {collect}\n"
	 "ca_certs = /etc/ssl/certs/ca-certificates.crt\n"
	 "username = {id}\n"
	 "password_command = (\"/usr/bin/pass\", \"restante\")\n\n"
	 "[destination]\n"
	 "type = Maildir\n"
	 "path = ~/Maildir/\n\n"
	 "[options]\n"
	 "delete = true\n"
	 "delivered_to = false\n"
	 "received = false"},
	{"fetchmail", N_("In ~/.fetchmailrc, mode 0600:"),
	 "poll {host} protocol POP3 service {collect} uidl\n"
	 "  username \"{id}\" password \"PASSWORD\"\n"
	 "  ssl sslcertck no keep"},
	{"mpop", N_("In ~/.mpoprc:"),
	 "account restante\n"
	 "host {host}\n"
	 "port {collect}\n"
	 "tls on\n"
	 "tls_starttls off\n"
	 "user {id}\n"
	 "passwordeval pass restante\n"
	 "delivery maildir ~/Maildir\n"
	 "keep off"},
};

/* --- what stands for what ------------------------------------------------- */

/* In recipes, ports that this host does not have are the standard ones. */
struct values {
	struct service_ports ports;
	char address[512];
	char journal[8], submit[8], fetch[8], collect[8];
};

static void port_text(const struct service_ports *p, enum service s,
		      char out[8])
{
	unsigned port = p->list[s].port;

	snprintf(out, 8, "%u", port ? port : service_standard_port(s));
}

static void find_values(struct console *c, struct values *v_r)
{
	struct service_ports *p = &v_r->ports;

	service_ports_find(c->conf, "", p);
	snprintf(v_r->address, sizeof(v_r->address), "%s@%s", c->id,
		 c->conf->domain);
	port_text(p, SERVICE_SMTP_JOURNAL, v_r->journal);
	port_text(p, SERVICE_SMTP_PROXY, v_r->submit);
	port_text(p, SERVICE_POP3S_PROXY, v_r->fetch);
	port_text(p,
		  service_ports_either(p, SERVICE_POP3S_SERVE,
				       SERVICE_POP3S_PROXY),
		  v_r->collect);
}

static const char *value_of(const struct console *c, const struct values *v,
			    const char *name, size_t n)
{
	const struct {
		const char *name, *value;
	} values[] = {
		{"address", v->address},     {"host", c->conf->hostname},
		{"domain", c->conf->domain}, {"id", c->id},
		{"journal", v->journal},     {"submit", v->submit},
		{"fetch", v->fetch},	     {"collect", v->collect},
	};

	for (size_t i = 0; i < N_ELEMENTS(values); i++)
		if (strlen(values[i].name) == n &&
		    strncmp(values[i].name, name, n) == 0)
			return values[i].value;
	return NULL;
}

/* Text up to a "{" that begins a name; what else braces hold is text. */
static const char *write_part(struct console *c, const struct values *v,
			      const char *at)
{
	size_t n = strcspn(at, "{");
	const char *name, *value;

	if (n) {
		html_text(&c->answer.html, at, n);
		return at + n;
	}
	name = at + 1;
	n = strcspn(name, "}");
	value = value_of(c, v, name, n);
	say(c, "%s", value ? value : "{");
	return value ? name + n + 1 : name;
}

static void write_filled(struct console *c, const struct values *v,
			 const char *text)
{
	while (*text)
		text = write_part(c, v, text);
}

static void write_snippet(struct console *c, const struct values *v,
			  const char *text)
{
	say(c, "<div class=\"snippet copyable\"><pre tabindex=\"0\"><code>");
	write_filled(c, v, text);
	say(c,
	    "</code></pre><button type=\"button\" class=\"copy\" "
	    "data-copied=\"%s\" hidden>%s</button></div>\n",
	    _("Copied"), _("Copy"));
}

static void write_recipes(struct console *c, const struct values *v,
			  const struct recipe *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		say(c, "<details><summary>%s</summary>\n<p>", list[i].program);
		write_filled(c, v, _(list[i].how));
		say(c, "</p>\n");
		if (list[i].snippet)
			write_snippet(c, v, list[i].snippet);
		say(c, "</details>\n");
	}
}

/* --- sections ------------------------------------------------------------- */

static void value(struct console *c, const char *name, const char *text)
{
	say(c, "<dt>%s</dt><dd>", name);
	page_copyable(c, text);
	say(c, "</dd>\n");
}

static void write_connect_fact(struct console *c, const char *name,
			       const char *text)
{
	say(c, "<dt>%s</dt><dd>%s</dd>\n", name, text);
}

/* "TLS 995, STARTTLS 110", of those that this host has. */
static void write_port_fact(struct console *c, const struct values *v,
			    const char *name, enum service tls,
			    enum service starttls)
{
	const struct service_port *with = &v->ports.list[tls];
	const struct service_port *start = &v->ports.list[starttls];

	say(c, "<dt>%s</dt><dd>", name);
	if (with->port)
		say(c, "TLS %u%s", with->port, start->port ? ", " : "");
	if (start->port)
		say(c, "STARTTLS %u", start->port);
	if (!with->port && !start->port)
		say(c, "%s", _("none: this host does not have that service"));
	say(c, "</dd>\n");
}

static void write_sending(struct console *c, const struct values *v)
{
	page_section(c, _("A mail server that sends copies"));
	say(c, "<p>%s</p>\n<dl class=\"facts\">\n<dt>%s</dt><dd>",
	    _("It sends a copy of every message to this address, by SMTP with "
	      "STARTTLS. The address is the only thing that lets a sender in: "
	      "treat it like a password."),
	    _("Address"));
	mailbox_frame_address(c, c->id);
	say(c, "</dd>\n");
	value(c, _("Server"), c->conf->hostname);
	if (v->ports.list[SERVICE_SMTP_JOURNAL].port)
		value(c, _("Port"), v->journal);
	else
		write_connect_fact(
			c, _("Port"),
			_("none: this host does not have that service"));
	say(c, "</dl>\n");
	write_recipes(c, v, senders, N_ELEMENTS(senders));
	page_section_end(c);
}

static void write_clients(struct console *c, const struct values *v,
			  const struct mailbox_conf *m)
{
	char user[128];

	snprintf(user, sizeof(user), "USER%%SERVER%%%s", c->id);
	page_section(c, _("A mail client behind the proxies"));
	say(c, "<p>%s</p>\n<dl class=\"facts\">\n",
	    _("The client sends and fetches through Restante, with its own "
	      "password, and a copy of everything is kept. Only the servers "
	      "named in the settings can be reached."));
	value(c, _("Server, both ways"), c->conf->hostname);
	write_port_fact(c, v, _("Outgoing"), SERVICE_SMTPS_PROXY,
			SERVICE_SMTP_PROXY);
	write_port_fact(c, v, _("Incoming"), SERVICE_POP3S_PROXY,
			SERVICE_POP3_PROXY);
	value(c, _("User name"), user);
	say(c, "</dl>\n");
	if (m->targets.n == 0)
		say(c, "<p class=\"notice warn\">%s</p>\n",
		    _("No server may be reached yet: name one in the "
		      "settings."));
	write_recipes(c, v, clients, N_ELEMENTS(clients));
	page_section_end(c);
}

static void write_collecting(struct console *c, const struct values *v)
{
	page_section(c, _("The archive that collects"));
	say(c, "<p>%s</p>\n<dl class=\"facts\">\n",
	    _("It logs in by POP3 under TLS, fetches, and deletes what it "
	      "has."));
	value(c, _("Server"), c->conf->hostname);
	write_port_fact(c, v, _("Ports"),
			service_ports_either(&v->ports, SERVICE_POP3S_SERVE,
					     SERVICE_POP3S_PROXY),
			service_ports_either(&v->ports, SERVICE_POP3_SERVE,
					     SERVICE_POP3_PROXY));
	value(c, _("User name"), c->id);
	write_connect_fact(c, _("Password"), _("the one that was shown last"));
	say(c, "</dl>\n");
	write_recipes(c, v, collectors, N_ELEMENTS(collectors));
	page_section_end(c);
}

PAGE(connect)
{
	struct mailbox *m = mailbox_frame_open(c);
	struct values v;

	if (!m)
		return;
	find_values(c, &v);
	mailbox_frame_begin(c, mailbox_settings(m));
	page_notice(c);
	write_sending(c, &v);
	write_clients(c, &v, mailbox_settings(m));
	write_collecting(c, &v);
	page_end(c);
	mailbox_close(&m);
}

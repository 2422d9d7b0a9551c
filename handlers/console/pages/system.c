/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The machine: certificate, ports, disk, configuration; and a test message. */
#include "common/base.h"
#include "handlers/console/pages/pages.h"

#include <limits.h>

#include "handlers/admin/health.h"
#include "handlers/admin/service_ports.h"
#include "handlers/console/parts/certificate.h"
#include "handlers/console/parts/helper.h"
#include "handlers/console/parts/mailbox_rows.h"
#include "handlers/console/parts/page.h"
#include "handlers/console/sign_in/audit.h"

static void write_system_fact(struct console *c, const char *name,
			      const char *value)
{
	say(c, "<dt>%s</dt><dd>%s</dd>\n", name, value);
}

/* --- sections ------------------------------------------------------------- */

/* Where there are several files, each stands above its chain. */
struct links {
	struct console *c;
	char file[PATH_MAX];
};

static void write_link(const struct tls_link *link, void *arg)
{
	struct links *links = arg;
	struct console *c = links->c;
	char from[TEXT_SIZE], to[TEXT_SIZE];

	if (strcmp(links->file, link->file) != 0) {
		snprintf(links->file, sizeof(links->file), "%s", link->file);
		say(c, "<tr><td colspan=\"4\"><code>%s</code></td></tr>\n",
		    link->file);
	}
	say(c,
	    "<tr><td data-label=\"%s\">%s</td><td data-label=\"%s\">%s</td>"
	    "<td data-label=\"%s\">%s</td><td data-label=\"%s\">%s</td></tr>\n",
	    _("For"), link->subject, _("By"), link->issuer, _("From"),
	    text_date(c->language, link->begins, from), _("Until"),
	    text_date(c->language, link->ends, to));
}

static void write_certificate(struct console *c)
{
	struct links links = {.c = c};
	struct err e;

	page_section(c, _("Certificate"));
	say(c,
	    "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">%s</th>"
	    "<th scope=\"col\">%s</th><th scope=\"col\">%s</th>"
	    "<th scope=\"col\">%s</th></tr></thead><tbody>\n",
	    _("For"), _("By"), _("From"), _("Until"));
	if (certificate_chain(c, write_link, &links, &e) < 0)
		say(c, "<tr><td colspan=\"4\">%s</td></tr>\n", e.text);
	say(c, "</tbody></table></div>\n");
	page_section_end(c);
}

static void write_port(struct console *c, unsigned port, bool listens,
		       const char *what)
{
	say(c, "<dt>%u</dt><dd><span class=\"badge %s\">%s</span> %s</dd>\n",
	    port, listens ? "on" : "off", listens ? _("listens") : _("closed"),
	    what);
}

static void write_ports(struct console *c)
{
	static const char *const what[SERVICES] = {
		[SERVICE_SMTP_JOURNAL] = N_("SMTP, copies from mail servers"),
		[SERVICE_SMTP_PROXY] = N_("SMTP, mail clients (STARTTLS)"),
		[SERVICE_SMTPS_PROXY] = N_("SMTP, mail clients (TLS)"),
		[SERVICE_POP3_SERVE] = N_("POP3 (STARTTLS)"),
		[SERVICE_POP3S_SERVE] = N_("POP3 (TLS)"),
		[SERVICE_POP3_PROXY] = N_("POP3, mail clients (STARTTLS)"),
		[SERVICE_POP3S_PROXY] = N_("POP3, mail clients (TLS)"),
	};
	struct service_ports p;
	bool any = false;

	service_ports_find(c->conf, "", &p);
	page_section(c, _("Ports"));
	say(c, "<dl class=\"facts\">\n");
	for (size_t i = 0; i < SERVICES; i++) {
		if (p.list[i].port)
			write_port(c, p.list[i].port, p.listens[i], _(what[i]));
		any |= p.list[i].port != 0;
	}
	say(c, "</dl>\n");
	if (!any)
		say(c, "<p>%s</p>\n",
		    _("Neither systemd nor xinetd starts a service here, and "
		      "the configuration names no ports."));
	page_section_end(c);
}

static void write_disk(struct console *c)
{
	char a[TEXT_SIZE], b[TEXT_SIZE], text[3 * TEXT_SIZE];
	struct health_disk h;

	health_of_disk(c->conf, &h);
	snprintf(text, sizeof(text), _("%s free of %s"),
		 text_octets(c->language, h.available, a),
		 text_octets(c->language, h.all, b));
	page_section(c, _("Store"));
	say(c, "<dl class=\"facts\">\n");
	write_system_fact(c, _("Directory"), c->conf->store);
	write_system_fact(c, _("Disk"), text);
	write_system_fact(c, _("Refuses mail below"),
			  text_octets(c->language, c->conf->limits.reserve, a));
	say(c, "</dl>\n");
	page_section_end(c);
}

/* The file as it stands. It holds paths and numbers, and no secret. */
static void write_file(struct console *c, const char *file)
{
	FILE *in = fopen(file, "re");
	char block[4096];
	size_t n;

	if (!in)
		return;
	say(c, "<pre tabindex=\"0\">");
	while ((n = fread(block, 1, sizeof(block), in)) > 0)
		html_text(&c->answer.html, block, n);
	say(c, "</pre>\n");
	fclose(in);
}

static void write_configuration(struct console *c)
{
	page_section(c, _("Configuration"));
	say(c,
	    "<p><code>%s</code></p>\n"
	    "<details><summary>%s</summary>\n<p>%s</p>\n",
	    c->conf->file, _("As it is read"),
	    _("Every key that is not set has its default; “restante config "
	      "example” prints them all."));
	write_file(c, c->conf->file);
	say(c, "</details>\n");
	page_section_end(c);
}

static void write_version(struct console *c)
{
	page_section(c, _("Version"));
	say(c, "<p>Restante %s</p>\n", PACKAGE_VERSION);
	page_section_end(c);
}

static void write_test(struct console *c)
{
	page_section(c, _("Test message"));
	say(c, "<p>%s</p>\n",
	    _("Sends a message to a mailbox through the real smtp-journal, and "
	      "shows each step. The archive will collect it like any other."));
	page_form_begin(c, "/system/test");
	say(c, "<div class=\"field row\">\n");
	mailbox_rows_choice(c, "");
	say(c, "<button>%s</button></div>\n</form>\n", _("Send it"));
	page_section_end(c);
}

PAGE(system)
{
	page_begin(c, _("System"));
	if (c->store)
		write_test(c);
	else
		say(c, "<p class=\"notice bad\" role=\"alert\">%s</p>\n",
		    c->store_error.text);
	write_certificate(c);
	write_ports(c);
	write_disk(c);
	write_configuration(c);
	write_version(c);
	page_end(c);
}

/* --- the test message ----------------------------------------------------- */

static void write_steps(struct console *c, const struct helper_result *r)
{
	const char *text = (const char *)r->out.bytes;

	say(c, "<pre class=\"steps\" tabindex=\"0\">");
	if (text)
		html_text(&c->answer.html, text, strlen(text));
	say(c, "</pre>\n");
}

PAGE(system_test)
{
	const char *text = urlencoded_value(&c->request->form, "mailbox");
	struct conf_strings args = {.list = NULL};
	char id[MAILBOX_ID_LEN + 1];
	struct helper_result r;
	struct err e;
	int result;

	if (!mailbox_id_parse(text, strlen(text), id)) {
		answer_see_other(&c->answer, "/system");
		return;
	}
	conf_strings_add(&args, "mailbox");
	conf_strings_add(&args, "test");
	conf_strings_add(&args, id);
	result = helper_run(c, &args, NULL, &r, &e);
	audit(c, "mailbox-test", id, result < 0 ? &e : NULL);
	page_begin(c, _("Test message"));
	if (result == 0)
		say(c, "<p class=\"notice good\" role=\"status\">%s</p>\n",
		    _("It was taken, sealed and kept."));
	else
		say(c, "<p class=\"notice bad\" role=\"alert\">%s</p>\n",
		    e.text);
	write_steps(c, &r);
	say(c, "<p><a class=\"button\" href=\"%s/system\">%s</a></p>\n",
	    c->request->base, _("Back"));
	page_end(c);
	helper_release(&r);
	conf_strings_release(&args);
}

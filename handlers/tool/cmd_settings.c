/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What to enter in other programs. Changes nothing. */
#include "common/base.h"
#include "handlers/tool/command.h"

#include "handlers/tool/store.h"

static void print_collecting(const struct tool *t, const char *id)
{
	printf("Where the archive collects (POP3, always under TLS):\n"
	       "  server    %s\n"
	       "  port      995 with TLS, or 110 with STARTTLS (STLS)\n"
	       "  user      %s\n"
	       "  password  the one shown when it was made; a new one comes "
	       "from\n"
	       "            restante mailbox passwd %s\n\n",
	       t->conf->hostname, id, id);
}

static void print_journal(const struct tool *t, const char *id)
{
	printf("Where a mail server sends a copy of every message (SMTP, "
	       "port 25):\n"
	       "  address   %s@%s\n"
	       "  server    %s%s\n\n",
	       id, t->conf->domain, t->conf->hostname,
	       t->conf->smtp_journal.require_tls ? ", with STARTTLS" : "");
}

static void print_proxies(const struct tool *t, const struct mailbox_conf *c)
{
	printf("How a mail client goes through the proxies, so that copies are "
	       "kept:\n"
	       "  outgoing  %s, port 587 with STARTTLS or 465 with TLS\n"
	       "  incoming  %s, port 995 with TLS or 110 with STARTTLS\n"
	       "  user      USER%%SERVER%%%s\n"
	       "            USER and SERVER being those of the real account\n"
	       "  password  that of the real account\n",
	       t->conf->hostname, t->conf->hostname, c->id);
	if (c->targets.n == 0)
		printf("No server may be reached yet: restante mailbox target "
		       "add %s SERVER\n",
		       c->id);
	else
		puts("Servers that may be reached:");
	for (size_t i = 0; i < c->targets.n; i++)
		printf("  %s\n", c->targets.list[i]);
}

TOOL_RUN(settings)
{
	struct mailbox *m = tool_mailbox(t, a->words[0], e);
	const struct mailbox_conf *c;

	if (!m)
		return -1;
	c = mailbox_settings(m);
	printf("%s\n\n", c->name);
	print_collecting(t, c->id);
	print_journal(t, c->id);
	print_proxies(t, c);
	mailbox_close(&m);
	return 0;
}

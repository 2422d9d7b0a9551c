/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two lists of a mailbox: who can open its mail, what its proxies reach. */
#include "common/base.h"
#include "handlers/tool/command.h"

#include "common/log.h"
#include "handlers/tool/ask.h"
#include "handlers/tool/store.h"

static int
print_list(struct tool *t, const struct tool_args *a,
	   const struct conf_strings *(*list)(const struct mailbox_conf *c),
	   struct err *e)
{
	struct mailbox *m = tool_mailbox(t, a->words[0], e);
	const struct conf_strings *s;

	if (!m)
		return -1;
	s = list(mailbox_settings(m));
	for (size_t i = 0; i < s->n; i++)
		puts(s->list[i]);
	mailbox_close(&m);
	return 0;
}

/* --- recipients ----------------------------------------------------------- */

static const struct conf_strings *recipients(const struct mailbox_conf *c)
{
	return &c->recipients;
}

TOOL_RUN(recipient_list)
{
	return print_list(t, a, recipients, e);
}

/* With --password or --recovery-identity the mailbox's key is at hand. */
static int get_opener(const struct tool *t, const struct tool_args *a,
		      struct secret *password, struct mailbox_opener *opener_r,
		      struct err *e)
{
	*opener_r = (struct mailbox_opener){.password = NULL};
	if (t->identity.bytes) {
		opener_r->recovery = &t->identity;
		return 0;
	}
	if (!tool_has(a, "password"))
		return 0;
	opener_r->password = password;
	return tool_read_password("Password of the mailbox: ", password, e);
}

struct recipient_change {
	struct mailbox *m;
	struct secret password;
	struct mailbox_opener opener;
	const struct mailbox_opener *given; /* NULL: the key is not at hand */
};

static int begin_change(struct tool *t, const struct tool_args *a,
			struct recipient_change *c, struct err *e)
{
	*c = (struct recipient_change){.m = tool_mailbox(t, a->words[0], e)};
	if (!c->m || get_opener(t, a, &c->password, &c->opener, e) < 0)
		return -1;
	if (c->opener.password || c->opener.recovery)
		c->given = &c->opener;
	return 0;
}

static void end_change(struct recipient_change *c)
{
	secret_release(&c->password);
	mailbox_close(&c->m);
}

TOOL_RUN(recipient_add)
{
	struct recipient_change c;
	int result = begin_change(t, a, &c, e);

	if (result == 0)
		result = mailbox_recipient_add(c.m, a->words[1], c.given, e);
	if (result == 0 && !c.given)
		fprintf(stderr,
			"Mail is sealed to it from now on; mail that is there "
			"already, and the mailbox's\nkey, are not. For these "
			"the password is needed:\n"
			"  restante mailbox recipient add --password %s %s\n",
			a->words[0], a->words[1]);
	end_change(&c);
	return result;
}

/* What is true of a removal without the password, before it is made. */
static int agree_to_remove(const struct tool_args *a,
			   const struct recipient_change *c, struct err *e)
{
	const struct conf_strings *r = recipients(mailbox_settings(c->m));
	char question[700];

	/* One that cannot be removed is refused; nobody need agree to that. */
	if ((c->given && c->opener.password) || tool_has(a, "yes") ||
	    !conf_strings_has(r, a->words[1]) ||
	    strcmp(a->words[1], r->list[0]) == 0)
		return 0;
	snprintf(question, sizeof(question),
		 "Without the password the mailbox keeps its key. Who has the "
		 "removed one and\nidentity.recovery.age, or a copy of it, "
		 "still opens all of its mail, also what\ncomes. With the "
		 "password that ends:\n"
		 "  restante mailbox recipient remove --password %s %s",
		 a->words[0], a->words[1]);
	return tool_confirm(question, mailbox_settings(c->m)->id, e);
}

TOOL_RUN(recipient_remove)
{
	unsigned log_n = t->conf->identity.scrypt_log_n;
	struct recipient_change c;
	int result = begin_change(t, a, &c, e);

	if (result == 0)
		result = agree_to_remove(a, &c, e);
	if (result == 0)
		result = mailbox_recipient_remove(c.m, a->words[1], c.given,
						  log_n, e);
	if (result == 0)
		fputs(c.opener.password
			      ? "The mailbox has a new key. The removed one "
				"opens nothing that comes; what arrived\n"
				"before it opens as it did.\n"
			      : "No mail is sealed to it from now on. Where "
				"the mailbox's key was, who has the\n"
				"removed one and a copy of "
				"identity.recovery.age still opens all mail.\n",
		      stderr);
	end_change(&c);
	return result;
}

/* --- targets -------------------------------------------------------------- */

static const struct conf_strings *targets(const struct mailbox_conf *c)
{
	return &c->targets;
}

TOOL_RUN(target_list)
{
	return print_list(t, a, targets, e);
}

static int add_target(struct mailbox_conf *c, const void *arg, struct err *e)
{
	if (!mailbox_target_valid(arg, e))
		return -1;
	if (conf_strings_has(&c->targets, arg))
		return err_set(e, ERR_STATE, "%s is a target already",
			       (const char *)arg);
	conf_strings_add(&c->targets, arg);
	return 0;
}

static int remove_target(struct mailbox_conf *c, const void *arg, struct err *e)
{
	if (conf_strings_remove(&c->targets, arg))
		return 0;
	return err_set(e, ERR_CONFIG, "%s is no target of it",
		       (const char *)arg);
}

static int change_target(struct tool *t, const struct tool_args *a,
			 int (*edit)(struct mailbox_conf *c, const void *arg,
				     struct err *e),
			 struct err *e)
{
	struct mailbox *m = tool_mailbox(t, a->words[0], e);
	int result;

	if (!m)
		return -1;
	result = mailbox_update(m, edit, a->words[1], e);
	mailbox_close(&m);
	return result;
}

TOOL_RUN(target_add)
{
	return change_target(t, a, add_target, e);
}

TOOL_RUN(target_remove)
{
	return change_target(t, a, remove_target, e);
}

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

static int change_recipient(struct tool *t, const struct tool_args *a,
			    int (*edit)(struct mailbox *m,
					const char *recipient,
					const struct mailbox_opener *opener,
					struct err *e),
			    bool *with_key_r, struct err *e)
{
	struct secret password = SECRET_EMPTY;
	struct mailbox *m = tool_mailbox(t, a->words[0], e);
	struct mailbox_opener opener;
	int result;

	if (!m)
		return -1;
	result = get_opener(t, a, &password, &opener, e);
	*with_key_r = opener.password || opener.recovery;
	if (result == 0)
		result = edit(m, a->words[1], *with_key_r ? &opener : NULL, e);
	secret_release(&password);
	mailbox_close(&m);
	return result;
}

TOOL_RUN(recipient_add)
{
	bool with_key;

	if (change_recipient(t, a, mailbox_recipient_add, &with_key, e) < 0)
		return -1;
	if (!with_key)
		fprintf(stderr,
			"Mail is sealed to it from now on; mail that is there "
			"already, and the mailbox's\nkey, are not. For these "
			"the password is needed:\n"
			"  restante mailbox recipient add --password %s %s\n",
			a->words[0], a->words[1]);
	return 0;
}

TOOL_RUN(recipient_remove)
{
	bool with_key;

	if (change_recipient(t, a, mailbox_recipient_remove, &with_key, e) < 0)
		return -1;
	fprintf(stderr,
		"No mail is sealed to it from now on; what was, stays "
		"so.%s\n",
		with_key
			? ""
			: " Where identity.recovery.age is\nthere still, it is "
			  "sealed to it too, until a recipient is added or "
			  "removed with\n--password.");
	return 0;
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

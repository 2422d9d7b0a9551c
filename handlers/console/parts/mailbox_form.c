/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Between the fields of a form and the keys of mailbox.conf. What a value may
 * be is the configuration's to say: nothing is judged here a second time.
 */
#include "common/base.h"
#include "handlers/console/parts/mailbox_form.h"

#include "handlers/admin/names.h"
#include "handlers/console/parts/page.h"

static const char limits_hint[] =
	N_("Octets, such as 500M or 10G. 0: no limit. Beyond it the sender "
	   "is told to try again later.");

enum { NAME_OCTETS = 200, DESCRIPTION_OCTETS = 2000, LIST_OCTETS = 16384 };

/* clang-format off */
#define NAME_FIELD                                                             \
	{                                                                      \
		.name = "name", .kind = FIELD_LINE, .label = N_("Name"),       \
		.max = NAME_OCTETS, .required = true, .complete = "off"        \
	}
#define DESCRIPTION_FIELD                                                      \
	{                                                                      \
		.name = "description", .kind = FIELD_LINE,                     \
		.label = N_("Description"), .max = DESCRIPTION_OCTETS,         \
		.complete = "off"                                              \
	}
#define TARGETS_FIELD                                                          \
	{                                                                      \
		.name = "targets", .kind = FIELD_LINES,                        \
		.label = N_("Servers that mail clients may reach"),            \
		.hint = N_("For the proxies, one a line: mail.example.com, "   \
			   "*.example.com, or * for any. Empty: none."),       \
		.max = LIST_OCTETS                                             \
	}
/* clang-format on */

static const struct choice copies[] = {
	{"original", N_("As the message is")},
	{"journal-report", N_("As a journal report, with the envelope")},
	{NULL, NULL},
};

const struct field_rule mailbox_form_new[] = {
	NAME_FIELD,
	DESCRIPTION_FIELD,
	TARGETS_FIELD,
	{.name = "recipient",
	 .kind = FIELD_LINE,
	 .label = N_("Recovery recipient"),
	 .hint = N_("A public key, age1…, whose private key you keep away from "
		    "this machine. With it the mail can be read even if the "
		    "password is lost."),
	 .max = 200,
	 .complete = "off"},
};
const size_t mailbox_form_new_n = N_ELEMENTS(mailbox_form_new);

const struct field_rule mailbox_form_edit[] = {
	NAME_FIELD,
	DESCRIPTION_FIELD,
	TARGETS_FIELD,
	{.name = "copies",
	 .kind = FIELD_CHOICE,
	 .label = N_("How the proxies keep a copy"),
	 .max = 32,
	 .choices = copies},
	{.name = "allow-from",
	 .kind = FIELD_LINES,
	 .label = N_("Networks that may send copies to it"),
	 .hint = N_("One a line: 192.0.2.0/24 or 2001:db8::/32. Empty: any."),
	 .max = LIST_OCTETS},
	{.name = "client-names",
	 .kind = FIELD_LINES,
	 .label = N_("Names in the sender's certificate"),
	 .hint = N_("One a line. Empty: a certificate is not asked for."),
	 .max = LIST_OCTETS},
	{.name = "quota",
	 .kind = FIELD_LINE,
	 .label = N_("How much mail may wait in it"),
	 .hint = limits_hint,
	 .max = 20,
	 .complete = "off"},
	{.name = "rate",
	 .kind = FIELD_LINE,
	 .label = N_("How much mail may come in an hour"),
	 .hint = limits_hint,
	 .max = 20,
	 .complete = "off"},
	{.name = "undo",
	 .kind = FIELD_LINE,
	 .label = N_("For how many days what was deleted can be brought back"),
	 .hint = N_("0: it goes within a minute. Where the disk gets full, "
		    "what was deleted first goes first."),
	 .max = 20,
	 .complete = "off"},
	{.name = "expire",
	 .kind = FIELD_LINE,
	 .label = N_("How many days after it was collected a message goes by "
		     "itself"),
	 .hint = N_("For archives that never delete. 0: never. It needs the "
		    "ledger, which proves what was collected."),
	 .max = 20,
	 .complete = "off"},
};
const size_t mailbox_form_edit_n = N_ELEMENTS(mailbox_form_edit);

static int add_setting_line(const char *line, void *arg, struct err *e UNUSED)
{
	conf_strings_add(arg, line);
	return 0;
}

void mailbox_form_lines(const struct form *f, const char *name,
			struct conf_strings *list_r)
{
	struct err e;

	*list_r = (struct conf_strings){.list = NULL};
	(void)form_each_line(form_value(f, name), add_setting_line, list_r, &e);
}

static int refuse_setting(struct form *f, const char *name, const struct err *e)
{
	form_refuse(f, name, "%s", e->text);
	return -1;
}

static int set(struct mailbox_conf *c, struct form *f, const char *key,
	       const char *value, struct err *e)
{
	return mailbox_conf_set(c, key, value, e) == 0
		       ? 0
		       : refuse_setting(f, key, e);
}

/* Lines, as `mailbox set` takes a list: joined by commas. */
static int set_setting_list(struct mailbox_conf *c, struct form *f,
			    const char *key, struct err *e)
{
	struct conf_strings lines;
	struct buf joined;
	bool fits = true;
	int result;

	mailbox_form_lines(f, key, &lines);
	buf_init(&joined, LIST_OCTETS);
	for (size_t i = 0; fits && i < lines.n; i++)
		fits = buf_addf(&joined, "%s%s", i ? "," : "", lines.list[i]);
	result = set(c, f, key, joined.data, e);
	buf_release(&joined);
	conf_strings_release(&lines);
	return result;
}

static int check_targets(const struct conf_strings *targets, struct form *f,
			 struct err *e)
{
	for (size_t i = 0; i < targets->n; i++)
		if (!mailbox_target_valid(targets->list[i], e))
			return refuse_setting(f, "targets", e);
	return 0;
}

void mailbox_form_check_name(struct console *c, struct form *f, const char *id)
{
	const char *name = form_value(f, "name");
	struct err e;

	if (names_check_free(c->store, name, id, &e) == 0)
		return;
	if (e.kind == ERR_STATE)
		form_refuse(f, "name", "%s",
			    _("Another mailbox has this name."));
	else
		form_refuse_all(f, e.text);
}

void mailbox_form_check_targets(struct form *f)
{
	struct conf_strings targets;
	struct err e;

	mailbox_form_lines(f, "targets", &targets);
	(void)check_targets(&targets, f, &e);
	conf_strings_release(&targets);
}

static int set_targets(struct mailbox_conf *c, struct form *f, struct err *e)
{
	struct conf_strings targets;

	mailbox_form_lines(f, "targets", &targets);
	if (check_targets(&targets, f, e) < 0) {
		conf_strings_release(&targets);
		return -1;
	}
	conf_strings_release(&c->targets);
	c->targets = targets;
	return 0;
}

/* A form of before has no such field, and one left empty means no limit. */
static int set_limit(struct mailbox_conf *c, struct form *f, const char *key,
		     struct err *e)
{
	const char *value = form_value(f, key);

	return set(c, f, key, value && *value ? value : "0", e);
}

int mailbox_form_apply(struct mailbox_conf *c, struct form *f, struct err *e)
{
	if (set(c, f, "name", form_value(f, "name"), e) < 0 ||
	    set(c, f, "description", form_value(f, "description"), e) < 0 ||
	    set(c, f, "copies", form_value(f, "copies"), e) < 0 ||
	    set_targets(c, f, e) < 0 ||
	    set_setting_list(c, f, "allow-from", e) < 0)
		return -1;
	if (set_setting_list(c, f, "client-names", e) < 0 ||
	    set_limit(c, f, "quota", e) < 0 || set_limit(c, f, "rate", e) < 0 ||
	    set_limit(c, f, "undo", e) < 0)
		return -1;
	return set_limit(c, f, "expire", e);
}

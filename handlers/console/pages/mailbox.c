/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One mailbox: how it stands, its settings, suspending and activating it. */
#include "common/base.h"
#include "handlers/console/pages/pages.h"

#include "handlers/console/parts/deleted.h"
#include "handlers/console/parts/mailbox_form.h"
#include "handlers/console/parts/mailbox_frame.h"
#include "handlers/console/parts/page.h"
#include "handlers/console/sign_in/audit.h"
#include "store/admin/admin.h"

enum { LIST_TEXT_MAX = 64 * 1024 };

/* --- how it stands -------------------------------------------------------- */

static void write_mailbox_fact(struct console *c, const char *name,
			       const char *value)
{
	say(c, "<dt>%s</dt><dd>%s</dd>\n", name, value);
}

static void write_limit(struct console *c, const char *name, uint64_t used,
			uint64_t limit)
{
	char text[3 * TEXT_SIZE], have[TEXT_SIZE], most[TEXT_SIZE];

	if (!limit)
		return;
	snprintf(text, sizeof(text), _("%s of %s"),
		 text_octets(c->language, used, have),
		 text_octets(c->language, limit, most));
	say(c, "<dt>%s</dt><dd>%s ", name, text);
	(void)mailbox_frame_limit(c, limit_state(used, limit));
	say(c, "</dd>\n");
}

static void write_limits(struct console *c, const struct mailbox_conf *settings,
			 const struct counters *n)
{
	struct limits_used u;

	limits_used(settings, n, c->now, &u);
	write_limit(c, _("Of what may wait"), u.waiting, u.quota);
	write_limit(c, _("Of what may come in an hour"), u.in_the_hour, u.rate);
}

static void write_facts(struct console *c, const struct mailbox *m)
{
	const struct language *l = c->language;
	char number[TEXT_SIZE], octets[TEXT_SIZE], text[3 * TEXT_SIZE];
	struct counters n;
	struct err e;

	if (mailbox_counters(m, &n, &e) < 0)
		return;
	say(c,
	    "<dl class=\"facts card\" id=\"facts\" data-live>\n"
	    "<dt>%s</dt><dd>",
	    _("Address"));
	mailbox_frame_address(c, c->id);
	say(c, "</dd>\n");
	snprintf(text, sizeof(text),
		 catalog_plural("%s message, %s", "%s messages, %s",
				(unsigned long)n.messages),
		 text_number(l, n.messages, number),
		 text_octets(l, n.octets, octets));
	write_mailbox_fact(c, _("Waiting"), text);
	write_mailbox_fact(c, _("Last received"),
			   text_time(l, n.last_received, text));
	write_mailbox_fact(c, _("Last collected"),
			   text_time(l, n.last_collected, text));
	write_limits(c, mailbox_settings(m), &n);
	if (n.last_refused)
		write_mailbox_fact(c, _("Last turned away"),
				   text_time(l, n.last_refused, text));
	write_mailbox_fact(c, _("Created"),
			   text_time(l, mailbox_settings(m)->created, text));
	say(c, "</dl>\n");
}

static void write_aside(struct console *c)
{
	struct aside a;

	store_aside_of(c->store, c->id, &a);
	if (a.n == 0)
		return;
	say(c,
	    "<section class=\"needs\" id=\"aside\">\n<h2>%s</h2>\n<p>%s</p>\n"
	    "<p><code>%s/mailboxes/%s/spool/%s</code></p>\n</section>\n",
	    _("Needs attention"),
	    _("This file had the name of a record of what happened and was "
	      "none, so it was moved aside. Only the programs that take and "
	      "hand out mail can write there, and they do not write such "
	      "files: find out who put it there, then remove it."),
	    c->conf->store, c->id, a.first);
}

/* As `mailbox set` takes it, and a person reads it: 10G. */
static const char *limit_text(uint64_t octets, char out[TEXT_SIZE])
{
	static const char *const units[] = {"", "K", "M", "G"};
	size_t unit = 0;

	while (octets && octets % 1024 == 0 && unit + 1 < N_ELEMENTS(units)) {
		octets /= 1024;
		unit++;
	}
	snprintf(out, TEXT_SIZE, "%llu%s", (unsigned long long)octets,
		 units[unit]);
	return out;
}

static void write_recipient(struct console *c, const char *recipient, bool own)
{
	say(c, "<li><code>%s</code>", recipient);
	if (own) {
		say(c, " <small>%s</small></li>\n", _("the mailbox's own"));
		return;
	}
	page_form_begin(c, "/mailbox/%s/recipients", c->id);
	say(c,
	    "<input type=\"hidden\" name=\"action\" value=\"remove\">"
	    "<input type=\"hidden\" name=\"recipient\" value=\"%s\">\n",
	    recipient);
	page_form_end_quietly(c, _("Remove"));
	say(c, "</li>\n");
}

static const struct field_rule recipient_fields[] = {
	{.name = "recipient",
	 .kind = FIELD_LINE,
	 .label = N_("Recovery recipient"),
	 .hint = N_("A public key of age, age1…"),
	 .max = 200,
	 .required = true,
	 .complete = "off"},
	{.name = "password",
	 .kind = FIELD_SECRET,
	 .label = N_("Password of the mailbox"),
	 .hint = N_("With it the mailbox's key is sealed to the recipient too, "
		    "who can then read all it holds. Without, only mail that "
		    "comes from now on."),
	 .max = 256,
	 .complete = "off"},
};

static void write_recipient_list(struct console *c,
				 const struct mailbox_conf *m)
{
	struct form f;

	page_section(c, _("Who can read its mail"));
	say(c, "<p>%s</p>\n<ul class=\"keys\">\n",
	    _("Mail is sealed to these keys. The first is the mailbox's own, "
	      "and only its password opens it."));
	for (size_t i = 0; i < m->recipients.n; i++)
		write_recipient(c, m->recipients.list[i], i == 0);
	say(c, "</ul>\n<details><summary>%s</summary>\n",
	    _("Add a recovery recipient"));
	page_form_begin(c, "/mailbox/%s/recipients", c->id);
	say(c, "<input type=\"hidden\" name=\"action\" value=\"add\">\n");
	form_init(&f, recipient_fields, N_ELEMENTS(recipient_fields));
	form_write(c, &f);
	page_form_end(c, _("Add"));
	say(c, "</details>\n");
	page_section_end(c);
}

/* --- settings ------------------------------------------------------------- */

static void write_state_button(struct console *c, const struct mailbox_conf *m)
{
	say(c, "<div class=\"actions\">\n");
	if (m->suspended) {
		page_form_begin(c, "/mailbox/%s/activate", c->id);
		page_form_end(c, _("Activate"));
		say(c,
		    "<a class=\"button danger\" href=\"%s/mailbox/%s/delete\">"
		    "%s</a>\n",
		    c->request->base, c->id, _("Delete…"));
	} else {
		page_form_begin(c, "/mailbox/%s/suspend", c->id);
		page_form_end_quietly(c, _("Suspend"));
	}
	say(c, "</div>\n");
}

static void write_state(struct console *c, const struct mailbox_conf *m)
{
	page_section(c, _("Taking mail"));
	say(c, "<p>%s</p>\n",
	    m->suspended
		    ? _("It is suspended. Senders are told to try again "
			"later.")
		    : _("A suspended mailbox takes no more mail, and can be "
			"collected until it is empty. Only then should it be "
			"deleted."));
	write_state_button(c, m);
	page_section_end(c);
}

static void write_mailbox_page(struct console *c, const struct mailbox *m,
			       const struct form *f)
{
	const struct mailbox_conf *settings = mailbox_settings(m);

	mailbox_frame_begin(c, settings);
	page_notice(c);
	write_aside(c);
	write_facts(c, m);
	page_section(c, _("Settings"));
	page_form_begin(c, "/mailbox/%s", c->id);
	form_write(c, f);
	page_form_end(c, _("Save"));
	page_section_end(c);
	deleted_write(c, m);
	write_recipient_list(c, settings);
	write_state(c, settings);
	page_end(c);
}

static void join_lines(const struct conf_strings *list, struct buf *out)
{
	buf_init(out, LIST_TEXT_MAX);
	for (size_t i = 0; i < list->n; i++)
		if (!buf_addf(out, "%s\n", list->list[i]))
			return;
}

PAGE(mailbox)
{
	struct mailbox *m = mailbox_frame_open(c);
	const struct mailbox_conf *settings;
	struct buf targets, networks, names;
	char quota[TEXT_SIZE], rate[TEXT_SIZE];
	char undo[TEXT_SIZE], expire[TEXT_SIZE];
	struct form f;

	if (!m)
		return;
	settings = mailbox_settings(m);
	join_lines(&settings->targets, &targets);
	join_lines(&settings->allow_from_text, &networks);
	join_lines(&settings->client_names, &names);
	form_init(&f, mailbox_form_edit, mailbox_form_edit_n);
	form_set(&f, "name", settings->name);
	form_set(&f, "description", settings->description);
	form_set(&f, "copies",
		 settings->journal_report ? "journal-report" : "original");
	form_set(&f, "targets", targets.data);
	form_set(&f, "allow-from", networks.data);
	form_set(&f, "client-names", names.data);
	form_set(&f, "quota", limit_text(settings->quota, quota));
	form_set(&f, "rate", limit_text(settings->rate, rate));
	snprintf(undo, sizeof(undo), "%u", settings->undo);
	form_set(&f, "undo", undo);
	snprintf(expire, sizeof(expire), "%u", settings->expire);
	form_set(&f, "expire", expire);
	write_mailbox_page(c, m, &f);
	buf_release(&targets);
	buf_release(&networks);
	buf_release(&names);
	mailbox_close(&m);
}

struct save {
	struct form *form;
};

static int apply(struct mailbox_conf *conf, const void *arg, struct err *e)
{
	const struct save *s = arg;

	return mailbox_form_apply(conf, s->form, e);
}

/* As the shell command refuses it; one that has two names keeps them. */
static void check_new_name(struct console *c, const struct mailbox *m,
			   struct form *f)
{
	const char *name = form_value(f, "name");

	if (strcmp(name, mailbox_settings(m)->name) != 0)
		mailbox_form_check_name(c, f, c->id);
}

PAGE(mailbox_save)
{
	struct mailbox *m = mailbox_frame_open(c);
	struct form f;
	const struct save save = {&f};
	struct err e;

	if (!m)
		return;
	form_read(&f, mailbox_form_edit, mailbox_form_edit_n,
		  &c->request->form);
	if (f.good)
		check_new_name(c, m, &f);
	if (f.good && mailbox_update(m, apply, &save, &e) == 0) {
		audit(c, "mailbox-set", c->id, NULL);
		answer_see_other(&c->answer, "/mailbox/%s?done=saved", c->id);
	} else if (f.good) {
		audit(c, "mailbox-set", c->id, &e);
		page_failure(c, &e);
	} else {
		c->answer.status = 422;
		write_mailbox_page(c, m, &f);
	}
	mailbox_close(&m);
}

/* --- suspending ----------------------------------------------------------- */

static int switch_mailbox(struct mailbox_conf *conf, const void *arg,
			  struct err *e UNUSED)
{
	const bool *suspended = arg;

	conf->suspended = *suspended;
	return 0;
}

static void change_state(struct console *c, bool suspended)
{
	const char *action = suspended ? "mailbox-suspend" : "mailbox-activate";
	struct mailbox *m = mailbox_frame_open(c);
	struct err e;

	if (!m)
		return;
	if (mailbox_update(m, switch_mailbox, &suspended, &e) == 0) {
		audit(c, action, c->id, NULL);
		answer_see_other(&c->answer, "/mailbox/%s?done=%s", c->id,
				 suspended ? "suspended" : "activated");
	} else {
		audit(c, action, c->id, &e);
		page_failure(c, &e);
	}
	mailbox_close(&m);
}

PAGE(mailbox_suspend)
{
	change_state(c, true);
}

PAGE(mailbox_activate)
{
	change_state(c, false);
}

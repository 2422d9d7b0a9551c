/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asking before something that cannot be taken back. */
#include "common/base.h"
#include "handlers/console/parts/confirm_loss.h"

#include "common/num.h"
#include "handlers/console/parts/deleted.h"
#include "handlers/console/parts/mailbox_frame.h"
#include "handlers/console/parts/page.h"
#include "store/admin/admin.h"

static const struct field_rule fields[] = {
	{.name = "typed",
	 .kind = FIELD_LINE,
	 .label = N_("Type the name of the mailbox to go on"),
	 .max = 200,
	 .required = true,
	 .complete = "off"},
};

/* From the files themselves, after what is pending was taken in. */
static int count_files(struct mailbox *m, uint64_t *messages_r, struct err *e)
{
	struct sweep_report report;

	if (mailbox_sweep(m, &report, e) < 0)
		return -1;
	return mailbox_count(m, messages_r, e);
}

/* What is asked about costs one read; what is agreed to is counted. */
static int count_to_ask(struct mailbox *m, struct counters *n, struct err *e)
{
	if (mailbox_counters(m, n, e) < 0)
		return -1;
	return n->counted ? 0 : count_files(m, &n->messages, e);
}

static void write_number(struct console *c, uint64_t messages)
{
	char number[TEXT_SIZE], text[256];

	snprintf(text, sizeof(text),
		 catalog_plural("It holds %s message.", "It holds %s messages.",
				(unsigned long)messages),
		 text_number(c->language, messages, number));
	say(c, "<p><strong>%s</strong></p>\n", text);
}

static void write_suspend_first(struct console *c)
{
	say(c, "<p>%s</p>\n",
	    _("The mailbox is active. It has to be suspended first, so that "
	      "nothing arrives meanwhile."));
	page_form_begin(c, "/mailbox/%s/suspend", c->id);
	page_form_end(c, _("Suspend"));
}

static void write_question(struct console *c, const struct confirm_loss *w,
			   const struct counters *n, const struct form *f)
{
	write_number(c, n->messages);
	deleted_write_amount(c, n);
	say(c, "<p>%s</p>\n", w->what);
	page_form_once(c, "/mailbox/%s%s", c->id, w->path);
	say(c, "<input type=\"hidden\" name=\"messages\" value=\"%ju\">\n",
	    (uintmax_t)n->messages);
	form_write(c, f);
	say(c, "<button class=\"danger\">%s</button>\n</form>\n", w->button);
}

/* f is NULL at first. */
static void write_loss_page(struct console *c, struct mailbox *m,
			    const struct confirm_loss *w, const struct form *f)
{
	const struct mailbox_conf *settings = mailbox_settings(m);
	bool asks = settings->suspended && !settings->hold;
	struct counters n;
	struct form fresh;
	struct err e;

	if (asks && count_to_ask(m, &n, &e) < 0) {
		page_failure(c, &e);
		return;
	}
	form_init(&fresh, fields, N_ELEMENTS(fields));
	mailbox_frame_begin(c, settings);
	page_section(c, w->title);
	if (asks)
		write_question(c, w, &n, f ? f : &fresh);
	else if (settings->hold)
		deleted_write_hold(c, settings);
	else
		write_suspend_first(c);
	page_section_end(c);
	page_end(c);
}

void confirm_loss_ask(struct console *c, const struct confirm_loss *w)
{
	struct mailbox *m = mailbox_frame_open(c);

	if (!m)
		return;
	write_loss_page(c, m, w, NULL);
	mailbox_close(&m);
}

/* Nobody agrees to what came after the question. */
static void check_number(struct mailbox *m, uint64_t agreed, struct form *f)
{
	uint64_t found;
	struct err e;

	if (count_files(m, &found, &e) < 0)
		form_refuse_all(f, e.text);
	else if (found > agreed)
		form_refuse_all(f, _("It holds more messages than it did when "
				     "you were asked. Nothing was changed."));
}

static bool is_agreed(struct console *c, struct mailbox *m,
		      const struct confirm_loss *w, uint64_t *messages_r)
{
	const char *number = urlencoded_value(&c->request->form, "messages");
	struct form f;

	form_read(&f, fields, N_ELEMENTS(fields), &c->request->form);
	if (f.good &&
	    strcmp(form_value(&f, "typed"), mailbox_settings(m)->name) != 0)
		form_refuse(&f, "typed", "%s",
			    _("This is not its name. Nothing was changed."));
	if (!num_parse(number, strlen(number), UINT64_MAX, messages_r))
		form_refuse_all(&f, _("Nothing was changed."));
	if (f.good)
		check_number(m, *messages_r, &f);
	if (f.good)
		return true;
	c->answer.status = 422;
	write_loss_page(c, m, w, &f);
	return false;
}

struct mailbox *confirm_loss_agreed(struct console *c,
				    const struct confirm_loss *w,
				    uint64_t *messages_r)
{
	struct mailbox *m = mailbox_frame_open(c);

	if (m && !is_agreed(c, m, w, messages_r))
		mailbox_close(&m);
	return m;
}

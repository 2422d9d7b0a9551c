/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Passwords of mailboxes, and the two commands that cannot be taken back. A
 * person agrees to a number of messages, and never more go than that.
 */
#include "common/base.h"
#include "handlers/tool/command.h"

#include <inttypes.h>

#include "common/log.h"
#include "common/num.h"
#include "handlers/tool/ask.h"
#include "handlers/tool/store.h"

/* --- passwd --------------------------------------------------------------- */

static int new_password(struct tool *t, struct mailbox *m, struct err *e)
{
	struct secret old = SECRET_EMPTY, new = SECRET_EMPTY;
	struct mailbox_opener opener = {.recovery = &t->identity};
	int result = 0;

	if (!t->identity.bytes) {
		opener = (struct mailbox_opener){.password = &old};
		result = tool_read_password(
			"Old password of the mailbox: ", &old, e);
	}
	if (result == 0)
		result = mailbox_password_change(
			m, &opener, t->conf->identity.scrypt_log_n, &new, e);
	secret_release(&old);
	if (result == 0)
		result = tool_show_password(&new, e);
	secret_release(&new);
	return result;
}

static int change_mailbox_password(struct tool *t, struct mailbox *m,
				   struct err *e)
{
	if (new_password(t, m, e) < 0)
		return -1;
	fprintf(stderr,
		"The old password stays valid until somebody logs in with the "
		"new one, or until\n  restante mailbox passwd %s --confirm\n",
		mailbox_settings(m)->id);
	return 0;
}

TOOL_RUN(passwd)
{
	struct mailbox *m = tool_mailbox(t, a->words[0], e);
	int result;

	if (!m)
		return -1;
	if (tool_has(a, "confirm"))
		result = mailbox_password_confirm(m, e);
	else if (tool_has(a, "cancel"))
		result = mailbox_password_cancel(m, e);
	else
		result = change_mailbox_password(t, m, e);
	mailbox_close(&m);
	return result;
}

/* --- rekey ---------------------------------------------------------------- */

TOOL_RUN(rekey)
{
	struct mailbox *m = tool_mailbox(t, a->words[0], e);
	struct secret password = SECRET_EMPTY;
	int result;

	if (!m)
		return -1;
	result = tool_read_password("Password of the mailbox: ", &password, e);
	if (result == 0)
		result = mailbox_rekey(m, &password,
				       t->conf->identity.scrypt_log_n, e);
	secret_release(&password);
	mailbox_close(&m);
	if (result == 0)
		fputs("The mailbox has a new key under the same password; the "
		      "old key stays for what\nwas sealed to it.\n",
		      stderr);
	return result;
}

/* --- what goes ------------------------------------------------------------ */

/* What is pending counts too, so it is taken in before it is counted. */
static int count_messages(struct mailbox *m, uint64_t *messages_r,
			  struct err *e)
{
	struct sweep_report report;

	if (mailbox_settings(m)->hold)
		return err_set(
			e, ERR_STATE,
			"mailbox %s is under hold: nothing of it may go; "
			"first: restante mailbox release %s",
			mailbox_settings(m)->id, mailbox_settings(m)->id);
	if (!mailbox_settings(m)->suspended)
		return err_set(e, ERR_STATE,
			       "mailbox %s is active; first: restante mailbox "
			       "suspend %s",
			       mailbox_settings(m)->id,
			       mailbox_settings(m)->id);
	if (mailbox_sweep(m, &report, e) < 0)
		return -1;
	return mailbox_count(m, messages_r, e);
}

/* --messages=N: no more than these were agreed to, wherever that was asked. */
static int limit_messages(const struct tool_args *a, uint64_t *messages,
			  struct err *e)
{
	const char *limit = tool_value(a, "messages");
	uint64_t agreed;

	if (!limit)
		return 0;
	if (!num_parse(limit, strlen(limit), UINT64_MAX, &agreed))
		return err_set(e, ERR_CONFIG, "--messages=%s: not a number",
			       limit);
	if (*messages > agreed)
		return err_set(e, ERR_STATE,
			       "it holds %ju messages, more than the %s that "
			       "were agreed to",
			       (uintmax_t)*messages, limit);
	return 0;
}

/* Also what was deleted and could come back. */
static void add_deleted(struct mailbox *m, char *text, size_t size)
{
	struct counters n;
	struct err e;

	*text = '\0';
	if (mailbox_counters(m, &n, &e) == 0 && n.deleted_messages)
		snprintf(text, size,
			 ", and %" PRIu64 " that %s deleted and can still come "
			 "back",
			 n.deleted_messages,
			 n.deleted_messages == 1 ? "was" : "were");
}

static int confirm(struct mailbox *m, uint64_t messages, const char *what,
		   struct err *e)
{
	const struct mailbox_conf *c = mailbox_settings(m);
	char question[700], deleted[100];

	add_deleted(m, deleted, sizeof(deleted));
	snprintf(question, sizeof(question),
		 "Mailbox %s (%s) holds %" PRIu64 " message%s%s. %s", c->id,
		 c->name, messages, messages == 1 ? "" : "s", deleted, what);
	return tool_confirm(question, c->id, e);
}

/* --- reset ---------------------------------------------------------------- */

static int reset_mailbox(struct tool *t, struct mailbox *m,
			 const struct tool_args *a, struct err *e)
{
	struct secret password = SECRET_EMPTY;
	uint64_t messages;
	int result;

	if (count_messages(m, &messages, e) < 0 ||
	    limit_messages(a, &messages, e) < 0 ||
	    confirm(m, messages,
		    "A new key is made:\nwhat it holds moves to lost/, and "
		    "only the old password or a recovery key opens it.",
		    e) < 0)
		return -1;
	result = mailbox_reset(m, messages, t->conf->identity.scrypt_log_n,
			       &password, e);
	if (result == 0)
		result = tool_show_password(&password, e);
	secret_release(&password);
	if (result == 0)
		result = mailbox_reset_end(m, e);
	if (result == 0)
		fprintf(stderr,
			"It is still suspended: restante mailbox activate %s\n",
			mailbox_settings(m)->id);
	return result;
}

/* With a recovery key nothing becomes unreadable: that is passwd. */
TOOL_RUN(reset)
{
	struct mailbox *m = tool_mailbox(t, a->words[0], e);
	int result;

	if (!m)
		return -1;
	result = t->identity.bytes ? change_mailbox_password(t, m, e)
				   : reset_mailbox(t, m, a, e);
	mailbox_close(&m);
	return result;
}

/* --- delete --------------------------------------------------------------- */

TOOL_RUN(delete)
{
	struct mailbox *m = tool_mailbox(t, a->words[0], e);
	uint64_t messages;
	int result;

	if (!m)
		return -1;
	result = count_messages(m, &messages, e);
	if (result == 0 && !tool_has(a, "yes"))
		result = confirm(m, messages, "All of it is deleted for good.",
				 e);
	if (result == 0)
		result = mailbox_delete(&m, messages, e);
	if (result == 0)
		fprintf(stderr, "Deleted, with %" PRIu64 " message%s.\n",
			messages, messages == 1 ? "" : "s");
	mailbox_close(&m);
	return result;
}

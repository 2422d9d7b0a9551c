/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Recovery recipients: who beside the mailbox's own key can open what arrives,
 * and, where the key is at hand, the key itself.
 */
#include "common/base.h"
#include "store/admin_private.h"

#include "store/seal.h"

static int check_recipient(const char *recipient, struct err *e)
{
	uint8_t public[AGE_KEY_SIZE];

	if (age_recipient_parse(recipient, public))
		return 0;
	return err_set(e, ERR_CONFIG,
		       "'%s' is no age recipient: expected age1 and 58 "
		       "characters, as age-keygen prints them",
		       recipient);
}

/* Says in the settings what recipient is to be, then seals the key anew. */
static int write_recipients(struct mailbox *m, const struct secret *private_key,
			    struct err *e)
{
	if (admin_write_settings(m->dir, &m->settings, e) < 0)
		return -1;
	if (private_key->bytes || m->settings.recipients.n == 1)
		return admin_seal_recovery(m->dir, &m->settings, private_key,
					   e);
	return 0;
}

/* Shared by both: opens the key if it can, then edit() and write. */
static int change_recipients(struct mailbox *m, const char *recipient,
			     const struct mailbox_opener *opener,
			     int (*edit)(struct mailbox_conf *conf,
					 const char *recipient, bool with_key,
					 struct err *e),
			     struct err *e)
{
	struct secret key = SECRET_EMPTY;
	struct err reading;
	int result = 0;

	if (opener && mailbox_open_key(m, opener, &key, e) < 0)
		return -1;
	if (admin_begin(m, e) < 0) {
		secret_release(&key);
		return -1;
	}
	result = edit(&m->settings, recipient, opener != NULL, e);
	if (result == 0)
		result = write_recipients(m, &key, e);
	secret_release(&key);
	if (result < 0) {
		err_prefix(e, "mailbox %s", m->id);
		admin_read_anew(m, &reading);
	}
	admin_end(m);
	return result;
}

static int add_recipient(struct mailbox_conf *conf, const char *recipient,
			 bool with_key, struct err *e)
{
	if (check_recipient(recipient, e) < 0)
		return -1;
	if (!conf_strings_has(&conf->recipients, recipient)) {
		conf_strings_add(&conf->recipients, recipient);
		return 0;
	}
	if (with_key && strcmp(recipient, conf->recipients.list[0]) != 0)
		return 0;
	return err_set(e, ERR_STATE, "%s is a recipient already", recipient);
}

static int remove_recipient(struct mailbox_conf *conf, const char *recipient,
			    bool with_key UNUSED, struct err *e)
{
	if (strcmp(recipient, conf->recipients.list[0]) == 0)
		return err_set(e, ERR_STATE,
			       "%s is the mailbox's own key: mail sealed to "
			       "others alone could not be collected",
			       recipient);
	if (!conf_strings_remove(&conf->recipients, recipient))
		return err_set(e, ERR_CONFIG, "%s is no recipient of it",
			       recipient);
	return 0;
}

int mailbox_recipient_add(struct mailbox *m, const char *recipient,
			  const struct mailbox_opener *opener, struct err *e)
{
	return change_recipients(m, recipient, opener, add_recipient, e);
}

int mailbox_recipient_remove(struct mailbox *m, const char *recipient,
			     const struct mailbox_opener *opener, struct err *e)
{
	return change_recipients(m, recipient, opener, remove_recipient, e);
}

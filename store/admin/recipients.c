/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Recovery recipients: who beside the mailbox's own key can open what arrives,
 * and, where the key is at hand, the key itself.
 */
#include "common/base.h"
#include "store/admin/private.h"

#include "store/seal/seal.h"

/*
 * To all that are named. Settings may say so already, and tell nothing then:
 * who has the key is a change of its own.
 */
static int seal_key(struct mailbox *m, const struct secret *keys, struct err *e)
{
	if (admin_key_line(m, "recovery", KEY_FILE, e) < 0)
		return -1;
	return admin_seal_recovery(m->dir, &m->settings, keys, e);
}

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

/* --- adding --------------------------------------------------------------- */

static int add(struct mailbox_conf *conf, const char *recipient, bool with_key,
	       struct err *e)
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

/* The settings first: nobody has the key who is not named there. */
static int add_with_key(struct mailbox *m, const char *recipient,
			const struct mailbox_opener *opener, struct err *e)
{
	struct secret keys = SECRET_EMPTY;
	int result = admin_open_keys(m, opener, &keys, e);

	if (result == 0)
		result = add(&m->settings, recipient, true, e);
	if (result == 0)
		result = admin_write_settings(m, e);
	if (result == 0)
		result = seal_key(m, &keys, e);
	secret_release(&keys);
	return result;
}

static int add_without(struct mailbox *m, const char *recipient, struct err *e)
{
	if (add(&m->settings, recipient, false, e) < 0)
		return -1;
	return admin_write_settings(m, e);
}

/* --- removing ------------------------------------------------------------- */

static int take_out(struct mailbox_conf *conf, const char *recipient,
		    struct err *e)
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

/*
 * Whoever holds a recovery key cannot make a password, nor therefore a new key:
 * the key is merely sealed to those that remain.
 */
static int reseal(struct mailbox *m, const struct mailbox_opener *opener,
		  struct err *e)
{
	struct secret keys = SECRET_EMPTY;
	int result = admin_open_keys(m, opener, &keys, e);

	if (result == 0 && m->settings.recipients.n > 1)
		result = seal_key(m, &keys, e);
	secret_release(&keys);
	return result;
}

/* The settings last: while they name it, it can open what comes. */
static int remove_with_key(struct mailbox *m, const char *recipient,
			   const struct mailbox_opener *opener, unsigned log_n,
			   struct err *e)
{
	if (take_out(&m->settings, recipient, e) < 0)
		return -1;
	if (opener->password)
		return admin_rekey(m, opener->password, log_n, e);
	if (reseal(m, opener, e) < 0)
		return -1;
	return admin_write_settings(m, e);
}

static int remove_without(struct mailbox *m, const char *recipient,
			  struct err *e)
{
	if (take_out(&m->settings, recipient, e) < 0)
		return -1;
	return admin_write_settings(m, e);
}

/* --- both ----------------------------------------------------------------- */

static int begin(struct mailbox *m, const struct mailbox_opener *opener,
		 struct err *e)
{
	return opener ? admin_begin_keys(m, e) : admin_begin(m, e);
}

/* What was edited and not written is forgotten. */
static int end(struct mailbox *m, int result, struct err *e)
{
	struct err reading;

	if (result < 0) {
		err_prefix(e, "mailbox %s", m->id);
		admin_read_anew(m, &reading);
	}
	admin_end(m);
	return result;
}

int mailbox_recipient_add(struct mailbox *m, const char *recipient,
			  const struct mailbox_opener *opener, struct err *e)
{
	if (begin(m, opener, e) < 0)
		return -1;
	return end(m,
		   opener ? add_with_key(m, recipient, opener, e)
			  : add_without(m, recipient, e),
		   e);
}

int mailbox_recipient_remove(struct mailbox *m, const char *recipient,
			     const struct mailbox_opener *opener,
			     unsigned log_n, struct err *e)
{
	if (begin(m, opener, e) < 0)
		return -1;
	return end(m,
		   opener ? remove_with_key(m, recipient, opener, log_n, e)
			  : remove_without(m, recipient, e),
		   e);
}

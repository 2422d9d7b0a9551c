/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Collecting: the password opens the mailbox's private key, and a snapshot is
 * taken. What is done with it stands in reader.c and update.c.
 */
#include "common/base.h"
#include "store/collection.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "store/account.h"
#include "store/seal/identity.h"
#include "store/leaving.h"
#include "store/lock_file.h"
#include "store/login_key.h"
#include "store/settled.h"
#include "store/ticket.h"

enum {
	/* Collectors wait minutes for a login; ours says why it cannot be. */
	LISTING_MS = 60 * 1000,
};

/* --- the snapshot -----------------------------------------------------------
 */

/*
 * Nothing is served before cur/ is synced: what a power cut could take back has
 * then not been seen by anybody.
 */
static int take_snapshot(struct collection *c, struct err *e)
{
	int64_t end = clock_ms() + LISTING_MS;
	int64_t changed = account_changed(c->mailbox);
	struct leaving_report report;
	struct listing gone;
	struct err counting;
	int result;

	if (leaving_open(c->mailbox, e) < 0 ||
	    tickets_keep_pending(c->mailbox, end, e) < 0)
		return -1;
	result = settled_scan(c->mailbox, end, &c->l, &gone, &report, e);
	listing_release(&gone);
	if (result < 0)
		return -1;
	if (fsync(c->mailbox->cur) < 0)
		return err_sys(e, "mailbox %s: fsync cur", c->mailbox->id);
	if (account_count_anew(c->mailbox, &c->l, changed, &counting) < 0)
		log_info("%s; the counters follow later", counting.text);
	return 0;
}

/* --- logging in ----------------------------------------------------------- */

static int begin(struct collection *c,
		 int (*check)(const struct mailbox *m, struct secret *keys,
			      struct err *e),
		 struct err *e)
{
	if (mailbox_lock_byte(c->mailbox, MAILBOX_BYTE_COLLECT, true,
			      MAILBOX_COLLECT_WAIT_MS, e) < 0)
		return err_prefix(e, "somebody else collects");
	if (mailbox_hold(c->mailbox, e) < 0 ||
	    check(c->mailbox, &c->private_key, e) < 0)
		return -1;
	return take_snapshot(c, e);
}

/* Once more, now that it stays so: its key may just have been changed. */
static int check_own_key(const struct mailbox *m, struct secret *keys,
			 struct err *e)
{
	if (login_key_check(m, keys, e) == 0)
		return 0;
	e->kind = ERR_TEMP;
	return -1;
}

/* A recovery key opens what is sealed to it, whether or not it has ours. */
static int check_any_key(const struct mailbox *m, struct secret *keys,
			 struct err *e)
{
	const struct conf_strings *recipients = &m->settings.recipients;

	for (size_t i = 0; i < recipients->n; i++)
		if (identity_put_first(keys, recipients->list[i]))
			return 0;
	return err_set(e, ERR_CONFIG,
		       "mailbox %s: its mail is sealed to none of these keys",
		       m->id);
}

/* An unknown mailbox costs and says what a wrong password does. */
static struct mailbox *open_or_spend(struct store *s, const char *id,
				     const struct secret *password,
				     unsigned log_n, struct err *e)
{
	struct mailbox *m = mailbox_open(s, id, e);

	if (!m && e->kind == ERR_ABSENT) {
		identity_spend(password, log_n);
		e->kind = ERR_PASSWORD;
	}
	return m;
}

struct collection *collection_login(struct store *s, const char *id,
				    const struct secret *password,
				    unsigned scrypt_log_n, struct err *e)
{
	struct collection *c = xcalloc(1, sizeof(*c));

	c->mailbox = open_or_spend(s, id, password, scrypt_log_n, e);
	if (!c->mailbox ||
	    login_key_open(c->mailbox, password, &c->private_key, e) < 0 ||
	    begin(c, check_own_key, e) < 0)
		collection_free(&c);
	return c;
}

struct collection *collection_login_with_key(struct store *s, const char *id,
					     const struct secret *private_key,
					     struct err *e)
{
	struct collection *c = xcalloc(1, sizeof(*c));

	c->mailbox = mailbox_open(s, id, e);
	if (c->mailbox)
		secret_set(&c->private_key, private_key->bytes,
			   private_key->len);
	if (!c->mailbox || begin(c, check_any_key, e) < 0)
		collection_free(&c);
	return c;
}

struct mailbox *collection_mailbox(struct collection *c)
{
	return c->mailbox;
}

void collection_free(struct collection **c_r)
{
	struct collection *c = *c_r;

	if (!c)
		return;
	secret_release(&c->private_key);
	mailbox_close(&c->mailbox);
	listing_release(&c->l);
	free(c->digests);
	free(c);
	*c_r = NULL;
}

size_t collection_count(const struct collection *c)
{
	return c->l.n;
}

static struct listing_entry *entry_of(const struct collection *c, size_t i)
{
	if (i >= c->l.n)
		die_bug("message %zu of %zu", i, c->l.n);
	return &c->l.list[i];
}

struct message collection_message(const struct collection *c, size_t i)
{
	const struct listing_entry *entry = entry_of(c, i);
	struct message message = {
		.octets = entry->octets,
		.flags = entry->flags,
		.marked = entry->mark,
	};

	ulid_unpack(entry->ulid, message.ulid);
	return message;
}

void collection_mark(struct collection *c, size_t i, bool marked)
{
	entry_of(c, i)->mark = marked;
}

/* Only the pages of what was fetched are ever touched. */
void collection_note_fetched(struct collection *c, size_t i,
			     const uint8_t digest[DIGEST_SIZE])
{
	if (!c->digests)
		c->digests = xcalloc(c->l.n, sizeof(c->digests[0]));
	memcpy(c->digests[i], digest, sizeof(c->digests[0]));
	entry_of(c, i)->fetched = 1;
}

void collection_mark_damaged(struct collection *c, size_t i)
{
	struct listing_entry *entry = entry_of(c, i);
	char before[NAME_SIZE], after[NAME_SIZE];
	struct message_name name;

	listing_name(entry, &name);
	name_write_kept(&name, before);
	name.flags |= MESSAGE_DAMAGED;
	name_write_kept(&name, after);
	if (renameat(c->mailbox->cur, before, c->mailbox->cur, after) < 0) {
		log_warn("mailbox %s: flag D of %s: %s", c->mailbox->id, before,
			 strerror(errno));
		return;
	}
	entry->flags |= MESSAGE_DAMAGED;
}

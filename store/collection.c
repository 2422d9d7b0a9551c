/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Collecting: the password opens the mailbox's private key, a snapshot is
 * taken, and what the archive has marked is deleted. Works without the index
 * too: collecting is what frees a full disk.
 */
#include "common/base.h"
#include "store/collection.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/log.h"
#include "store/fault.h"
#include "store/identity.h"
#include "store/index.h"
#include "store/listing.h"
#include "store/lock_file.h"

enum {
	IDENTITY_FILE_MAX = 16 * 1024,
	SNAPSHOT_WAIT_MS = 5000,
	UPDATE_WAIT_MS = 5000,
};

/* --- the private key ------------------------------------------------------ */

static int open_identity(const struct mailbox *m, const char *name,
			 const struct secret *password,
			 struct secret *private_r, struct stat *st_r,
			 struct err *e)
{
	struct buf file;
	int result;

	buf_init(&file, IDENTITY_FILE_MAX);
	result = mailbox_read_file(m, name, &file, st_r, e);
	if (result == 0 && identity_open(&file, password, private_r, e) < 0)
		result = err_prefix(e, "mailbox %s: %s", m->id, name);
	buf_release(&file);
	return result;
}

/*
 * A password being changed: identity.age.next opens with the new one. Its
 * first use is noted in `lock`, and from then on the old one is refused.
 */
static int open_next_identity(const struct mailbox *m,
			      const struct secret *password,
			      struct secret *private_r, struct err *e)
{
	struct stat st;

	if (open_identity(m, "identity.age.next", password, private_r, &st, e) <
	    0)
		return -1;
	if (mailbox_mark_next_used(m, &st, e) == 0)
		return 0;
	secret_release(private_r);
	return -1;
}

static bool old_password_is_over(const struct mailbox *m)
{
	struct stat st;

	return fstatat(m->dir, "identity.age.next", &st, 0) == 0 &&
	       mailbox_next_used(m, &st);
}

static int open_private_key(const struct mailbox *m,
			    const struct secret *password,
			    struct secret *private_r, struct err *e)
{
	struct err next;
	struct stat st;

	if (old_password_is_over(m))
		return open_next_identity(m, password, private_r, e);
	if (open_identity(m, "identity.age", password, private_r, &st, e) == 0)
		return 0;
	if (e->kind != ERR_PASSWORD)
		return -1;
	if (open_next_identity(m, password, private_r, &next) == 0)
		return 0;
	if (next.kind != ERR_ABSENT)
		*e = next;
	return -1;
}

/* Mail is sealed to settings.recipients: the key that opens must be one. */
static int check_recipient(const struct mailbox *m,
			   const struct secret *private_key, struct err *e)
{
	struct buf own;
	int result = 0;

	buf_init(&own, 128);
	identity_recipient(private_key, &own);
	if (!conf_strings_has(&m->settings.recipients, own.data))
		result = err_set(e, ERR_CONFIG,
				 "mailbox %s: mailbox.conf does not name the "
				 "mailbox's own key %s among its recipients",
				 m->id, own.data);
	buf_release(&own);
	return result;
}

/* --- the snapshot -----------------------------------------------------------
 */

/*
 * cur/ is scanned in any case, so that a file the index missed is served too;
 * the index gives the order of arrival, and is mended where it differs.
 */
static int scan_with_index(struct mailbox *m, struct listing *l, struct err *e)
{
	struct err leaving;
	struct index ix;
	uint64_t taken;
	int result;

	if (index_enter(m, SNAPSHOT_WAIT_MS, &ix, e) < 0)
		return -1;
	result = index_take_in(&ix, &taken, e);
	if (result == 0)
		result = index_reconcile(&ix, l, e);
	if (index_leave(&ix, result == 0, &leaving) < 0 && result == 0) {
		listing_release(l);
		*e = leaving;
		return -1;
	}
	if (result < 0)
		listing_release(l);
	return result;
}

static void take_list(struct collection *c, const struct listing *l)
{
	c->list = xcalloc(l->n, sizeof(c->list[0]));
	c->n = l->n;
	for (size_t i = 0; i < l->n; i++) {
		const struct message_name *name = &l->list[i].name;

		memcpy(c->list[i].ulid, name->ulid, sizeof(name->ulid));
		c->list[i].octets = name->octets;
		c->list[i].flags = name->flags;
	}
}

static int take_snapshot(struct collection *c, struct err *e)
{
	struct listing l = {.list = NULL};

	if (scan_with_index(c->mailbox, &l, e) < 0) {
		log_warn("%s; listing the files instead", e->text);
		if (listing_scan(c->mailbox, &l, e) < 0) {
			listing_release(&l);
			return -1;
		}
	}
	listing_sort_by_sequence(&l);
	take_list(c, &l);
	listing_release(&l);
	return 0;
}

/* --- logging in ----------------------------------------------------------- */

static int begin(struct collection *c, struct err *e)
{
	if (check_recipient(c->mailbox, &c->private_key, e) < 0)
		return -1;
	if (mailbox_lock_byte(c->mailbox, MAILBOX_BYTE_COLLECT, true, 0, e) < 0)
		return err_prefix(e, "somebody else collects");
	if (mailbox_hold(c->mailbox, e) < 0)
		return -1;
	return take_snapshot(c, e);
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
	    open_private_key(c->mailbox, password, &c->private_key, e) < 0 ||
	    begin(c, e) < 0)
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
	if (!c->mailbox || begin(c, e) < 0)
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
	free(c->list);
	free(c);
	*c_r = NULL;
}

size_t collection_count(const struct collection *c)
{
	return c->n;
}

struct message *collection_message(struct collection *c, size_t i)
{
	if (i >= c->n)
		die_bug("collection_message: %zu of %zu", i, c->n);
	return &c->list[i];
}

/* --- deleting ------------------------------------------------------------- */

static struct message_name name_of(const struct message *message)
{
	struct message_name name = {.octets = message->octets,
				    .flags = message->flags};

	memcpy(name.ulid, message->ulid, sizeof(name.ulid));
	return name;
}

void collection_mark_damaged(struct collection *c, size_t i)
{
	struct message_name name = name_of(&c->list[i]);
	char before[NAME_SIZE], after[NAME_SIZE];

	name_write_kept(&name, before);
	name.flags |= MESSAGE_DAMAGED;
	name_write_kept(&name, after);
	if (renameat(c->mailbox->cur, before, c->mailbox->cur, after) < 0) {
		log_warn("mailbox %s: flag D of %s: %s", c->mailbox->id, before,
			 strerror(errno));
		return;
	}
	c->list[i].flags |= MESSAGE_DAMAGED;
}

/* The next batch of marked messages, from *at on. */
static size_t next_batch(const struct collection *c, size_t *at,
			 struct message_name *batch)
{
	size_t n = 0;

	for (; *at < c->n && n < INDEX_BATCH; (*at)++)
		if (c->list[*at].marked)
			batch[n++] = name_of(&c->list[*at]);
	return n;
}

/* Without the index: the next login finds records without files and mends it.
 */
static size_t unlink_batch(struct mailbox *m, const struct message_name *batch,
			   size_t n)
{
	size_t removed = 0;
	struct err e;

	for (size_t i = 0; i < n; i++) {
		if (message_unlink(m, &batch[i], &e) < 0)
			log_warn("%s", e.text);
		else
			removed++;
	}
	return removed;
}

/* One entry: the batch, and with the last one what the dashboard wants. */
static int remove_batch(struct mailbox *m, const struct message_name *batch,
			size_t n, const struct activity *activity,
			size_t *removed, struct err *e)
{
	struct err leaving;
	struct index ix;
	int result;

	if (index_enter(m, UPDATE_WAIT_MS, &ix, e) < 0)
		return -1;
	result = n ? index_remove(&ix, batch, n, removed, e) : 0;
	if (result == 0 && activity) {
		ix.counters.last_collected = activity->when;
		result = index_add_activity(&ix, activity, e);
	}
	if (index_leave(&ix, result == 0, &leaving) < 0) {
		*e = leaving;
		return -1;
	}
	return result;
}

static int sync_directories(struct mailbox *m, struct err *e)
{
	if (fsync(m->tmp) < 0 || fsync(m->cur) < 0)
		return err_sys(e, "mailbox %s: fsync after deleting", m->id);
	return 0;
}

static size_t count_marked(const struct collection *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += c->list[i].marked;
	return n;
}

int collection_update(struct collection *c, size_t *removed_r,
		      const struct activity *activity, struct err *e)
{
	struct message_name *batch = xcalloc(INDEX_BATCH, sizeof(*batch));
	size_t left = count_marked(c), at = 0;
	struct mailbox *m = c->mailbox;

	*removed_r = 0;
	do {
		size_t n = next_batch(c, &at, batch), removed = 0;
		bool last = n == left;

		if (remove_batch(m, batch, n, last ? activity : NULL, &removed,
				 e) < 0) {
			log_warn("%s; deleting without the index", e->text);
			removed = unlink_batch(m, batch, n);
		}
		*removed_r += removed;
		left -= n;
	} while (left > 0);
	free(batch);
	fault_point("collection.unlinked");
	if (sync_directories(m, e) < 0)
		return -1;
	if (*removed_r < count_marked(c))
		return err_set(e, ERR_TEMP,
			       "mailbox %s: %zu of %zu messages could not be "
			       "deleted",
			       m->id, count_marked(c) - *removed_r,
			       count_marked(c));
	return 0;
}

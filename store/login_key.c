/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which envelope is in force while a password is being changed:
 *
 *	identity.age.next	there and opens: it, and from now on it alone
 *	identity.age		unless identity.age.next is there and marked
 *
 * Opening takes a tenth of a second (scrypt) and holds no lock, or wrong
 * guesses could keep the administrator out. What opened is looked for again
 * under byte 3, marked, and looked for once more: another login may have marked
 * identity.age.next meanwhile. Each of these steps has a rule in
 * docs/store.md, and a trace that loses a password without it.
 */
#include "common/base.h"
#include "store/login_key.h"

#include <errno.h>
#include <unistd.h>

#include "common/log.h"
#include "store/fault.h"
#include "store/seal/identity.h"
#include "store/key_files.h"
#include "store/key_mark.h"
#include "store/lock_file.h"

enum { KEYS_WAIT_MS = 10000, OPENING_TRIES = 3 };

/* What a password has opened, and whose mailbox it says it is. */
struct opening {
	struct mailbox *m;
	struct buf identity, next;  /* as they were; next may be empty */
	const struct buf *envelope; /* the one of them that opened */
	struct secret keys;
	uint8_t public[SESSION_KEY_SIZE];
};

/* Where an envelope that has been opened lies now. */
enum place {
	PLACE_NEXT,    /* identity.age.next */
	PLACE_ALONE,   /* identity.age, and there is no other */
	PLACE_BESIDE,  /* identity.age; a new password waits to be used */
	PLACE_RETIRED, /* identity.age; the new password has been used */
	PLACE_MOVED,   /* neither: it was replaced a moment ago */
	PLACE_UNKNOWN, /* the world failed */
};

/* --- opening -------------------------------------------------------------- */

/* In this order: a new one that takes the old one's place is seen once. */
static int read_envelopes(struct opening *o, struct err *e)
{
	buf_reset(&o->next);
	buf_reset(&o->identity);
	if (key_file_read_if_there(o->m, KEY_FILE_NEXT, &o->next, e) < 0)
		return -1;
	if (key_file_read(o->m, KEY_FILE, &o->identity, e) == 0)
		return 0;
	e->kind = ERR_TEMP;
	return -1;
}

static int open_envelope(struct opening *o, const struct buf *envelope,
			 const char *name, const struct secret *password,
			 struct err *e)
{
	o->envelope = envelope;
	if (identity_open(envelope, password, &o->keys, e) < 0)
		return err_prefix(e, "mailbox %s: %s", o->m->id, name);
	return 0;
}

static int open_either(struct opening *o, const struct secret *password,
		       struct err *e)
{
	if (open_envelope(o, &o->identity, KEY_FILE, password, e) == 0)
		return 0;
	if (e->kind != ERR_PASSWORD || !o->next.len)
		return -1;
	return open_envelope(o, &o->next, KEY_FILE_NEXT, password, e);
}

/* Mail is sealed to settings.recipients: the first one's key must be there. */
int login_key_check(const struct mailbox *m, struct secret *keys, struct err *e)
{
	if (identity_put_first(keys, m->settings.recipients.list[0]))
		return 0;
	return err_set(e, ERR_CONFIG,
		       "mailbox %s: its password opens no key of %s, to which "
		       "mailbox.conf has its mail sealed",
		       m->id, m->settings.recipients.list[0]);
}

/* --- is it in force? ------------------------------------------------------ */

static bool is_there(const struct opening *o, const struct buf *file)
{
	return file->len == o->envelope->len &&
	       memcmp(file->data, o->envelope->data, file->len) == 0;
}

/* next is empty where there is none. */
static enum place judge(const struct opening *o, const struct buf *identity,
			const struct buf *next)
{
	if (next->len && is_there(o, next))
		return PLACE_NEXT;
	if (!is_there(o, identity))
		return PLACE_MOVED;
	if (!next->len)
		return PLACE_ALONE;
	return key_mark_names(o->m, o->public, next) ? PLACE_RETIRED
						     : PLACE_BESIDE;
}

static enum place find(const struct opening *o, struct err *e)
{
	enum place place = PLACE_UNKNOWN;
	struct buf identity, next;

	if (key_files_unfinished(o->m, e) < 0)
		return PLACE_UNKNOWN;
	buf_init(&identity, KEY_FILE_MAX);
	buf_init(&next, KEY_FILE_MAX);
	if (key_file_read_if_there(o->m, KEY_FILE, &identity, e) == 0 &&
	    key_file_read_if_there(o->m, KEY_FILE_NEXT, &next, e) == 0)
		place = judge(o, &identity, &next);
	buf_release(&next);
	buf_release(&identity);
	return place;
}

/* --- the mark ------------------------------------------------------------- */

static int write_mark(const struct opening *o, struct err *e)
{
	uint8_t text[KEY_MARK_TEXT_SIZE], signature[SESSION_SIGNATURE_SIZE];
	uint8_t record[KEY_MARK_SIZE];

	if (key_mark_names(o->m, o->public, o->envelope))
		return 0;
	key_mark_text(o->envelope, text);
	session_key_sign(&o->keys, text, sizeof(text), signature);
	key_mark_encode(signature, record);
	return lock_file_write(o->m, LOCK_FILE_MARK_AT, record, sizeof(record),
			       e);
}

/* Synced by who finds it right as well: it may be another's, not yet synced. */
static int leave_mark(const struct opening *o, struct err *e)
{
	if (write_mark(o, e) < 0)
		return -1;
	fault_point("login.marked");
	if (fsync(o->m->lock) < 0)
		return err_sys(e, "mailbox %s: fsync lock", o->m->id);
	fault_point("login.mark.synced");
	return 0;
}

/*
 * identity.age alone is marked as well, so that a power cut that takes back
 * its becoming so does not bring back the password before it. Where that
 * cannot be written the login goes on: collecting is what frees a full disk.
 */
static int mark(const struct opening *o, enum place place, struct err *e)
{
	if (place == PLACE_BESIDE)
		return 0;
	if (leave_mark(o, e) == 0)
		return 0;
	if (place == PLACE_NEXT)
		return -1;
	log_warn("%s", e->text);
	return 0;
}

/* --- all of it ------------------------------------------------------------ */

/* 1: what opened is in force, and marked; 0: it was replaced meanwhile. */
static int settle_on(const struct opening *o, struct err *e)
{
	enum place place = find(o, e);

	if (place <= PLACE_BESIDE) {
		if (mark(o, place, e) < 0)
			return -1;
		place = find(o, e);
	}
	if (place == PLACE_UNKNOWN)
		return -1;
	if (place == PLACE_RETIRED)
		return err_set(e, ERR_PASSWORD,
			       "mailbox %s: this password was replaced",
			       o->m->id);
	return place == PLACE_MOVED ? 0 : 1;
}

static int open_once(struct opening *o, const struct secret *password,
		     struct err *e)
{
	int result;

	if (read_envelopes(o, e) < 0 || open_either(o, password, e) < 0 ||
	    login_key_check(o->m, &o->keys, e) < 0)
		return -1;
	session_key_public(&o->keys, o->public);
	fault_point("login.opened");
	if (mailbox_lock_byte(o->m, MAILBOX_BYTE_KEYS, false, KEYS_WAIT_MS, e) <
	    0) {
		e->kind = ERR_TEMP; /* the mailbox is not in use for that */
		return -1;
	}
	result = settle_on(o, e);
	mailbox_unlock_byte(o->m, MAILBOX_BYTE_KEYS);
	return result;
}

int login_key_open(struct mailbox *m, const struct secret *password,
		   struct secret *keys_r, struct err *e)
{
	struct opening o = {.m = m};
	int result = 0;

	buf_init(&o.identity, KEY_FILE_MAX);
	buf_init(&o.next, KEY_FILE_MAX);
	for (unsigned i = 0; result == 0 && i < OPENING_TRIES; i++) {
		secret_release(&o.keys);
		result = open_once(&o, password, e);
	}
	buf_release(&o.next);
	buf_release(&o.identity);
	if (result == 1) {
		*keys_r = o.keys;
		return 0;
	}
	secret_release(&o.keys);
	if (result == 0)
		err_set(e, ERR_TEMP, "mailbox %s: its keys are being changed",
			m->id);
	return -1;
}

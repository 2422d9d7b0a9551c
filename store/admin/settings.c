/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The settings of a mailbox, changed by one administrator at a time and
 * replaced as a whole: a handler reads the old ones or the new ones.
 */
#include "common/base.h"
#include "store/admin/private.h"

#include <nettle/sha2.h>
#include <unistd.h>

#include "common/log.h"
#include "store/admin/spool.h"
#include "store/listing.h"
#include "store/lock_file.h"

#define MAILBOX_CONF "mailbox.conf"

enum {
	CLAIM_WAIT_MS = 2000,
	SWEEP_WAIT_MS = 25 * 1000, /* longer than one takes */
	/* What a line tells of settings, so that it fits, escaped. */
	VALUE_MAX = 64,	  /* key and value, or the key alone */
	VALUES_MAX = 100, /* beyond it keys alone */
	WHAT_MAX = 1024,
};

int admin_put_settings(int dir, const struct mailbox_conf *conf, struct err *e)
{
	struct buf text;
	int result;

	buf_init(&text, MAILBOX_CONF_MAX);
	result = mailbox_conf_write(conf, &text, e);
	if (result == 0)
		result = admin_replace_file(dir, MAILBOX_CONF, ADMIN_MODE_FILE,
					    &text, e);
	buf_release(&text);
	return result;
}

/* --- what differs --------------------------------------------------------- */

/* The settings before and behind a change, as text and as they are. */
struct change {
	struct mailbox_conf before;
	const struct mailbox_conf *after;
	struct buf text_before, text_after;
};

/* "key = value", with the lines of a list; NULL at the end. */
static const char *next_setting(const char **at, size_t *n_r)
{
	const char *start = *at, *end = start;

	do {
		end += strcspn(end, "\n");
		end += *end == '\n';
	} while (*end == '\t' || *end == '}');
	*at = end;
	*n_r = (size_t)(end - start);
	return *n_r ? start : NULL;
}

static bool has_setting(const struct buf *text, const char *setting, size_t n)
{
	const char *at = text->data, *other;
	size_t n_other;

	while ((other = next_setting(&at, &n_other)))
		if (n_other == n && memcmp(other, setting, n) == 0)
			return true;
	return false;
}

static bool is_named(const char *setting, const char *name)
{
	size_t n = strlen(name);

	return strncmp(setting, name, n) == 0 && setting[n] == ' ';
}

/* Whom mail is sealed to has lines of its own. */
static bool has_own_line(const char *setting)
{
	return is_named(setting, "recipients") ||
	       is_named(setting, "session-key");
}

/* "name", and ":value" where that is short and there is room for it. */
static bool add_name(struct buf *what, const char *setting, size_t n)
{
	size_t n_name = strcspn(setting, " ");
	const char *value = setting + n_name + 3; /* behind " = " */
	bool tell = n < VALUE_MAX && *value != '{' && what->len < VALUES_MAX;

	return (what->len == 0 || buf_adds(what, ",")) &&
	       buf_add(what, setting, n_name) &&
	       (!tell || buf_addf(what, ":%.*s", (int)(n - n_name - 4), value));
}

static bool list_changes(const struct change *c, struct buf *what)
{
	const char *at = c->text_after.data, *setting;
	bool room = true;
	size_t n;

	while (room && (setting = next_setting(&at, &n)))
		if (*setting != '#' && !has_own_line(setting) &&
		    !has_setting(&c->text_before, setting, n))
			room = add_name(what, setting, n);
	return room;
}

/* --- telling it ----------------------------------------------------------- */

static int write_line(const struct mailbox *m, const struct change *c,
		      const char *kind, const char *what, const char *recipient,
		      struct err *e)
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct admin_line l;
	struct sha256_ctx sha;

	sha256_init(&sha);
	sha256_update(&sha, c->text_after.len,
		      (const uint8_t *)c->text_after.data);
	sha256_digest(&sha, sizeof(digest), digest);
	admin_line_begin(&l, m->store, kind, what);
	if (recipient)
		line_add(&l.w, "recipient", recipient);
	line_add_hex(&l.w, "sha256", digest, sizeof(digest));
	return admin_line_write(&l, m->dir, e);
}

/* Who is in list and not in other. */
static int tell_recipients(const struct mailbox *m, const struct change *c,
			   const struct conf_strings *list,
			   const struct conf_strings *other, const char *what,
			   struct err *e)
{
	for (size_t i = 0; i < list->n; i++)
		if (!conf_strings_has(other, list->list[i]) &&
		    write_line(m, c, "recipients", what, list->list[i], e) < 0)
			return -1;
	return 0;
}

static int tell_settings(const struct mailbox *m, const struct change *c,
			 struct err *e)
{
	struct buf what;
	int result = 0;

	buf_init(&what, WHAT_MAX);
	if (!list_changes(c, &what))
		die_bug("settings: %zu octets are too few", what.max);
	if (what.len > 0)
		result = write_line(m, c, "settings", what.data, NULL, e);
	buf_release(&what);
	return result;
}

static int tell(const struct mailbox *m, struct change *c, struct err *e)
{
	if (mailbox_conf_write(&c->before, &c->text_before, e) < 0 ||
	    mailbox_conf_write(c->after, &c->text_after, e) < 0 ||
	    tell_settings(m, c, e) < 0 ||
	    tell_recipients(m, c, &c->before.recipients, &c->after->recipients,
			    "remove", e) < 0)
		return -1;
	return tell_recipients(m, c, &c->after->recipients,
			       &c->before.recipients, "add", e);
}

static int write_lines(const struct mailbox *m, struct err *e)
{
	struct change c = {.after = &m->settings};
	int result;

	if (admin_read_settings(m->dir, &c.before, e) < 0)
		return -1;
	buf_init(&c.text_before, MAILBOX_CONF_MAX);
	buf_init(&c.text_after, MAILBOX_CONF_MAX);
	result = tell(m, &c, e);
	buf_release(&c.text_after);
	buf_release(&c.text_before);
	mailbox_conf_release(&c.before);
	return result;
}

int admin_write_settings(struct mailbox *m, struct err *e)
{
	if (write_lines(m, e) < 0)
		return -1;
	return admin_put_settings(m->dir, &m->settings, e);
}

/* --- changing them -------------------------------------------------------- */

/* A key of which nobody has the password must not take mail. */
static int check_activation(const struct mailbox *m, struct err *e)
{
	if (m->settings.suspended ||
	    faccessat(m->dir, KEY_RESET_MARK, F_OK, 0) < 0)
		return 0;
	return err_set(e, ERR_STATE,
		       "its reset was not completed: reset it once more");
}

int mailbox_update(struct mailbox *m,
		   int (*change)(struct mailbox_conf *conf, const void *arg,
				 struct err *e),
		   const void *arg, struct err *e)
{
	struct err reading;
	int result;

	if (admin_begin(m, e) < 0)
		return -1;
	result = change(&m->settings, arg, e);
	if (result == 0)
		result = check_activation(m, e);
	if (result == 0)
		result = admin_write_settings(m, e);
	if (result < 0) {
		err_prefix(e, "mailbox %s", m->id);
		admin_read_anew(m, &reading); /* as it was before change() */
	}
	admin_end(m);
	return result;
}

/* --- hold ----------------------------------------------------------------- */

static int set_hold(struct mailbox_conf *conf, const void *arg,
		    struct err *e UNUSED)
{
	conf->hold = *(const bool *)arg;
	return 0;
}

/*
 * A sweep that is at work has read the settings of before: it is waited for. A
 * collector reads them again before it cuts anything, and may stay.
 */
int mailbox_set_hold(struct mailbox *m, bool hold, struct err *e)
{
	struct err busy;

	if (mailbox_update(m, set_hold, &hold, e) < 0)
		return -1;
	if (hold && mailbox_lock_byte(m, MAILBOX_BYTE_COLLECT, true,
				      SWEEP_WAIT_MS, &busy) == 0)
		mailbox_unlock_byte(m, MAILBOX_BYTE_COLLECT);
	return 0;
}

/* --- before messages are taken away --------------------------------------- */

int mailbox_count(const struct mailbox *m, uint64_t *messages_r, struct err *e)
{
	struct listing l = {.list = NULL};
	int result = listing_scan(m, 0, &l, e);

	*messages_r = l.n;
	listing_release(&l);
	return result;
}

int admin_claim(struct mailbox *m, uint64_t messages, struct err *e)
{
	uint64_t found;

	if (m->settings.hold)
		return err_set(e, ERR_STATE,
			       "mailbox %s is under hold: nothing of it may go "
			       "until it is released",
			       m->id);
	if (!m->settings.suspended)
		return err_set(e, ERR_STATE,
			       "mailbox %s is active: suspend it first", m->id);
	if (admin_claim_messages(m, e) < 0)
		return -1;
	if (mailbox_lock_byte(m, MAILBOX_BYTE_USE, true, CLAIM_WAIT_MS, e) <
	    0) {
		if (e->kind == ERR_BUSY)
			err_set(e, ERR_BUSY,
				"mailbox %s is being delivered to just now",
				m->id);
		return -1;
	}
	if (mailbox_count(m, &found, e) < 0)
		return -1;
	if (found > messages)
		return err_set(e, ERR_STATE,
			       "mailbox %s holds %ju messages now, more than "
			       "the %ju that were confirmed",
			       m->id, (uintmax_t)found, (uintmax_t)messages);
	return 0;
}

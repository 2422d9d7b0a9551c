/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A new store, a new mailbox. A mailbox is built aside under a name that is
 * none, synced as a whole, and becomes one by a single rename.
 */
#include "common/base.h"
#include "store/admin/private.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "store/admin/spool.h"
#include "store/seal/identity.h"
#include "store/lock_file.h"
#include "store/remove_tree.h"
#include "store/seal/seal.h"

enum { SEEN_KEY_SIZE = 32, RECIPIENT_MAX = 128 };

#define PREFIX_NEW  ".new-"
#define PREFIX_GONE ".gone-"

/* --- the store ------------------------------------------------------------ */

/* The directory's rights make what is in it belong to its group. */
static int open_store_directory(const char *path, struct err *e)
{
	int fd;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_sys(e, "store %s", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "store %s", path);
	return fd;
}

static int make_directory(int store, const char *name, struct err *e)
{
	int fd;

	if (faccessat(store, name, F_OK, 0) == 0)
		return 0;
	fd = admin_make_directory(store, name, ADMIN_MODE_DIR, e);
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

/* `format` comes last: without it there is no store. */
static int fill_store(int store, struct err *e)
{
	static const char format[] = "restante 2\n";

	if (faccessat(store, "format", F_OK, 0) == 0)
		return 0;
	if (admin_set_rights(store, ".", ADMIN_MODE_DIR, e) < 0 ||
	    make_directory(store, "mailboxes", e) < 0 ||
	    make_directory(store, "aliases", e) < 0 ||
	    admin_make_file(store, "format", ADMIN_MODE_FILE, format,
			    sizeof(format) - 1, e) < 0)
		return -1;
	return admin_sync(store, ".", e);
}

int store_init(const char *path, struct err *e)
{
	int store = open_store_directory(path, e), result;

	if (store < 0)
		return -1;
	result = fill_store(store, e);
	close(store);
	if (result < 0)
		return err_prefix(e, "store %s", path);
	return 0;
}

/* --- the parts of a mailbox ----------------------------------------------- */

static int make_seen_key(int dir, struct err *e)
{
	struct secret key;
	int result;

	secret_init(&key, SEEN_KEY_SIZE);
	random_bytes(key.bytes, key.len);
	result = admin_make_file(dir, "seen.key", ADMIN_MODE_FILE, key.bytes,
				 key.len, e);
	secret_release(&key);
	return result;
}

/*
 * Records lie in `lock` from the beginning, so that a full disk has room for
 * the mark of a password.
 */
static int make_lock(int dir, struct err *e)
{
	static const uint8_t nothing[LOCK_FILE_SIZE];

	return admin_make_file(dir, "lock", ADMIN_MODE_FILE_SHARED, nothing,
			       sizeof(nothing), e);
}

static int make_identity(int dir, const struct mailbox_conf *conf,
			 const struct secret *keys, unsigned log_n,
			 const struct secret *password, struct err *e)
{
	if (conf->recipients.n > 1 &&
	    admin_seal_recovery(dir, conf, keys, e) < 0)
		return -1;
	if (admin_seal_identity(dir, KEY_FILE, keys, log_n, password, e) < 0)
		return -1;
	return admin_rename(dir, KEY_FILE ".new", KEY_FILE, e);
}

/* The first line of its spool; it counts when the mailbox has its name. */
static int write_line(const struct store *s, int dir,
		      const struct mailbox_conf *conf, struct err *e)
{
	struct admin_line l;

	admin_line_begin(&l, s, "settings", "create");
	line_add(&l.w, "name", conf->name);
	return admin_line_write(&l, dir, e);
}

/* The first recipient is the mailbox's own; the others are somebody's. */
static int write_lines(const struct store *s, int dir,
		       const struct mailbox_conf *conf, struct err *e)
{
	struct admin_line l;

	if (write_line(s, dir, conf, e) < 0)
		return -1;
	for (size_t i = 1; i < conf->recipients.n; i++) {
		admin_line_begin(&l, s, "recipients", "add");
		line_add(&l.w, "recipient", conf->recipients.list[i]);
		if (admin_line_write(&l, dir, e) < 0)
			return -1;
	}
	return 0;
}

static int make_parts(struct store *s, int dir, const struct mailbox_conf *conf,
		      const struct secret *keys, unsigned log_n,
		      const struct secret *password, struct err *e)
{
	if (admin_make_directories(dir, e) < 0 || make_seen_key(dir, e) < 0 ||
	    make_lock(dir, e) < 0 ||
	    admin_make_file(dir, "seen", ADMIN_MODE_FILE_SHARED, "", 0, e) <
		    0 ||
	    admin_make_file(dir, "uids", ADMIN_MODE_FILE_SHARED, "", 0, e) <
		    0 ||
	    write_lines(s, dir, conf, e) < 0 ||
	    admin_put_settings(dir, conf, e) < 0 ||
	    make_identity(dir, conf, keys, log_n, password, e) < 0)
		return -1;
	return admin_sync(dir, ".", e);
}

/* --- a mailbox ------------------------------------------------------------ */

/*
 * The directory it is built in, locked, so that store_tidy() in another
 * process does not take it for the rest of a dead one.
 */
static int make_locked_directory(int mailboxes, const char *name, struct err *e)
{
	int dir = admin_make_directory(mailboxes, name, ADMIN_MODE_DIR, e);
	struct stat st;

	if (dir < 0)
		return -1;
	if (admin_lock_directory(dir) && fstat(dir, &st) == 0 &&
	    st.st_nlink > 0)
		return dir;
	close(dir);
	return err_set(e, ERR_TEMP, "%s was tidied away while it was made",
		       name);
}

/*
 * Asked by who holds .new-ID: nobody else makes one of that id meanwhile. What
 * is there belongs to somebody, and is neither replaced nor taken down.
 */
static int check_is_new(int mailboxes, const char *id, struct err *e)
{
	if (faccessat(mailboxes, id, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return err_set(e, ERR_STATE, "mailbox %s is there already", id);
	return errno == ENOENT ? 0 : err_sys(e, "%s", id);
}

/*
 * Nobody has heard of it yet. Where only the last fsync failed it has its name
 * already, and would stay behind as a mailbox whose password nobody knows.
 */
static int give_name(int mailboxes, const char *name, const char *id,
		     struct err *e)
{
	if (admin_rename(mailboxes, name, id, e) == 0)
		return 0;
	(void)renameat(mailboxes, id, mailboxes, name);
	return -1;
}

static int build(struct store *s, const struct mailbox_conf *conf,
		 const struct secret *private_key, unsigned log_n,
		 const struct secret *password, struct err *e)
{
	char name[sizeof(PREFIX_NEW) + MAILBOX_ID_LEN];
	struct err ignored;
	int dir, result;

	snprintf(name, sizeof(name), PREFIX_NEW "%s", conf->id);
	dir = make_locked_directory(s->mailboxes, name, e);
	if (dir < 0)
		return -1;
	result = check_is_new(s->mailboxes, conf->id, e);
	if (result == 0)
		result = make_parts(s, dir, conf, private_key, log_n, password,
				    e);
	if (result == 0)
		result = give_name(s->mailboxes, name, conf->id, e);
	if (result < 0)
		(void)remove_tree(s->mailboxes, name, &ignored);
	close(dir);
	return result;
}

static int check_recovery(const struct mailbox_conf *conf, struct err *e)
{
	uint8_t public[AGE_KEY_SIZE];

	for (size_t i = 0; i < conf->recipients.n; i++)
		if (!age_recipient_parse(conf->recipients.list[i], public))
			return err_set(e, ERR_CONFIG,
				       "'%s' is no age recipient: expected "
				       "age1 and 58 characters, as age-keygen "
				       "prints them",
				       conf->recipients.list[i]);
	return 0;
}

/* Its own recipient comes first. */
static void name_mailbox(struct mailbox_conf *conf, const char *own)
{
	struct conf_strings recipients = {.n = 0};

	if (!conf->id[0])
		mailbox_id_new(conf->id);
	conf->created = time(NULL);
	conf_strings_add(&recipients, own);
	for (size_t i = 0; i < conf->recipients.n; i++)
		conf_strings_add(&recipients, conf->recipients.list[i]);
	conf_strings_release(&conf->recipients);
	conf->recipients = recipients;
}

int mailbox_create_with(struct store *s, struct mailbox_conf *conf,
			unsigned log_n, const struct secret *password,
			struct err *e)
{
	struct secret private_key;
	struct buf own;
	int result;

	if (check_recovery(conf, e) < 0)
		return -1;
	buf_init(&own, RECIPIENT_MAX);
	identity_new(&private_key, &own);
	name_mailbox(conf, own.data);
	admin_name_session_key(conf, &private_key);
	result = build(s, conf, &private_key, log_n, password, e);
	secret_release(&private_key);
	buf_release(&own);
	if (result < 0)
		return err_prefix(e, "create mailbox '%s'",
				  conf->name ? conf->name : "");
	return 0;
}

int mailbox_create(struct store *s, struct mailbox_conf *conf, unsigned log_n,
		   struct secret *password_r, struct err *e)
{
	password_new(password_r);
	if (mailbox_create_with(s, conf, log_n, password_r, e) == 0)
		return 0;
	secret_release(password_r);
	return -1;
}

/* --- what the killed left behind ------------------------------------------ */

static int is_leftover(const struct dirent *d)
{
	return strncmp(d->d_name, PREFIX_NEW, sizeof(PREFIX_NEW) - 1) == 0 ||
	       strncmp(d->d_name, PREFIX_GONE, sizeof(PREFIX_GONE) - 1) == 0;
}

/* 1: removed; 0: somebody is at work in it. */
static int tidy(int mailboxes, const char *name, struct err *e)
{
	int dir = openat(mailboxes, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = 0;

	if (dir < 0)
		return errno == ENOENT ? 0 : err_sys(e, "open %s", name);
	if (admin_lock_directory(dir))
		result = remove_tree(mailboxes, name, e) < 0 ? -1 : 1;
	close(dir);
	return result;
}

int store_tidy(struct store *s, unsigned *removed_r, struct err *e)
{
	struct dirent **list;
	int n = scandirat(s->dir, "mailboxes", &list, is_leftover, alphasort);
	struct err failure;
	bool failed = false;

	*removed_r = 0;
	if (n < 0)
		return err_sys(e, "store %s: mailboxes", s->path);
	for (int i = 0; i < n; i++) {
		int result = tidy(s->mailboxes, list[i]->d_name, &failure);

		*removed_r += result > 0;
		if (result < 0 && !failed)
			*e = failure;
		failed |= result < 0;
		free(list[i]);
	}
	free(list);
	return failed ? err_prefix(e, "store %s", s->path) : 0;
}

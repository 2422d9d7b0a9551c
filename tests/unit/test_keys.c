/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Passwords, keys and recovery keys over their whole life: which password
 * opens after which steps, what a key that was removed still opens, and the
 * line that each change leaves.
 */
#include "common/base.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "common/read_all.h"
#include "store/admin/admin.h"
#include "store/seal/identity.h"
#include "store/key_files.h"
#include "store/key_mark.h"
#include "store/ledger/line.h"
#include "store/lock_file.h"
#include "tests/unit/store_rig.h"

enum { LOG_N = STORE_RIG_LOG_N, MANY = 100 };

static struct err failure;

#define GOOD(call)                                                             \
	do {                                                                   \
		if ((call) != 0)                                               \
			fail_msg(#call ": %s", failure.text);                  \
	} while (0)

#define REFUSED(call, wanted)                                                  \
	do {                                                                   \
		failure.kind = ERR_NONE;                                       \
		if ((call) == 0)                                               \
			fail_msg(#call " was done");                           \
		if (failure.kind != (wanted))                                  \
			fail_msg(#call ": kind %d: %s", failure.kind,          \
				 failure.text);                                \
	} while (0)

/* --- what is done --------------------------------------------------------- */

static int try_login(const struct store_rig *rig, const struct secret *password)
{
	struct collection *c = collection_login(rig->store, rig->id, password,
						LOG_N, &failure);
	int n = c ? (int)collection_count(c) : -1;

	collection_free(&c);
	return n;
}

static void opens(const struct store_rig *rig, const struct secret *password)
{
	if (try_login(rig, password) < 0)
		fail_msg("%s", failure.text);
}

static void is_over(const struct store_rig *rig, const struct secret *password)
{
	if (try_login(rig, password) >= 0)
		fail_msg("a retired password opens");
	assert_int_equal(failure.kind, ERR_PASSWORD);
}

static void change_password(const struct store_rig *rig,
			    const struct secret *old, struct secret *new_r)
{
	const struct mailbox_opener opener = {.password = old};
	struct mailbox *m = store_rig_open(rig);

	GOOD(mailbox_password_change(m, &opener, LOG_N, new_r, &failure));
	mailbox_close(&m);
}

static int set_suspended(struct mailbox_conf *c, const void *arg,
			 struct err *e UNUSED)
{
	c->suspended = *(const bool *)arg;
	return 0;
}

static void suspend(struct mailbox *m)
{
	const bool yes = true;

	GOOD(mailbox_update(m, set_suspended, &yes, &failure));
}

struct recovery {
	struct secret key;
	char recipient[80];
};

static void make_recovery(struct recovery *r)
{
	struct buf recipient;

	buf_init(&recipient, sizeof(r->recipient) - 1);
	identity_new(&r->key, &recipient);
	snprintf(r->recipient, sizeof(r->recipient), "%s", recipient.data);
	buf_release(&recipient);
}

/* --- what is looked at ---------------------------------------------------- */

static bool exists(const struct store_rig *rig, const char *name)
{
	char path[256];

	store_rig_path(rig, name, path);
	return access(path, F_OK) == 0;
}

static void read_file(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	buf_init(out, 1024 * 1024);
	if (fd < 0 || read_all(fd, out) < 0)
		fail_msg("%s", path);
	close(fd);
}

/* The keys in a file of the mailbox; 0 where it does not open. */
static size_t keys_in(const struct store_rig *rig, const char *name,
		      const struct secret *password,
		      const struct secret *recovery)
{
	struct secret keys = SECRET_EMPTY;
	struct buf file;
	char path[256];
	struct err e;
	size_t n;

	store_rig_path(rig, name, path);
	read_file(path, &file);
	if (password)
		(void)!identity_open(&file, password, &keys, &e);
	else
		(void)!identity_open_with(&file, recovery, &keys, &e);
	n = keys.len / 32;
	secret_release(&keys);
	buf_release(&file);
	return n;
}

/* The same for lost/<key>/<name>. */
static size_t lost_keys(const struct store_rig *rig, const char *own,
			const char *name, const struct secret *password)
{
	char path[160];

	snprintf(path, sizeof(path), "lost/%s/%s", own, name);
	return exists(rig, path) ? keys_in(rig, path, password, NULL) : 0;
}

/* --- a password is changed ------------------------------------------------ */

static void a_used_password_stays_whatever_befalls_its_file(void **state)
{
	struct store_rig *rig = *state, copy = *rig;
	struct secret new;
	struct err e;

	change_password(rig, &rig->password, &new);
	opens(rig, &rig->password);
	opens(rig, &new);
	assert_true(exists(rig, KEY_FILE_NEXT)); /* not settled yet */
	store_rig_shell("chmod 0600 %s/mailboxes/%s/" KEY_FILE_NEXT
			" && touch %s/mailboxes/%s/" KEY_FILE_NEXT,
			rig->path, rig->id, rig->path, rig->id);
	is_over(rig, &rig->password);
	opens(rig, &new);

	snprintf(copy.path, sizeof(copy.path), "%.100s.copy", rig->path);
	store_rig_shell("cp -a %s %s", rig->path, copy.path);
	copy.store = store_open(copy.path, &e);
	assert_non_null(copy.store);
	is_over(&copy, &rig->password);
	GOOD(store_settle(copy.store, &failure));
	assert_false(exists(&copy, KEY_FILE_NEXT));
	is_over(&copy, &rig->password);
	opens(&copy, &new);
	store_free(&copy.store);
	store_rig_shell("rm -r %s", copy.path);
	secret_release(&new);
}

/* Octets where the mark lies: none of them promotes what nobody has used. */
static void a_forged_mark_promotes_nothing(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m;
	struct secret new;
	uint8_t mark[128];
	size_t n;

	change_password(rig, &rig->password, &new);
	m = store_rig_open(rig);
	for (unsigned i = 0; i < 64; i++) {
		memset(mark, (int)(i * 37), sizeof(mark));
		memcpy(mark, "RSTU\1\0\0\0", i % 2 ? 8 : 4);
		GOOD(lock_file_write(m, LOCK_FILE_MARK_AT, mark, sizeof(mark),
				     &failure));
		GOOD(store_settle(rig->store, &failure));
		assert_true(exists(rig, KEY_FILE_NEXT));
	}
	/* That of a password of before says nothing of this one. */
	opens(rig, &new);
	GOOD(lock_file_read(m, LOCK_FILE_MARK_AT, mark, sizeof(mark), &n,
			    &failure));
	GOOD(store_settle(rig->store, &failure));
	assert_false(exists(rig, KEY_FILE_NEXT));
	mailbox_close(&m);
	change_password(rig, &new, &rig->password);
	m = store_rig_open(rig);
	GOOD(lock_file_write(m, LOCK_FILE_MARK_AT, mark, n, &failure));
	GOOD(store_settle(rig->store, &failure));
	assert_true(exists(rig, KEY_FILE_NEXT));
	mailbox_close(&m);
	secret_release(&new);
}

static void a_password_nobody_used_is_cancelled(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	struct secret new, newer;

	REFUSED(mailbox_password_cancel(m, &failure), ERR_STATE);
	change_password(rig, &rig->password, &new);
	GOOD(mailbox_password_cancel(m, &failure));
	is_over(rig, &new);
	opens(rig, &rig->password);
	REFUSED(mailbox_password_confirm(m, &failure), ERR_STATE);

	change_password(rig, &rig->password, &newer);
	opens(rig, &newer);
	REFUSED(mailbox_password_cancel(m, &failure), ERR_STATE);
	is_over(rig, &rig->password);
	opens(rig, &newer);
	mailbox_close(&m);
	secret_release(&new);
	secret_release(&newer);
}

/* It was used and is not yet settled: another change keeps it. */
static void a_recovery_key_settles_what_was_used(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	const struct mailbox_opener password = {.password = &rig->password};
	struct secret used, last;
	struct recovery r;
	struct mailbox_opener recovery = {.recovery = &r.key};

	make_recovery(&r);
	GOOD(mailbox_recipient_add(m, r.recipient, &password, &failure));
	change_password(rig, &rig->password, &used);
	opens(rig, &used);
	GOOD(mailbox_password_change(m, &recovery, LOG_N, &last, &failure));
	is_over(rig, &rig->password);
	opens(rig, &used);
	opens(rig, &last);
	is_over(rig, &used);
	mailbox_close(&m);
	secret_release(&r.key);
	secret_release(&used);
	secret_release(&last);
}

static void own_key(struct mailbox *m, char own_r[80])
{
	snprintf(own_r, 80, "%s", mailbox_settings(m)->recipients.list[0]);
}

/* --- a mailbox of before -------------------------------------------------- */

static int forget_session_key(struct mailbox_conf *c, const void *arg UNUSED,
			      struct err *e UNUSED)
{
	c->session_key[0] = '\0';
	return 0;
}

/* As an upgrade leaves it: a password waits, and no session key is named. */
static struct mailbox *of_before(const struct store_rig *rig,
				 struct secret *new_r)
{
	struct mailbox *m = store_rig_open(rig);

	change_password(rig, &rig->password, new_r);
	GOOD(mailbox_update(m, forget_session_key, NULL, &failure));
	return m;
}

static void before_a_used_password_is_not_replaced(void **state)
{
	struct store_rig *rig = *state;
	struct secret used, last;
	const struct mailbox_opener retired = {.password = &rig->password};
	struct mailbox *m = of_before(rig, &used);

	opens(rig, &used);
	is_over(rig, &rig->password);
	GOOD(store_settle(rig->store, &failure));
	assert_true(exists(rig, KEY_FILE_NEXT));
	REFUSED(mailbox_password_cancel(m, &failure), ERR_STATE);
	REFUSED(mailbox_password_change(m, &retired, LOG_N, &last, &failure),
		ERR_PASSWORD);
	assert_false(exists(rig, KEY_FILE_NEXT));
	opens(rig, &used);
	is_over(rig, &rig->password);

	change_password(rig, &used, &last);
	opens(rig, &last);
	GOOD(store_settle(rig->store, &failure));
	assert_false(exists(rig, KEY_FILE_NEXT));
	mailbox_close(&m);
	secret_release(&used);
	secret_release(&last);
}

static void before_an_unused_password_gives_way(void **state)
{
	struct store_rig *rig = *state;
	struct secret waits, next;
	struct mailbox *m = of_before(rig, &waits);

	change_password(rig, &rig->password, &next);
	is_over(rig, &waits);
	opens(rig, &rig->password);
	GOOD(mailbox_password_cancel(m, &failure));
	is_over(rig, &next);
	opens(rig, &rig->password);
	mailbox_close(&m);
	secret_release(&waits);
	secret_release(&next);
}

/* Nobody can tell which is in force: both are kept. */
static void before_a_reset_keeps_both(void **state)
{
	struct store_rig *rig = *state;
	struct secret used, last;
	struct mailbox *m = of_before(rig, &used);
	char own[80];

	own_key(m, own);
	opens(rig, &used);
	suspend(m);
	GOOD(mailbox_reset(m, 0, LOG_N, &last, &failure));
	assert_int_equal(lost_keys(rig, own, "identity-1.age", &rig->password),
			 1);
	assert_int_equal(lost_keys(rig, own, "identity-2.age", &used), 1);
	GOOD(mailbox_reset_end(m, &failure));
	opens(rig, &last);
	mailbox_close(&m);
	secret_release(&used);
	secret_release(&last);
}

/* --- reset ---------------------------------------------------------------- */

static void lost_keeps_the_identity_in_force(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	struct secret used, waiting, new;
	char own[80];

	own_key(m, own);
	change_password(rig, &rig->password, &used);
	opens(rig, &used);
	change_password(rig, &used, &waiting);
	suspend(m);
	GOOD(mailbox_reset(m, 0, LOG_N, &new, &failure));
	assert_int_equal(lost_keys(rig, own, "identity-1.age", &used), 1);
	assert_int_equal(lost_keys(rig, own, "identity-2.age", &waiting), 1);
	assert_int_equal(lost_keys(rig, own, "identity-1.age", &rig->password),
			 0);
	assert_int_equal(lost_keys(rig, own, "identity-2.age", &rig->password),
			 0);
	GOOD(mailbox_reset_end(m, &failure));
	opens(rig, &new);
	mailbox_close(&m);
	secret_release(&used);
	secret_release(&waiting);
	secret_release(&new);
}

/* What an earlier reset has kept of the same key is not in the way. */
static void lost_overwrites_nothing(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	struct secret new;
	char own[80];

	own_key(m, own);
	store_rig_shell("mkdir %s/mailboxes/%s/lost/%s && echo first >"
			"%s/mailboxes/%s/lost/%s/identity-1.age",
			rig->path, rig->id, own, rig->path, rig->id, own);
	suspend(m);
	GOOD(mailbox_reset(m, 0, LOG_N, &new, &failure));
	assert_int_equal(lost_keys(rig, own, "identity-1.age", &rig->password),
			 0);
	assert_int_equal(lost_keys(rig, own, "identity-2.age", &rig->password),
			 1);
	mailbox_close(&m);
	secret_release(&new);
}

static void an_unfinished_reset_lets_nobody_in(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	const struct mailbox_opener opener = {.password = &rig->password};
	struct secret new, newer;
	char own[80];

	own_key(m, own);
	suspend(m);
	store_rig_shell("touch %s/mailboxes/%s/" KEY_RESET_MARK, rig->path,
			rig->id);
	REFUSED(try_login(rig, &rig->password) < 0 ? -1 : 0, ERR_TEMP);
	REFUSED(mailbox_password_change(m, &opener, LOG_N, &new, &failure),
		ERR_TEMP);
	REFUSED(mailbox_rekey(m, &rig->password, LOG_N, &failure), ERR_TEMP);
	GOOD(mailbox_reset(m, 0, LOG_N, &new, &failure));
	REFUSED(try_login(rig, &new) < 0 ? -1 : 0, ERR_TEMP);
	/* Not ended: once more. What came of it is kept, too. */
	GOOD(mailbox_reset(m, 0, LOG_N, &newer, &failure));
	GOOD(mailbox_reset_end(m, &failure));
	opens(rig, &newer);
	assert_int_equal(lost_keys(rig, own, "identity-1.age", &rig->password),
			 1);
	mailbox_close(&m);
	secret_release(&new);
	secret_release(&newer);
}

/* --- a new key ------------------------------------------------------------ */

static void a_new_key_leaves_the_old_mail_readable(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	char ulid[ULID_LEN + 1], before[80], after[80];
	char session_key[SESSION_KEY_HEX_LEN + 1];
	struct collection *c;

	store_rig_keep(m, 1, 100, ulid);
	own_key(m, before);
	memcpy(session_key, mailbox_settings(m)->session_key,
	       sizeof(session_key));
	GOOD(mailbox_rekey(m, &rig->password, LOG_N, &failure));
	own_key(m, after);
	assert_string_not_equal(before, after);
	assert_string_not_equal(mailbox_settings(m)->session_key, session_key);
	store_rig_keep(m, 2, 70000, ulid);
	assert_int_equal(keys_in(rig, KEY_FILE, &rig->password, NULL), 2);
	c = store_rig_login(rig);
	assert_int_equal(collection_count(c), 2);
	store_rig_check(c, 0, 1, 100);
	store_rig_check(c, 1, 2, 70000);
	/* Nobody gets another key while mail is collected. */
	REFUSED(mailbox_rekey(m, &rig->password, LOG_N, &failure), ERR_BUSY);
	collection_free(&c);
	GOOD(mailbox_rekey(m, &rig->password, LOG_N, &failure));
	assert_int_equal(keys_in(rig, KEY_FILE, &rig->password, NULL), 3);
	c = store_rig_login(rig);
	store_rig_check(c, 0, 1, 100);
	collection_free(&c);
	mailbox_close(&m);
}

static void a_waiting_password_is_settled_first(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	struct secret new;

	change_password(rig, &rig->password, &new);
	REFUSED(mailbox_rekey(m, &rig->password, LOG_N, &failure), ERR_STATE);
	assert_non_null(strstr(failure.text, "cancel"));
	opens(rig, &new);
	REFUSED(mailbox_rekey(m, &rig->password, LOG_N, &failure),
		ERR_PASSWORD);
	GOOD(mailbox_rekey(m, &new, LOG_N, &failure));
	opens(rig, &new);
	is_over(rig, &rig->password);
	mailbox_close(&m);
	secret_release(&new);
}

/* Killed behind the identity: its first key is not the mailbox's own. */
static void a_killed_rekey_is_made_once_more(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	struct secret new;

	store_rig_shell("cp %s/mailboxes/%s/mailbox.conf %s/kept", rig->path,
			rig->id, rig->path);
	GOOD(mailbox_rekey(m, &rig->password, LOG_N, &failure));
	store_rig_shell("mv %s/kept %s/mailboxes/%s/mailbox.conf", rig->path,
			rig->path, rig->id);
	opens(rig, &rig->password);
	change_password(rig, &rig->password, &new);
	opens(rig, &new);
	GOOD(mailbox_rekey(m, &new, LOG_N, &failure));
	opens(rig, &new);
	is_over(rig, &rig->password);
	assert_int_equal(keys_in(rig, KEY_FILE, &new, NULL), 3);
	mailbox_close(&m);
	secret_release(&new);
}

/* --- recovery keys -------------------------------------------------------- */

static void what_is_removed_opens_nothing_that_comes(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	const struct mailbox_opener opener = {.password = &rig->password};
	struct recovery first, second;
	char own[80];

	make_recovery(&first);
	make_recovery(&second);
	GOOD(mailbox_recipient_add(m, first.recipient, &opener, &failure));
	GOOD(mailbox_recipient_add(m, second.recipient, &opener, &failure));
	store_rig_shell("cp %s/mailboxes/%s/" KEY_FILE_RECOVERY
			" %s/mailboxes/%s/copy",
			rig->path, rig->id, rig->path, rig->id);
	own_key(m, own);
	GOOD(mailbox_recipient_remove(m, first.recipient, &opener, LOG_N,
				      &failure));
	/* Its copy of the file has the key of before, and mail has another. */
	assert_int_equal(keys_in(rig, "copy", NULL, &first.key), 1);
	assert_false(conf_strings_has(&mailbox_settings(m)->recipients, own));
	assert_int_equal(keys_in(rig, KEY_FILE_RECOVERY, NULL, &first.key), 0);
	assert_int_equal(keys_in(rig, KEY_FILE_RECOVERY, NULL, &second.key), 2);
	opens(rig, &rig->password);
	mailbox_close(&m);
	secret_release(&first.key);
	secret_release(&second.key);
}

static void the_last_one_removed_leaves_its_file(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	const struct mailbox_opener opener = {.password = &rig->password};
	struct recovery r;
	const struct mailbox_opener by_recovery = {.recovery = &r.key};
	struct secret out;

	make_recovery(&r);
	GOOD(mailbox_recipient_add(m, r.recipient, &opener, &failure));
	GOOD(mailbox_recipient_remove(m, r.recipient, &opener, LOG_N,
				      &failure));
	assert_int_equal(keys_in(rig, KEY_FILE_RECOVERY, NULL, &r.key), 1);
	/* It has not all keys: no password is made of it. */
	REFUSED(mailbox_password_change(m, &by_recovery, LOG_N, &out, &failure),
		ERR_STATE);
	assert_non_null(strstr(failure.text, "removed"));
	opens(rig, &rig->password);
	mailbox_close(&m);
	secret_release(&r.key);
}

/* --- lines ---------------------------------------------------------------- */

/* "kind what", line by line. */
static void tell_lines(const char *path, struct buf *out)
{
	struct buf file;
	char *rest, *text;

	read_file(path, &file);
	buf_init(out, 4096);
	rest = file.data;
	while ((text = strsep(&rest, "\n")) && *text) {
		char time[32], by[32], who[32], how[32], what[256];
		struct line l;

		if (!line_parse(text, strlen(text), &l) ||
		    !line_take(&l, "time", time, sizeof(time)) ||
		    !line_take(&l, "by", by, sizeof(by)) ||
		    !line_take(&l, "who", who, sizeof(who)) ||
		    !line_take(&l, "how", how, sizeof(how)) ||
		    !line_take(&l, "what", what, sizeof(what)))
			fail_msg("%s", text);
		assert_string_equal(by, "administrator");
		assert_string_equal(who, "joe");
		assert_string_equal(how, "shell");
		assert_true(buf_addf(out, "%.*s %s\n", (int)l.kind.n, l.kind.at,
				     what));
	}
	buf_release(&file);
}

static int set_two(struct mailbox_conf *c, const void *arg UNUSED,
		   struct err *e)
{
	return mailbox_conf_set(c, "name", "A b", e) < 0 ||
			       mailbox_conf_set(c, "allow-from", "::1", e) < 0
		       ? -1
		       : 0;
}

static void every_change_is_a_line(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox_conf conf = {.name = xstrdup("n")};
	const struct mailbox_opener opener = {.password = &rig->password};
	struct secret password, next;
	struct recovery r;
	struct mailbox *m;
	char path[256];
	struct buf told;

	store_acts_for(rig->store, "joe", "shell");
	secret_release(&rig->password);
	conf.description = xstrdup("");
	make_recovery(&r);
	GOOD(mailbox_create(rig->store, &conf, LOG_N, &rig->password,
			    &failure));
	memcpy(rig->id, conf.id, sizeof(rig->id));
	m = store_rig_open(rig);
	GOOD(mailbox_update(m, set_two, NULL, &failure));
	GOOD(mailbox_recipient_add(m, r.recipient, &opener, &failure));
	change_password(rig, &rig->password, &next);
	GOOD(mailbox_password_cancel(m, &failure));
	secret_release(&next);
	change_password(rig, &rig->password, &next);
	GOOD(mailbox_password_confirm(m, &failure));
	GOOD(mailbox_rekey(m, &next, LOG_N, &failure));
	GOOD(mailbox_recipient_remove(m, r.recipient, NULL, LOG_N, &failure));
	change_password(rig, &next, &password);
	opens(rig, &password);
	suspend(m);
	GOOD(mailbox_reset(m, 0, LOG_N, &next, &failure));
	GOOD(mailbox_reset_end(m, &failure));
	store_rig_path(rig, "admin.spool", path);
	tell_lines(path, &told);
	assert_string_equal(told.data, "settings create\n"
				       "settings name:'A b',allow-from\n"
				       "recipients add\n"
				       "key recovery\n"
				       "key passwd\n"
				       "key cancel\n"
				       "key passwd\n"
				       "key confirm\n"
				       "key rekey\n"
				       "recipients remove\n"
				       "recipients add\n"
				       "recipients remove\n"
				       "key passwd\n"
				       "key used\n"
				       "settings status:'suspended'\n"
				       "key reset-begins\n"
				       "key reset\n"
				       "recipients remove\n"
				       "recipients add\n"
				       "key reset-ends\n");
	buf_release(&told);
	GOOD(mailbox_delete(&m, 0, &failure));
	snprintf(path, sizeof(path), "%s/admin.spool", rig->path);
	tell_lines(path, &told);
	assert_string_equal(told.data, "deleted delete\n");
	buf_release(&told);
	mailbox_conf_release(&conf);
	secret_release(&password);
	secret_release(&next);
	secret_release(&r.key);
}

/* A line that was cut short by a kill stays by itself. */
static void a_torn_line_is_ended(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	struct buf file;
	char path[256];

	store_rig_path(rig, "admin.spool", path);
	store_rig_shell("printf 'settings time=2' >>%s", path);
	suspend(m);
	read_file(path, &file);
	assert_non_null(strstr(file.data, "\nsettings time=2\nsettings time="));
	buf_release(&file);
	mailbox_close(&m);
}

static void a_long_spool_is_put_aside(void **state)
{
	struct store_rig *rig = *state;
	struct mailbox *m = store_rig_open(rig);
	char path[256];
	struct stat st;

	store_rig_path(rig, "admin.spool", path);
	store_rig_shell("yes x | head -c 1048576 >%s", path);
	suspend(m);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size < 1000);
	assert_true(exists(rig, "admin.spool.1"));
	mailbox_close(&m);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, store_rig_setup,                 \
					store_rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_used_password_stays_whatever_befalls_its_file),
		TEST(a_forged_mark_promotes_nothing),
		TEST(a_password_nobody_used_is_cancelled),
		TEST(before_a_used_password_is_not_replaced),
		TEST(before_an_unused_password_gives_way),
		TEST(before_a_reset_keeps_both),
		TEST(a_recovery_key_settles_what_was_used),
		TEST(lost_keeps_the_identity_in_force),
		TEST(lost_overwrites_nothing),
		TEST(an_unfinished_reset_lets_nobody_in),
		TEST(a_new_key_leaves_the_old_mail_readable),
		TEST(a_waiting_password_is_settled_first),
		TEST(a_killed_rekey_is_made_once_more),
		TEST(what_is_removed_opens_nothing_that_comes),
		TEST(the_last_one_removed_leaves_its_file),
		TEST(every_change_is_a_line),
		TEST(a_torn_line_is_ended),
		TEST(a_long_spool_is_put_aside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Making and changing mailboxes on a real store in a directory of its own:
 * rights, passwords in two steps, recovery, reset, deletion, and what is
 * refused. Every claim is looked at on the disk, or through the store's door.
 */
#include "common/base.h"

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>
#include <seccomp.h>

#include "common/log.h"
#include "store/admin/admin.h"
#include "store/admin/files.h"
#include "store/seal/identity.h"
#include "store/mailbox_private.h"
#include "tests/support/test_dir.h"

enum { LOG_N = 10 };

struct fixture {
	char dir[TEST_DIR_SIZE];
	char path[TEST_DIR_SIZE + 8];
	struct store *store;
	struct mailbox_conf conf; /* of the mailbox made by make() */
	struct secret password;
};

/* --- rig ------------------------------------------------------------------ */

static struct err failure;

/* Says why where a call failed that should not have. */
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

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	test_dir_make(f->dir);
	snprintf(f->path, sizeof(f->path), "%s/store", f->dir);
	GOOD(store_init(f->path, &failure));
	f->store = store_open(f->path, &failure);
	if (!f->store)
		fail_msg("%s", failure.text);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	store_free(&f->store);
	mailbox_conf_release(&f->conf);
	secret_release(&f->password);
	test_dir_remove(f->dir);
	free(f);
	return 0;
}

static void make_with(struct fixture *f, const char *recovery)
{
	f->conf.id[0] = '\0';
	f->conf.name = xstrdup("Journal ${HOME} 'x'");
	f->conf.description = xstrdup("");
	if (recovery)
		conf_strings_add(&f->conf.recipients, recovery);
	GOOD(mailbox_create(f->store, &f->conf, LOG_N, &f->password, &failure));
}

static struct mailbox *made(struct fixture *f)
{
	struct mailbox *m = mailbox_open(f->store, f->conf.id, &failure);

	if (!m)
		fail_msg("%s", failure.text);
	return m;
}

static struct mailbox *make(struct fixture *f)
{
	make_with(f, NULL);
	return made(f);
}

static int suspend(struct mailbox_conf *conf, const void *arg UNUSED,
		   struct err *e UNUSED)
{
	conf->suspended = true;
	return 0;
}

static int activate(struct mailbox_conf *conf, const void *arg UNUSED,
		    struct err *e UNUSED)
{
	conf->suspended = false;
	return 0;
}

static void deliver(struct mailbox *m, const char *text)
{
	struct delivery *d = delivery_begin(m, &failure);

	if (!d)
		fail_msg("%s", failure.text);
	GOOD(delivery_write(d, (const uint8_t *)text, strlen(text), &failure));
	GOOD(delivery_commit(&d, 0, &failure));
}

/* The number of messages that the password opens the mailbox for. */
static size_t collect(struct fixture *f, const struct secret *password)
{
	struct collection *c = collection_login(f->store, f->conf.id, password,
						LOG_N, &failure);
	size_t n;

	if (!c)
		fail_msg("%s", failure.text);
	n = collection_count(c);
	for (size_t i = 0; i < n; i++) {
		struct reader *r = reader_open(c, i, &failure);
		const uint8_t *bytes;
		size_t got;

		assert_non_null(r);
		do
			GOOD(reader_next(r, &bytes, &got, &failure));
		while (got > 0);
		reader_close(&r);
	}
	collection_free(&c);
	return n;
}

static int try_collect(struct fixture *f, const struct secret *password)
{
	struct collection *c = collection_login(f->store, f->conf.id, password,
						LOG_N, &failure);

	if (!c)
		return -1;
	collection_free(&c);
	return 0;
}

static bool exists(const struct fixture *f, const char *fmt, ...)
	PRINTF_LIKE(2, 3);
static bool exists(const struct fixture *f, const char *fmt, ...)
{
	char path[512];
	size_t n =
		(size_t)snprintf(path, sizeof(path), "%s/mailboxes/", f->path);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path + n, sizeof(path) - n, fmt, ap);
	va_end(ap);
	return access(path, F_OK) == 0;
}

static size_t count_entries(const struct fixture *f, const char *below)
{
	char path[256];
	struct dirent *d;
	size_t n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/mailboxes%s%s", f->path,
		 below[0] ? "/" : "", below);
	dir = opendir(path);
	assert_non_null(dir);
	while ((d = readdir(dir)))
		n += d->d_name[0] != '.' || d->d_name[1] > '.';
	closedir(dir);
	return n;
}

static void new_recovery(struct secret *private_r, char *recipient_r,
			 size_t size)
{
	struct buf recipient;

	buf_init(&recipient, 128);
	identity_new(private_r, &recipient);
	snprintf(recipient_r, size, "%s", recipient.data);
	buf_release(&recipient);
}

/* --- making --------------------------------------------------------------- */

static const struct {
	const char *name;
	mode_t mode;
	off_t size; /* -1: any */
} parts[] = {
	{"", S_IFDIR | 02750, -1},
	{"/mailbox.conf", S_IFREG | 0640, -1},
	{"/identity.age", S_IFREG | 0640, -1},
	{"/identity.recovery.age", S_IFREG | 0640, -1},
	{"/seen.key", S_IFREG | 0640, 32},
	{"/lock", S_IFREG | 0660, 4096},
	{"/seen", S_IFREG | 0660, 0},
	{"/tmp", S_IFDIR | 02770, -1},
	{"/cur", S_IFDIR | 02770, -1},
	{"/lost", S_IFDIR | 02750, -1},
	{"/gone", S_IFDIR | 02770, -1},
	{"/spool", S_IFDIR | 02770, -1},
	{"/uids", S_IFREG | 0660, 0},
	{"/admin.spool", S_IFREG | 0640, -1},
};

static void check_rights(struct fixture *f)
{
	char path[256];
	struct stat st;

	for (size_t i = 0; i < N_ELEMENTS(parts); i++) {
		snprintf(path, sizeof(path), "%s/mailboxes/%s%s", f->path,
			 f->conf.id, parts[i].name);
		if (stat(path, &st) < 0)
			fail_msg("%s: %s", path, strerror(errno));
		if (st.st_mode != parts[i].mode)
			fail_msg("%s: mode %o", path, st.st_mode);
		if (parts[i].size >= 0)
			assert_int_equal(st.st_size, parts[i].size);
	}
	assert_int_equal(count_entries(f, f->conf.id), N_ELEMENTS(parts) - 1);
}

static void test_rights_whatever_the_umask(void **state)
{
	static const mode_t masks[] = {0, 022, 077, 0777};
	struct fixture *f = *state;
	struct secret recovery;
	char recipient[80];

	new_recovery(&recovery, recipient, sizeof(recipient));
	secret_release(&recovery);
	for (size_t i = 0; i < N_ELEMENTS(masks); i++) {
		mode_t before = umask(masks[i]);

		make_with(f, recipient);
		umask(before);
		check_rights(f);
		mailbox_conf_release(&f->conf);
		secret_release(&f->password);
	}
	assert_int_equal(count_entries(f, ""), N_ELEMENTS(masks));
}

/* What RestrictSUIDSGID= of a unit does: asking for the bit is refused. */
static void forbid_set_group_id(void)
{
	static const struct {
		int call;
		unsigned arg; /* the one that is a mode */
	} calls[] = {
		{SCMP_SYS(chmod), 1},	 {SCMP_SYS(fchmod), 1},
		{SCMP_SYS(fchmodat), 2}, {SCMP_SYS(mkdir), 1},
		{SCMP_SYS(mkdirat), 2},	 {SCMP_SYS(openat), 3},
	};
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	for (size_t i = 0; i < N_ELEMENTS(calls); i++)
		assert_int_equal(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM),
						  calls[i].call, 1,
						  SCMP_CMP(calls[i].arg,
							   SCMP_CMP_MASKED_EQ,
							   S_ISGID, S_ISGID)),
				 0);
	assert_int_equal(seccomp_load(ctx), 0);
	seccomp_release(ctx);
}

/* In a process of its own: such a filter is for good. */
static void test_set_group_id_is_inherited(void **state)
{
	struct fixture *f = *state;
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct mailbox *m;

		umask(0007);
		forbid_set_group_id();
		if (fchmodat(AT_FDCWD, f->dir, 02700, 0) == 0 || errno != EPERM)
			fail_msg("the filter forbids nothing");
		m = make(f);
		deliver(m, "Subject: one\r\n");
		GOOD(mailbox_update(m, suspend, NULL, &failure));
		secret_release(&f->password);
		GOOD(mailbox_reset(m, 1, LOG_N, &f->password, &failure));
		GOOD(mailbox_reset_end(m, &failure));
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_store_is_made_once(void **state)
{
	struct fixture *f = *state;
	char path[128], text[32] = "";
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/format", f->path);
	fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, text, sizeof(text)), 11);
	close(fd);
	assert_string_equal(text, "restante 2\n");
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 02750);
	snprintf(path, sizeof(path), "%s/mailboxes", f->path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 02750);
	snprintf(path, sizeof(path), "%s/aliases", f->path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 02750);

	mailbox_close(&(struct mailbox *){make(f)});
	GOOD(store_init(f->path, &failure));
	assert_true(exists(f, "%s", f->conf.id));
	snprintf(path, sizeof(path), "%s/no/store", f->dir);
	REFUSED(store_init(path, &failure), ERR_TEMP);
}

static void test_mailbox_says_what_it_is(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m = make(f);
	const struct mailbox_conf *c = mailbox_settings(m);

	assert_string_equal(c->id, f->conf.id);
	assert_string_equal(c->name, "Journal ${HOME} 'x'");
	assert_false(c->suspended);
	assert_int_equal(c->created, f->conf.created);
	assert_true(c->created > 1700000000);
	assert_int_equal(c->recipients.n, 1);
	assert_int_equal(f->password.len, 39);
	deliver(m, "Subject: x\r\n\r\nbody\r\n");
	mailbox_close(&m);
	assert_int_equal(collect(f, &f->password), 1);
}

static void test_nothing_is_left_of_a_failure(void **state)
{
	struct fixture *f = *state;
	struct mailbox_conf *c = &f->conf;

	c->name = xstrdup("two\nlines");
	c->description = xstrdup("");
	REFUSED(mailbox_create(f->store, c, LOG_N, &f->password, &failure),
		ERR_CONFIG);
	assert_non_null(strstr(failure.text, "name = "));
	assert_null(f->password.bytes);
	assert_int_equal(count_entries(f, ""), 0);

	conf_strings_release(&c->recipients);
	conf_strings_add(&c->recipients, "age1nonsense");
	REFUSED(mailbox_create(f->store, c, LOG_N, &f->password, &failure),
		ERR_CONFIG);
	assert_non_null(strstr(failure.text, "age1nonsense"));
	assert_int_equal(count_entries(f, ""), 0);
}

/* --- settings ------------------------------------------------------------- */

static int set_name(struct mailbox_conf *conf, const void *arg, struct err *e)
{
	return mailbox_conf_set(conf, "name", arg, e);
}

static int set_name_unchecked(struct mailbox_conf *conf, const void *arg,
			      struct err *e UNUSED)
{
	free(conf->name);
	conf->name = xstrdup(arg);
	return 0;
}

static void test_settings_are_replaced_whole(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m = make(f), *other = made(f);

	GOOD(mailbox_update(m, set_name, "New", &failure));
	assert_string_equal(mailbox_settings(m)->name, "New");
	/* Another administrator's change keeps what it did not touch. */
	GOOD(mailbox_update(other, suspend, NULL, &failure));
	assert_string_equal(mailbox_settings(other)->name, "New");
	mailbox_close(&other);

	REFUSED(mailbox_update(m, set_name, "", &failure), ERR_CONFIG);
	REFUSED(mailbox_update(m, set_name_unchecked, "a\nb", &failure),
		ERR_CONFIG);
	assert_string_equal(mailbox_settings(m)->name, "New");
	assert_false(exists(f, "%s/mailbox.conf.new", f->conf.id));
	mailbox_close(&m);
	m = made(f);
	assert_string_equal(mailbox_settings(m)->name, "New");
	assert_true(mailbox_settings(m)->suspended);
	mailbox_close(&m);
}

static void test_settings_survive_the_rest_of_a_killed_change(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m = make(f);

	GOOD(admin_make_file(m->dir, "mailbox.conf.new", 0640, "rest", 4,
			     &failure));
	GOOD(mailbox_update(m, set_name, "New", &failure));
	assert_false(exists(f, "%s/mailbox.conf.new", f->conf.id));
	mailbox_close(&m);
}

static void test_recipients(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m = make(f);
	struct secret recovery, key = SECRET_EMPTY;
	struct mailbox_opener password = {.password = &f->password};
	struct mailbox_opener with_recovery = {.recovery = &recovery};
	char recipient[80], own[80];

	snprintf(own, sizeof(own), "%s",
		 mailbox_settings(m)->recipients.list[0]);
	new_recovery(&recovery, recipient, sizeof(recipient));
	REFUSED(mailbox_recipient_add(m, "age1x", NULL, &failure), ERR_CONFIG);
	REFUSED(mailbox_recipient_add(m, own, &password, &failure), ERR_STATE);
	GOOD(mailbox_recipient_add(m, recipient, NULL, &failure));
	assert_int_equal(mailbox_settings(m)->recipients.n, 2);
	REFUSED(mailbox_recipient_add(m, recipient, NULL, &failure), ERR_STATE);
	REFUSED(mailbox_open_key(m, &with_recovery, &key, &failure), ERR_STATE);

	/* With the password the key is sealed to it as well. */
	GOOD(mailbox_recipient_add(m, recipient, &password, &failure));
	assert_int_equal(mailbox_settings(m)->recipients.n, 2);
	GOOD(mailbox_open_key(m, &with_recovery, &key, &failure));
	secret_release(&key);

	REFUSED(mailbox_recipient_remove(m, own, NULL, LOG_N, &failure),
		ERR_STATE);
	GOOD(mailbox_recipient_remove(m, recipient, NULL, LOG_N, &failure));
	REFUSED(mailbox_recipient_remove(m, recipient, NULL, LOG_N, &failure),
		ERR_CONFIG);
	/* Nothing is deleted unasked. */
	assert_true(exists(f, "%s/identity.recovery.age", f->conf.id));
	deliver(m, "x\r\n");
	mailbox_close(&m);
	assert_int_equal(collect(f, &f->password), 1);
	secret_release(&recovery);
}

static void test_a_removed_recipient_loses_the_key(void **state)
{
	struct fixture *f = *state;
	struct secret first, second, key = SECRET_EMPTY;
	struct mailbox_opener by_first = {.recovery = &first};
	struct mailbox_opener by_second = {.recovery = &second};
	char recipients[2][80];
	struct mailbox *m;

	new_recovery(&first, recipients[0], sizeof(recipients[0]));
	new_recovery(&second, recipients[1], sizeof(recipients[1]));
	make_with(f, recipients[0]);
	m = made(f);
	GOOD(mailbox_recipient_add(m, recipients[1], &by_first, &failure));
	GOOD(mailbox_recipient_remove(m, recipients[0], &by_second, LOG_N,
				      &failure));
	GOOD(mailbox_open_key(m, &by_second, &key, &failure));
	secret_release(&key);
	REFUSED(mailbox_open_key(m, &by_first, &key, &failure), ERR_PASSWORD);
	mailbox_close(&m);
	secret_release(&first);
	secret_release(&second);
}

/* --- passwords ------------------------------------------------------------ */

static void test_password_changes_in_two_steps(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m = make(f);
	struct mailbox_opener old = {.password = &f->password};
	struct secret new;

	deliver(m, "x\r\n");
	GOOD(mailbox_password_change(m, &old, LOG_N, &new, &failure));
	assert_false(secret_equal(&new, f->password.bytes, f->password.len));
	assert_int_equal(collect(f, &f->password), 1); /* still valid */
	assert_int_equal(collect(f, &new), 1);
	/* The first login with the new one ended the old one. */
	REFUSED(try_collect(f, &f->password), ERR_PASSWORD);
	assert_true(exists(f, "%s/identity.age.next", f->conf.id));
	GOOD(store_settle(f->store, &failure));
	assert_false(exists(f, "%s/identity.age.next", f->conf.id));
	REFUSED(try_collect(f, &f->password), ERR_PASSWORD);
	assert_int_equal(collect(f, &new), 1);
	GOOD(store_settle(f->store, &failure));
	mailbox_close(&m);
	secret_release(&new);
}

static void test_password_is_confirmed(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m = make(f);
	struct mailbox_opener old = {.password = &f->password};
	struct secret new;

	REFUSED(mailbox_password_confirm(m, &failure), ERR_STATE);
	GOOD(mailbox_password_change(m, &old, LOG_N, &new, &failure));
	GOOD(store_settle(f->store, &failure)); /* unused: it waits */
	assert_int_equal(collect(f, &f->password), 0);
	GOOD(mailbox_password_confirm(m, &failure));
	REFUSED(try_collect(f, &f->password), ERR_PASSWORD);
	assert_int_equal(collect(f, &new), 0);
	mailbox_close(&m);
	secret_release(&new);
}

static void test_a_second_change_replaces_an_unused_one(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m = make(f);
	struct mailbox_opener old = {.password = &f->password}, by_second;
	struct secret first, second, third;

	GOOD(mailbox_password_change(m, &old, LOG_N, &first, &failure));
	GOOD(mailbox_password_change(m, &old, LOG_N, &second, &failure));
	REFUSED(try_collect(f, &first), ERR_PASSWORD);
	assert_int_equal(collect(f, &f->password), 0);
	/* Used for the next change, a new password is as good as logged in. */
	by_second.password = &second;
	by_second.recovery = NULL;
	GOOD(mailbox_password_change(m, &by_second, LOG_N, &third, &failure));
	REFUSED(try_collect(f, &f->password), ERR_PASSWORD);
	assert_int_equal(collect(f, &second), 0);
	assert_int_equal(collect(f, &third), 0);
	REFUSED(try_collect(f, &second), ERR_PASSWORD);
	mailbox_close(&m);
	secret_release(&first);
	secret_release(&second);
	secret_release(&third);
}

static void test_wrong_passwords(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m = make(f);
	struct secret wrong, recovery, out = SECRET_EMPTY;
	struct mailbox_opener by_wrong = {.password = &wrong};
	struct mailbox_opener by_recovery = {.recovery = &recovery};
	char recipient[80];

	secret_set(&wrong, "aaaa-bbbb", 9);
	new_recovery(&recovery, recipient, sizeof(recipient));
	REFUSED(mailbox_password_change(m, &by_wrong, LOG_N, &out, &failure),
		ERR_PASSWORD);
	REFUSED(mailbox_password_change(m, &by_recovery, LOG_N, &out, &failure),
		ERR_STATE);
	assert_null(out.bytes);
	assert_false(exists(f, "%s/identity.age.next", f->conf.id));
	mailbox_close(&m);
	secret_release(&wrong);
	secret_release(&recovery);
}

static void test_a_recovery_key_sets_a_password(void **state)
{
	struct fixture *f = *state;
	struct secret recovery, new;
	struct mailbox_opener opener = {.recovery = &recovery};
	char recipient[80];
	struct mailbox *m;

	new_recovery(&recovery, recipient, sizeof(recipient));
	make_with(f, recipient);
	m = made(f);
	deliver(m, "x\r\n");
	GOOD(mailbox_password_change(m, &opener, LOG_N, &new, &failure));
	assert_int_equal(collect(f, &new), 1);
	mailbox_close(&m);
	secret_release(&recovery);
	secret_release(&new);
}

/* --- reset ---------------------------------------------------------------- */

/* The octets of `seen`, which pop3-proxy writes; n of them are added first. */
static off_t size_of_seen(const struct fixture *f, const void *bytes, size_t n)
{
	char path[256];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/mailboxes/%s/seen", f->path,
		 f->conf.id);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0660);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	assert_return_code(fstat(fd, &st), 0);
	close(fd);
	return st.st_size;
}

static void test_reset_takes_a_new_key(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m = make(f), *session = made(f);
	struct counters counters;
	struct secret new;
	char own[80];

	snprintf(own, sizeof(own), "%s",
		 mailbox_settings(m)->recipients.list[0]);
	deliver(m, "one\r\n");
	deliver(m, "two\r\n");
	REFUSED(mailbox_reset(m, 2, LOG_N, &new, &failure), ERR_STATE);
	GOOD(mailbox_update(m, suspend, NULL, &failure));
	REFUSED(mailbox_reset(m, 1, LOG_N, &new, &failure), ERR_STATE);
	assert_non_null(strstr(failure.text, "2 messages"));
	assert_int_equal(collect(f, &f->password), 2);

	assert_true(size_of_seen(f, "kept", 4) >= 4);
	GOOD(mailbox_reset(m, 2, LOG_N, &new, &failure));
	/* What is fetched again is to be kept again. */
	assert_int_equal(size_of_seen(f, "", 0), 0);
	assert_string_not_equal(mailbox_settings(m)->recipients.list[0], own);
	REFUSED(try_collect(f, &f->password), ERR_PASSWORD);
	/* Not before somebody has seen the new password. */
	REFUSED(try_collect(f, &new), ERR_TEMP);
	GOOD(mailbox_counters(m, &counters, &failure));
	assert_int_equal(counters.messages, 0);
	assert_true(exists(f, "%s/lost/%s/identity-1.age", f->conf.id, own));
	REFUSED(mailbox_update(m, activate, NULL, &failure), ERR_STATE);
	GOOD(mailbox_reset_end(m, &failure));
	GOOD(mailbox_update(m, activate, NULL, &failure));
	deliver(m, "three\r\n");
	/* Whoever opened it before seals to the key of now. */
	GOOD(mailbox_hold(session, &failure));
	deliver(session, "four\r\n");
	mailbox_close(&session);
	mailbox_close(&m);
	assert_int_equal(collect(f, &new), 2);
	secret_release(&new);
}

static void test_reset_keeps_recovery(void **state)
{
	struct fixture *f = *state;
	struct secret recovery, new, key = SECRET_EMPTY;
	struct mailbox_opener opener = {.recovery = &recovery};
	char recipient[80];
	struct mailbox *m;

	new_recovery(&recovery, recipient, sizeof(recipient));
	make_with(f, recipient);
	m = made(f);
	GOOD(mailbox_update(m, suspend, NULL, &failure));
	GOOD(mailbox_reset(m, 0, LOG_N, &new, &failure));
	GOOD(mailbox_reset_end(m, &failure));
	assert_string_equal(mailbox_settings(m)->recipients.list[1], recipient);
	GOOD(mailbox_open_key(m, &opener, &key, &failure));
	mailbox_close(&m);
	secret_release(&key);
	secret_release(&recovery);
	secret_release(&new);
}

static void test_an_unfinished_reset_takes_no_mail(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m = make(f);
	struct secret new;

	GOOD(mailbox_update(m, suspend, NULL, &failure));
	GOOD(admin_make_file(m->dir, "reset.unfinished", 0640, "", 0,
			     &failure));
	REFUSED(mailbox_update(m, activate, NULL, &failure), ERR_STATE);
	GOOD(mailbox_reset(m, 0, LOG_N, &new, &failure));
	GOOD(mailbox_reset_end(m, &failure));
	GOOD(mailbox_update(m, activate, NULL, &failure));
	mailbox_close(&m);
	secret_release(&new);
}

/* --- deleting ------------------------------------------------------------- */

static void test_delete(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m = make(f), *late = made(f);
	uint64_t n;

	deliver(m, "one\r\n");
	GOOD(mailbox_account(m, NULL, &failure));
	REFUSED(mailbox_delete(&m, 1, &failure), ERR_STATE);
	GOOD(mailbox_update(m, suspend, NULL, &failure));
	REFUSED(mailbox_delete(&m, 0, &failure), ERR_STATE);
	assert_non_null(m);
	GOOD(mailbox_count(m, &n, &failure));
	assert_int_equal(n, 1);
	GOOD(mailbox_delete(&m, 1, &failure));
	assert_null(m);
	assert_int_equal(count_entries(f, ""), 0);
	REFUSED(mailbox_hold(late, &failure), ERR_ABSENT);
	REFUSED(mailbox_update(late, suspend, NULL, &failure), ERR_ABSENT);
	mailbox_close(&late);
	assert_null(mailbox_open(f->store, f->conf.id, &failure));
	assert_int_equal(failure.kind, ERR_ABSENT);
}

static void test_delete_waits_for_nobody_for_ever(void **state)
{
	struct fixture *f = *state;
	struct mailbox *m = make(f), *sender = made(f);
	struct collection *c;

	GOOD(mailbox_update(m, suspend, NULL, &failure));
	GOOD(mailbox_hold(sender, &failure));
	REFUSED(mailbox_delete(&m, 0, &failure), ERR_BUSY);
	assert_non_null(strstr(failure.text, "delivered to"));
	mailbox_close(&sender);

	c = collection_login(f->store, f->conf.id, &f->password, LOG_N,
			     &failure);
	assert_non_null(c);
	REFUSED(mailbox_delete(&m, 0, &failure), ERR_BUSY);
	assert_non_null(strstr(failure.text, "collected"));
	collection_free(&c);
	/* Refused, it holds nothing back. */
	assert_int_equal(collect(f, &f->password), 0);
	GOOD(mailbox_delete(&m, 0, &failure));
}

static void test_tidy(void **state)
{
	struct fixture *f = *state;
	char path[256];
	unsigned removed;
	int busy;

	mailbox_close(&(struct mailbox *){make(f)});
	snprintf(path, sizeof(path), "%s/mailboxes/.new-x", f->path);
	assert_int_equal(mkdir(path, 0700), 0);
	busy = open(path, O_RDONLY | O_DIRECTORY);
	assert_int_equal(flock(busy, LOCK_EX), 0);
	snprintf(path, sizeof(path), "%s/mailboxes/.gone-x", f->path);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/mailboxes/.gone-x/cur", f->path);
	assert_int_equal(mkdir(path, 0700), 0);

	GOOD(store_tidy(f->store, &removed, &failure));
	assert_int_equal(removed, 1);
	assert_false(exists(f, ".gone-x"));
	assert_true(exists(f, ".new-x")); /* its maker lives */
	close(busy);
	GOOD(store_tidy(f->store, &removed, &failure));
	assert_int_equal(removed, 1);
	assert_int_equal(count_entries(f, ""), 1);
}

/* Deeper than there are descriptors: what handlers write may be anything. */
static void test_tidy_is_not_led_into_the_deep(void **state)
{
	enum { LEVELS = 1200 };
	struct fixture *f = *state;
	char path[256], command[600];
	unsigned removed;
	int at, in;

	snprintf(path, sizeof(path), "%s/mailboxes/.gone-deep", f->path);
	assert_int_equal(mkdir(path, 0700), 0);
	at = open(path, O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < LEVELS; i++) {
		assert_int_equal(mkdirat(at, "d", 0700), 0);
		in = openat(at, "d", O_RDONLY | O_DIRECTORY);
		assert_true(in >= 0);
		close(at);
		at = in;
	}
	close(at);
	snprintf(command, sizeof(command),
		 "rm -r '%s' && mkdir '%s/mailboxes/.gone-x'", path, f->path);
	snprintf(path, sizeof(path), "%s/mailboxes/.gone-other", f->path);
	assert_int_equal(mkdir(path, 0700), 0);

	REFUSED(store_tidy(f->store, &removed, &failure), ERR_STATE);
	assert_non_null(strstr(failure.text, "by hand"));
	assert_int_equal(removed, 1);
	assert_false(exists(f, ".gone-other"));
	assert_int_equal(system(command), 0);
	GOOD(store_tidy(f->store, &removed, &failure));
	assert_int_equal(count_entries(f, ""), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rights_whatever_the_umask),
		TEST(test_set_group_id_is_inherited),
		TEST(test_store_is_made_once),
		TEST(test_mailbox_says_what_it_is),
		TEST(test_nothing_is_left_of_a_failure),
		TEST(test_settings_are_replaced_whole),
		TEST(test_settings_survive_the_rest_of_a_killed_change),
		TEST(test_recipients),
		TEST(test_a_removed_recipient_loses_the_key),
		TEST(test_password_changes_in_two_steps),
		TEST(test_password_is_confirmed),
		TEST(test_a_second_change_replaces_an_unused_one),
		TEST(test_wrong_passwords),
		TEST(test_a_recovery_key_sets_a_password),
		TEST(test_reset_takes_a_new_key),
		TEST(test_reset_keeps_recovery),
		TEST(test_an_unfinished_reset_takes_no_mail),
		TEST(test_delete),
		TEST(test_delete_waits_for_nobody_for_ever),
		TEST(test_tidy),
		TEST(test_tidy_is_not_led_into_the_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

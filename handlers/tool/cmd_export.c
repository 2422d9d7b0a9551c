/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Messages taken out as files, while the mailbox stays as it was. A file has
 * its name only when it is whole.
 */
#include "common/base.h"
#include "handlers/tool/command.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

#include "common/log.h"
#include "handlers/tool/ask.h"
#include "handlers/tool/mbox.h"
#include "handlers/tool/store.h"
#include "handlers/tool/text.h"

/* --- one file being written ----------------------------------------------- */

struct output {
	int dir;
	char name[64];
	FILE *file; /* name and ".part" */
};

static void part_name(const struct output *o, char part_r[80])
{
	snprintf(part_r, 80, "%s.part", o->name);
}

/*
 * What is exported is anybody's secret: for its owner alone, and never into a
 * file that somebody else has put there and may read.
 */
static int output_open(struct output *o, struct err *e)
{
	char part[80];
	int fd;

	part_name(o, part);
	(void)unlinkat(o->dir, part, 0); /* of an export that was cut off */
	fd = openat(o->dir, part,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	o->file = fd < 0 ? NULL : fdopen(fd, "w");
	return o->file ? 0 : err_sys(e, "create %s", part);
}

static int push_to_file(void *to, const uint8_t *bytes, size_t n)
{
	return fwrite(bytes, 1, n, to) == n ? 0 : -1;
}

static int output_close(struct output *o, bool good, struct err *e)
{
	char part[80];
	int result = 0;

	part_name(o, part);
	if (fflush(o->file) != 0 || fsync(fileno(o->file)) < 0)
		result = err_sys(e, "write %s", part);
	if (fclose(o->file) != 0 && result == 0)
		result = err_sys(e, "write %s", part);
	if (good && result == 0 && renameat(o->dir, part, o->dir, o->name) < 0)
		result = err_sys(e, "rename %s", part);
	if (!good || result < 0)
		(void)unlinkat(o->dir, part, 0);
	return result;
}

/* --- one message ---------------------------------------------------------- */

static int copy_message(struct collection *c, size_t i,
			int (*push)(void *to, const uint8_t *bytes, size_t n),
			void *to, struct err *e)
{
	struct reader *r = reader_open(c, i, e);
	const uint8_t *bytes;
	size_t n = 1;
	int result = r ? 0 : -1;

	while (result == 0 && n > 0) {
		result = reader_next(r, &bytes, &n, e);
		if (result == 0 && n > 0 && push(to, bytes, n) < 0)
			result = err_sys(e, "write");
	}
	reader_close(&r);
	return result;
}

static int push_to_mbox(void *to, const uint8_t *bytes, size_t n)
{
	return mbox_push(to, bytes, n);
}

/*
 * A message that does not open is told and left out; trouble with the files
 * that are written ends it all.
 */
static bool may_go_on(const struct err *e)
{
	return e->kind == ERR_DAMAGED || e->kind == ERR_PASSWORD ||
	       e->kind == ERR_ABSENT;
}

/* 1: left out. */
static int export_eml(struct collection *c, size_t i, int dir, struct err *e)
{
	const struct message message = collection_message(c, i);
	struct output o = {.dir = dir};
	struct err closing;
	int result;

	snprintf(o.name, sizeof(o.name), "%s.eml", message.ulid);
	if (output_open(&o, e) < 0)
		return -1;
	result = copy_message(c, i, push_to_file, o.file, e);
	if (output_close(&o, result == 0, &closing) < 0) {
		*e = closing;
		return -1;
	}
	if (result < 0 && may_go_on(e)) {
		log_error("%s: %s", message.ulid, e->text);
		return 1;
	}
	return result;
}

/*
 * Into the one mbox. What a message that turns out damaged has left there is
 * cut off again.
 */
static int export_mbox(struct collection *c, size_t i, FILE *file,
		       struct err *e)
{
	const struct message message = collection_message(c, i);
	const struct sink sink = {.push = push_to_file, .to = file};
	off_t before = ftello(file);
	struct mbox m;

	if (mbox_begin(&m, &sink, ulid_time_ms(message.ulid) / 1000) < 0)
		return err_sys(e, "write");
	if (copy_message(c, i, push_to_mbox, &m, e) == 0)
		return mbox_end(&m) < 0 ? err_sys(e, "write") : 0;
	if (!may_go_on(e))
		return -1;
	log_error("%s: %s", message.ulid, e->text);
	if (fflush(file) != 0 || ftruncate(fileno(file), before) < 0 ||
	    fseeko(file, before, SEEK_SET) < 0)
		return err_sys(e, "write");
	return 1;
}

/* --- all of them ---------------------------------------------------------- */

static int export_each(struct collection *c, int dir, FILE *mbox,
		       size_t *left_out_r, struct err *e)
{
	size_t n = collection_count(c);
	int result = 0;

	*left_out_r = 0;
	for (size_t i = 0; result >= 0 && i < n; i++) {
		tool_progress("message", i + 1, n);
		result = mbox ? export_mbox(c, i, mbox, e)
			      : export_eml(c, i, dir, e);
		*left_out_r += result > 0;
	}
	tool_progress_end();
	return result < 0 ? -1 : 0;
}

static int export_all_to_mbox(struct collection *c, const char *id, int dir,
			      size_t *left_out_r, struct err *e)
{
	struct output o = {.dir = dir};
	struct err closing;
	int result;

	snprintf(o.name, sizeof(o.name), "%s.mbox", id);
	if (faccessat(dir, o.name, F_OK, 0) == 0)
		return err_set(e, ERR_CONFIG, "%s is there already", o.name);
	if (output_open(&o, e) < 0)
		return -1;
	result = export_each(c, dir, o.file, left_out_r, e);
	if (output_close(&o, result == 0, &closing) < 0 && result == 0) {
		*e = closing;
		result = -1;
	}
	return result;
}

/* Which exit code: used wrongly, not allowed, or a trouble that may pass. */
static int no_directory(const char *path, struct err *e)
{
	const struct passwd *me;
	int why = errno;

	err_sys(e, "%s", path);
	me = getpwuid(geteuid());
	if (why == ENOENT || why == ENOTDIR || why == ELOOP)
		e->kind = ERR_CONFIG;
	if (why != EACCES && why != EPERM && why != EROFS)
		return -1;
	return err_set(e, ERR_PASSWORD,
		       "%s: user %s, as whom this command works, may not %s: "
		       "choose a directory that is that user's",
		       path, me ? me->pw_name : "who owns the store",
		       access(path, F_OK) == 0 ? "write there"
					       : "go there or make it");
}

static int export_to(struct collection *c, const char *id, const char *path,
		     bool mbox, struct err *e)
{
	size_t left_out = 0, n = collection_count(c);
	int dir, result;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return no_directory(path, e);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return no_directory(path, e);
	result = mbox ? export_all_to_mbox(c, id, dir, &left_out, e)
		      : export_each(c, dir, NULL, &left_out, e);
	if (result == 0 && fsync(dir) < 0)
		result = err_sys(e, "fsync");
	close(dir);
	if (result < 0)
		return err_prefix(e, "export to %s", path);
	fprintf(stderr, "%zu of %zu messages exported.\n", n - left_out, n);
	if (left_out)
		return err_set(e, ERR_DAMAGED,
			       "%zu messages could not be opened", left_out);
	return 0;
}

/* --- logging in ----------------------------------------------------------- */

static struct collection *login_with_password(struct tool *t, const char *id,
					      struct err *e)
{
	struct secret password = SECRET_EMPTY;
	struct collection *c = NULL;

	if (tool_read_password("Password of the mailbox: ", &password, e) == 0)
		c = collection_login(t->store, id, &password,
				     t->conf->identity.scrypt_log_n, e);
	secret_release(&password);
	return c;
}

/*
 * A recovery key opens the mailbox's own key, and with it all mail. Where the
 * key is not sealed to it, it still opens what was sealed to it directly.
 */
static struct collection *login_with_identity(struct tool *t, const char *id,
					      struct err *e)
{
	const struct mailbox_opener opener = {.recovery = &t->identity};
	struct mailbox *m = mailbox_open(t->store, id, e);
	struct secret key = SECRET_EMPTY;
	struct collection *c;
	int opened;

	if (!m)
		return NULL;
	opened = mailbox_open_key(m, &opener, &key, e);
	mailbox_close(&m);
	if (opened < 0 && e->kind != ERR_PASSWORD && e->kind != ERR_STATE)
		return NULL;
	c = collection_login_with_key(t->store, id,
				      opened < 0 ? &t->identity : &key, e);
	secret_release(&key);
	if (!c && e->kind == ERR_CONFIG)
		err_set(e, ERR_PASSWORD,
			"this identity opens neither the mailbox's key nor "
			"its mail");
	return c;
}

static int check_export_format(const struct tool_args *a, bool *mbox_r,
			       struct err *e)
{
	const char *format = tool_value(a, "format");

	if (!format ||
	    (strcmp(format, "eml") != 0 && strcmp(format, "mbox") != 0))
		return err_set(e, ERR_CONFIG,
			       "--format eml or --format mbox is needed");
	*mbox_r = strcmp(format, "mbox") == 0;
	return 0;
}

TOOL_RUN(export)
{
	struct mailbox *m;
	struct collection *c;
	char id[MAILBOX_ID_LEN + 1];
	bool mbox = false;
	int result;

	if (check_export_format(a, &mbox, e) < 0)
		return -1;
	m = tool_mailbox(t, a->words[0], e);
	if (!m)
		return -1; /* an unknown id is no secret to an administrator */
	snprintf(id, sizeof(id), "%s", mailbox_settings(m)->id);
	mailbox_close(&m);
	c = t->identity.bytes ? login_with_identity(t, id, e)
			      : login_with_password(t, id, e);
	if (!c)
		return -1;
	result = export_to(c, id, a->words[1], mbox, e);
	collection_free(&c);
	return result;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The administrators' file. Logs nothing, asks nobody. */
#include "common/base.h"
#include "handlers/admin/admins.h"

#include <sys/file.h>

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/digest.h"
#include "common/log.h"
#include "common/read_all.h"
#include "common/utf8.h"
#include "store/admin/admin.h"
#include "store/admin/files.h"

enum { FILE_MAX = 256 * 1024, FILE_MODE = 0600 };

/* --- names and passwords -------------------------------------------------- */

bool admin_name_valid(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._@-");

	return n > 0 && n <= ADMIN_NAME_MAX && name[n] == '\0' &&
	       !strchr("._@-", name[0]);
}

static size_t characters_of(const struct secret *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->len; i++)
		n += (s->bytes[i] & 0xc0) != 0x80;
	return n;
}

int admin_password_valid(const struct secret *password, struct err *e)
{
	if (characters_of(password) < ADMIN_PASSWORD_MIN)
		return err_set(e, ERR_CONFIG,
			       "the password must have %d characters or more",
			       ADMIN_PASSWORD_MIN);
	if (password->len > ADMIN_PASSWORD_MAX ||
	    memchr(password->bytes, '\0', password->len))
		return err_set(e, ERR_CONFIG,
			       "the password must have at most %d octets",
			       ADMIN_PASSWORD_MAX);
	return 0;
}

/* yescrypt as libcrypt has it by default (crypt(5)). */
static int hash_password(const struct secret *password, const char *setting,
			 char hash_r[ADMIN_HASH_MAX + 1], struct err *e)
{
	struct crypt_data *data = xcalloc(1, sizeof(*data));
	const char *hash =
		crypt_r((const char *)password->bytes, setting, data);
	bool good = hash && hash[0] == '$' && strlen(hash) <= ADMIN_HASH_MAX;

	if (good)
		snprintf(hash_r, ADMIN_HASH_MAX + 1, "%s", hash);
	explicit_bzero(data, sizeof(*data));
	free(data);
	return good ? 0 : err_set(e, ERR_TEMP, "crypt: it cannot hash");
}

static int hash_new(const struct secret *password,
		    char hash_r[ADMIN_HASH_MAX + 1], struct err *e)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];

	if (!crypt_gensalt_rn("$y$", 0, NULL, 0, setting, sizeof(setting)))
		return err_sys(e, "crypt: no salt");
	return hash_password(password, setting, hash_r, e);
}

/* --- reading -------------------------------------------------------------- */

/* "name:hash:" or "name:hash:one-time" */
static bool parse_line(const char *line, size_t n, struct admin *admin_r)
{
	const char *end = line + n;
	const char *hash = memchr(line, ':', n), *flags;

	if (!hash)
		return false;
	hash++;
	flags = memchr(hash, ':', (size_t)(end - hash));
	if (!flags || hash - line > ADMIN_NAME_MAX + 1 ||
	    flags - hash > ADMIN_HASH_MAX)
		return false;
	snprintf(admin_r->name, sizeof(admin_r->name), "%.*s",
		 (int)(hash - 1 - line), line);
	snprintf(admin_r->hash, sizeof(admin_r->hash), "%.*s",
		 (int)(flags - hash), hash);
	admin_r->one_time = end - flags > 1;
	return admin_name_valid(admin_r->name);
}

/* No file is an empty one. */
static int read_admins(const char *file, struct buf *out, struct err *e)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), result;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_sys(e, "administrators %s", file);
	result = read_all(fd, out);
	if (result < 0)
		err_sys(e, "administrators %s", file);
	close(fd);
	return result;
}

/* The next line at *at, without its end. False: there is none. */
static bool next_admin_line(const struct buf *text, size_t *at,
			    const char **line_r, size_t *n_r)
{
	const char *end;

	if (*at >= text->len)
		return false;
	*line_r = text->data + *at;
	end = memchr(*line_r, '\n', text->len - *at);
	*n_r = end ? (size_t)(end - *line_r) : text->len - *at;
	*at += *n_r + 1;
	return true;
}

int admins_each(const char *file,
		void (*each)(const struct admin *admin, void *arg), void *arg,
		struct err *e)
{
	struct admin admin = {.one_time = false};
	const char *line;
	struct buf text;
	size_t at = 0, n;
	int result;

	buf_init(&text, FILE_MAX);
	result = read_admins(file, &text, e);
	while (result == 0 && next_admin_line(&text, &at, &line, &n))
		if (parse_line(line, n, &admin))
			each(&admin, arg);
	buf_release(&text);
	return result;
}

struct search {
	const char *name;
	struct admin *admin;
	bool found;
};

static void compare(const struct admin *admin, void *arg)
{
	struct search *s = arg;

	if (strcmp(admin->name, s->name) != 0)
		return;
	*s->admin = *admin;
	s->found = true;
}

int admins_find(const char *file, const char *name, struct admin *admin_r,
		struct err *e)
{
	struct search s = {name, admin_r, false};

	if (admins_each(file, compare, &s, e) < 0)
		return -1;
	if (!s.found)
		return err_set(e, ERR_ABSENT, "there is no administrator '%s'",
			       name);
	return 0;
}

/* A setting that no hash fits, and that costs as much as any other. */
static const char nobodys[] = "$y$j9T$................$";

int admins_verify(const char *file, const char *name,
		  const struct secret *password, struct admin *admin_r,
		  struct err *e)
{
	char hash[ADMIN_HASH_MAX + 1];
	bool known = admins_find(file, name, admin_r, e) == 0;
	bool same;

	if (!known && e->kind != ERR_ABSENT)
		return -1;
	if (hash_password(password, known ? admin_r->hash : nobodys, hash, e) <
	    0)
		return -1;
	same = known && digest_equal(hash, admin_r->hash);
	explicit_bzero(hash, sizeof(hash));
	return same ? 0
		    : err_set(e, ERR_PASSWORD, "wrong name or wrong password");
}

/* --- writing -------------------------------------------------------------- */

struct change {
	struct store *store; /* its admin.spool is told before */
	const char *name;
	const struct admin *entry; /* NULL: the line goes */
	bool must_be_new;
};

static bool add_admin(struct buf *out, const struct admin *a)
{
	return buf_addf(out, "%s:%s:%s\n", a->name, a->hash,
			a->one_time ? "one-time" : "");
}

/* The file with the change made; *found_r: the name was there. */
static bool edit(const struct buf *text, const struct change *c,
		 struct buf *out, bool *found_r)
{
	struct admin admin = {.one_time = false};
	const char *line;
	size_t at = 0, n;
	bool fits = true;

	*found_r = false;
	while (fits && next_admin_line(text, &at, &line, &n)) {
		bool ours = parse_line(line, n, &admin) &&
			    strcmp(admin.name, c->name) == 0;

		*found_r |= ours;
		if (!ours)
			fits = buf_addf(out, "%.*s\n", (int)n, line);
		else if (c->entry)
			fits = add_admin(out, c->entry);
	}
	if (fits && !*found_r && c->entry)
		fits = add_admin(out, c->entry);
	return fits;
}

static int check_change(const struct change *c, bool found, bool fits,
			struct err *e)
{
	if (!fits)
		return err_set(e, ERR_CONFIG, "too many administrators");
	if (found && c->must_be_new)
		return err_set(e, ERR_STATE, "'%s' is an administrator already",
			       c->name);
	if (!found && !c->must_be_new)
		return err_set(e, ERR_ABSENT, "there is no administrator '%s'",
			       c->name);
	return 0;
}

static int tell(const struct change *c, struct err *e)
{
	const char *what = !c->entry	    ? "remove"
			   : c->must_be_new ? "add"
					    : "passwd";

	return store_tell(c->store, "administrators", what, c->name, e);
}

/* Under the lock of the file's directory. */
static int rewrite_admins(int dir, const char *base, const char *file,
			  const struct change *c, struct err *e)
{
	struct buf before, after;
	bool found;
	int result;

	buf_init(&before, FILE_MAX);
	buf_init(&after, FILE_MAX);
	result = read_admins(file, &before, e);
	if (result == 0) {
		bool fits = edit(&before, c, &after, &found);

		result = check_change(c, found, fits, e);
	}
	if (result == 0)
		result = tell(c, e);
	if (result == 0)
		result = admin_replace_file(dir, base, FILE_MODE, &after, e);
	buf_release(&before);
	buf_release(&after);
	return result;
}

static int change_file(const char *file, const struct change *c, struct err *e)
{
	char dir_name[PATH_MAX], base[PATH_MAX];
	int dir, result;

	snprintf(dir_name, sizeof(dir_name), "%s", file);
	snprintf(base, sizeof(base), "%s", file);
	dir = open(dirname(dir_name), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys(e, "directory of %s", file);
	if (flock(dir, LOCK_EX) < 0)
		result = err_sys(e, "flock on the directory of %s", file);
	else
		result = rewrite_admins(dir, basename(base), file, c, e);
	close(dir);
	return result;
}

static int set_entry(const char *file, struct store *s, const char *name,
		     const struct secret *password, bool one_time,
		     bool must_be_new, struct err *e)
{
	struct admin a = {.one_time = one_time};
	const struct change c = {s, name, &a, must_be_new};

	if (!admin_name_valid(name))
		return err_set(e, ERR_CONFIG,
			       "'%s': a name has 1 to %d of a-z, 0-9, and "
			       ". _ @ - behind the first",
			       name, ADMIN_NAME_MAX);
	if (admin_password_valid(password, e) < 0)
		return -1;
	snprintf(a.name, sizeof(a.name), "%s", name);
	if (hash_new(password, a.hash, e) < 0)
		return -1;
	return change_file(file, &c, e);
}

int admins_add(const char *file, struct store *s, const char *name,
	       const struct secret *password, bool one_time, struct err *e)
{
	return set_entry(file, s, name, password, one_time, true, e);
}

int admins_set_password(const char *file, struct store *s, const char *name,
			const struct secret *password, bool one_time,
			struct err *e)
{
	return set_entry(file, s, name, password, one_time, false, e);
}

int admins_remove(const char *file, struct store *s, const char *name,
		  struct err *e)
{
	const struct change c = {s, name, NULL, false};

	return change_file(file, &c, e);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Walks by descriptors and follows no link: handlers may put any name into the
 * directories they write, and who walks may be root. What is mended is the file
 * that was looked at, and no file that may have another name elsewhere:
 * handlers could have given it the one that is here.
 */
#include "common/base.h"
#include "handlers/doctor/rights.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <unistd.h>

#include "common/log.h"
#include "common/random_id.h"

enum { PROGRESS_EVERY = 4096, DEPTH_MAX = 4 };

/* Of one rule: the first that is otherwise, and how many there are. */
struct broken {
	uint64_t n;
	char first[PATH_MAX];
	struct stat was;
};

struct walk {
	const char *root; /* of the place */
	const struct rights_place *place;
	const struct people *people;
	bool mend;
	uint64_t looked_at;
	void (*progress)(uint64_t done);
	struct broken *broken; /* for each rule */
	struct broken strange; /* neither file nor directory where mail is */
	struct findings *found;
};

/* --- judging -------------------------------------------------------------- */

static uid_t owner_of(const struct people *p, enum rights_owner owner)
{
	switch (owner) {
	case OWNER_ROOT:
		return p->is_one ? p->admin : 0;
	case OWNER_ADMIN:
		return p->admin;
	case OWNER_HANDLERS:
	case OWNER_EITHER:
		return p->handlers;
	case OWNER_LEDGER:
		return p->ledger;
	}
	die_bug("owner %d", owner);
}

static bool owner_is_right(const struct people *p, enum rights_owner owner,
			   const struct stat *st)
{
	if ((owner == OWNER_EITHER || owner == OWNER_ROOT) &&
	    st->st_uid == p->admin)
		return true;
	return st->st_uid == owner_of(p, owner);
}

/* What root has need not be the group's, if all may read it. */
static bool group_matters(const struct people *p, const struct rights_rule *r)
{
	return !p->is_one && !(r->owner == OWNER_ROOT && r->mode & 05);
}

/* In an instance of one user the group has no part in it. */
static mode_t bits_that_count(const struct people *p,
			      const struct rights_rule *r)
{
	return (p->is_one ? 0707 : 07777) & ~r->free;
}

static bool is_right(const struct people *p, const struct rights_rule *r,
		     const struct stat *st)
{
	mode_t counts = bits_that_count(p, r);

	return owner_is_right(p, r->owner, st) &&
	       (!group_matters(p, r) || st->st_gid == p->group) &&
	       (st->st_mode & counts) == (r->mode & counts);
}

/* --- mending -------------------------------------------------------------- */

/* fd is of O_PATH, and fchmod(2) takes none. */
static int change_mode(int fd, mode_t mode)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return chmod(path, mode);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* A message's second name (docs/store.md), beside the directory `at`. */
static bool is_ticket_too(int at, const char *name, const struct stat *st)
{
	char ticket[ULID_LEN + sizeof("../tmp/.age")];
	struct stat other;

	if (st->st_nlink != 2 || strnlen(name, ULID_LEN) < ULID_LEN)
		return false;
	snprintf(ticket, sizeof(ticket), "../tmp/%.*s.age", ULID_LEN, name);
	return fstatat(at, ticket, &other, AT_SYMLINK_NOFOLLOW) == 0 &&
	       is_same(st, &other);
}

/* What handlers own they could change by themselves. */
static bool has_no_name_elsewhere(const struct walk *w, int at,
				  const char *name, const struct stat *st)
{
	return S_ISDIR(st->st_mode) || st->st_nlink == 1 ||
	       st->st_uid == w->people->handlers || is_ticket_too(at, name, st);
}

/* The owner first: chown(2) takes the set-group-id bit away. */
static void mend(const struct walk *w, int at, const char *name,
		 const struct rights_rule *r, const struct stat *seen)
{
	const struct people *p = w->people;
	int fd = openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	uid_t owner = owner_is_right(p, r->owner, seen) ? (uid_t)-1
							: owner_of(p, r->owner);
	gid_t group = group_matters(p, r) ? p->group : (gid_t)-1;
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) < 0 || !is_same(&st, seen) ||
	    !has_no_name_elsewhere(w, at, name, &st) ||
	    fchownat(fd, "", owner, group, AT_EMPTY_PATH) < 0 ||
	    change_mode(fd, (r->mode & ~r->free) | (seen->st_mode & r->free)) <
		    0)
		log_warn("%s/…/%s: could not be mended", w->root, name);
	close(fd);
}

/* --- walking -------------------------------------------------------------- */

static void note(struct broken *b, const char *path, const struct stat *st)
{
	if (b->n++ == 0) {
		snprintf(b->first, sizeof(b->first), "%s", path);
		b->was = *st;
	}
}

/* Only handlers' directories hold names that handlers chose. */
static bool is_where_mail_is(const char *path)
{
	const struct rights_rule *r =
		rights_rule_for(&rights_of_store, path, S_IFREG);

	return r && r->owner == OWNER_EITHER;
}

static void judge(struct walk *w, int at, const char *name, const char *path,
		  const struct stat *st)
{
	const struct rights_rule *r =
		rights_rule_for(w->place, path, st->st_mode & S_IFMT);
	struct broken *b;

	if (++w->looked_at % PROGRESS_EVERY == 0 && w->progress)
		w->progress(w->looked_at);
	if (!r && w->place == &rights_of_store && is_where_mail_is(path))
		note(&w->strange, path, st);
	if (!r || is_right(w->people, r, st))
		return;
	b = &w->broken[r - w->place->rules];
	note(b, path, st);
	if (w->mend)
		mend(w, at, name, r, st);
}

static void walk_directory(struct walk *w, int at, const char *name,
			   const char *path, unsigned depth);

static void visit(struct walk *w, int at, const char *name, const char *above,
		  unsigned depth)
{
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s%s%s", above, *above ? "/" : "",
		     name) >= (int)sizeof(path) ||
	    fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return; /* gone meanwhile */
	judge(w, at, name, path, &st);
	if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX &&
	    rights_rule_for(w->place, path, S_IFDIR))
		walk_directory(w, at, name, path, depth + 1);
}

/* A mailbox may be deleted meanwhile; and others than root see less. */
static void tell_closed(const struct walk *w, const char *path, int why)
{
	if (why == ENOENT)
		return;
	findings_add(w->found,
		     why == EACCES && geteuid() != 0 ? FINDING_REMARK
						     : FINDING_FAULT,
		     *path ? path : w->root, NULL, "cannot be looked into: %s",
		     strerror(why));
}

static void walk_directory(struct walk *w, int at, const char *name,
			   const char *path, unsigned depth)
{
	int fd = openat(at, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir) {
		tell_closed(w, path, errno);
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			visit(w, fd, entry->d_name, path, depth);
	closedir(dir);
}

/* --- telling -------------------------------------------------------------- */

enum { NAME_MAX_SHOWN = 40 };

static void name_of_user(uid_t uid, char out[NAME_MAX_SHOWN])
{
	const struct passwd *pw = getpwuid(uid);

	if (pw)
		snprintf(out, NAME_MAX_SHOWN, "%s", pw->pw_name);
	else
		snprintf(out, NAME_MAX_SHOWN, "%u", (unsigned)uid);
}

static void name_of_group(gid_t gid, char out[NAME_MAX_SHOWN])
{
	const struct group *gr = getgrgid(gid);

	if (gr)
		snprintf(out, NAME_MAX_SHOWN, "%s", gr->gr_name);
	else
		snprintf(out, NAME_MAX_SHOWN, "%u", (unsigned)gid);
}

/* "restante-admin:restante 2750" */
static void describe(uid_t uid, gid_t gid, mode_t mode, char *out, size_t size)
{
	char user[NAME_MAX_SHOWN], group[NAME_MAX_SHOWN];

	name_of_user(uid, user);
	name_of_group(gid, group);
	snprintf(out, size, "%s:%s %04o", user, group, mode & 07777);
}

static void tell_broken(const struct walk *w, const struct rights_rule *r,
			const struct broken *b, bool is_mended)
{
	const struct people *p = w->people;
	char on[PATH_MAX + 64], more[48] = "", is[128], should[128];

	describe(b->was.st_uid, b->was.st_gid, b->was.st_mode, is, sizeof(is));
	describe(owner_is_right(p, r->owner, &b->was) ? b->was.st_uid
						      : owner_of(p, r->owner),
		 group_matters(p, r) ? p->group : b->was.st_gid, r->mode,
		 should, sizeof(should));
	if (b->n > 1)
		snprintf(more, sizeof(more), " (and %" PRIu64 " more)",
			 b->n - 1);
	snprintf(on, sizeof(on), "%s%s%s%s", w->root, *b->first ? "/" : "",
		 b->first, more);
	findings_add(w->found, is_mended ? FINDING_MENDED : FINDING_FAULT, on,
		     is_mended ? NULL : "restante doctor --fix, as root",
		     "is %s, and should be %s: %s", is, should, r->otherwise);
}

static void tell_strange(const struct walk *w)
{
	char on[PATH_MAX + 64];

	if (w->strange.n == 0)
		return;
	snprintf(on, sizeof(on), "%s/%s", w->root, w->strange.first);
	fault(w->found, on,
	      "find out who put it there (the handlers' user may have been "
	      "taken over), then remove it",
	      "is no regular file, and %" PRIu64 " such are in the store",
	      w->strange.n);
}

/* --- a place -------------------------------------------------------------- */

static struct broken *look(struct walk *w)
{
	struct stat st;

	w->broken = xcalloc(w->place->n, sizeof(*w->broken));
	w->strange.n = 0;
	if (stat(w->root, &st) == 0)
		judge(w, AT_FDCWD, w->root, "", &st);
	walk_directory(w, AT_FDCWD, w->root, "", 0);
	return w->broken;
}

static struct broken *look_again(struct walk *w)
{
	struct findings *found = w->found, again = {.row = found->row};
	struct broken *after;

	w->mend = false;
	w->found = &again; /* told of already */
	after = look(w);
	w->found = found;
	w->mend = true;
	findings_release(&again);
	return after;
}

/*
 * Whether something was mended is seen by looking once more, all of it: of two
 * names of a file the second may be met first.
 */
static void look_and_tell(struct walk *w)
{
	struct broken *before = look(w);
	struct broken *after = w->mend ? look_again(w) : before;

	for (size_t i = 0; i < w->place->n; i++)
		if (before[i].n)
			tell_broken(w, &w->place->rules[i],
				    after[i].n ? &after[i] : &before[i],
				    !after[i].n);
	if (after != before)
		free(after);
	free(before);
}

/* A directory that is not there is told where it is missed. */
static void check_place(struct walk *w, const char *root,
			const struct rights_place *place)
{
	w->root = root;
	w->place = place;
	if (access(root, F_OK) < 0)
		return;
	look_and_tell(w);
	tell_strange(w);
}

/* Where restante.conf is the system's; another may lie in anybody's home. */
static void check_configuration(struct walk *w, const struct conf *conf)
{
	char *path;

	if (w->people->is_one || strcmp(conf->file, conf_default_file()) != 0)
		return;
	path = xstrdup(conf->file);
	check_place(w, dirname(path), &rights_of_configuration);
	free(path);
}

void rights_check(const struct conf *conf, const struct people *p, bool mend,
		  void (*progress)(uint64_t done), struct findings *f)
{
	struct walk w = {
		.people = p, .mend = mend, .progress = progress, .found = f};

	check_configuration(&w, conf);
	check_place(&w, conf->store, &rights_of_store);
	check_place(&w, conf->ledger.path, &rights_of_ledgers);
	check_place(&w, conf->runtime, &rights_of_runtime);
}

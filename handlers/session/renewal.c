/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stamps of files: inode, size, and when either was changed. Opens none. */
#include "common/base.h"
#include "handlers/session/renewal.h"

#include <sys/stat.h>

#include <limits.h>
#include <link.h>

#include "common/log.h"

/* Of a directory who it is: what lies in it changes with every mailbox. */
struct stamp {
	bool there;
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
};

struct watched {
	char *path;
	enum renewal_need need;
	struct stamp stamp;
};

struct renewal {
	struct watched *files;
	size_t n;
};

static struct stamp stamp_of(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return (struct stamp){.there = false};
	if (S_ISDIR(st.st_mode))
		return (struct stamp){
			.there = true, .device = st.st_dev, .inode = st.st_ino};
	return (struct stamp){.there = true,
			      .device = st.st_dev,
			      .inode = st.st_ino,
			      .size = st.st_size,
			      .changed = st.st_ctim};
}

static bool are_same(const struct stamp *a, const struct stamp *b)
{
	return a->there == b->there && a->device == b->device &&
	       a->inode == b->inode && a->size == b->size &&
	       a->changed.tv_sec == b->changed.tv_sec &&
	       a->changed.tv_nsec == b->changed.tv_nsec;
}

static void watch(struct renewal *r, enum renewal_need need, const char *path)
{
	if (!*path)
		return;
	r->files = xgrow(r->files, r->n, sizeof(*r->files));
	r->files[r->n++] = (struct watched){
		.path = xstrdup(path), .need = need, .stamp = stamp_of(path)};
}

static void watch_all(struct renewal *r, const struct conf_strings *paths)
{
	for (size_t i = 0; i < paths->n; i++)
		watch(r, RENEWAL_SETTINGS, paths->list[i]);
}

/* The vDSO has no path, nor has the program itself. */
static int watch_library(struct dl_phdr_info *info, size_t size UNUSED,
			 void *renewal)
{
	if (info->dlpi_name[0] == '/')
		watch(renewal, RENEWAL_PROGRAM, info->dlpi_name);
	return 0;
}

/* What the sandbox grants is granted of directories that it has seen. */
static void watch_store(struct renewal *r, const struct conf *conf)
{
	char path[PATH_MAX];

	watch(r, RENEWAL_PROGRAM, conf->store);
	watch(r, RENEWAL_PROGRAM, conf->runtime);
	snprintf(path, sizeof(path), "%s/mailboxes", conf->store);
	watch(r, RENEWAL_PROGRAM, path);
}

struct renewal *renewal_new(const struct conf *conf, const char *program)
{
	struct renewal *r = xcalloc(1, sizeof(*r));

	watch(r, RENEWAL_SETTINGS, conf->file);
	watch_all(r, &conf->tls.certificate);
	watch_all(r, &conf->tls.key);
	watch(r, RENEWAL_SETTINGS, conf->tls.client_ca);
	watch(r, RENEWAL_PROGRAM, program);
	watch_store(r, conf);
	(void)dl_iterate_phdr(watch_library, r);
	return r;
}

void renewal_free(struct renewal **r)
{
	if (!*r)
		return;
	for (size_t i = 0; i < (*r)->n; i++)
		free((*r)->files[i].path);
	free((*r)->files);
	free(*r);
	*r = NULL;
}

enum renewal_need renewal_look(const struct renewal *r)
{
	enum renewal_need need = RENEWAL_NONE;

	for (size_t i = 0; i < r->n; i++) {
		const struct watched *w = &r->files[i];
		struct stamp now = stamp_of(w->path);

		if (!are_same(&now, &w->stamp) && w->need > need)
			need = w->need;
	}
	return need;
}

void renewal_note(struct renewal *r)
{
	for (size_t i = 0; i < r->n; i++)
		r->files[i].stamp = stamp_of(r->files[i].path);
}

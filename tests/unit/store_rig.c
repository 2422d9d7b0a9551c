/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rig of the store's tests. Uses the store as a handler does. */
#include "common/base.h"

#include "tests/unit/store_rig.h"

#include <sys/wait.h>

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "store/admin/admin.h"

void store_rig_shell(const char *fmt, ...)
{
	char command[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	if (system(command) != 0)
		fail_msg("%s", command);
}

static void create_mailbox(struct store_rig *rig)
{
	struct mailbox_conf conf = {.name = xstrdup("rig")};
	struct err e;

	conf.description = xstrdup("");
	if (mailbox_create(rig->store, &conf, STORE_RIG_LOG_N, &rig->password,
			   &e) < 0)
		fail_msg("%s", e.text);
	memcpy(rig->id, conf.id, sizeof(rig->id));
	mailbox_conf_release(&conf);
}

int store_rig_setup(void **state)
{
	struct store_rig *rig = xcalloc(1, sizeof(*rig));
	struct err e;

	test_dir_make(rig->path);
	if (store_init(rig->path, &e) < 0)
		fail_msg("%s", e.text);
	rig->store = store_open(rig->path, &e);
	if (!rig->store)
		fail_msg("%s", e.text);
	create_mailbox(rig);
	*state = rig;
	return 0;
}

int store_rig_teardown(void **state)
{
	struct store_rig *rig = *state;

	store_free(&rig->store);
	test_dir_remove(rig->path);
	secret_release(&rig->password);
	free(rig);
	return 0;
}

void store_rig_path(const struct store_rig *rig, const char *name,
		    char path_r[256])
{
	snprintf(path_r, 256, "%s/mailboxes/%s/%s", rig->path, rig->id, name);
}

struct mailbox *store_rig_open(const struct store_rig *rig)
{
	struct err e;
	struct mailbox *m = mailbox_open(rig->store, rig->id, &e);

	if (!m)
		fail_msg("%s", e.text);
	return m;
}

void store_rig_octets(unsigned seed, uint8_t *out, size_t n)
{
	uint32_t x = seed * 2654435761u + 1;

	for (size_t i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		out[i] = (uint8_t)x;
	}
}

void store_rig_keep(struct mailbox *m, unsigned seed, size_t n,
		    char ulid_r[ULID_LEN + 1])
{
	uint8_t *octets = xmalloc(n);
	struct delivery *d;
	struct err e;

	store_rig_octets(seed, octets, n);
	d = delivery_begin(m, &e);
	if (!d || delivery_write(d, octets, n, &e) < 0)
		fail_msg("%s", e.text);
	memcpy(ulid_r, delivery_ulid(d), ULID_LEN + 1);
	if (delivery_commit(&d, 0, &e) < 0)
		fail_msg("%s", e.text);
	assert_null(d);
	free(octets);
}

struct collection *store_rig_login(const struct store_rig *rig)
{
	struct err e;
	struct collection *c = collection_login(
		rig->store, rig->id, &rig->password, STORE_RIG_LOG_N, &e);

	if (!c)
		fail_msg("%s", e.text);
	return c;
}

void store_rig_check(struct collection *c, size_t i, unsigned seed, size_t n)
{
	uint8_t *octets = xmalloc(n);
	const uint8_t *bytes;
	size_t at = 0, n_bytes = 1;
	struct reader *r;
	struct err e;

	store_rig_octets(seed, octets, n);
	assert_int_equal(collection_message(c, i).octets, n);
	r = reader_open(c, i, &e);
	if (!r)
		fail_msg("%s", e.text);
	while (n_bytes) {
		if (reader_next(r, &bytes, &n_bytes, &e) < 0)
			fail_msg("%s", e.text);
		assert_true(n_bytes <= n - at);
		assert_memory_equal(bytes, octets + at, n_bytes);
		at += n_bytes;
	}
	assert_int_equal(at, n);
	reader_close(&r);
	free(octets);
}

unsigned store_rig_count(const struct store_rig *rig, const char *directory)
{
	struct dirent *entry;
	unsigned n = 0;
	char path[256];
	DIR *d;

	store_rig_path(rig, directory, path);
	d = opendir(path);
	assert_non_null(d);
	while ((entry = readdir(d)))
		n += entry->d_name[0] != '.';
	closedir(d);
	return n;
}

void store_rig_killed(void (*act)(const struct store_rig *rig),
		      const struct store_rig *rig)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		act(rig);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The world of the session targets. Uses the store as its programs do. */
#include "common/base.h"
#include "tests/fuzz/world.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "store/admin/admin.h"
#include "store/seal/identity.h"
#include "store/store.h"

enum { SPOOL_AGE_MAX = 500 }; /* inputs; then what happened is forgotten */

static const char conf_text[] =
	"hostname = 'gw.example'\n"
	"domain = 'mail.example'\n"
	"store = '%s/store'\n"
	"runtime = '%s/absent'\n"
	"postmaster = '" WORLD_ID "'\n"
	"tls { certificate = '%s/none' key = '%s/none' }\n"
	"identity { scrypt-log-n = 10 }\n"
	"limits { reserve = 0 errors = 20 }\n"
	"smtp-journal { max-size = 1048576 }\n";

static const char *const messages[] = {
	"Subject: one\r\n\r\nHow are you?\r\n.and a dot\r\n",
	"no header\r\n",
	"Subject: two\r\n\r\n1\r\n2\r\n3\r\n4\r\n",
};

static void remove_world(void)
{
	test_dir_remove(world_get()->dir);
	conf_free(&world_get()->conf);
}

static void write_file(const char *path, const struct buf *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	if (fd < 0 || write(fd, text->data, text->len) != (ssize_t)text->len)
		die_temp("%s: %s", path, strerror(errno));
	close(fd);
}

static void read_fd(int fd, struct buf *text)
{
	char piece[4096];
	ssize_t got;

	while ((got = read(fd, piece, sizeof(piece))) > 0)
		fuzz_require(buf_add(text, piece, (size_t)got));
}

static void read_file(const char *path, struct buf *text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die_temp("%s: %s", path, strerror(errno));
	read_fd(fd, text);
	close(fd);
}

/* --- the mailbox, under a name and a password that inputs can say ----------
 */

static void give_password(const char *path, const struct secret *old)
{
	struct secret private_key = {.bytes = NULL}, known = private_key;
	struct buf file;
	struct err e;

	buf_init(&file, 64 * 1024);
	read_file(path, &file);
	secret_set(&known, WORLD_PASSWORD, strlen(WORLD_PASSWORD));
	if (identity_open(&file, old, &private_key, &e) < 0)
		die_temp("%s", e.text);
	buf_reset(&file);
	if (identity_seal(&private_key, &known, 1, &file, &e) < 0)
		die_temp("%s", e.text);
	write_file(path, &file);
	secret_release(&known);
	secret_release(&private_key);
	buf_release(&file);
}

static void give_name(const char *mailboxes, struct mailbox_conf *conf)
{
	char from[256], to[256], file[300];
	struct buf text;
	struct err e;

	snprintf(from, sizeof(from), "%s/%s", mailboxes, conf->id);
	snprintf(to, sizeof(to), "%s/%s", mailboxes, WORLD_ID);
	if (rename(from, to) < 0)
		die_temp("%s: %s", from, strerror(errno));
	snprintf(conf->id, sizeof(conf->id), "%s", WORLD_ID);
	snprintf(file, sizeof(file), "%s/mailbox.conf", to);
	buf_init(&text, MAILBOX_CONF_MAX);
	if (mailbox_conf_write(conf, &text, &e) < 0)
		die_temp("%s", e.text);
	write_file(file, &text);
	buf_release(&text);
}

static void create_mailbox(const char *store_path, struct store *store)
{
	struct mailbox_conf conf = {.name = xstrdup("fuzz")};
	struct secret password = {.bytes = NULL};
	char mailboxes[128], identity[256];
	struct err e;

	conf.description = xstrdup("");
	if (mailbox_create(store, &conf, 1, &password, &e) < 0)
		die_temp("%s", e.text);
	snprintf(mailboxes, sizeof(mailboxes), "%s/mailboxes", store_path);
	snprintf(identity, sizeof(identity), "%s/%s/identity.age", mailboxes,
		 conf.id);
	give_password(identity, &password);
	give_name(mailboxes, &conf);
	secret_release(&password);
	mailbox_conf_release(&conf);
}

static void keep(struct mailbox *m, const char *text)
{
	struct delivery *d;
	struct err e;

	d = delivery_begin(m, &e);
	if (!d ||
	    delivery_write(d, (const uint8_t *)text, strlen(text), &e) < 0 ||
	    delivery_commit(&d, 0, &e) < 0)
		die_temp("%s", e.text);
}

static struct store *open_store(void)
{
	struct err e;
	struct store *store = store_open(world_get()->conf->store, &e);

	if (!store)
		die_temp("%s", e.text);
	return store;
}

void world_path(const char *name, char path_r[256])
{
	snprintf(path_r, 256, "%s/mailboxes/%s/%s", world_get()->conf->store,
		 WORLD_ID, name);
}

/* --- every input finds the same --------------------------------------------
 */

static bool exists(const char *folder, const char *name)
{
	char path[256 + NAME_MAX + 2];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return access(path, F_OK) == 0;
}

/* Calls each(folder, name) for what lies in a folder of the mailbox. */
static void for_each(const char *folder,
		     void (*each)(const char *path, const char *name))
{
	char path[256];
	const struct dirent *d;
	DIR *dir;

	world_path(folder, path);
	dir = opendir(path);
	if (!dir)
		die_temp("%s: %s", path, strerror(errno));
	while ((d = readdir(dir)))
		if (d->d_name[0] != '.')
			each(path, d->d_name);
	closedir(dir);
}

static void remove_name(const char *folder, const char *name)
{
	char path[256 + NAME_MAX + 2];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (unlink(path) < 0 && errno == EISDIR)
		test_dir_remove(path);
}

static void remove_unknown(const char *folder, const char *name)
{
	char first[256];

	world_path("first", first);
	if (!exists(first, name))
		remove_name(folder, name);
}

static void bring_back(const char *folder, const char *name)
{
	char cur[256], from[256 + NAME_MAX + 2], to[256 + NAME_MAX + 2];

	world_path("cur", cur);
	if (exists(cur, name))
		return;
	snprintf(from, sizeof(from), "%s/%s", folder, name);
	snprintf(to, sizeof(to), "%s/%s", cur, name);
	if (link(from, to) < 0)
		die_temp("%s: %s", to, strerror(errno));
}

static void put_aside(const char *folder, const char *name)
{
	char from[256 + NAME_MAX + 2], first[256], to[256 + NAME_MAX + 2];

	world_path("first", first);
	snprintf(from, sizeof(from), "%s/%s", folder, name);
	snprintf(to, sizeof(to), "%s/%s", first, name);
	if (link(from, to) < 0)
		die_temp("%s: %s", to, strerror(errno));
}

void world_reset(void)
{
	static unsigned spool_age;
	char seen[256];

	for_each("tmp", remove_name);
	for_each("gone", remove_name);
	for_each("cur", remove_unknown);
	for_each("first", bring_back);
	world_path("seen", seen);
	if (truncate(seen, 0) < 0)
		die_temp("%s: %s", seen, strerror(errno));
	if (++spool_age < SPOOL_AGE_MAX)
		return;
	for_each("spool", remove_name);
	spool_age = 0;
}

static void fill_store(void)
{
	char first[256];
	struct store *store;
	struct mailbox *m;
	struct err e;

	if (store_init(world_get()->conf->store, &e) < 0)
		die_temp("%s", e.text);
	store = open_store();
	create_mailbox(world_get()->conf->store, store);
	m = mailbox_open(store, WORLD_ID, &e);
	if (!m)
		die_temp("%s", e.text);
	for (size_t i = 0; i < N_ELEMENTS(messages); i++)
		keep(m, messages[i]);
	mailbox_close(&m);
	store_free(&store);
	world_path("first", first);
	if (mkdir(first, 0700) < 0)
		die_temp("%s: %s", first, strerror(errno));
	for_each("cur", put_aside);
}

static void read_conf(struct world *w)
{
	char path[128];
	struct buf text;
	struct err e;

	buf_init(&text, 4096);
	fuzz_require(
		buf_addf(&text, conf_text, w->dir, w->dir, w->dir, w->dir));
	snprintf(path, sizeof(path), "%s/restante.conf", w->dir);
	write_file(path, &text);
	buf_release(&text);
	w->conf = conf_read(path, &e);
	if (!w->conf)
		die_usage("%s", e.text);
}

struct world *world_get(void)
{
	static struct world world;

	if (world.conf)
		return &world;
	test_dir_make(world.dir);
	signal(SIGPIPE, SIG_IGN);
	read_conf(&world);
	fill_store();
	atexit(remove_world);
	return &world;
}

/* --- one session -----------------------------------------------------------
 */

/* Answers go into a file: nothing has to be waited for. */
void world_run(void (*session)(struct conn *c, const struct conf *conf,
			       const struct peer *peer, enum tls_mode mode),
	       unsigned how, const uint8_t *bytes, size_t n, struct buf *heard)
{
	struct world *w = world_get();
	struct peer peer = {.text = "192.0.2.7", .is_ip = true};
	struct speaker *s = speaker_new(bytes, n, how, NULL);
	int answers = fuzz_file(NULL, 0);
	struct conn *c = conn_new(speaker_fd(s), answers);

	if (how & SAID_BEHIND_TLS) {
		peer.tls = true;
		snprintf(peer.tls_version, sizeof(peer.tls_version), "TLS1.3");
	}
	session(c, w->conf, &peer,
		peer.tls ? TLS_MODE_NONE : TLS_MODE_STARTTLS);
	conn_free(&c);
	speaker_free(&s);
	fuzz_require(lseek(answers, 0, SEEK_SET) == 0);
	read_fd(answers, heard);
	close(answers);
}

/* A name in tmp/ is a ticket of what is kept, or a copy that is pending. */
static void require_ticket(const char *folder UNUSED, const char *name)
{
	char cur[256];
	struct dirent **list;
	int n, kept = 0;

	if (strstr(name, ",P.age"))
		return;
	world_path("cur", cur);
	n = scandir(cur, &list, NULL, NULL);
	for (int i = 0; i < n; i++) {
		kept += strncmp(list[i]->d_name, name, ULID_LEN) == 0;
		free(list[i]);
	}
	free(list);
	fuzz_require(kept == 1);
}

void world_require_tidy(void)
{
	for_each("tmp", require_ticket);
}

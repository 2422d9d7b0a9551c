/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration: the first one, and whether one is right. */
#include "common/base.h"
#include "handlers/tool/command.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <netdb.h>
#include <pwd.h>
#include <unistd.h>

#include "common/conf_rule.h"
#include "common/log.h"
#include "handlers/tool/cmd_certificate.h"
#include "handlers/tool/store.h"

/* --- init ----------------------------------------------------------------- */

/* As its resolver knows it: /etc/hosts, as a rule. NULL: it has no domain. */
static char *name_by_resolver(const char *name)
{
	const struct addrinfo hints = {.ai_flags = AI_CANONNAME};
	struct addrinfo *found;
	char *full = NULL;

	if (getaddrinfo(name, NULL, &hints, &found) != 0)
		return NULL;
	if (found->ai_canonname && strchr(found->ai_canonname, '.') &&
	    conf_host_valid(found->ai_canonname))
		full = xstrdup(found->ai_canonname);
	freeaddrinfo(found);
	return full;
}

/*
 * This host's name with its domain, or NULL. A Debian's own is the first part
 * alone, which is no address to send to.
 */
static char *full_name(void)
{
	char name[HOST_NAME_MAX + 1];

	if (gethostname(name, sizeof(name)) < 0)
		return NULL;
	if (strchr(name, '.') && conf_host_valid(name))
		return xstrdup(name);
	return name_by_resolver(name);
}

static int write_example(const char *path, const char *hostname, int fd,
			 struct err *e)
{
	FILE *file = fdopen(fd, "w");
	int result = 0;

	if (!file)
		return err_sys(e, "%s", path);
	conf_print_example(file, hostname);
	if (fflush(file) != 0 || fchmod(fd, 0644) < 0 || fsync(fd) < 0)
		result = err_sys(e, "%s", path);
	if (fclose(file) != 0 && result == 0)
		result = err_sys(e, "%s", path);
	if (result < 0)
		(void)unlink(path);
	return result;
}

static void tell_about_configuration(const char *path, const char *hostname)
{
	printf("%s: written; every key is in it with its default\n", path);
	if (hostname)
		printf("hostname: %s; addresses of mailboxes end in it, unless "
		       "domain is set\n",
		       hostname);
	else
		puts("hostname: this host's name has no domain: set hostname "
		     "before a mailbox is made, for its address ends in it");
}

/* No secret is in it, and the handlers must read it. */
static int make_configuration(const char *path, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	char *name;
	int result;

	if (fd < 0 && errno == EEXIST) {
		printf("%s: is there already, left as it is\n", path);
		return 0;
	}
	if (fd < 0)
		return err_sys(e, "%s", path);
	name = full_name();
	result = write_example(path, name, fd, e);
	if (result == 0)
		tell_about_configuration(path, name);
	free(name);
	return result;
}

/* A file system that was just made has its own directory. */
static bool is_entry(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 &&
	       strcmp(entry->d_name, "..") != 0 &&
	       strcmp(entry->d_name, "lost+found") != 0;
}

static int directory_is_empty(const char *path, bool *empty_r, struct err *e)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	if (!dir)
		return err_sys(e, "store %s", path);
	do {
		errno = 0;
		entry = readdir(dir);
	} while (entry && !is_entry(entry));
	*empty_r = !entry;
	if (!entry && errno)
		err_sys(e, "store %s", path);
	closedir(dir);
	return !entry && errno ? -1 : 0;
}

/*
 * An empty directory of root's is a new one, a mount point as a rule: it
 * becomes the administrator's, where the system knows those users.
 */
static int give_to_administrator(const char *path, struct err *e)
{
	struct passwd *pw = getpwnam("restante-admin");
	struct group *gr = getgrnam("restante");
	struct stat st;
	bool empty;

	if (geteuid() != 0 || !pw || !gr)
		return 0;
	if (stat(path, &st) < 0)
		return err_sys(e, "store %s", path);
	if (st.st_uid != 0)
		return 0;
	if (directory_is_empty(path, &empty, e) < 0)
		return -1;
	if (empty && chown(path, pw->pw_uid, gr->gr_gid) < 0)
		return err_sys(e, "store %s: chown", path);
	return 0;
}

static int make_store_directory(const char *path, struct err *e)
{
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_sys(e, "store %s", path);
	if (give_to_administrator(path, e) < 0)
		return -1;
	return tool_check_owner(path, e);
}

/* 1: it is a store now; 0: it was one already. */
static int make_store(struct tool *t, struct err *e)
{
	if (make_store_directory(t->conf->store, e) < 0 ||
	    tool_become_owner_of(t->conf->store, e) < 0)
		return -1;
	t->store = store_open(t->conf->store, e);
	if (t->store)
		return 0;
	if (store_init(t->conf->store, e) < 0 ||
	    tool_open_store(t, TOOL_CHANGES, e) < 0 ||
	    store_tell(t->store, "settings", "init", t->conf_file, e) < 0)
		return -1;
	return 1;
}

TOOL_RUN(config_init)
{
	int made;

	(void)a;
	if (make_configuration(t->conf_file, e) < 0)
		return -1;
	t->conf = conf_read(t->conf_file, e);
	if (!t->conf)
		return -1;
	made = make_store(t, e);
	if (made < 0)
		return -1;
	printf("%s: %s\n", t->conf->store,
	       made ? "is a store now, without a mailbox yet"
		    : "is a store already, left as it is");
	return 0;
}

TOOL_RUN(config_example)
{
	(void)t, (void)a, (void)e;
	conf_print_example(stdout, NULL);
	return 0;
}

/* --- check ---------------------------------------------------------------- */

struct check {
	unsigned faults;
	struct err e;
};

static void tell(struct check *c, const char *what, bool good)
{
	if (good) {
		printf("%s: good\n", what);
		return;
	}
	log_error("%s", c->e.text);
	c->faults++;
}

/* A session does with what it can read; each must be good here. */
static bool check_tls(const struct conf *conf, size_t i, struct err *e)
{
	struct tls_server_settings one = conf->tls;
	struct tls *tls;
	bool good;

	one.certificate = (struct conf_strings){&one.certificate.list[i], 1};
	one.key = (struct conf_strings){&one.key.list[i], 1};
	tls = tls_server_new(&one, e);
	good = tls != NULL;
	tls_free(&tls);
	return good;
}

/* No fault: the name that senders look for may be another one than ours. */
static void check_hostname(const struct conf *conf)
{
	if (!tool_hostname_is_certified(conf))
		log_warn("certificate: none is for %s, the hostname",
			 conf->hostname);
}

static bool check_store(struct tool *t, struct err *e)
{
	return tool_check_owner(t->conf->store, e) == 0 &&
	       tool_open_store(t, 0, e) == 0;
}

static bool check_postmaster(struct tool *t, struct err *e)
{
	struct mailbox *m;

	if (t->conf->postmaster[0] == '\0' || !t->store)
		return true;
	m = mailbox_open(t->store, t->conf->postmaster, e);
	if (!m)
		return err_prefix(e, "postmaster") == 0;
	mailbox_close(&m);
	return true;
}

static bool check_runtime(const struct conf *conf, struct err *e)
{
	struct stat st;

	if (stat(conf->runtime, &st) < 0)
		return err_sys(e, "runtime %s", conf->runtime) == 0;
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ERR_CONFIG, "runtime %s: no directory",
			       conf->runtime) == 0;
	return true;
}

TOOL_RUN(config_check)
{
	struct check c = {.faults = 0};

	(void)a;
	tell(&c, t->conf_file, true);
	tell(&c, t->conf->store, check_store(t, &c.e));
	for (size_t i = 0; i < t->conf->tls.certificate.n; i++)
		tell(&c, "certificate and key", check_tls(t->conf, i, &c.e));
	if (conf_check_domain(t->conf, &c.e) < 0)
		tell(&c, "domain", false);
	check_hostname(t->conf);
	tell(&c, t->conf->runtime, check_runtime(t->conf, &c.e));
	tell(&c, "postmaster", check_postmaster(t, &c.e));
	if (c.faults == 0)
		return 0;
	return err_set(e, ERR_CONFIG, "%u thing%s to put right", c.faults,
		       c.faults == 1 ? "" : "s");
}

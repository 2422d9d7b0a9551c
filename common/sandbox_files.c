/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Landlock, by its system calls, which no libc wraps: which files may still be
 * opened. It grants by path and takes everything else; what a granted path may
 * be used for, permissions decide as before. Never grants more than a row of
 * docs/architecture.md has.
 */
#include "common/base.h"
#include "common/sandbox_private.h"

#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <linux/landlock.h>

#include "common/conf.h"
#include "common/log.h"

/* ABI 1 has no REFER and denies every link() from tmp/ to cur/. */
enum { ABI_REFER = 2, ABI_TRUNCATE = 3 };

/* Younger than the headers of Debian 12. */
#define RIGHT_TRUNCATE ((uint64_t)1 << 14)

/* What is taken: everything that there is at ABI 3, executing too. */
#define ALL_RIGHTS (RIGHT_TRUNCATE | (RIGHT_TRUNCATE - 1))
#define READ	   (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE	   (LANDLOCK_ACCESS_FS_WRITE_FILE | RIGHT_TRUNCATE)
/* One set for tmp/ and cur/: a link may not gain a right by its new place. */
#define KEEP                                                                   \
	(READ | WRITE | LANDLOCK_ACCESS_FS_MAKE_REG |                          \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REFER)
#define SHARE (READ | WRITE | LANDLOCK_ACCESS_FS_MAKE_REG)
/* The kernel refuses the others for what is no directory. */
#define OF_A_FILE (LANDLOCK_ACCESS_FS_READ_FILE | WRITE)

struct ruleset {
	int fd;
	uint64_t handled;
	bool failed; /* errno says why */
};

/* --- the system calls ----------------------------------------------------- */

static int abi_version(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
			    LANDLOCK_CREATE_RULESET_VERSION);
}

/* Left out of the kernel, turned off, or forbidden to us. */
static void explain_absence(struct err *e)
{
	if (errno == ENOSYS || errno == EOPNOTSUPP)
		err_set(e, ERR_NONE, "sandbox: this kernel has no Landlock");
	else
		err_set(e, ERR_CONFIG,
			"sandbox: Landlock: %s: does the unit's "
			"SystemCallFilter leave out landlock_create_ruleset?",
			strerror(errno));
}

/* 1: of no use here. */
static int open_ruleset(struct ruleset *r, struct err *e)
{
	struct landlock_ruleset_attr attr = {.handled_access_fs = ALL_RIGHTS};
	int abi = abi_version();

	if (abi < 0) {
		explain_absence(e);
		return 1;
	}
	if (abi < ABI_REFER) {
		err_set(e, ERR_NONE,
			"sandbox: this kernel's Landlock forbids "
			"link(), so it is left out");
		return 1;
	}
	if (abi < ABI_TRUNCATE)
		attr.handled_access_fs &= ~RIGHT_TRUNCATE;
	*r = (struct ruleset){.handled = attr.handled_access_fs};
	r->fd = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr),
			     0);
	return r->fd < 0 ? err_sys(e, "Landlock") : 0;
}

/* What is not there needs no right. */
static void grant(struct ruleset *r, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = rights & r->handled,
		.parent_fd = open(path, O_PATH | O_CLOEXEC),
	};
	struct stat st;

	if (rule.parent_fd < 0) {
		if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
			log_warn("%s is out of reach: %s", path,
				 strerror(errno));
		return;
	}
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed_access &= OF_A_FILE;
	if (syscall(SYS_landlock_add_rule, r->fd, LANDLOCK_RULE_PATH_BENEATH,
		    &rule, 0) < 0)
		r->failed = true;
	close(rule.parent_fd);
}

/* -1: it grants less than it should. */
static int check_ruleset(struct ruleset *r, struct err *e)
{
	if (!r->failed)
		return 0;
	err_sys(e, "Landlock");
	close(r->fd);
	return -1;
}

int sandbox_restrict(int *ruleset, struct err *e)
{
	int result = 0;

	if (syscall(SYS_landlock_restrict_self, *ruleset, 0) < 0)
		result = err_sys(e, "Landlock");
	close(*ruleset);
	*ruleset = -1;
	return result;
}

/* --- the rows ------------------------------------------------------------- */

static void grant_list(struct ruleset *r, const char *const *paths, size_t n)
{
	for (size_t i = 0; i < n; i++)
		grant(r, paths[i], READ);
}

static void grant_strings(struct ruleset *r, const struct conf_strings *paths)
{
	for (size_t i = 0; i < paths->n; i++)
		grant(r, paths->list[i], READ);
}

static void grant_store(struct ruleset *r, const struct conf *conf)
{
	char mailboxes[PATH_MAX];

	snprintf(mailboxes, sizeof(mailboxes), "%s/mailboxes", conf->store);
	grant(r, conf->store, READ);
	grant(r, mailboxes, KEEP);
}

/* They are read when TLS is asked for, not before. */
static void grant_keys(struct ruleset *r, const struct conf *conf)
{
	grant_strings(r, &conf->tls.certificate);
	grant_strings(r, &conf->tls.key);
	grant(r, conf->tls.client_ca, READ);
}

/* Hashed names there are links to the files elsewhere. */
static void grant_authorities(struct ruleset *r, const char *upstream_ca)
{
	static const char *const system[] = {
		"/etc/ssl/certs",
		"/etc/pki",
		"/usr/share/ca-certificates",
		"/usr/local/share/ca-certificates",
	};

	if (*upstream_ca)
		grant(r, upstream_ca, READ);
	else
		grant_list(r, system, N_ELEMENTS(system));
}

/* Wrong logins, and who is logged in, are counted in the runtime directory. */
static void grant_logins(struct ruleset *r, const struct conf *conf)
{
	grant_store(r, conf);
	grant(r, conf->runtime, SHARE);
}

/* Which mailboxes the ledger waits for to announce a key, and nothing else. */
static void grant_collector(struct ruleset *r, const struct conf *conf)
{
	char announce[PATH_MAX];

	snprintf(announce, sizeof(announce), "%s/announce", conf->ledger.path);
	grant_logins(r, conf);
	grant(r, announce, READ);
}

static void grant_proxy(struct ruleset *r, const struct conf *conf)
{
	grant_logins(r, conf);
	grant_authorities(r, conf->proxy.upstream_ca);
}

/* The targets of a mailbox, and what a libc resolves names with. */
static void grant_dialler(struct ruleset *r, const struct conf *conf)
{
	static const char *const resolver[] = {
		"/etc/gai.conf",
		"/etc/host.conf",
		"/etc/hosts",
		"/etc/ld.so.cache",
		"/etc/nsswitch.conf",
		"/etc/resolv.conf",
		"/run/systemd/resolve",
		"/lib",
		"/lib64",
		"/usr/lib",
		"/usr/lib64",
		"/usr/local/lib",
	};

	grant(r, conf->store, READ);
	grant_list(r, resolver, N_ELEMENTS(resolver));
}

/*
 * It reads the store as it is and writes none of it; its own place is nobody
 * else's.
 */
static void grant_ledger(struct ruleset *r, const struct conf *conf)
{
	grant(r, conf->store, READ);
	grant(r, "/proc/sys/kernel/random/boot_id", READ);
	grant(r, conf->ledger.path,
	      KEEP | LANDLOCK_ACCESS_FS_MAKE_DIR |
		      LANDLOCK_ACCESS_FS_REMOVE_DIR);
}

static void (*const grant_row[SANDBOX_N_ROWS])(struct ruleset *r,
					       const struct conf *conf) = {
	[SANDBOX_RECEIVER] = grant_store,
	[SANDBOX_PROXY] = grant_proxy,
	[SANDBOX_COLLECTOR] = grant_collector,
	[SANDBOX_DIALLER] = grant_dialler,
	[SANDBOX_LEDGER] = grant_ledger,
};

static bool speaks_tls(enum sandbox_row row)
{
	return row != SANDBOX_DIALLER && row != SANDBOX_LEDGER;
}

int sandbox_files(enum sandbox_row row, const struct conf *conf, bool has_keys,
		  int *ruleset_r, struct err *e)
{
	struct ruleset r;
	int opened = open_ruleset(&r, e);

	if (opened != 0)
		return opened;
	if (speaks_tls(row) && !has_keys)
		grant_keys(&r, conf);
	grant_row[row](&r, conf);
	*ruleset_r = r.fd;
	return check_ruleset(&r, e);
}

void sandbox_keep_to_mailbox(const char *store, const char *mailbox_id)
{
	char mailbox[PATH_MAX];
	struct ruleset r;
	struct err e;

	if (open_ruleset(&r, &e) != 0)
		return; /* was said when the sandbox was entered */
	snprintf(mailbox, sizeof(mailbox), "%s/mailboxes/%s", store,
		 mailbox_id);
	grant(&r, mailbox, KEEP);
	if (check_ruleset(&r, &e) < 0 || sandbox_restrict(&r.fd, &e) < 0)
		log_warn("mailbox %s: %s", mailbox_id, e.text);
}

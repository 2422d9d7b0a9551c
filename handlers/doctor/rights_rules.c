/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables. Nothing but them. */
#include "common/base.h"
#include "handlers/doctor/rights_rules.h"

#include <fnmatch.h>

#define MAILBOX	 "mailboxes/mbx-*"
#define UNREAD	 "sessions cannot read it, and mail is refused with 451"
#define UNKEPT	 "sessions cannot keep mail in it"
#define UNOPENED "the archive cannot log in"
#define UNSHOWN	 "evidence cannot be shown"
#define UNSIGNED "sessions cannot say which key they sign with"

enum {
	DIR_READ = 02750,  /* handlers read */
	DIR_WRITE = 02770, /* handlers write */
	FILE_READ = 0640,
	FILE_WRITE = 0660,
};

static const struct rights_rule store_rules[] = {
	{"", S_IFDIR, OWNER_ADMIN, DIR_READ, 0, UNREAD},
	{"*", S_IFREG, OWNER_ADMIN, FILE_READ, 0, UNREAD},
	{"aliases", S_IFDIR, OWNER_ADMIN, DIR_READ, 0, UNOPENED},
	{"mailboxes", S_IFDIR, OWNER_ADMIN, DIR_READ, 0, UNREAD},
	{MAILBOX, S_IFDIR, OWNER_ADMIN, DIR_READ, 0, UNREAD},
	{MAILBOX "/tmp", S_IFDIR, OWNER_ADMIN, DIR_WRITE, 0, UNKEPT},
	{MAILBOX "/cur", S_IFDIR, OWNER_ADMIN, DIR_WRITE, 0, UNKEPT},
	{MAILBOX "/gone", S_IFDIR, OWNER_ADMIN, DIR_WRITE, 0,
	 "nothing can be deleted"},
	{MAILBOX "/spool", S_IFDIR, OWNER_ADMIN, DIR_WRITE, 0,
	 "nobody can say what happened"},
	{MAILBOX "/tmp/*", S_IFREG, OWNER_EITHER, FILE_WRITE, 0,
	 "the sweep cannot tidy it up"},
	{MAILBOX "/cur/*", S_IFREG, OWNER_EITHER, FILE_WRITE, 0,
	 "the archive cannot fetch it"},
	{MAILBOX "/gone/*", S_IFREG, OWNER_EITHER, FILE_WRITE, 0,
	 "the ledger cannot look at it"},
	{MAILBOX "/spool/*", S_IFREG, OWNER_EITHER, FILE_WRITE, 0,
	 "the ledger cannot enter it"},
	{MAILBOX "/lost", S_IFDIR, OWNER_ADMIN, DIR_READ, 0, "keys are lost"},
	{MAILBOX "/lost/*", S_IFDIR, OWNER_ADMIN, DIR_READ, 0, "keys are lost"},
	{MAILBOX "/lock", S_IFREG, OWNER_ADMIN, FILE_WRITE, 0, UNKEPT},
	{MAILBOX "/seen", S_IFREG, OWNER_ADMIN, FILE_WRITE, 0,
	 "pop3-proxy cannot tell what it has kept already"},
	{MAILBOX "/uids", S_IFREG, OWNER_ADMIN, FILE_WRITE, 0, UNKEPT},
	{MAILBOX "/identity*", S_IFREG, OWNER_ADMIN, FILE_READ, 0, UNOPENED},
	{MAILBOX "/*", S_IFREG, OWNER_ADMIN, FILE_READ, 0, UNREAD},
	{MAILBOX "/lost/*/*", S_IFREG, OWNER_ADMIN, FILE_READ, 0,
	 "old mail cannot be opened any more"},
};

static const struct rights_rule ledger_rules[] = {
	{"", S_IFDIR, OWNER_LEDGER, DIR_READ, 0, UNSHOWN},
	{"key", S_IFREG, OWNER_LEDGER, 0600, 0, "nothing can be signed"},
	{"memory", S_IFDIR, OWNER_LEDGER, 0700, S_ISGID,
	 "nothing can be entered"},
	{"memory/*", S_IFREG, OWNER_LEDGER, 0600, 0, "nothing can be entered"},
	{"announce", S_IFDIR, OWNER_LEDGER, 0750, S_ISGID, UNSIGNED},
	{"announce/*", S_IFREG, OWNER_LEDGER, FILE_READ, 0, UNSIGNED},
	{"*", S_IFDIR, OWNER_LEDGER, 0750, S_ISGID, UNSHOWN},
	{"*/*", S_IFREG, OWNER_LEDGER, FILE_READ, 0, UNSHOWN},
	{"*/*", S_IFDIR, OWNER_LEDGER, 0750, S_ISGID, UNSHOWN},
	{"*/*/*", S_IFREG, OWNER_LEDGER, FILE_READ, 0, UNSHOWN},
	{"*/*/*", S_IFDIR, OWNER_LEDGER, 0750, S_ISGID, UNSHOWN},
	{"*/*/*/*", S_IFREG, OWNER_LEDGER, FILE_READ, 0, UNSHOWN},
};

static const struct rights_rule runtime_rules[] = {
	{"", S_IFDIR, OWNER_HANDLERS, 0770, S_ISGID,
	 "logins cannot be counted"},
};

/*
 * The directory of restante.conf, where it is the system's. Which files a
 * certificate is in is the host's own affair, and so is who reads them beside
 * the sessions; keys are looked at with the certificates.
 */
static const struct rights_rule configuration_rules[] = {
	{"", S_IFDIR, OWNER_ROOT, 0755, S_ISGID,
	 "the configuration cannot be read"},
	{"restante.conf", S_IFREG, OWNER_ROOT, 0644, S_IWUSR,
	 "the configuration cannot be read, and all mail is refused with 451"},
	{"tls", S_IFDIR, OWNER_ROOT, 0750, S_ISGID | 05,
	 "no session has a certificate"},
	{"tls/*", S_IFREG, OWNER_ROOT, 0640, S_IWUSR | 04,
	 "no session has a certificate"},
};

#define PLACE(rules)                                                           \
	{                                                                      \
		rules, N_ELEMENTS(rules)                                       \
	}
const struct rights_place rights_of_store = PLACE(store_rules);
const struct rights_place rights_of_ledgers = PLACE(ledger_rules);
const struct rights_place rights_of_runtime = PLACE(runtime_rules);
const struct rights_place rights_of_configuration = PLACE(configuration_rules);

const struct rights_rule *rights_rule_for(const struct rights_place *place,
					  const char *path, mode_t type)
{
	for (size_t i = 0; i < place->n; i++) {
		const struct rights_rule *r = &place->rules[i];

		if (r->type == type &&
		    fnmatch(r->path, path, FNM_PATHNAME | FNM_PERIOD) == 0)
			return r;
	}
	return NULL;
}

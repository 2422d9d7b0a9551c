/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who owns what and may do what with it, as docs/store.md and docs/ledger.md
 * have it: one table for each place.
 */
#ifndef RESTANTE_HANDLERS_DOCTOR_RIGHTS_RULES_H
#define RESTANTE_HANDLERS_DOCTOR_RIGHTS_RULES_H

#include <sys/stat.h>

#include "common/base.h"

enum rights_owner {
	OWNER_ROOT, /* or admin: in a container nobody else is there */
	OWNER_ADMIN,
	OWNER_HANDLERS,
	OWNER_EITHER, /* handlers or admin, who does some of their work */
	OWNER_LEDGER,
};

struct rights_rule {
	const char *path; /* below the place, as fnmatch(3) compares paths */
	mode_t type;	  /* S_IFDIR or S_IFREG */
	enum rights_owner owner;
	mode_t mode;
	mode_t free;	       /* of these bits either is right */
	const char *otherwise; /* what comes of it */
};

/* A place: a directory with all that is below it. */
struct rights_place {
	const struct rights_rule *rules; /* the first that fits counts */
	size_t n;
};

extern const struct rights_place rights_of_store, rights_of_ledgers,
	rights_of_runtime, rights_of_configuration;

/* NULL: nobody said anything of it, and it is let alone. */
const struct rights_rule *rights_rule_for(const struct rights_place *place,
					  const char *path, mode_t type);

#endif

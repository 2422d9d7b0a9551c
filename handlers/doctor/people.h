/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who is who on this host: three system users and root, or one person with an
 * instance of his own.
 */
#ifndef RESTANTE_HANDLERS_DOCTOR_PEOPLE_H
#define RESTANTE_HANDLERS_DOCTOR_PEOPLE_H

#include <sys/types.h>

#include "common/conf.h"
#include "handlers/doctor/findings.h"

struct people {
	bool is_one; /* all are who owns the store, and groups do not matter */
	uid_t admin, handlers, ledger;
	gid_t group;
};

/* Also finds users that are missing. -1: there is no store to ask about. */
int people_find(const struct conf *conf, struct people *p_r, struct findings *f,
		struct err *e) MUST_USE;

/*
 * Whoever may become the handlers' user does, for good. False: the caller is
 * neither that user nor root, and will see with his own eyes alone.
 */
bool people_become_handlers(const struct people *p);

#endif

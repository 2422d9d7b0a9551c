/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Owners and rights of all that the host keeps, compared with their rules. */
#ifndef RESTANTE_HANDLERS_DOCTOR_RIGHTS_H
#define RESTANTE_HANDLERS_DOCTOR_RIGHTS_H

#include "common/conf.h"
#include "handlers/doctor/people.h"
#include "handlers/doctor/rights_rules.h"

/*
 * Looks at every name in store, ledgers, runtime and configuration and reads
 * none. With mend, which is root's, owners and rights become what they should
 * be; content never changes. progress() hears how many were looked at; may be
 * NULL.
 */
void rights_check(const struct conf *conf, const struct people *p, bool mend,
		  void (*progress)(uint64_t done), struct findings *f);

#endif

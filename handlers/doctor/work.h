/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What sessions do in the store, tried as their user. */
#ifndef RESTANTE_HANDLERS_DOCTOR_WORK_H
#define RESTANTE_HANDLERS_DOCTOR_WORK_H

#include "common/conf.h"
#include "handlers/doctor/findings.h"
#include "store/store.h"

/* Reads restante.conf once more: this process may be another user by now. */
void work_check_configuration(const char *file, struct findings *f);

/*
 * Opens every mailbox as a delivery and a login do, and asks the kernel whether
 * its directories may be written. Keeps no message, opens none.
 */
void work_check_store(const struct conf *conf, struct store *s,
		      struct findings *f);

#endif

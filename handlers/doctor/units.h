/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What starts the services and the work that is done by the clock. */
#ifndef RESTANTE_HANDLERS_DOCTOR_UNITS_H
#define RESTANTE_HANDLERS_DOCTOR_UNITS_H

#include "common/conf.h"
#include "handlers/doctor/findings.h"

/* root goes before all paths: "" but in tests. */
void units_check(const struct conf *conf, const char *root, struct findings *f);

#endif

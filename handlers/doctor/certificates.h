/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The certificates and keys of restante.conf, read as sessions read them. */
#ifndef RESTANTE_HANDLERS_DOCTOR_CERTIFICATES_H
#define RESTANTE_HANDLERS_DOCTOR_CERTIFICATES_H

#include "common/conf.h"
#include "handlers/doctor/findings.h"

void certificates_check(const struct conf *conf, int64_t now,
			struct findings *f);

#endif

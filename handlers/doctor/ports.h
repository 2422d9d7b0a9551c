/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ports that this host should have, knocked at one by one. */
#ifndef RESTANTE_HANDLERS_DOCTOR_PORTS_H
#define RESTANTE_HANDLERS_DOCTOR_PORTS_H

#include "common/conf.h"
#include "handlers/doctor/findings.h"

/* root goes before the paths of systemd, xinetd and /proc: "" but in tests. */
void ports_check(const struct conf *conf, const char *root, struct findings *f);

#endif

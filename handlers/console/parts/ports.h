/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which TCP ports of this machine somebody listens on, as the kernel says. */
#ifndef RESTANTE_HANDLERS_CONSOLE_PARTS_PORTS_H
#define RESTANTE_HANDLERS_CONSOLE_PARTS_PORTS_H

#include "common/base.h"

struct ports {
	uint8_t bits[65536 / 8];
};

void ports_listening(struct ports *p_r);
bool ports_has(const struct ports *p, unsigned port);

#endif

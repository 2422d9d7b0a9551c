/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What other commands ask of the certificates. */
#ifndef RESTANTE_HANDLERS_TOOL_CMD_CERTIFICATE_H
#define RESTANTE_HANDLERS_TOOL_CMD_CERTIFICATE_H

#include "common/conf.h"

/* False: each can be read, and none is for the hostname. */
bool tool_hostname_is_certified(const struct conf *conf);

#endif

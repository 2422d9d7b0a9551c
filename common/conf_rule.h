/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a value may look like, whoever wrote it: an administrator, a form or a
 * file. Pure predicates over NUL-terminated text.
 */
#ifndef RESTANTE_COMMON_CONF_RULE_H
#define RESTANTE_COMMON_CONF_RULE_H

#include "common/base.h"

/* One line of UTF-8 without control characters. */
bool conf_line_valid(const char *text);
/* A host's name or IPv4 address as it stands in an address or a URL. */
bool conf_host_valid(const char *text);
/* A path from the root, so that it means the same in every process. */
bool conf_path_valid(const char *text);
bool conf_network_valid(const char *text);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What systemd is told of a unit, as far as files say it: the first unit file
 * of that name, then its drop-ins (systemd.unit(5)).
 */
#ifndef RESTANTE_HANDLERS_ADMIN_UNIT_FILES_H
#define RESTANTE_HANDLERS_ADMIN_UNIT_FILES_H

#include "common/base.h"

/* "Key=value", cut at both ends; both live for the call alone. */
typedef void (*unit_line)(const char *key, const char *value, void *arg);

/* Calls each() for every line with a "=". False: there is no such file. */
bool unit_file_lines(const char *path, unit_line each, void *arg);

/*
 * The same for a unit with its drop-ins, in the order in which they count.
 * False: there is no such unit. root goes before all paths: "" but in tests.
 */
bool unit_lines(const char *root, const char *unit, unit_line each, void *arg);

/*
 * Whether it is enabled, for good or until the next boot: by target "sockets"
 * or "timers".
 */
bool unit_is_wanted(const char *root, const char *target, const char *unit);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The comments of a configuration file, taken away without moving a line.
 * Pure; the text stays as long as it was.
 */
#ifndef RESTANTE_COMMON_CONF_COMMENT_H
#define RESTANTE_COMMON_CONF_COMMENT_H

#include "common/base.h"

/*
 * Replaces every comment (#, //, slash and star) by spaces. NULL, or what is
 * not finished at the end of the text, and in *line_r the line it began on.
 */
const char *conf_blank_comments(char *text, unsigned *line_r);

#endif

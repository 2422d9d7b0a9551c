/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a test program puts its files. A failure ends the program. */
#ifndef RESTANTE_TESTS_SUPPORT_TEST_DIR_H
#define RESTANTE_TESTS_SUPPORT_TEST_DIR_H

#include "common/base.h"

enum { TEST_DIR_SIZE = 64 };

/*
 * A new directory below $TMPDIR, or else in memory where there is any for that:
 * what is durable is not the question there, and a sync costs nothing.
 */
void test_dir_make(char path_r[TEST_DIR_SIZE]);

/* Removes it and all in it. */
void test_dir_remove(const char *path);

#endif

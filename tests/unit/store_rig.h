/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A store with one mailbox in a directory of its own, for tests: made by
 * setup, removed by teardown. Every helper fails the test where it cannot do
 * what it says.
 */
#ifndef RESTANTE_TESTS_STORE_RIG_H
#define RESTANTE_TESTS_STORE_RIG_H

#include "common/secret.h"
#include "store/store.h"
#include "tests/support/test_dir.h"

struct store_rig {
	char path[2 * TEST_DIR_SIZE]; /* the store */
	struct store *store;
	char id[MAILBOX_ID_LEN + 1];
	struct secret password;
};

enum { STORE_RIG_LOG_N = 4 }; /* a password that is cheap to open */

/* cmocka's setup and teardown; *state becomes a struct store_rig. */
int store_rig_setup(void **state);
int store_rig_teardown(void **state);

/* "<store>/mailboxes/<id>/<name>" in a buffer of the rig's own size. */
void store_rig_path(const struct store_rig *rig, const char *name,
		    char path_r[256]);

struct mailbox *store_rig_open(const struct store_rig *rig);

/* n octets that depend on seed, without their being sealed yet. */
void store_rig_octets(unsigned seed, uint8_t *out, size_t n);

/* Keeps such a message; its ULID goes to ulid_r. */
void store_rig_keep(struct mailbox *m, unsigned seed, size_t n,
		    char ulid_r[ULID_LEN + 1]);

struct collection *store_rig_login(const struct store_rig *rig);

/* Message i of the collection is the one of that seed and size. */
void store_rig_check(struct collection *c, size_t i, unsigned seed, size_t n);

/* Names in tmp/ or cur/. */
unsigned store_rig_count(const struct store_rig *rig, const char *directory);

/* Runs act in a child that then dies as by KILL. */
void store_rig_killed(void (*act)(const struct store_rig *rig),
		      const struct store_rig *rig);

/* A command in a shell, for what a person would do to a store. */
void store_rig_shell(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif

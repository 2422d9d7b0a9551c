/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The console's administrators: one line each in a file of their own, "name,
 * password as crypt(5) hashes it, flags", by colons. Written by `restante
 * admin` and the console, replaced as a whole; passwords are never stored.
 */
#ifndef RESTANTE_HANDLERS_ADMIN_ADMINS_H
#define RESTANTE_HANDLERS_ADMIN_ADMINS_H

#include "common/err.h"
#include "common/secret.h"

enum {
	ADMIN_NAME_MAX = 64,
	ADMIN_HASH_MAX = 160,
	ADMIN_PASSWORD_MIN = 10,  /* characters that a person chooses */
	ADMIN_PASSWORD_MAX = 256, /* octets */
};

struct store;

struct admin {
	char name[ADMIN_NAME_MAX + 1];
	char hash[ADMIN_HASH_MAX + 1];
	bool one_time; /* the password must be replaced at the first sign-in */
};

/* 1 to 64 of a-z, 0-9, and . _ @ - behind the first. */
bool admin_name_valid(const char *name);

/* ERR_CONFIG: too short, or too long. */
int admin_password_valid(const struct secret *password, struct err *e) MUST_USE;

/*
 * Checks a password, with the same work for a name that is not there.
 * ERR_PASSWORD for either; ERR_TEMP where the file cannot be read.
 */
int admins_verify(const char *file, const char *name,
		  const struct secret *password, struct admin *admin_r,
		  struct err *e) MUST_USE;

/* ERR_ABSENT: there is no such administrator, or no file yet. */
int admins_find(const char *file, const char *name, struct admin *admin_r,
		struct err *e) MUST_USE;

/* Calls each() in the order of the file. No file: none. */
int admins_each(const char *file,
		void (*each)(const struct admin *admin, void *arg), void *arg,
		struct err *e) MUST_USE;

/*
 * A line in the store's admin.spool says so before (who and how: see
 * store_acts_for()). Durable when they return 0; others that change the file
 * meanwhile wait.
 * ERR_STATE: there already (add); ERR_ABSENT: not there (the others).
 */
int admins_add(const char *file, struct store *s, const char *name,
	       const struct secret *password, bool one_time,
	       struct err *e) MUST_USE;
int admins_set_password(const char *file, struct store *s, const char *name,
			const struct secret *password, bool one_time,
			struct err *e) MUST_USE;
int admins_remove(const char *file, struct store *s, const char *name,
		  struct err *e) MUST_USE;

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who is signed in, as small files in the console's own directory: a session
 * is a file named for the digest of its cookie, so that neither the directory
 * nor a backup of it lets anybody in. Beside them the forms that were used.
 */
#ifndef RESTANTE_HANDLERS_CONSOLE_SIGN_IN_SESSIONS_H
#define RESTANTE_HANDLERS_CONSOLE_SIGN_IN_SESSIONS_H

#include "common/digest.h"
#include "handlers/admin/admins.h"

enum {
	SESSION_TOKEN_LEN = 64,	 /* hexadecimal digits, 256 bits */
	SESSION_MAX = 12 * 3600, /* seconds after which it ends in any case */
	SESSION_TOUCH = 60,	 /* seconds between two notes of its use */
	FORM_MAX = 24 * 3600,	 /* seconds that a used form is remembered */
	SESSION_STAMP_LEN = 16,	 /* of a password's hash: another one ends it */
};

enum session_state { SESSION_NONE, SESSION_ENDED, SESSION_ALIVE };

struct session_facts {
	char name[ADMIN_NAME_MAX + 1];
	char stamp[SESSION_STAMP_LEN + 1];
	int64_t created;
};

/* A new cookie. */
void session_token_new(char token_r[SESSION_TOKEN_LEN + 1]);
bool session_token_valid(const char *token);

/* What a password's hash leaves in its sessions. */
void session_stamp(const char *hash, char stamp_r[SESSION_STAMP_LEN + 1]);

/* Begins one in the directory state, and removes what has ended there. */
int session_start(int state, const char *token, const char *name,
		  const char *stamp, unsigned idle, struct err *e) MUST_USE;

/*
 * Looks one up. Used: it was a person who asked, and its idle time (seconds)
 * begins anew. facts_r is filled where it is alive.
 */
enum session_state session_look_up(int state, const char *token, unsigned idle,
				   bool used, struct session_facts *facts_r);

void session_end(int state, const char *token);

/* Ends every session of that name; returns how many. */
unsigned session_end_all(int state, const char *name);

/* A name for a form that may be sent once. */
void form_name_new(char name_r[SESSION_TOKEN_LEN + 1]);

/* True the first time. ERR_STATE: it was sent before; ERR_TEMP. */
int form_spend(int state, const char *name, struct err *e) MUST_USE;

#endif

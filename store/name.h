/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * File names in tmp/ and cur/. A name carries all that a listing needs, so
 * that a directory scan alone rebuilds it. Pure functions.
 */
#ifndef RESTANTE_STORE_NAME_H
#define RESTANTE_STORE_NAME_H

#include "common/random_id.h"

enum { NAME_SIZE = 80 }; /* the longest name and its NUL */

struct message_name {
	char ulid[ULID_LEN + 1];
	uint64_t octets;
	unsigned flags; /* enum message_flags */
};

/* "<ULID>,W=<octets>[,flags].age" in cur/. False: not such a name. */
bool name_parse_kept(const char *name, struct message_name *n_r);
void name_write_kept(const struct message_name *n, char name_r[NAME_SIZE]);

/* "<ULID>.age" in tmp/: being written, or a ticket; "<ULID>,P.age": pending. */
struct ticket_name {
	char ulid[ULID_LEN + 1];
	bool pending; /* whole and durable, upstream's answer is awaited */
};

bool name_parse_ticket(const char *name, struct ticket_name *t_r);
void name_write_ticket(const struct ticket_name *t, char name_r[NAME_SIZE]);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * File names in tmp/, cur/ and gone/. A name carries all that a listing needs,
 * so that a directory scan alone rebuilds it. Pure functions.
 */
#ifndef RESTANTE_STORE_NAME_H
#define RESTANTE_STORE_NAME_H

#include "common/random_id.h"

enum {
	NAME_SIZE = 80, /* the longest name and its NUL */
	NODE_SIZE = 24,
};

struct message_name {
	char ulid[ULID_LEN + 1];
	uint64_t octets;
	unsigned flags; /* enum message_flags */
};

/* "<ULID>,W=<octets>[,flags].age" in cur/. False: not such a name. */
bool name_parse_kept(const char *name, struct message_name *n_r);
void name_write_kept(const struct message_name *n, char name_r[NAME_SIZE]);

/*
 * The same in gone/; without_line: "…,F.age", moved there on a full disk before
 * any line could say so.
 */
bool name_parse_gone(const char *name, struct message_name *n_r,
		     bool *without_line_r);
void name_write_gone(const struct message_name *n, bool without_line,
		     char name_r[NAME_SIZE]);

/*
 * "<ULID>[,n=<node>].age" in tmp/: being written, or a ticket;
 * "<ULID>[,n=<node>],P.age": pending.
 */
struct ticket_name {
	char ulid[ULID_LEN + 1];
	char node[NODE_SIZE]; /* "": this store has one host */
	bool pending; /* whole and durable, upstream's answer is awaited */
};

bool name_parse_ticket(const char *name, struct ticket_name *t_r);
void name_write_ticket(const struct ticket_name *t, char name_r[NAME_SIZE]);

/* A host's name in tickets and spools: 1*23 of a-z, 0-9 and "-". */
bool node_valid(const char *text, size_t n);

#endif

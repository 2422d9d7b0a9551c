/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the keys of configuration files may say: one row describes a key, one
 * type reads its values. Pure functions over text; a value that is not what
 * its row expects is never stored.
 */
#ifndef RESTANTE_COMMON_CONF_VALUE_H
#define RESTANTE_COMMON_CONF_VALUE_H

#include "common/peer.h"

struct buf;

struct conf_networks {
	struct network *list;
	size_t n;
};

struct conf_strings {
	char **list;
	size_t n;
};

/* Lists of strings that own their members. */
void conf_strings_add(struct conf_strings *s, const char *value);
bool conf_strings_remove(struct conf_strings *s, const char *value);
bool conf_strings_has(const struct conf_strings *s, const char *value);
void conf_strings_release(struct conf_strings *s);

void conf_networks_release(struct conf_networks *n);

struct conf_key;

struct conf_type {
	/*
	 * Reads text and stores it, or adds it to a list; where member is NULL
	 * it is only checked. False: text is not what the key expects.
	 */
	bool (*set)(const struct conf_key *key, const char *text, void *member);
	void (*release)(void *member); /* NULL: nothing to free */
	bool list;		       /* { 'a', 'b' } */
	bool quoted;		       /* written in single quotes */
};

/* One key of a file. Rows of one section stand together, the top first. */
struct conf_key {
	const char *section; /* NULL: at the top */
	const char *name;
	const struct conf_type *type;
	size_t offset;	      /* of the member in the struct that is filled */
	const char *fallback; /* the default as text; NULL: none */
	uint64_t min, max;    /* of numbers, times, sizes; texts: of octets */
	bool (*valid)(const char *text); /* texts and lists: a further rule */
	const char *expected;		 /* "a size such as 256M" */
	const char *meaning; /* for people: lines of at most 70 characters */
};

extern const struct conf_type conf_type_text;	  /* char * */
extern const struct conf_type conf_type_flag;	  /* bool: true, false */
extern const struct conf_type conf_type_number;	  /* unsigned */
extern const struct conf_type conf_type_time;	  /* unsigned, seconds */
extern const struct conf_type conf_type_size;	  /* uint64_t, octets */
extern const struct conf_type conf_type_strings;  /* struct conf_strings */
extern const struct conf_type conf_type_networks; /* struct conf_networks */

/* "64M", "1G", "4096": octets, with K, M or G of 1024. */
bool conf_parse_size(const char *text, uint64_t *octets_r);
/* "30s", "5m", "12h", "3d", "300": seconds. */
bool conf_parse_time(const char *text, unsigned *seconds_r);

/* Appends 'text' so that libconfuse reads back the same. False: no room. */
bool conf_quote(struct buf *out, const char *text) MUST_USE;

#endif

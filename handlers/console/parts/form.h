/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Typed fields: a table says what a form may hold, and what came is checked
 * against it before a page looks. A bad form is shown again as it was filled
 * in, with the reason at the field.
 */
#ifndef RESTANTE_HANDLERS_CONSOLE_PARTS_FORM_H
#define RESTANTE_HANDLERS_CONSOLE_PARTS_FORM_H

#include "handlers/console/context.h"

enum field_kind {
	FIELD_LINE,   /* one line of UTF-8 without controls */
	FIELD_LINES,  /* several */
	FIELD_SECRET, /* never shown again */
	FIELD_CHOICE, /* one of `choices` */
	FIELD_CHECK,  /* ticked or not */
};

struct choice {
	const char *value;
	const char *label; /* N_() */
};

struct field_rule {
	const char *name;
	enum field_kind kind;
	const char *label; /* N_() */
	const char *hint;  /* N_(), or NULL */
	size_t max;	   /* octets */
	bool required;
	const char *complete;	      /* the autocomplete attribute, or NULL */
	const struct choice *choices; /* ends with a NULL value */
};

enum { FORM_FIELDS = 12, FORM_ERROR = 512 };

struct field {
	const struct field_rule *rule;
	const char *value; /* borrowed from the request, or from the page */
	char error[FORM_ERROR];
};

struct form {
	struct field fields[FORM_FIELDS];
	size_t n;
	bool good;
	char error[FORM_ERROR]; /* of no field, but of the whole */
};

/* An empty form, as it is first shown. */
void form_init(struct form *f, const struct field_rule *rules, size_t n);

/* As it came in; good is false where a field is not what its rule says. */
void form_read(struct form *f, const struct field_rule *rules, size_t n,
	       const struct urlencoded *pairs);

const char *form_value(const struct form *f, const char *name);
bool form_ticked(const struct form *f, const char *name);

/* What a field is first filled with; value must outlive the form. */
void form_set(struct form *f, const char *name, const char *value);

/* The field is refused for a reason that only its page knows (translated). */
void form_refuse(struct form *f, const char *name, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* The same for the form as a whole. */
void form_refuse_all(struct form *f, const char *text);

/*
 * It was not looked at, for wrong passwords came before it: the answer is 429
 * with the time after which it may come again (RFC 6585 section 4).
 */
void form_refuse_for_now(struct console *c, struct form *f, unsigned seconds);

/*
 * Calls each() for every line of a FIELD_LINES value that is not blank, cut
 * at both ends, until one returns -1. A line longer than size is cut.
 */
int form_each_line(const char *value,
		   int (*each)(const char *line, void *arg, struct err *e),
		   void *arg, struct err *e);

/* Writes the fields, with labels, hints and reasons. */
void form_write(struct console *c, const struct form *f);

#endif

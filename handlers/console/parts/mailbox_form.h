/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The settings of a mailbox as a form, for those who make and change one. */
#ifndef RESTANTE_HANDLERS_CONSOLE_PARTS_MAILBOX_FORM_H
#define RESTANTE_HANDLERS_CONSOLE_PARTS_MAILBOX_FORM_H

#include "handlers/console/parts/form.h"
#include "store/conf_mailbox.h"

/* Fields of a new one: name, description, targets, recipient. */
extern const struct field_rule mailbox_form_new[];
extern const size_t mailbox_form_new_n;

/* Fields of one that is there. */
extern const struct field_rule mailbox_form_edit[];
extern const size_t mailbox_form_edit_n;

/* Every line of a field, as a list. */
void mailbox_form_lines(const struct form *f, const char *name,
			struct conf_strings *list_r);

/*
 * Puts the fields into c, as mailbox_update() wants it. -1: the field at
 * fault says why.
 */
int mailbox_form_apply(struct mailbox_conf *c, struct form *f, struct err *e);

/* Whether a mailbox other than id ("": a new one) has the name already. */
void mailbox_form_check_name(struct console *c, struct form *f, const char *id);

/* Checks the targets of a form alone. */
void mailbox_form_check_targets(struct form *f);

#endif

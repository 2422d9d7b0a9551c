/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether what an acceptor was made of is still what lies on the disk: its
 * program and libraries, configuration, certificates and keys, the store's
 * directories. Looks at names alone, opens nothing.
 */
#ifndef RESTANTE_HANDLERS_SESSION_RENEWAL_H
#define RESTANTE_HANDLERS_SESSION_RENEWAL_H

#include "common/conf.h"

struct renewal;

enum renewal_need {
	RENEWAL_NONE,
	RENEWAL_SETTINGS, /* configuration, certificate or key alone */
	RENEWAL_PROGRAM,
};

/* Notes how things are now. program is the path of this one. */
struct renewal *renewal_new(const struct conf *conf, const char *program);
void renewal_free(struct renewal **r);

enum renewal_need renewal_look(const struct renewal *r);

/* What there is now is known, and no cause. */
void renewal_note(struct renewal *r);

#endif

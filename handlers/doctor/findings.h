/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the doctor has found, in the order in which it was found. */
#ifndef RESTANTE_HANDLERS_DOCTOR_FINDINGS_H
#define RESTANTE_HANDLERS_DOCTOR_FINDINGS_H

#include "common/base.h"

enum finding_weight {
	FINDING_REMARK, /* good to know */
	FINDING_FAULT,	/* a person is needed */
	FINDING_MENDED, /* was one, and is none any more */
};

struct finding {
	enum finding_weight weight;
	const char *row; /* "rights"; borrowed */
	char *on;	 /* what it was found on: a file, a port, a mailbox */
	char *what;
	char *act; /* what to do; "": the text says it */
};

struct findings {
	const char *row; /* of those that are added */
	struct finding *list;
	size_t n;
};

/* act may be NULL. All texts are copied. */
void findings_add(struct findings *f, enum finding_weight weight,
		  const char *on, const char *act, const char *what, ...)
	PRINTF_LIKE(5, 6);

#define fault(f, on, act, ...)                                                 \
	findings_add(f, FINDING_FAULT, on, act, __VA_ARGS__)
#define remark(f, on, act, ...)                                                \
	findings_add(f, FINDING_REMARK, on, act, __VA_ARGS__)

/* How many there are of that weight. */
size_t findings_count(const struct findings *f, enum finding_weight weight);
void findings_release(struct findings *f);

#endif

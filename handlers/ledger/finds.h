/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a look has found: messages that are not there, or not what they were. */
#ifndef RESTANTE_HANDLERS_LEDGER_FINDS_H
#define RESTANTE_HANDLERS_LEDGER_FINDS_H

#include "common/digest.h"
#include "common/random_id.h"

enum { FINDS_MAX = 4096 }; /* of one go */

enum find_kind {
	FIND_MISSING,
	FIND_OTHER_FILE, /* what lies there */
	FIND_OTHER_READ, /* what was collected */
};

struct find {
	char ulid[ULID_LEN + 1];
	enum find_kind kind;
	uint8_t digest[DIGEST_SIZE]; /* of the other one */
};

/* All zero: empty. */
struct finds {
	struct find *list;
	size_t n;
};

static inline bool finds_is_full(const struct finds *f)
{
	return f->n == FINDS_MAX;
}

/* digest: unless it is missing. Nothing where it is full. */
void finds_add(struct finds *f, enum find_kind kind, const char *ulid,
	       const uint8_t *digest);
/* The same of the same message. */
bool finds_has(const struct finds *f, const struct find *of);
bool finds_has_missing(const struct finds *f, const char *ulid);
void finds_release(struct finds *f);

#endif

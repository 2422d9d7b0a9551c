/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list of bounded length. */
#include "common/base.h"
#include "handlers/ledger/finds.h"

#include "common/log.h"

void finds_add(struct finds *f, enum find_kind kind, const char *ulid,
	       const uint8_t *digest)
{
	struct find *find;

	if (finds_is_full(f))
		return;
	f->list = xgrow(f->list, f->n, sizeof(*f->list));
	find = &f->list[f->n++];
	*find = (struct find){.kind = kind};
	memcpy(find->ulid, ulid, sizeof(find->ulid));
	if (digest)
		memcpy(find->digest, digest, DIGEST_SIZE);
}

bool finds_has(const struct finds *f, const struct find *of)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->list[i].ulid, of->ulid) == 0 &&
		    f->list[i].kind == of->kind &&
		    memcmp(f->list[i].digest, of->digest, DIGEST_SIZE) == 0)
			return true;
	return false;
}

bool finds_has_missing(const struct finds *f, const char *ulid)
{
	struct find of = {.kind = FIND_MISSING};

	memcpy(of.ulid, ulid, sizeof(of.ulid));
	return finds_has(f, &of);
}

void finds_release(struct finds *f)
{
	free(f->list);
	*f = (struct finds){.list = NULL};
}

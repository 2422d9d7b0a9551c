/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The last octets before a place tell one spool from another. */
#include "common/base.h"
#include "handlers/ledger/spool_place.h"

#include "common/digest.h"
#include "common/read_all.h"

/* The octets before a place, as many as are remembered. */
static int digest_before(const struct taking_spool *t, uint64_t at,
			 uint8_t digest_r[DIGEST_SIZE], struct err *e)
{
	uint64_t n = at < MEMORY_BEFORE ? at : MEMORY_BEFORE;
	char octets[MEMORY_BEFORE];
	ssize_t got = read_up_to_at(t->fd, octets, (size_t)n, at - n);

	if (got < 0)
		return err_sys(e, "spool %s", t->name);
	digest_sha256(octets, (size_t)got, digest_r);
	return 0;
}

int spool_place_set(struct memory *m, const struct taking_spool *t, uint64_t to,
		    struct err *e)
{
	uint8_t before[DIGEST_SIZE];

	if (digest_before(t, to, before, e) < 0)
		return -1;
	if (memory_set_offset(m, t->name, to, before))
		return 0;
	return err_set(e, ERR_TEMP, "ledger: too many spools");
}

int spool_place_fits(struct memory *m, const struct taking_spool *t,
		     struct err *e)
{
	const struct memory_spool *s = memory_spool(m, t->name);
	uint8_t before[DIGEST_SIZE];

	if (!s || !s->offset)
		return 1;
	if (s->offset > t->size)
		return 0;
	if (!s->has_before)
		return 1;
	if (digest_before(t, s->offset, before, e) < 0)
		return -1;
	return memcmp(before, s->before, sizeof(before)) == 0;
}

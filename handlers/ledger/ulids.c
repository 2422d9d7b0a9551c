/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Open addressing. Whoever writes spools chooses ULIDs, and must not choose
 * places: one run after the other would take all day, and all mailboxes wait.
 */
#include "common/base.h"
#include "handlers/ledger/ulids.h"

#include "common/log.h"

enum { SMALLEST = 256 };

static bool is_free(const uint8_t slot[ULID_PACKED_SIZE])
{
	static const uint8_t none[ULID_PACKED_SIZE];

	return memcmp(slot, none, sizeof(none)) == 0;
}

static uint8_t *find(const struct ulids *u,
		     const uint8_t packed[ULID_PACKED_SIZE])
{
	size_t at = (size_t)ulid_hash(packed, u->key);

	for (;; at++) {
		uint8_t *slot = u->slots[at & (u->size - 1)];

		if (is_free(slot) ||
		    memcmp(slot, packed, ULID_PACKED_SIZE) == 0)
			return slot;
	}
}

static void grow(struct ulids *u)
{
	struct ulids larger = {.size = u->size ? 2 * u->size : SMALLEST,
			       .key = u->key};

	if (!u->size)
		random_bytes(&larger.key, sizeof(larger.key));

	larger.slots = xcalloc(larger.size, sizeof(*larger.slots));
	for (size_t i = 0; i < u->size; i++)
		if (!is_free(u->slots[i]))
			memcpy(find(&larger, u->slots[i]), u->slots[i],
			       ULID_PACKED_SIZE);
	larger.n = u->n;
	free(u->slots);
	*u = larger;
}

void ulids_add(struct ulids *u, const char *ulid)
{
	uint8_t packed[ULID_PACKED_SIZE], *slot;

	if (4 * (u->n + 1) > 3 * u->size)
		grow(u);
	ulid_pack(ulid, packed);
	slot = find(u, packed);
	u->n += is_free(slot);
	memcpy(slot, packed, sizeof(packed));
}

bool ulids_has(const struct ulids *u, const char *ulid)
{
	uint8_t packed[ULID_PACKED_SIZE];

	if (!u->size)
		return false;
	ulid_pack(ulid, packed);
	return !is_free(find(u, packed));
}

void ulids_release(struct ulids *u)
{
	free(u->slots);
	*u = (struct ulids){.n = 0};
}

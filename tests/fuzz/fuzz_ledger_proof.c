/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A proof as somebody hands it in: a key, 0xff, an entry, 0xff, the proof with
 * its checkpoint. What is read and written anew is the same octets, and what
 * holds for an entry holds for no other.
 */
#include "common/base.h"

#include "store/ledger/proof.h"
#include "tests/fuzz/fuzz.h"

struct part {
	const char *at;
	size_t n;
};

static struct part next_part(const char **at, const char *end)
{
	const char *mark = memchr(*at, 0xff, (size_t)(end - *at));
	struct part p = {*at, (size_t)((mark ? mark : end) - *at)};

	*at = mark ? mark + 1 : end;
	return p;
}

static void require_key(const struct part *p, const struct note_key *k)
{
	size_t n = p->n && p->at[p->n - 1] == '\n' ? p->n - 1 : p->n;
	struct buf text;

	buf_init(&text, FUZZ_ROOM);
	fuzz_require(note_key_write(k, &text));
	fuzz_require(text.len == n && memcmp(text.data, p->at, n) == 0);
	buf_release(&text);
}

static void require_proof(const struct part *p, enum proof_form form,
			  const struct proof *proof)
{
	struct buf text;

	buf_init(&text, FUZZ_ROOM);
	fuzz_require(proof_write(proof, form, &text));
	fuzz_require(text.len == p->n && memcmp(text.data, p->at, p->n) == 0);
	buf_release(&text);
}

static void require_one_entry(const struct proof *proof,
			      const struct note_key *k, const struct part *p)
{
	struct buf other;

	buf_init(&other, FUZZ_ROOM);
	fuzz_require(buf_add(&other, p->at, p->n) && buf_add(&other, "x", 1));
	fuzz_require(!proof_holds(proof, k, other.data, other.len));
	buf_release(&other);
}

static void try_form(enum proof_form form, const struct part *text,
		     const struct note_key *k, const struct part *entry)
{
	struct proof proof;

	if (!proof_parse(text->at, text->n, form, &proof))
		return;
	require_proof(text, form, &proof);
	if (k && proof_holds(&proof, k, entry->at, entry->n))
		require_one_entry(&proof, k, entry);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const char *at = (const char *)bytes, *end = at + n;
	struct part key = next_part(&at, end), entry = next_part(&at, end);
	struct part text = {at, (size_t)(end - at)};
	struct note_key k;
	bool has_key = note_key_parse(key.at, key.n, &k);

	if (has_key)
		require_key(&key, &k);
	try_form(PROOF_TLOG, &text, has_key ? &k : NULL, &entry);
	try_form(PROOF_SPICY, &text, has_key ? &k : NULL, &entry);
	return 0;
}

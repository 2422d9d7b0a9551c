/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tree, grown and proved. Reads no file. */
#include "common/base.h"
#include "store/ledger/tree.h"

#include <nettle/sha2.h>

/* --- hashes ----------------------------------------------------------------
 */

void tree_leaf(const void *line, size_t n, uint8_t hash_r[DIGEST_SIZE])
{
	static const uint8_t leaf = 0;
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, 1, &leaf);
	sha256_update(&ctx, n, line);
	sha256_digest(&ctx, DIGEST_SIZE, hash_r);
}

void tree_node(const uint8_t left[DIGEST_SIZE],
	       const uint8_t right[DIGEST_SIZE], uint8_t hash_r[DIGEST_SIZE])
{
	static const uint8_t node = 1;
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, 1, &node);
	sha256_update(&ctx, DIGEST_SIZE, left);
	sha256_update(&ctx, DIGEST_SIZE, right);
	sha256_digest(&ctx, DIGEST_SIZE, hash_r);
}

/* --- growing ---------------------------------------------------------------
 */

/* As one is added to a binary number: full trees of one size become one. */
void tree_add(struct tree *t, const uint8_t leaf[DIGEST_SIZE])
{
	uint8_t hash[DIGEST_SIZE];
	unsigned level = 0;

	memcpy(hash, leaf, DIGEST_SIZE);
	for (; t->size >> level & 1; level++)
		tree_node(t->frontier[level], hash, hash);
	memcpy(t->frontier[level], hash, DIGEST_SIZE);
	t->size++;
}

void tree_root(const struct tree *t, uint8_t root_r[DIGEST_SIZE])
{
	bool any = false;

	/* RFC 6962 2.1: the hash of an empty list is that of nothing. */
	if (!t->size) {
		struct sha256_ctx ctx;

		sha256_init(&ctx);
		sha256_digest(&ctx, DIGEST_SIZE, root_r);
	}
	for (unsigned level = 0; level < TREE_LEVELS; level++) {
		if (!(t->size >> level & 1))
			continue;
		if (any)
			tree_node(t->frontier[level], root_r, root_r);
		else
			memcpy(root_r, t->frontier[level], DIGEST_SIZE);
		any = true;
	}
}

/* --- proving ---------------------------------------------------------------
 */

int tree_range(const struct tree_source *s, uint64_t first, uint64_t end,
	       uint8_t hash_r[DIGEST_SIZE], struct err *e)
{
	uint8_t hashes[TREE_TILE][DIGEST_SIZE];
	struct tree t = {.size = 0};

	while (first < end) {
		size_t n = end - first < TREE_TILE ? (size_t)(end - first)
						   : TREE_TILE;

		if (s->leaves(s->arg, first, n, hashes[0], e) < 0)
			return -1;
		for (size_t i = 0; i < n; i++)
			tree_add(&t, hashes[i]);
		first += n;
	}
	tree_root(&t, hash_r);
	return 0;
}

/* The largest power of two smaller than n, which is at least 2. */
static uint64_t split(uint64_t n)
{
	uint64_t k = 1;

	while (k < n - k)
		k *= 2;
	return k;
}

static int add_range(const struct tree_source *s, uint64_t first, uint64_t end,
		     struct tree_path *path, struct err *e)
{
	return tree_range(s, first, end, path->hashes[path->n++], e);
}

/* From the top down; a proof is written from the leaf up. */
static void turn_round(struct tree_path *p)
{
	for (size_t i = 0; i < p->n / 2; i++) {
		uint8_t *a = p->hashes[i], *b = p->hashes[p->n - 1 - i];
		uint8_t held[DIGEST_SIZE];

		memcpy(held, a, DIGEST_SIZE);
		memcpy(a, b, DIGEST_SIZE);
		memcpy(b, held, DIGEST_SIZE);
	}
}

int tree_inclusion(const struct tree_source *s, uint64_t index, uint64_t size,
		   struct tree_path *path_r, struct err *e)
{
	uint64_t first = 0, end = size;

	path_r->n = 0;
	if (index >= size)
		return err_set(e, ERR_ABSENT, "no such entry in that tree");
	while (end - first > 1) {
		uint64_t middle = first + split(end - first);
		bool left = index < middle;

		if (add_range(s, left ? middle : first, left ? end : middle,
			      path_r, e) < 0)
			return -1;
		*(left ? &end : &first) = middle;
	}
	turn_round(path_r);
	return 0;
}

/* RFC 6962 2.1.2: SUBPROOF(m, D[n], b), its recursion undone. */
int tree_consistency(const struct tree_source *s, uint64_t before,
		     uint64_t size, struct tree_path *path_r, struct err *e)
{
	uint64_t first = 0, end = size;
	bool whole = true; /* what is left of `before` is a tree of its own */

	path_r->n = 0;
	if (before > size)
		return err_set(e, ERR_ABSENT, "that tree is larger");
	if (!before)
		return 0; /* every tree begins with nothing */
	while (before < end) {
		uint64_t middle = first + split(end - first);
		bool left = before <= middle;

		if (add_range(s, left ? middle : first, left ? end : middle,
			      path_r, e) < 0)
			return -1;
		whole = whole && left;
		*(left ? &end : &first) = middle;
	}
	if (!whole && add_range(s, first, end, path_r, e) < 0)
		return -1;
	turn_round(path_r);
	return 0;
}

/* --- looking at proofs -----------------------------------------------------
 */

static bool same(const uint8_t a[DIGEST_SIZE], const uint8_t b[DIGEST_SIZE])
{
	return memcmp(a, b, DIGEST_SIZE) == 0;
}

/* RFC 9162 2.1.3.2. */
bool tree_inclusion_holds(const uint8_t leaf[DIGEST_SIZE], uint64_t index,
			  uint64_t size, const struct tree_path *path,
			  const uint8_t root[DIGEST_SIZE])
{
	uint64_t fn = index, sn = size - 1;
	uint8_t r[DIGEST_SIZE];

	if (index >= size)
		return false;
	memcpy(r, leaf, DIGEST_SIZE);
	for (size_t i = 0; i < path->n; i++) {
		if (sn == 0)
			return false;
		if (fn & 1 || fn == sn) {
			tree_node(path->hashes[i], r, r);
			for (; !(fn & 1) && fn; fn >>= 1)
				sn >>= 1;
		} else {
			tree_node(r, path->hashes[i], r);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && same(r, root);
}

/* The loop of RFC 9162 2.1.4.2; hash i of the path is the first one used. */
static bool climb(uint64_t fn, uint64_t sn, const struct tree_path *path,
		  size_t i, uint8_t fr[DIGEST_SIZE], uint8_t sr[DIGEST_SIZE])
{
	for (; i < path->n; i++) {
		const uint8_t *c = path->hashes[i];

		if (sn == 0)
			return false;
		if (fn & 1 || fn == sn) {
			tree_node(c, fr, fr);
			tree_node(c, sr, sr);
			for (; !(fn & 1) && fn; fn >>= 1)
				sn >>= 1;
		} else {
			tree_node(sr, c, sr);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0;
}

bool tree_consistency_holds(uint64_t before,
			    const uint8_t root_before[DIGEST_SIZE],
			    uint64_t size, const uint8_t root[DIGEST_SIZE],
			    const struct tree_path *path)
{
	uint64_t fn = before - 1, sn = size - 1;
	uint8_t fr[DIGEST_SIZE], sr[DIGEST_SIZE];
	size_t used = 0;

	if (before == 0 || before > size)
		return before == 0 && path->n == 0;
	if (before == size)
		return path->n == 0 && same(root_before, root);
	for (; fn & 1; fn >>= 1)
		sn >>= 1;
	/* A `before` that is one full tree is its own first hash. */
	if (fn == 0)
		memcpy(fr, root_before, DIGEST_SIZE);
	else if (path->n == 0)
		return false;
	else
		memcpy(fr, path->hashes[used++], DIGEST_SIZE);
	memcpy(sr, fr, DIGEST_SIZE);
	return climb(fn, sn, path, used, fr, sr) && same(fr, root_before) &&
	       same(sr, root);
}

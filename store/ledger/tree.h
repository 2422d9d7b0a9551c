/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Merkle tree of RFC 6962 (the same as RFC 9162's): a leaf is
 * SHA-256(00 || line without its LF), a node SHA-256(01 || left || right).
 * Pure functions, but for hashes that a source lends.
 */
#ifndef RESTANTE_STORE_LEDGER_TREE_H
#define RESTANTE_STORE_LEDGER_TREE_H

#include "common/digest.h"
#include "common/err.h"

enum {
	TREE_LEVELS = 63,		 /* so many entries no disk holds */
	TREE_PATH_MAX = 2 * TREE_LEVELS, /* hashes in a proof, at most */
	TREE_TILE = 256,		 /* leaf hashes in a tile of level 0 */
};

void tree_leaf(const void *line, size_t n, uint8_t hash_r[DIGEST_SIZE]);
void tree_node(const uint8_t left[DIGEST_SIZE],
	       const uint8_t right[DIGEST_SIZE], uint8_t hash_r[DIGEST_SIZE]);

/*
 * A tree that grows: its frontier, the roots of the full trees that its size
 * is made of, by level. All zero: empty.
 */
struct tree {
	uint64_t size;
	uint8_t frontier[TREE_LEVELS][DIGEST_SIZE];
};

void tree_add(struct tree *t, const uint8_t leaf[DIGEST_SIZE]);
void tree_root(const struct tree *t, uint8_t root_r[DIGEST_SIZE]);

/* Lends the hashes of n leaves from `first` on. */
struct tree_source {
	int (*leaves)(void *arg, uint64_t first, size_t n, uint8_t *hashes_r,
		      struct err *e);
	void *arg;
};

/* The hash of the leaves from `first` to before `end`, as a tree of theirs. */
int tree_range(const struct tree_source *s, uint64_t first, uint64_t end,
	       uint8_t hash_r[DIGEST_SIZE], struct err *e) MUST_USE;

/* A proof: the hashes that are missing, in the order in which they are used. */
struct tree_path {
	size_t n;
	uint8_t hashes[TREE_PATH_MAX][DIGEST_SIZE];
};

/* That leaf `index` is in the tree of `size`: RFC 6962 2.1.1. */
int tree_inclusion(const struct tree_source *s, uint64_t index, uint64_t size,
		   struct tree_path *path_r, struct err *e) MUST_USE;
bool tree_inclusion_holds(const uint8_t leaf[DIGEST_SIZE], uint64_t index,
			  uint64_t size, const struct tree_path *path,
			  const uint8_t root[DIGEST_SIZE]);

/* That the tree of `size` begins with the one of `before`: 2.1.2. */
int tree_consistency(const struct tree_source *s, uint64_t before,
		     uint64_t size, struct tree_path *path_r,
		     struct err *e) MUST_USE;
bool tree_consistency_holds(uint64_t before,
			    const uint8_t root_before[DIGEST_SIZE],
			    uint64_t size, const uint8_t root[DIGEST_SIZE],
			    const struct tree_path *path);

#endif

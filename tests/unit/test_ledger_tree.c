/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tree against the roots that every implementation of RFC 6962 is tested
 * with, and each proof of each small tree, true and false.
 */
#include "common/base.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "common/log.h"
#include "common/num.h"
#include "store/ledger/proof.h"

static const struct {
	const char *leaf, *root; /* of the tree that ends with it */
} known[] = {
	{"",
	 "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
	{"00",
	 "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
	{"10",
	 "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
	{"2021",
	 "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
	{"3031",
	 "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
	{"40414243",
	 "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
	{"5051525354555657",
	 "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
	{"606162636465666768696a6b6c6d6e6f",
	 "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
};

static void roots_are_those_of_everybody(UNUSED void **state)
{
	uint8_t leaf[16], hash[DIGEST_SIZE], root[DIGEST_SIZE];
	struct tree t = {.size = 0};
	char hex[DIGEST_HEX_LEN + 1];

	tree_root(&t, root);
	num_write_hex(root, sizeof(root), hex);
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b"
				 "934ca495991b7852b855");
	for (size_t i = 0; i < N_ELEMENTS(known); i++) {
		size_t n = strlen(known[i].leaf);

		assert_true(num_parse_hex(known[i].leaf, n, leaf, n / 2));
		tree_leaf(leaf, n / 2, hash);
		tree_add(&t, hash);
		tree_root(&t, root);
		num_write_hex(root, sizeof(root), hex);
		assert_string_equal(hex, known[i].root);
	}
}

enum { LEAVES = 40, MANY = 700 };

struct leaves {
	uint8_t hashes[MANY][DIGEST_SIZE];
	uint8_t roots[MANY + 1][DIGEST_SIZE]; /* by size */
};

static void grow(struct leaves *l)
{
	struct tree t = {.size = 0};

	tree_root(&t, l->roots[0]);
	for (size_t i = 0; i < MANY; i++) {
		tree_leaf(&i, sizeof(i), l->hashes[i]);
		tree_add(&t, l->hashes[i]);
		tree_root(&t, l->roots[i + 1]);
	}
}

static int lend(void *arg, uint64_t first, size_t n, uint8_t *hashes_r,
		UNUSED struct err *e)
{
	const struct leaves *l = arg;

	assert_true(n <= TREE_TILE && first + n <= MANY);
	memcpy(hashes_r, l->hashes[first], n * DIGEST_SIZE);
	return 0;
}

static void each_inclusion_is_proved(UNUSED void **state)
{
	struct leaves *l = xcalloc(1, sizeof(*l));
	const struct tree_source s = {lend, l};
	struct tree_path p;
	struct err e;

	grow(l);
	for (uint64_t size = 1; size <= LEAVES; size++) {
		for (uint64_t i = 0; i < size; i++) {
			assert_int_equal(tree_inclusion(&s, i, size, &p, &e),
					 0);
			assert_true(tree_inclusion_holds(l->hashes[i], i, size,
							 &p, l->roots[size]));
			for (uint64_t k = 0; k <= LEAVES; k++) {
				if (k == i)
					continue;
				assert_false(tree_inclusion_holds(
					l->hashes[i], k, size, &p,
					l->roots[size]));
				assert_false(tree_inclusion_holds(
					l->hashes[k], i, size, &p,
					l->roots[size]));
			}
			assert_false(tree_inclusion_holds(
				l->hashes[i], i, size, &p, l->roots[size - 1]));
			p.n++;
			assert_false(tree_inclusion_holds(l->hashes[i], i, size,
							  &p, l->roots[size]));
		}
		assert_int_equal(tree_inclusion(&s, size, size, &p, &e), -1);
	}
	free(l);
}

static void each_consistency_is_proved(UNUSED void **state)
{
	struct leaves *l = xcalloc(1, sizeof(*l));
	const struct tree_source s = {lend, l};
	struct tree_path p;
	struct err e;

	grow(l);
	for (uint64_t n = 1; n <= LEAVES; n++) {
		for (uint64_t m = 0; m <= n; m++) {
			assert_int_equal(tree_consistency(&s, m, n, &p, &e), 0);
			assert_true(tree_consistency_holds(m, l->roots[m], n,
							   l->roots[n], &p));
			if (!m)
				continue;
			assert_false(tree_consistency_holds(
				m, l->roots[m - 1], n, l->roots[n], &p));
			assert_false(tree_consistency_holds(
				m, l->roots[m], n, l->roots[n - 1], &p));
			p.n++;
			assert_false(tree_consistency_holds(m, l->roots[m], n,
							    l->roots[n], &p));
		}
		assert_int_equal(tree_consistency(&s, n + 1, n, &p, &e), -1);
	}
	free(l);
}

/* Larger than a tile, at the edges of tiles. */
static void trees_of_several_tiles_are_proved(UNUSED void **state)
{
	static const uint64_t edges[] = {1,   255, 256, 257, 511,
					 512, 513, 640, 699, MANY};
	struct leaves *l = xcalloc(1, sizeof(*l));
	const struct tree_source s = {lend, l};
	struct tree_path p;
	struct err e;

	grow(l);
	for (size_t a = 0; a < N_ELEMENTS(edges); a++) {
		uint64_t n = edges[a];

		for (size_t b = 0; b <= a; b++) {
			uint64_t m = edges[b];

			assert_int_equal(tree_consistency(&s, m, n, &p, &e), 0);
			assert_true(tree_consistency_holds(m, l->roots[m], n,
							   l->roots[n], &p));
			assert_int_equal(tree_inclusion(&s, m - 1, n, &p, &e),
					 0);
			assert_true(tree_inclusion_holds(
				l->hashes[m - 1], m - 1, n, &p, l->roots[n]));
		}
	}
	free(l);
}

/* --- notes -----------------------------------------------------------------
 */

/* Of the documentation of Go's note package. */
#define VKEY                                                                   \
	"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"

static void a_strangers_key_reads(UNUSED void **state)
{
	static const char *const wrong[] = {
		"",
		"PeterNeumann",
		"PeterNeumann+c74f20a3+",
		"PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/"
		"LDE4izWy10TW",
		"PeterNeumanm+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/"
		"LDE4izWy10TW",
		"PeterNeumann+c74f20a3+AhpcQcUPDhMQegwxbzhKqiBfsVkmqq/"
		"LDE4izWy10TW",
		VKEY "\n\n",
		"+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
	};
	struct note_key k;
	struct buf again;

	assert_true(note_key_parse(VKEY, strlen(VKEY), &k));
	assert_true(note_key_parse(VKEY "\n", strlen(VKEY) + 1, &k));
	assert_string_equal(k.name, "PeterNeumann");
	buf_init(&again, 1024);
	assert_true(note_key_write(&k, &again));
	assert_string_equal(again.data, VKEY);
	buf_release(&again);
	for (size_t i = 0; i < N_ELEMENTS(wrong); i++)
		assert_false(note_key_parse(wrong[i], strlen(wrong[i]), &k));
}

#define NOTE                                                                   \
	"gw.example.org/mbx-00112233445566778899aabbccddeeff/"                 \
	"01J5ZX3K7Q8W9E2R4T6Y0P1M3N\n"                                         \
	"2\n"                                                                  \
	"SZyWimn9+m6R9NnwjSQ69vGNlcXROYTthQAouv18AvE=\n"                       \
	"\n"                                                                   \
	"\xe2\x80\x94 "                                                        \
	"gw.example.org/mbx-00112233445566778899aabbccddeeff/"                 \
	"01J5ZX3K7Q8W9E2R4T6Y0P1M3N "                                          \
	"Ed2DpzuQfGOCPe0PQ2yXe7zqKA0WrNkeeZVNS8zff3MJPWKD1Tj/"                 \
	"1ae4Q5GrBmX8hq5zedIgddgXhuIOr/d5aWxmvA0=\n"
#define PROOF                                                                  \
	"index 1\n"                                                            \
	"YY8CRXx6boOuIuWR5yoaDX9TfqFZSnSVzteFGKOCYko=\n"                       \
	"\n" NOTE

/*
 * Made with `openssl genpkey`, `pkeyutl -sign -rawin` and a few lines of
 * Python; our own code had no part in it. Two lines of a log, the second one
 * proved.
 */
static const char vkey[] =
	"gw.example.org/mbx-00112233445566778899aabbccddeeff/"
	"01J5ZX3K7Q8W9E2R4T6Y0P1M3N+11dd83a7+AYSui5WgB1owc54VLHw+"
	"JqEHZuioBnDomiXU4c2Fp8A1";
static const char note[] = NOTE;
static const char spicy[] = PROOF;
static const char proof[] = "c2sp.org/tlog-proof@v1\n" PROOF;
static const char entry[] = "gone";

static void a_note_of_others_opens(UNUSED void **state)
{
	struct note_key k, other;
	struct note n;

	assert_true(note_key_parse(vkey, strlen(vkey), &k));
	assert_true(note_open(note, strlen(note), &k, &n));
	assert_int_equal(n.checkpoint.size, 2);
	other = k;
	other.public[0] ^= 1;
	assert_false(note_open(note, strlen(note), &other, &n));
	/* No octet of it may be another one. */
	for (size_t i = 0; i < strlen(note); i++) {
		char *bent = xstrdup(note);

		bent[i] ^= 1;
		assert_false(note_open(bent, strlen(note), &k, &n));
		free(bent);
		assert_false(note_open(note, i, &k, &n));
	}
}

static void another_key_beside_ours_is_passed_over(UNUSED void **state)
{
	struct note_key k;
	struct buf both;
	struct note n;

	assert_true(note_key_parse(vkey, strlen(vkey), &k));
	buf_init(&both, NOTE_MAX);
	assert_true(buf_adds(&both, note));
	assert_true(buf_adds(&both, "\xe2\x80\x94 witness.example AAAAAAAA\n"));
	assert_true(note_open(both.data, both.len, &k, &n));
	assert_true(buf_adds(&both, "no line of a signature\n"));
	assert_false(note_open(both.data, both.len, &k, &n));
	buf_release(&both);
}

static void what_we_write_is_what_was_read(UNUSED void **state)
{
	struct note_key k;
	struct buf out;
	struct note n;
	struct proof p;

	assert_true(note_key_parse(vkey, strlen(vkey), &k));
	assert_true(note_open(note, strlen(note), &k, &n));
	buf_init(&out, PROOF_MAX);
	assert_true(checkpoint_write(&n.checkpoint, &out));
	assert_int_equal(out.len, n.text);
	assert_true(note_add_signature(&k, n.signature, &out));
	assert_string_equal(out.data, note);
	buf_reset(&out);
	assert_true(proof_parse(proof, strlen(proof), PROOF_TLOG, &p));
	assert_true(proof_write(&p, PROOF_TLOG, &out));
	assert_string_equal(out.data, proof);
	buf_reset(&out);
	assert_true(proof_write(&p, PROOF_SPICY, &out));
	assert_string_equal(out.data, spicy);
	buf_release(&out);
}

static void a_proof_of_others_holds(UNUSED void **state)
{
	struct note_key k;
	struct proof p;

	assert_true(note_key_parse(vkey, strlen(vkey), &k));
	assert_false(proof_parse(proof, strlen(proof), PROOF_SPICY, &p));
	assert_true(proof_parse(spicy, strlen(spicy), PROOF_SPICY, &p));
	assert_true(proof_holds(&p, &k, entry, strlen(entry)));
	assert_true(proof_parse(proof, strlen(proof), PROOF_TLOG, &p));
	assert_true(proof_holds(&p, &k, entry, strlen(entry)));
	assert_false(proof_holds(&p, &k, "gonf", 4));
	assert_false(proof_holds(&p, &k, "gone\n", 5));
	for (size_t i = 0; i < strlen(proof); i++) {
		char *bent = xstrdup(proof);

		bent[i] ^= 1;
		if (proof_parse(bent, strlen(proof), PROOF_TLOG, &p))
			assert_false(proof_holds(&p, &k, entry, strlen(entry)));
		free(bent);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roots_are_those_of_everybody),
		cmocka_unit_test(each_inclusion_is_proved),
		cmocka_unit_test(each_consistency_is_proved),
		cmocka_unit_test(trees_of_several_tiles_are_proved),
		cmocka_unit_test(a_strangers_key_reads),
		cmocka_unit_test(a_note_of_others_opens),
		cmocka_unit_test(another_key_beside_ours_is_passed_over),
		cmocka_unit_test(what_we_write_is_what_was_read),
		cmocka_unit_test(a_proof_of_others_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

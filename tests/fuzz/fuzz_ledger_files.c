/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A ledger's files, whatever stands in them. The first octet says what is made
 * here to fit the entries: 1 tiles, 2 offsets, 4 a signed checkpoint; what is
 * not comes from the input, parts with 0xff between them. What is made of true
 * parts alone holds; what holds leads to what was signed; and every whole line
 * is judged once, in order.
 */
#include "common/base.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <nettle/eddsa.h>

#include "common/num.h"
#include "common/read_all.h"
#include "store/ledger/check.h"
#include "store/ledger/evidence.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/test_dir.h"

#define ORIGIN                                                                 \
	"gw.example/mbx-00112233445566778899aabbccddeeff/"                     \
	"01J5ZX3K7Q8W9E2R4T6Y0P1M3N"

enum {
	MAKE_TILES = 1,
	MAKE_OFFSETS = 2,
	MAKE_CHECKPOINT = 4,
	INPUT_MAX = 65536
};

static const uint8_t seed[32] = {7};

static const char *const names[] = {"entries", "tiles", "offsets", "checkpoint",
				    "vkey"};

struct made {
	struct buf files[N_ELEMENTS(names)];
	struct tree tree;
	struct note_key key;
};

/* --- what fits the entries -------------------------------------------------
 */

static void make_beside(struct made *m, struct buf *tiles, struct buf *offsets)
{
	const struct buf *entries = &m->files[0];
	size_t at = 0;

	while (at < entries->len) {
		const char *line = entries->data + at;
		const char *lf = memchr(line, '\n', entries->len - at);
		uint8_t leaf[DIGEST_SIZE], place[LEDGER_OFFSET_SIZE];

		if (!lf || lf - line > LINE_OCTETS_MAX)
			break;
		tree_leaf(line, (size_t)(lf - line), leaf);
		tree_add(&m->tree, leaf);
		num_store64(place, at);
		fuzz_require(buf_add(tiles, leaf, sizeof(leaf)) &&
			     buf_add(offsets, place, sizeof(place)));
		at += (size_t)(lf - line) + 1;
	}
}

static void make_checkpoint(struct made *m)
{
	struct checkpoint c = {.size = m->tree.size};
	struct buf *text = &m->files[3];
	uint8_t signature[NOTE_SIGNATURE_SIZE];

	buf_reset(text);
	buf_reset(&m->files[4]);
	snprintf(c.origin, sizeof(c.origin), ORIGIN);
	tree_root(&m->tree, c.root);
	fuzz_require(checkpoint_write(&c, text));
	ed25519_sha512_sign(m->key.public, seed, text->len,
			    (const uint8_t *)text->data, signature);
	fuzz_require(note_add_signature(&m->key, signature, text) &&
		     note_key_write(&m->key, &m->files[4]));
}

static void make_files(struct made *m, unsigned what)
{
	struct buf tiles, offsets;

	buf_init(&tiles, FUZZ_ROOM);
	buf_init(&offsets, FUZZ_ROOM);
	make_beside(m, &tiles, &offsets);
	if (what & MAKE_TILES) {
		buf_reset(&m->files[1]);
		fuzz_require(buf_add(&m->files[1], tiles.data, tiles.len));
	}
	if (what & MAKE_OFFSETS) {
		buf_reset(&m->files[2]);
		fuzz_require(buf_add(&m->files[2], offsets.data, offsets.len));
	}
	if (what & MAKE_CHECKPOINT)
		make_checkpoint(m);
	buf_release(&offsets);
	buf_release(&tiles);
}

static void split(struct made *m, const uint8_t *at, const uint8_t *end)
{
	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		const uint8_t *mark =
			at < end ? memchr(at, 0xff, (size_t)(end - at)) : NULL;
		const uint8_t *stop = mark ? mark : end;

		buf_init(&m->files[i], FUZZ_ROOM);
		fuzz_require(buf_add(&m->files[i], at, (size_t)(stop - at)));
		at = mark ? mark + 1 : end;
	}
}

/* --- what is seen of them --------------------------------------------------
 */

struct seen {
	struct evidence evidence;
	uint64_t next, at;
	bool begins; /* with an entry that names the origin */
};

static void see(void *arg, const struct judged *j)
{
	struct seen *s = arg;

	fuzz_require(j->i == s->next && j->at == s->at);
	fuzz_require(j->n <= LINE_OCTETS_MAX && !memchr(j->text, '\n', j->n));
	if (j->source == JUDGE_SPOOL && j->verdict == JUDGE_COUNTS)
		fuzz_require(j->entry.kind == ENTRY_KEPT ||
			     j->entry.kind == ENTRY_SESSION || j->in_session ||
			     j->entry.kind == ENTRY_GONE);
	if (j->i == 0 && j->verdict == JUDGE_COUNTS)
		s->begins = strcmp(j->entry.ledger.origin, ORIGIN) == 0;
	s->next++;
	s->at += j->n + 1;
	evidence_take(&s->evidence, j);
}

static void write_files(const struct made *m, int dir)
{
	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		int fd = openat(dir, names[i],
				O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		fuzz_require(fd >= 0);
		fuzz_require(write_all(fd, m->files[i].data, m->files[i].len) ==
			     0);
		close(fd);
	}
}

static void look(const struct made *m, int dir, unsigned what)
{
	struct seen s = {.next = 0};
	struct check c = {.each = see, .arg = &s};
	struct err e;

	fuzz_require(check_ledger(dir, &c, &e) == 0);
	fuzz_require(s.next == m->tree.size);
	if (what == (MAKE_TILES | MAKE_OFFSETS | MAKE_CHECKPOINT) &&
	    m->tree.size)
		fuzz_require(!c.fault.file == s.begins);
	if (what & MAKE_CHECKPOINT && !c.fault.file)
		fuzz_require(c.checkpoint.size == m->tree.size);
	evidence_release(&s.evidence);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char path[TEST_DIR_SIZE];
	struct made m = {.tree = {.size = 0}};
	int dir;

	if (n == 0 || n > INPUT_MAX || bytes[0] > 7)
		return 0;
	snprintf(m.key.name, sizeof(m.key.name), ORIGIN);
	ed25519_sha512_public_key(m.key.public, seed);
	split(&m, bytes + 1, bytes + n);
	make_files(&m, bytes[0]);
	test_dir_make(path);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	write_files(&m, dir);
	look(&m, dir, bytes[0]);
	close(dir);
	test_dir_remove(path);
	for (size_t i = 0; i < N_ELEMENTS(names); i++)
		buf_release(&m.files[i]);
	return 0;
}

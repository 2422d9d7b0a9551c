/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes ledgers as the sequencer does, with code of its own. */
#include "common/base.h"
#include "tests/unit/ledger_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <fcntl.h>
#include <unistd.h>

#include <cmocka.h>

#include <nettle/eddsa.h>
#include <nettle/sha2.h>

#include "common/num.h"
#include "common/random_id.h"
#include "common/read_all.h"

#define TIME "time=2026-11-30T02:49:25Z"

static const uint8_t ledger_seed[32] = {1}, session_seed[32] = {2};

enum { LINES_MAX = 512 * 1024 * 1024 };

void ledger_rig_begin(struct ledger_rig *r)
{
	uint8_t public[32];

	*r = (struct ledger_rig){.size = 0};
	test_dir_make(r->path);
	r->dir = open(r->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(r->dir >= 0);
	buf_init(&r->lines, LINES_MAX);
	snprintf(r->key.name, sizeof(r->key.name), "%s", RIG_ORIGIN);
	ed25519_sha512_public_key(r->key.public, ledger_seed);
	ed25519_sha512_public_key(public, session_seed);
	num_write_hex(public, sizeof(public), r->session_key);
	ledger_rig_add(r, "ledger version=1 origin=" RIG_ORIGIN " " TIME "\n");
}

void ledger_rig_end(struct ledger_rig *r)
{
	close(r->dir);
	test_dir_remove(r->path);
	buf_release(&r->lines);
}

static void count_leaves(struct ledger_rig *r, size_t from)
{
	while (from < r->lines.len) {
		const char *line = r->lines.data + from;
		size_t n = strcspn(line, "\n");
		uint8_t leaf[DIGEST_SIZE];

		tree_leaf(line, n, leaf);
		tree_add(&r->tree, leaf);
		r->size++;
		from += n + 1;
	}
}

void ledger_rig_add(struct ledger_rig *r, const char *fmt, ...)
{
	size_t before = r->lines.len;
	va_list ap;

	va_start(ap, fmt);
	assert_true(buf_addv(&r->lines, fmt, ap));
	va_end(ap);
	count_leaves(r, before);
}

/* The line up to its signature, signed, and with it. */
static void add_session(struct ledger_rig *r, unsigned n, const struct buf *b,
			bool is_signed)
{
	char ulid[ULID_LEN + 1], hex[DIGEST_HEX_LEN + 1], line[512];
	char signature_hex[129];
	uint8_t public[32], signature[64] = {0};

	ulid_new(ulid);
	digest_hex(b->data, b->len, hex);
	snprintf(line, sizeof(line),
		 "session id=%s mailbox=" RIG_MAILBOX " n=%u sha256=%s", ulid,
		 n, hex);
	ed25519_sha512_public_key(public, session_seed);
	if (is_signed)
		ed25519_sha512_sign(public, session_seed, strlen(line),
				    (const uint8_t *)line, signature);
	num_write_hex(signature, sizeof(signature), signature_hex);
	ledger_rig_add(r, "%s sig=%s\n%s", line, signature_hex, b->data);
}

void ledger_rig_add_messages(struct ledger_rig *r, unsigned n, bool is_signed)
{
	char ulid[ULID_LEN + 1], hex[DIGEST_HEX_LEN + 1];
	struct buf batch;

	buf_init(&batch, LINES_MAX);
	ledger_rig_add(r,
		       "taken spool=local.1 from=0 to=1 lines=%u "
		       "passed-over=0 " TIME "\n",
		       3 * n + 1);
	for (unsigned i = 0; i < n; i++) {
		ulid_new(ulid);
		digest_hex(&i, sizeof(i), hex);
		ledger_rig_add(
			r,
			"kept ulid=%s octets=%u sha256=%s by=writer " TIME "\n",
			ulid, i, hex);
		assert_true(
			buf_addf(&batch,
				 "collected ulid=%s sha256=%s ended=yes " TIME
				 "\ngone ulid=%s by=collector " TIME "\n",
				 ulid, hex, ulid));
	}
	add_session(r, 2 * n, &batch, is_signed);
	buf_release(&batch);
}

/* --- files -----------------------------------------------------------------
 */

void ledger_rig_put(const struct ledger_rig *r, const char *name,
		    const void *bytes, size_t n)
{
	int fd = openat(r->dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			0600);

	assert_true(fd >= 0);
	assert_int_equal(write_all(fd, bytes, n), 0);
	close(fd);
}

void ledger_rig_read(const struct ledger_rig *r, const char *name,
		     struct buf *out)
{
	int fd = openat(r->dir, name, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	buf_reset(out);
	assert_int_equal(read_all(fd, out), 0);
	close(fd);
}

static void write_beside(const struct ledger_rig *r)
{
	uint8_t *tiles = malloc(r->size * DIGEST_SIZE);
	uint8_t *offsets = malloc(r->size * 8);
	size_t at = 0;

	assert_non_null(tiles);
	assert_non_null(offsets);
	for (uint64_t i = 0; i < r->size; i++) {
		const char *line = r->lines.data + at;
		size_t n = strcspn(line, "\n");

		tree_leaf(line, n, tiles + i * DIGEST_SIZE);
		num_store64(offsets + i * 8, at);
		at += n + 1;
	}
	ledger_rig_put(r, "tiles", tiles, r->size * DIGEST_SIZE);
	ledger_rig_put(r, "offsets", offsets, r->size * 8);
	free(tiles);
	free(offsets);
}

void ledger_rig_write(struct ledger_rig *r)
{
	struct checkpoint c = {.size = r->size};
	uint8_t signature[64];
	struct buf text;

	buf_init(&text, NOTE_MAX);
	snprintf(c.origin, sizeof(c.origin), "%s", r->key.name);
	tree_root(&r->tree, c.root);
	assert_true(checkpoint_write(&c, &text));
	ed25519_sha512_sign(r->key.public, ledger_seed, text.len,
			    (const uint8_t *)text.data, signature);
	assert_true(note_add_signature(&r->key, signature, &text));
	ledger_rig_put(r, "checkpoint", text.data, text.len);
	buf_reset(&text);
	assert_true(note_key_write(&r->key, &text) && buf_adds(&text, "\n"));
	ledger_rig_put(r, "vkey", text.data, text.len);
	ledger_rig_put(r, "entries", r->lines.data, r->lines.len);
	write_beside(r);
	buf_release(&text);
}

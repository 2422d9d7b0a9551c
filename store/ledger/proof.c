/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Proofs as text. Touches no file. */
#include "common/base.h"
#include "store/ledger/proof.h"

#include "common/base64.h"
#include "common/num.h"

static const char first_line[] = "c2sp.org/tlog-proof@v1\n";
static const char index_word[] = "index ";

bool proof_write(const struct proof *p, enum proof_form form, struct buf *out)
{
	if (form == PROOF_TLOG && !buf_adds(out, first_line))
		return false;
	if (!buf_addf(out, "%s%llu\n", index_word,
		      (unsigned long long)p->index))
		return false;
	for (size_t i = 0; i < p->path.n; i++)
		if (!base64_encode(p->path.hashes[i], DIGEST_SIZE, out) ||
		    !buf_adds(out, "\n"))
			return false;
	return buf_adds(out, "\n") && buf_add(out, p->note, p->note_len);
}

static bool skip(const char **at, const char *end, const char *text)
{
	size_t n = strlen(text);

	if ((size_t)(end - *at) < n || memcmp(*at, text, n) != 0)
		return false;
	*at += n;
	return true;
}

static bool take_hash(const char *line, size_t n, struct tree_path *path)
{
	struct secret bytes = SECRET_EMPTY;
	bool good = path->n < TREE_PATH_MAX && n < 64 &&
		    base64_decode(line, n, &bytes) && bytes.len == DIGEST_SIZE;

	if (good)
		memcpy(path->hashes[path->n++], bytes.bytes, DIGEST_SIZE);
	secret_release(&bytes);
	return good;
}

/* As far as the empty line. */
static bool take_hashes(const char **at, const char *end,
			struct tree_path *path_r)
{
	path_r->n = 0;
	for (;;) {
		const char *lf = memchr(*at, '\n', (size_t)(end - *at));
		const char *line = *at;

		if (!lf)
			return false;
		*at = lf + 1;
		if (lf == line)
			return true;
		if (!take_hash(line, (size_t)(lf - line), path_r))
			return false;
	}
}

bool proof_parse(const char *text, size_t n, enum proof_form form,
		 struct proof *p_r)
{
	const char *at = text, *end = text + n, *lf;

	if (n > PROOF_MAX ||
	    (form == PROOF_TLOG && !skip(&at, end, first_line)))
		return false;
	if (!skip(&at, end, index_word))
		return false;
	lf = memchr(at, '\n', (size_t)(end - at));
	if (!lf || (lf - at > 1 && *at == '0') ||
	    !num_parse(at, (size_t)(lf - at), INT64_MAX, &p_r->index))
		return false;
	at = lf + 1;
	if (!take_hashes(&at, end, &p_r->path))
		return false;
	p_r->note = at;
	p_r->note_len = (size_t)(end - at);
	return true;
}

bool proof_holds(const struct proof *p, const struct note_key *k,
		 const void *entry, size_t n)
{
	uint8_t leaf[DIGEST_SIZE];
	struct note note;

	if (!note_open(p->note, p->note_len, k, &note))
		return false;
	tree_leaf(entry, n, leaf);
	return tree_inclusion_holds(leaf, p->index, note.checkpoint.size,
				    &p->path, note.checkpoint.root);
}

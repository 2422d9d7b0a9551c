/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Notes, written and read strictly. Holds no secret, touches no file. */
#include "common/base.h"
#include "store/ledger/note.h"

#include <nettle/eddsa.h>
#include <nettle/sha2.h>

#include "common/base64.h"
#include "common/num.h"

/* The em dash and its space, in UTF-8. */
static const char dash[] = "\xe2\x80\x94 ";

enum { ED25519 = 1, ID_SIZE = 4 };

bool note_name_valid(const char *name)
{
	for (const char *at = name; *at; at++)
		if (*at < 0x21 || *at > 0x7e || *at == '+')
			return false;
	return *name && strlen(name) <= NOTE_NAME_MAX;
}

bool note_name_is_of(const char *origin, const char *ledger)
{
	const char *end = strrchr(origin, '/');
	size_t n = strlen(ledger);

	return end && (size_t)(end - origin) > n &&
	       memcmp(end - n, ledger, n) == 0 && *(end - n - 1) == '/';
}

/* --- keys ------------------------------------------------------------------
 */

/* SHA-256(name || 0A || 01 || key), its first four octets. */
static void key_id(const struct note_key *k, uint8_t id_r[ID_SIZE])
{
	static const uint8_t between[2] = {'\n', ED25519};
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, strlen(k->name), (const uint8_t *)k->name);
	sha256_update(&ctx, sizeof(between), between);
	sha256_update(&ctx, sizeof(k->public), k->public);
	sha256_digest(&ctx, ID_SIZE, id_r);
}

bool note_key_write(const struct note_key *k, struct buf *out)
{
	uint8_t bytes[1 + NOTE_PUBLIC_SIZE] = {ED25519};
	char hex[2 * ID_SIZE + 1];
	uint8_t id[ID_SIZE];

	key_id(k, id);
	num_write_hex(id, sizeof(id), hex);
	memcpy(bytes + 1, k->public, sizeof(k->public));
	return buf_addf(out, "%s+%s+", k->name, hex) &&
	       base64_encode(bytes, sizeof(bytes), out);
}

/* Exactly n_out octets. */
static bool take_base64(const char *text, size_t n, uint8_t *out, size_t n_out)
{
	struct secret bytes = SECRET_EMPTY;
	bool good = n <= NOTE_MAX && base64_decode(text, n, &bytes) &&
		    bytes.len == n_out;

	if (good)
		memcpy(out, bytes.bytes, n_out);
	secret_release(&bytes);
	return good;
}

/* The id and the type must be those of the name and the key. */
bool note_key_parse(const char *text, size_t n, struct note_key *k_r)
{
	const char *plus = memchr(text, '+', n);
	uint8_t bytes[1 + NOTE_PUBLIC_SIZE], id[ID_SIZE];
	char hex[2 * ID_SIZE + 1];
	size_t name, rest;

	if (!plus)
		return false;
	name = (size_t)(plus - text);
	rest = name + 1 + 2 * ID_SIZE + 1;
	if (n && text[n - 1] == '\n')
		n--;
	if (name > NOTE_NAME_MAX || n <= rest || text[rest - 1] != '+' ||
	    !take_base64(text + rest, n - rest, bytes, sizeof(bytes)) ||
	    bytes[0] != ED25519)
		return false;
	memcpy(k_r->name, text, name);
	k_r->name[name] = '\0';
	memcpy(k_r->public, bytes + 1, sizeof(k_r->public));
	key_id(k_r, id);
	num_write_hex(id, sizeof(id), hex);
	return strlen(k_r->name) == name && note_name_valid(k_r->name) &&
	       memcmp(plus + 1, hex, 2 * ID_SIZE) == 0;
}

/* --- writing ---------------------------------------------------------------
 */

bool checkpoint_write(const struct checkpoint *c, struct buf *out)
{
	return buf_addf(out, "%s\n%llu\n", c->origin,
			(unsigned long long)c->size) &&
	       base64_encode(c->root, sizeof(c->root), out) &&
	       buf_adds(out, "\n");
}

bool note_add_signature(const struct note_key *k,
			const uint8_t signature[NOTE_SIGNATURE_SIZE],
			struct buf *out)
{
	uint8_t bytes[ID_SIZE + NOTE_SIGNATURE_SIZE];

	key_id(k, bytes);
	memcpy(bytes + ID_SIZE, signature, NOTE_SIGNATURE_SIZE);
	return buf_addf(out, "\n%s%s ", dash, k->name) &&
	       base64_encode(bytes, sizeof(bytes), out) && buf_adds(out, "\n");
}

/* --- reading ---------------------------------------------------------------
 */

struct cursor {
	const char *at, *end;
};

static bool next_line(struct cursor *c, const char **line_r, size_t *n_r)
{
	const char *lf = memchr(c->at, '\n', (size_t)(c->end - c->at));

	if (!lf)
		return false;
	*line_r = c->at;
	*n_r = (size_t)(lf - c->at);
	c->at = lf + 1;
	return true;
}

/* The three lines, and the empty one behind them. */
static bool parse_text(struct cursor *c, struct checkpoint *k_r)
{
	const char *line;
	size_t n;

	if (!next_line(c, &line, &n) || n > NOTE_NAME_MAX)
		return false;
	memcpy(k_r->origin, line, n);
	k_r->origin[n] = '\0';
	if (strlen(k_r->origin) != n || !note_name_valid(k_r->origin))
		return false;
	if (!next_line(c, &line, &n) || (n > 1 && *line == '0') ||
	    !num_parse(line, n, INT64_MAX, &k_r->size))
		return false;
	return next_line(c, &line, &n) &&
	       take_base64(line, n, k_r->root, sizeof(k_r->root));
}

/* "— <name> <base64>": 1 where it is one of k's, 0 of another's, -1: none. */
static int parse_signature(const char *line, size_t n, const struct note_key *k,
			   uint8_t signature_r[NOTE_SIGNATURE_SIZE])
{
	size_t name = strlen(k->name), before = sizeof(dash) - 1;
	uint8_t bytes[ID_SIZE + NOTE_SIGNATURE_SIZE], id[ID_SIZE];

	if (n < before || memcmp(line, dash, before) != 0)
		return -1;
	line += before;
	n -= before;
	if (n <= name || memcmp(line, k->name, name) != 0 || line[name] != ' ')
		return 0;
	if (!take_base64(line + name + 1, n - name - 1, bytes, sizeof(bytes)))
		return 0;
	key_id(k, id);
	memcpy(signature_r, bytes + ID_SIZE, NOTE_SIGNATURE_SIZE);
	return memcmp(bytes, id, ID_SIZE) == 0;
}

static bool is_signed(const char *bytes, const struct note *note,
		      const struct note_key *k)
{
	return ed25519_sha512_verify(k->public, note->text,
				     (const uint8_t *)bytes,
				     note->signature) == 1;
}

bool note_open(const char *bytes, size_t n, const struct note_key *k,
	       struct note *note_r)
{
	struct cursor c = {bytes, bytes + n};
	const char *line;
	bool good = false;
	size_t length;

	if (n > NOTE_MAX || !parse_text(&c, &note_r->checkpoint))
		return false;
	note_r->text = (size_t)(c.at - bytes);
	if (strcmp(note_r->checkpoint.origin, k->name) != 0 ||
	    !next_line(&c, &line, &length) || length != 0)
		return false;
	while (c.at < c.end) {
		int ours = -1;

		if (next_line(&c, &line, &length))
			ours = parse_signature(line, length, k,
					       note_r->signature);
		if (ours < 0)
			return false;
		if (ours && !is_signed(bytes, note_r, k))
			return false;
		good = good || ours;
	}
	return good;
}

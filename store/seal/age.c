/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The age header read by its grammar, and the sizes that follow from the
 * format. Never does any I/O, and knows no key.
 */
#include "common/base.h"
#include "store/seal/age.h"

#include "common/buf.h"

enum { FULL_LINE = 64, SEALED_CHUNK = AGE_CHUNK_SIZE + AGE_TAG_SIZE };

static const char version_line[] = "age-encryption.org/v1";

/* --- base64 ----------------------------------------------------------------
 */

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789+/";

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool age_base64_decode(const char *text, size_t n, uint8_t *out, size_t n_out)
{
	uint32_t bits = 0;
	unsigned n_bits = 0;

	if (n != (n_out * 8 + 5) / 6)
		return false;
	for (size_t i = 0; i < n; i++) {
		int value = base64_value(text[i]);

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			*out++ = (uint8_t)(bits >> n_bits);
		}
	}
	/* Canonical: the bits left over are zero (RFC 4648 3.5). */
	return !(bits & ((1u << n_bits) - 1));
}

bool age_base64_add(struct buf *out, const uint8_t *bytes, size_t n)
{
	uint32_t bits = 0;
	unsigned n_bits = 0;

	for (size_t i = 0, left = (n * 8 + 5) / 6; left > 0; left--) {
		if (n_bits < 6) {
			bits = bits << 8 | (i < n ? bytes[i] : 0);
			n_bits += 8;
			i++;
		}
		n_bits -= 6;
		if (!buf_add(out, &base64_digits[bits >> n_bits & 63], 1))
			return false;
	}
	return true;
}

/* --- the header ------------------------------------------------------------
 */

struct line {
	const char *text;
	size_t len; /* without its LF */
};

/* False: no line ends within what there is. */
static bool line_next(const char **at, const char *end, struct line *line_r)
{
	const char *lf = memchr(*at, '\n', (size_t)(end - *at));

	if (!lf)
		return false;
	line_r->text = *at;
	line_r->len = (size_t)(lf - *at);
	*at = lf + 1;
	return true;
}

static bool line_starts(const struct line *line, const char *start)
{
	size_t n = strlen(start);

	return line->len >= n && !memcmp(line->text, start, n);
}

/*
 * A line of a body: at most FULL_LINE digits; a shorter one ends the body and
 * with it one base64 text, which must be canonical.
 */
static bool body_line_valid(const struct line *line)
{
	int value = 0;

	if (line->len > FULL_LINE)
		return false;
	for (size_t i = 0; i < line->len; i++) {
		value = base64_value(line->text[i]);
		if (value < 0)
			return false;
	}
	switch (line->len % 4) {
	case 0:
		return true;
	case 2:
		return !(value & 15);
	case 3:
		return !(value & 3);
	default:
		return false;
	}
}

static enum age_parse body_read(const char **at, const char *end,
				struct age_stanza *stanza_r)
{
	struct line line;

	stanza_r->body = *at;
	do {
		if (!line_next(at, end, &line))
			return AGE_PARSE_MORE;
		if (!body_line_valid(&line))
			return AGE_PARSE_BAD;
	} while (line.len == FULL_LINE);
	stanza_r->body_len = (size_t)(*at - stanza_r->body) - 1;
	return AGE_PARSE_OK;
}

/* argument *(SP argument), argument = 1*VCHAR */
static bool args_read(const struct line *line, size_t from,
		      struct age_stanza *stanza_r)
{
	size_t start = from;

	stanza_r->n_args = 0;
	for (size_t i = from; i <= line->len; i++) {
		char c = i < line->len ? line->text[i] : ' ';

		if (c > ' ' && c <= '~')
			continue;
		if (c != ' ' || i == start)
			return false;
		if (stanza_r->n_args < AGE_STANZA_ARGS) {
			stanza_r->args[stanza_r->n_args] = line->text + start;
			stanza_r->arg_len[stanza_r->n_args] = i - start;
		}
		stanza_r->n_args++;
		start = i + 1;
	}
	return true;
}

/* The stanza whose first line has just been read. */
static enum age_parse stanza_read(const struct line *first, const char **at,
				  const char *end, struct age_stanza *stanza_r)
{
	if (!line_starts(first, "-> ") || !args_read(first, 3, stanza_r))
		return AGE_PARSE_BAD;
	return body_read(at, end, stanza_r);
}

/* What begins otherwise need not be read to the end to be refused. */
static enum age_parse version_read(const char **at, const char *end)
{
	size_t n = (size_t)(end - *at), n_version = sizeof(version_line) - 1;
	struct line line;

	if (memcmp(*at, version_line, n < n_version ? n : n_version) != 0)
		return AGE_PARSE_BAD;
	if (!line_next(at, end, &line))
		return n > n_version ? AGE_PARSE_BAD : AGE_PARSE_MORE;
	return line.len == n_version ? AGE_PARSE_OK : AGE_PARSE_BAD;
}

/* header = v1-line 1*stanza end */
enum age_parse age_header_parse(const uint8_t *bytes, size_t n,
				struct age_header *header_r)
{
	const char *start = (const char *)bytes, *at = start, *end = start + n;
	enum age_parse status = version_read(&at, end);
	struct age_stanza stanza;
	struct line line;

	header_r->stanzas = at;
	while (status == AGE_PARSE_OK) {
		if (!line_next(&at, end, &line))
			return AGE_PARSE_MORE;
		if (line_starts(&line, "---"))
			break;
		status = stanza_read(&line, &at, end, &stanza);
	}
	if (status != AGE_PARSE_OK)
		return status;
	if (line.text == header_r->stanzas || !line_starts(&line, "--- ") ||
	    !age_base64_decode(line.text + 4, line.len - 4, header_r->mac,
			       sizeof(header_r->mac)))
		return AGE_PARSE_BAD;
	header_r->stanzas_len = (size_t)(line.text - header_r->stanzas);
	header_r->mac_covers = (size_t)(line.text + 3 - start);
	header_r->length = (size_t)(at - start);
	return AGE_PARSE_OK;
}

bool age_stanza_next(const char **rest, const char *end,
		     struct age_stanza *stanza_r)
{
	struct line line;

	return line_next(rest, end, &line) &&
	       stanza_read(&line, rest, end, stanza_r) == AGE_PARSE_OK;
}

/* --- the payload's size ----------------------------------------------------
 */

uint64_t age_payload_size(uint64_t plaintext)
{
	uint64_t chunks = plaintext / AGE_CHUNK_SIZE;

	if (plaintext % AGE_CHUNK_SIZE || !plaintext)
		chunks++;
	return AGE_NONCE_SIZE + plaintext + chunks * AGE_TAG_SIZE;
}

bool age_payload_plaintext(uint64_t payload, uint64_t *plaintext_r)
{
	uint64_t body, chunks;

	if (payload < AGE_NONCE_SIZE + AGE_TAG_SIZE)
		return false;
	body = payload - AGE_NONCE_SIZE;
	chunks = body / SEALED_CHUNK + (body % SEALED_CHUNK ? 1 : 0);
	*plaintext_r = body - chunks * AGE_TAG_SIZE;
	/* A last chunk without a whole tag, or an empty one, is none. */
	return age_payload_size(*plaintext_r) == payload;
}

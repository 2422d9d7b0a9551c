/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spools, read in blocks of bounded size. Keeps nothing. */
#include "common/base.h"
#include "store/ledger/spool_reader.h"

#include <assert.h>
#include <unistd.h>

#include <nettle/sha2.h>

#include "common/log.h"
#include "common/read_all.h"

enum { BLOCK = 512 * 1024 };

static_assert((size_t)BLOCK > (size_t)SPOOL_BATCH_OCTETS_MAX,
	      "a batch must fit a block");

static const char session_word[] = "session ";

enum batch_state { BATCH_WHOLE, BATCH_BROKEN, BATCH_NEEDS_MORE };

bool spool_next_line(const char **at, const char *end, const char **text_r,
		     size_t *n_r)
{
	const char *lf = memchr(*at, '\n', (size_t)(end - *at));

	if (!lf)
		return false;
	*text_r = *at;
	*n_r = (size_t)(lf - *at);
	*at = lf + 1;
	return true;
}

static bool is_session(const char *text, size_t n)
{
	return n >= sizeof(session_word) - 1 &&
	       memcmp(text, session_word, sizeof(session_word) - 1) == 0;
}

static bool has_digest(const char *bytes, size_t n,
		       const uint8_t wanted[DIGEST_SIZE])
{
	uint8_t digest[DIGEST_SIZE];
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, n, (const uint8_t *)bytes);
	sha256_digest(&ctx, sizeof(digest), digest);
	return memcmp(digest, wanted, sizeof(digest)) == 0;
}

/*
 * Where the n lines of a batch end. Their length is bounded, and no other batch
 * begins among them: else a spool of session lines alone, each of which claims
 * the 256 behind it, would have every octet hashed 256 times.
 */
static enum batch_state find_end(const char *at, const char *end, unsigned n,
				 const char **end_r)
{
	const char *text;
	size_t len;

	for (; n > 0; n--) {
		if (!spool_next_line(&at, end, &text, &len))
			return end - at > LINE_OCTETS_MAX ? BATCH_BROKEN
							  : BATCH_NEEDS_MORE;
		if (len > LINE_OCTETS_MAX || is_session(text, len))
			return BATCH_BROKEN;
	}
	*end_r = at;
	return BATCH_WHOLE;
}

static enum batch_state take_batch(const char *text, size_t n, const char **at,
				   const char *end,
				   const struct spool_visitor *v)
{
	struct entry e;
	const char *behind = *at;
	enum batch_state state;

	if (!entry_parse(text, n, &e) || e.kind != ENTRY_SESSION)
		return BATCH_BROKEN;
	state = find_end(*at, end, e.session.n, &behind);
	if (state != BATCH_WHOLE)
		return state;
	if (!has_digest(*at, (size_t)(behind - *at), e.session.sha256))
		return BATCH_BROKEN;
	if (v->batch)
		v->batch(v->arg, &(struct spool_batch){
					 .session = &e.session,
					 .lines = *at,
					 .n_octets = (size_t)(behind - *at)});
	*at = behind;
	return BATCH_WHOLE;
}

/* Behind a broken batch its lines are read like others: they claim nothing. */
size_t spool_parse(const char *bytes, size_t n, bool last,
		   const struct spool_visitor *v)
{
	const char *at = bytes, *end = bytes + n, *text;
	size_t len;

	for (;;) {
		const char *before = at;

		if (!spool_next_line(&at, end, &text, &len))
			break;
		if (is_session(text, len)) {
			if (take_batch(text, len, &at, end, v) ==
				    BATCH_NEEDS_MORE &&
			    !last)
				return (size_t)(before - bytes);
		} else if (v->line && len <= LINE_OCTETS_MAX) {
			v->line(v->arg, text, len);
		}
	}
	return last ? n : (size_t)(at - bytes);
}

/* What is longer than any line, without an LF, is passed over. */
static size_t parse_block(const char *block, size_t n, bool last,
			  const struct spool_visitor *v)
{
	size_t used = spool_parse(block, n, last, v);

	return used == 0 && n == BLOCK ? n : used;
}

int spool_read(int fd, const char *name, const struct spool_visitor *v,
	       struct err *e)
{
	return spool_read_from(fd, 0, name, v, e);
}

int spool_read_from(int fd, uint64_t from, const char *name,
		    const struct spool_visitor *v, struct err *e)
{
	size_t held = 0, all = 0;
	char *block = xmalloc(BLOCK);
	bool last = false;
	int result = 0;

	if (lseek(fd, (off_t)from, SEEK_SET) < 0)
		result = err_sys(e, "%s", name);
	while (result == 0 && !last) {
		ssize_t got = read_up_to(fd, block + held, BLOCK - held);
		size_t used;

		if (got < 0) {
			result = err_sys(e, "%s", name);
			break;
		}
		all += (size_t)got;
		last = (size_t)got < BLOCK - held || all >= SPOOL_OCTETS_MAX;
		held += (size_t)got;
		used = parse_block(block, held, last, v);
		held -= used;
		memmove(block, block + used, held);
	}
	free(block);
	return result;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What both ends compute. What follows from a private key is wiped where it was
 * made.
 */
#include "common/base.h"
#include "store/announce.h"

#include <fcntl.h>
#include <unistd.h>

#include <nettle/hmac.h>
#include <nettle/memops.h>

#include "common/log.h"
#include "common/read_all.h"
#include "store/seal/x25519.h"

static bool derive_key(const uint8_t private_key[AGE_KEY_SIZE],
		       const uint8_t others[AGE_KEY_SIZE],
		       const struct announce_ends *ends,
		       uint8_t key_r[AGE_KEY_SIZE])
{
	static const uint8_t zero[AGE_KEY_SIZE];
	uint8_t shared[AGE_KEY_SIZE];
	bool good;

	x25519_shared(shared, private_key, others);
	good = !memeql_sec(shared, zero, sizeof(zero));
	age_hkdf(shared, sizeof(shared), (const uint8_t *)ends, sizeof(*ends),
		 "restante announce 1", key_r);
	explicit_bzero(shared, sizeof(shared));
	return good;
}

bool announce_mac(const uint8_t private_key[AGE_KEY_SIZE],
		  const uint8_t others[AGE_KEY_SIZE],
		  const struct announce_ends *ends,
		  const struct entry_announced *a, uint8_t mac_r[DIGEST_SIZE])
{
	uint8_t key[AGE_KEY_SIZE];
	struct hmac_sha256_ctx ctx;
	struct buf part;
	bool good = derive_key(private_key, others, ends, key);

	buf_init(&part, LINE_OCTETS_MAX + 1);
	if (!entry_announced_part(a, &part))
		die_bug("an announcement does not fit");
	hmac_sha256_set_key(&ctx, sizeof(key), key);
	hmac_sha256_update(&ctx, part.len, (const uint8_t *)part.data);
	hmac_sha256_digest(&ctx, DIGEST_SIZE, mac_r);
	explicit_bzero(&ctx, sizeof(ctx));
	explicit_bzero(key, sizeof(key));
	buf_release(&part);
	return good;
}

bool announce_same(const uint8_t a[DIGEST_SIZE], const uint8_t b[DIGEST_SIZE])
{
	return memeql_sec(a, b, DIGEST_SIZE);
}

/* --- the file --------------------------------------------------------------
 */

bool announce_write(const uint8_t ledger[AGE_KEY_SIZE], struct buf *out)
{
	struct line_writer w;

	line_begin(&w, out, "announce");
	line_add_hex(&w, "to", ledger, AGE_KEY_SIZE);
	return line_end(&w);
}

bool announce_parse(const char *text, size_t n, uint8_t ledger_r[AGE_KEY_SIZE])
{
	struct line l;

	return n && text[n - 1] == '\n' && line_parse(text, n - 1, &l) &&
	       line_is(&l, "announce") &&
	       line_take_hex(&l, "to", ledger_r, AGE_KEY_SIZE) &&
	       line_is_done(&l);
}

bool announce_is_wanted(const char *ledger, const char *id,
			uint8_t ledger_r[AGE_KEY_SIZE])
{
	char text[LINE_OCTETS_MAX + 1], path[512];
	ssize_t n = -1;
	int fd;

	if (snprintf(path, sizeof(path), "%s/" ANNOUNCE_DIRECTORY "/%s", ledger,
		     id) >= (int)sizeof(path))
		return false;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read_up_to(fd, text, sizeof(text));
	close(fd);
	return n > 0 && announce_parse(text, (size_t)n, ledger_r);
}

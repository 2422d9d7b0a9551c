/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The key's file, and signing. The seed is nowhere but in a struct secret. */
#include "common/base.h"
#include "handlers/ledger/key.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <nettle/eddsa.h>

#include "common/random_id.h"
#include "common/read_all.h"
#include "handlers/ledger/files.h"
#include "store/seal/wiping_allocator.h"
#include "store/seal/x25519.h"

enum { SEED_SIZE = 32, FILE_MAX = 1024 };

static const char first_line[] = "restante ledger key 1\n";

/* The seed, then the name: "…1\n<32 octets><name>\n". */
static int write_key(int dir, const char *name, const struct secret *seed,
		     struct err *e)
{
	struct buf text;
	int result = -1;

	buf_init(&text, FILE_MAX);
	if (buf_adds(&text, first_line) &&
	    buf_add(&text, seed->bytes, seed->len) &&
	    buf_addf(&text, "%s\n", name))
		result = files_replace(dir, "key", 0600, &text, e);
	else
		err_set(e, ERR_CONFIG, "ledger: the name %s is too long", name);
	buf_wipe(&text);
	buf_release(&text);
	return result;
}

static int make_key(int dir, const char *name, struct err *e)
{
	struct secret seed;
	int result;

	if (!note_name_valid(name))
		return err_set(e, ERR_CONFIG,
			       "ledger { name } \"%s\": no spaces, no \"+\"",
			       name);
	secret_init(&seed, SEED_SIZE);
	random_bytes(seed.bytes, seed.len);
	result = write_key(dir, name, &seed, e);
	secret_release(&seed);
	return result;
}

static bool parse_key(const struct buf *text, struct ledger_key *k)
{
	size_t head = sizeof(first_line) - 1, before = head + SEED_SIZE;
	size_t name;

	if (text->len <= before + 1 ||
	    memcmp(text->data, first_line, head) != 0 ||
	    text->data[text->len - 1] != '\n')
		return false;
	name = text->len - before - 1;
	if (name > NOTE_NAME_MAX)
		return false;
	memcpy(k->name, text->data + before, name);
	k->name[name] = '\0';
	secret_set(&k->seed, text->data + head, SEED_SIZE);
	return strlen(k->name) == name && note_name_valid(k->name);
}

static void derive_public(struct ledger_key *k)
{
	const struct wiping_allocator was = wiping_allocator_set();

	ed25519_sha512_public_key(k->public, k->seed.bytes);
	secret_wipe_stack();
	wiping_allocator_restore(&was);
}

static int read_key(int dir, struct ledger_key *k, struct err *e)
{
	struct buf text;
	int result;

	buf_init(&text, FILE_MAX);
	result = files_read(dir, "key", &text, e);
	if (result == 0 && !parse_key(&text, k))
		result = err_set(e, ERR_DAMAGED,
				 "ledger: `key` is not one of ours");
	buf_wipe(&text);
	buf_release(&text);
	if (result == 0)
		derive_public(k);
	return result;
}

int ledger_key_load(int dir, const char *name, struct ledger_key *k_r,
		    struct err *e)
{
	*k_r = (struct ledger_key){.seed = SECRET_EMPTY};
	if (read_key(dir, k_r, e) == 0)
		return 0;
	if (e->kind != ERR_ABSENT || make_key(dir, name, e) < 0)
		return -1;
	return read_key(dir, k_r, e);
}

void ledger_key_release(struct ledger_key *k)
{
	secret_release(&k->seed);
}

struct note_key ledger_key_of(const struct ledger_key *k, const char *origin)
{
	struct note_key n;

	snprintf(n.name, sizeof(n.name), "%s", origin);
	memcpy(n.public, k->public, sizeof(n.public));
	return n;
}

int ledger_key_sign(const struct ledger_key *k, const struct checkpoint *c,
		    struct buf *out, struct err *e)
{
	const struct note_key name = ledger_key_of(k, c->origin);
	const struct wiping_allocator was = wiping_allocator_set();
	uint8_t signature[NOTE_SIGNATURE_SIZE];
	bool good;

	buf_reset(out);
	good = checkpoint_write(c, out);
	if (good)
		ed25519_sha512_sign(k->public, k->seed.bytes, out->len,
				    (const uint8_t *)out->data, signature);
	secret_wipe_stack();
	wiping_allocator_restore(&was);
	if (!good || !note_add_signature(&name, signature, out))
		return err_set(e, ERR_CONFIG, "ledger: %s is too long a name",
			       c->origin);
	return 0;
}

/* --- announcements ---------------------------------------------------------
 */

static void derive_exchange(const struct ledger_key *k, struct secret *key_r)
{
	static const uint8_t no_salt[1];

	secret_init(key_r, AGE_KEY_SIZE);
	age_hkdf(k->seed.bytes, k->seed.len, no_salt, 0,
		 "restante ledger exchange 1", key_r->bytes);
}

void ledger_key_exchange(const struct ledger_key *k,
			 uint8_t public_r[AGE_KEY_SIZE])
{
	struct secret key;

	derive_exchange(k, &key);
	x25519_public(public_r, key.bytes);
	secret_release(&key);
}

bool ledger_key_proves(const struct ledger_key *k,
		       const uint8_t mailbox[AGE_KEY_SIZE],
		       const struct entry_announced *a)
{
	struct announce_ends ends;
	uint8_t mac[DIGEST_SIZE];
	struct secret key;
	bool good;

	ledger_key_exchange(k, ends.ledger);
	memcpy(ends.mailbox, mailbox, sizeof(ends.mailbox));
	derive_exchange(k, &key);
	good = announce_mac(key.bytes, mailbox, &ends, a, mac) &&
	       announce_same(mac, a->mac);
	secret_release(&key);
	explicit_bzero(mac, sizeof(mac));
	return good;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of failures: a key, then slots of 16 octets, read and written by
 * one call each, under one OFD lock. Nothing is fsynced; a crash forgets a
 * little.
 */
#include "common/base.h"
#include "common/throttle.h"

#include <sys/random.h>

#include <fcntl.h>
#include <limits.h>
#include <time.h>
#include <unistd.h>

#include "common/digest.h"
#include "common/log.h"
#include "common/num.h"
#include "common/peer.h"

enum {
	KEY_SIZE = 16,
	SLOTS = 4096, /* twice: of strangers, and of who is known */
	SLOT_SIZE = 16,
	FADE_SECONDS = 600, /* after this long a count starts anew */
	KNOWN_SECONDS = 30 * 86400,
	DELAY_MAX = 30,
	FREE_FAILURES = 2, /* typing errors are not slowed */
};

struct tally {
	uint64_t tag; /* of the key that counted here last */
	uint32_t when;
	uint32_t failures;
	off_t place;
	bool known; /* a key that went well counts for itself alone */
};

/* --- the file ------------------------------------------------------------- */

static int open_table(const char *dir, const char *file)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", dir, file) >=
	    (int)sizeof(path))
		return -1;
	return open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
}

/* Closing releases it. */
static void lock_table(int fd)
{
	struct flock f = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	(void)fcntl(fd, F_OFD_SETLKW, &f);
}

/* False: there is none yet. */
static bool read_key(int fd, char hex_r[2 * KEY_SIZE + 1])
{
	static const uint8_t none[KEY_SIZE];
	uint8_t key[KEY_SIZE];

	if (pread(fd, key, sizeof(key), 0) != sizeof(key) ||
	    memcmp(key, none, sizeof(key)) == 0)
		return false;
	num_write_hex(key, sizeof(key), hex_r);
	return true;
}

static bool make_key(int fd, char hex_r[2 * KEY_SIZE + 1])
{
	uint8_t key[KEY_SIZE];

	return getrandom(key, sizeof(key), 0) == sizeof(key) &&
	       pwrite(fd, key, sizeof(key), 0) == sizeof(key) &&
	       read_key(fd, hex_r);
}

/* Nobody outside can tell which keys fall together. */
static uint64_t tag_of(const char *table_key, const char *key)
{
	char hex[DIGEST_HEX_LEN + 1];

	digest_keyed_hex(table_key, key, hex);
	hex[16] = '\0';
	return strtoull(hex, NULL, 16);
}

static bool read_slot(int fd, off_t place, struct tally *s_r)
{
	uint8_t bytes[SLOT_SIZE];

	if (pread(fd, bytes, sizeof(bytes), place) != sizeof(bytes))
		return false;
	s_r->tag = num_load64(bytes);
	s_r->when = num_load32(bytes + 8);
	s_r->failures = num_load32(bytes + 12);
	return true;
}

static void write_slot(int fd, const struct tally *s)
{
	uint8_t bytes[SLOT_SIZE];

	num_store64(bytes, s->tag);
	num_store32(bytes + 8, s->when);
	num_store32(bytes + 12, s->failures);
	if (pwrite(fd, bytes, sizeof(bytes), s->place) !=
	    (ssize_t)sizeof(bytes))
		log_info("throttle: a failure could not be counted");
}

/* --- what counts ---------------------------------------------------------- */

static uint32_t now_seconds(void)
{
	return (uint32_t)time(NULL);
}

static off_t place_of(uint64_t tag, bool known)
{
	return KEY_SIZE +
	       (off_t)(tag % SLOTS + (known ? SLOTS : 0)) * SLOT_SIZE;
}

static bool find_known(int fd, uint64_t tag, struct tally *s_r)
{
	*s_r = (struct tally){.place = place_of(tag, true), .known = true};
	return read_slot(fd, s_r->place, s_r) && s_r->tag == tag &&
	       now_seconds() - s_r->when <= KNOWN_SECONDS;
}

/*
 * Who went well before has a count alone. Strangers that fall together share
 * one: a key never ends what another has counted. A count that has faded is
 * none.
 */
static struct tally find(int fd, uint64_t tag)
{
	struct tally s;

	if (!find_known(fd, tag, &s)) {
		s = (struct tally){.place = place_of(tag, false)};
		if (!read_slot(fd, s.place, &s))
			s.failures = 0;
	}
	if (now_seconds() - s.when > FADE_SECONDS)
		s.failures = 0;
	return s;
}

/* False: nobody is slowed. */
static bool look_up(const char *dir, const char *file, const char *key,
		    struct tally *s_r)
{
	char table_key[2 * KEY_SIZE + 1];
	int fd = open_table(dir, file);
	bool found;

	if (fd < 0)
		return false;
	found = read_key(fd, table_key);
	if (found)
		*s_r = find(fd, tag_of(table_key, key));
	close(fd);
	return found;
}

static unsigned delay_after(uint32_t failures)
{
	uint32_t beyond;

	if (failures <= FREE_FAILURES)
		return 0;
	beyond = failures - FREE_FAILURES - 1;
	return beyond >= 5 ? DELAY_MAX : 1u << beyond;
}

unsigned throttle_delay(const char *dir, const char *file, const char *key)
{
	struct tally s;

	return look_up(dir, file, key, &s) ? delay_after(s.failures) : 0;
}

unsigned throttle_wait(const char *dir, const char *file, const char *key)
{
	struct tally s;
	uint32_t passed;
	unsigned delay;

	if (!look_up(dir, file, key, &s))
		return 0;
	passed = now_seconds() - s.when;
	delay = delay_after(s.failures);
	return passed < delay ? delay - passed : 0;
}

bool throttle_knows(const char *dir, const char *file, const char *key)
{
	struct tally s;

	return look_up(dir, file, key, &s) && s.known;
}

static void count_failure(int fd, uint64_t tag)
{
	struct tally s = find(fd, tag);

	s.tag = tag;
	s.when = now_seconds();
	s.failures++;
	write_slot(fd, &s);
}

/* From now on it counts for itself; what it counted before is forgotten. */
static void make_known(int fd, uint64_t tag)
{
	struct tally s = find(fd, tag);

	if (!s.known && s.failures && s.tag == tag) {
		s.failures = 0;
		write_slot(fd, &s);
	}
	s = (struct tally){.tag = tag,
			   .when = now_seconds(),
			   .place = place_of(tag, true)};
	write_slot(fd, &s);
}

void throttle_note(const char *dir, const char *file, const char *key,
		   bool failed)
{
	char table_key[2 * KEY_SIZE + 1];
	int fd = open_table(dir, file);

	if (fd < 0)
		return;
	lock_table(fd);
	if (read_key(fd, table_key) || make_key(fd, table_key)) {
		if (failed)
			count_failure(fd, tag_of(table_key, key));
		else
			make_known(fd, tag_of(table_key, key));
	}
	close(fd);
}

void throttle_origin(const char *address, char out[THROTTLE_ORIGIN])
{
	enum { IPV6_NETWORK = 8 };
	struct network n;

	if (network_parse(address, &n) && n.is_ipv6)
		num_write_hex(n.address, IPV6_NETWORK, out);
	else
		snprintf(out, THROTTLE_ORIGIN, "%s", address);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of failures: slots of 16 octets, each read and written by one
 * call under its own OFD lock. Nothing is fsynced; a crash forgets a little.
 */
#include "common/base.h"
#include "common/throttle.h"

#include <fcntl.h>
#include <limits.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/num.h"
#include "common/peer.h"

enum {
	SLOTS = 4096,
	SLOT_SIZE = 16,
	FADE_SECONDS = 600, /* after this long a count starts anew */
	DELAY_MAX = 30,
	FREE_FAILURES = 2, /* typing errors are not slowed */
};

struct tally {
	uint64_t tag; /* of the key that counted here last */
	uint32_t when;
	uint32_t failures;
};

/*
 * FNV-1a: spreads keys. Whoever makes two meet makes both wait: a key never
 * ends what another has counted.
 */
static uint64_t tag_of(const char *key)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *key; key++)
		hash = (hash ^ (uint8_t)*key) * 0x100000001b3u;
	return hash;
}

static int open_table(const char *dir, const char *file)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", dir, file) >=
	    (int)sizeof(path))
		return -1;
	return open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
}

static off_t place_of(uint64_t tag)
{
	return (off_t)(tag % SLOTS) * SLOT_SIZE;
}

/* A count that has faded is none. */
static struct tally read_slot(int fd, uint64_t tag)
{
	uint32_t now = (uint32_t)time(NULL);
	struct tally s = {.tag = tag, .when = now};
	uint8_t bytes[SLOT_SIZE];

	if (pread(fd, bytes, sizeof(bytes), place_of(tag)) != sizeof(bytes))
		return s;
	s.tag = num_load64(bytes);
	s.when = num_load32(bytes + 8);
	s.failures = num_load32(bytes + 12);
	if (now - s.when > FADE_SECONDS)
		s.failures = 0;
	return s;
}

static void write_slot(int fd, const struct tally *s)
{
	uint8_t bytes[SLOT_SIZE];

	num_store64(bytes, s->tag);
	num_store32(bytes + 8, s->when);
	num_store32(bytes + 12, s->failures);
	if (pwrite(fd, bytes, sizeof(bytes), place_of(s->tag)) !=
	    (ssize_t)sizeof(bytes))
		log_info("throttle: a failure could not be counted");
}

/* Held for two system calls; closing releases it. */
static void lock_slot(int fd, uint64_t tag)
{
	struct flock f = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = place_of(tag),
		.l_len = SLOT_SIZE,
	};

	(void)fcntl(fd, F_OFD_SETLKW, &f);
}

/* False: nobody is slowed. */
static bool look_up(const char *dir, const char *file, const char *key,
		    struct tally *s_r)
{
	int fd = open_table(dir, file);

	if (fd < 0)
		return false;
	*s_r = read_slot(fd, tag_of(key));
	close(fd);
	return true;
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
	passed = (uint32_t)time(NULL) - s.when;
	delay = delay_after(s.failures);
	return passed < delay ? delay - passed : 0;
}

void throttle_note(const char *dir, const char *file, const char *key,
		   bool failed)
{
	int fd = open_table(dir, file);
	struct tally s;

	if (fd < 0)
		return;
	lock_slot(fd, tag_of(key));
	s = read_slot(fd, tag_of(key));
	if (failed || (s.failures && s.tag == tag_of(key))) {
		s.tag = tag_of(key);
		s.failures = failed ? s.failures + 1 : 0;
		s.when = (uint32_t)time(NULL);
		write_slot(fd, &s);
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

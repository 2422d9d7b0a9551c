/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Secrets in pages of their own. Never prints, never copies on its own. */
#include "common/base.h"
#include "common/log.h"
#include "common/secret.h"

#include <sys/mman.h>
#include <unistd.h>

/*
 * Deeper than the callers' libraries go, and than the dynamic linker when it
 * binds one of their functions and saves the vector registers.
 */
enum { STACK_DEPTH = 16 * 1024 };

static size_t round_to_pages(size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (n / page + 1) * page;
}

void secret_init(struct secret *s, size_t n)
{
	size_t mapped = round_to_pages(n);
	void *p = mmap(NULL, mapped, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die_temp("out of memory for a secret of %zu bytes", n);
	/* Beyond RLIMIT_MEMLOCK the lock is refused; wiping still holds. */
	(void)mlock(p, mapped);
	(void)madvise(p, mapped, MADV_DONTDUMP);
	*s = (struct secret){.bytes = p, .len = n, .mapped = mapped};
}

void secret_set(struct secret *s, const void *bytes, size_t n)
{
	secret_init(s, n);
	if (n)
		memcpy(s->bytes, bytes, n);
}

void secret_release(struct secret *s)
{
	if (s->bytes) {
		explicit_bzero(s->bytes, s->mapped);
		munmap(s->bytes, s->mapped);
	}
	*s = SECRET_EMPTY;
}

/* Its frame lies where those of the earlier calls lay. */
__attribute__((noinline)) void secret_wipe_stack(void)
{
	uint8_t frames[STACK_DEPTH];

	explicit_bzero(frames, sizeof(frames));
}

bool secret_equal(const struct secret *a, const void *bytes, size_t n)
{
	const uint8_t *b = bytes;
	uint8_t differ = 0;

	if (a->len != n)
		return false;
	for (size_t i = 0; i < n; i++)
		differ |= (uint8_t)(a->bytes[i] ^ b[i]);
	return differ == 0;
}

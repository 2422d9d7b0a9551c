/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Digests of files, as they lie there. For the files of store/. */
#ifndef RESTANTE_STORE_FILE_DIGEST_H
#define RESTANTE_STORE_FILE_DIGEST_H

#include "common/digest.h"

/* SHA-256 from its beginning on; where fd stands does not change. -1: errno. */
int file_digest(int fd, uint8_t digest_r[DIGEST_SIZE]) MUST_USE;

/*
 * The same of a name: a regular file, no link followed, no waiting. -1: errno
 * says why.
 */
int file_digest_at(int dir, const char *name,
		   uint8_t digest_r[DIGEST_SIZE]) MUST_USE;
/* Of no more than its first `most` octets. */
int file_digest_begin_at(int dir, const char *name, uint64_t most,
			 uint8_t digest_r[DIGEST_SIZE]) MUST_USE;

#endif

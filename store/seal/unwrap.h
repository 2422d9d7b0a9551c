/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From the stanzas of a header to the file key; the inside of the unsealer.
 */
#ifndef RESTANTE_STORE_SEAL_UNWRAP_H
#define RESTANTE_STORE_SEAL_UNWRAP_H

#include "store/seal/unseal.h"

/*
 * Finds the stanza that opens with key. ERR_PASSWORD: none does; ERR_DAMAGED:
 * a stanza is not as its type has it, or may not stand where it does; ERR_TEMP:
 * no memory for scrypt. After -1 file_key_r is zero.
 */
int unwrap_file_key(const struct unseal_key *key,
		    const struct age_header *header,
		    uint8_t file_key_r[AGE_FILE_KEY_SIZE], struct err *e);

#endif

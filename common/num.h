/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Numbers in untrusted text, read strictly: digits alone, no sign, no space,
 * no overflow. And little-endian integers for what is kept on disk.
 */
#ifndef RESTANTE_COMMON_NUM_H
#define RESTANTE_COMMON_NUM_H

#include "common/base.h"

/* Decimal, 1*DIGIT and at most max. False: not that. */
bool num_parse(const char *text, size_t n, uint64_t max, uint64_t *value_r);

/* Exactly 2*n_out hexadecimal digits of either case. */
bool num_parse_hex(const char *text, size_t n, uint8_t *out_r, size_t n_out);

/* Writes 2*n lower-case digits and a NUL to out. */
void num_write_hex(const uint8_t *bytes, size_t n, char *out);

void num_store16(uint8_t *p, uint16_t v);
void num_store32(uint8_t *p, uint32_t v);
void num_store64(uint8_t *p, uint64_t v);
uint16_t num_load16(const uint8_t *p);
uint32_t num_load32(const uint8_t *p);
uint64_t num_load64(const uint8_t *p);

#endif

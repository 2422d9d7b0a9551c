/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Letters of ASCII, whatever the locale is. Here and nowhere else, so that no
 * name is folded in two ways.
 */
#ifndef RESTANTE_COMMON_ASCII_H
#define RESTANTE_COMMON_ASCII_H

static inline char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

#endif

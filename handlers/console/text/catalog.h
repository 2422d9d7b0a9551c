/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The console's texts in the reader's language, out of a message catalog as
 * GNU gettext's msgfmt makes it. The catalog is this process's, as
 * textdomain(3) would have it; docs/decisions/0091 says why libintl does not
 * read it.
 */
#ifndef RESTANTE_HANDLERS_CONSOLE_TEXT_CATALOG_H
#define RESTANTE_HANDLERS_CONSOLE_TEXT_CATALOG_H

#include "common/base.h"

/* _() translates a text; N_() only marks one that is translated elsewhere. */
#define _(text)	 catalog_text(text)
#define N_(text) (text)

/*
 * From here on texts come from the catalog in that file. False, and texts stay
 * as they stand in the source, where there is none or it is damaged.
 */
bool catalog_use(const char *file);

/* Gives the catalog back: no text of it may be used any more. */
void catalog_release(void);

/* The translation, or the text itself. Both live as long as the catalog. */
const char *catalog_text(const char *text) __attribute__((format_arg(1)));

/* The same for what depends on a number: as English chooses, so do all. */
const char *catalog_plural(const char *one, const char *more, unsigned long n)
	__attribute__((format_arg(1), format_arg(2)));

#endif

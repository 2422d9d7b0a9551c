/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one way by which anything comes into a page. The format is markup of
 * ours, every value is escaped: a page cannot forget to.
 */
#ifndef RESTANTE_HANDLERS_CONSOLE_WEB_HTML_H
#define RESTANTE_HANDLERS_CONSOLE_WEB_HTML_H

#include "common/buf.h"

enum { HTML_MAX = 8 * 1024 * 1024 }; /* octets of a page */

struct html {
	struct buf out;
	bool full; /* something was left out: the page is no page */
};

void html_init(struct html *h);

/* Wipes, then frees: a page may have shown a password. */
void html_release(struct html *h);

/*
 * As printf: %s (escaped, between tags as within a quoted attribute), %c, %d,
 * %u, %zu, %jd, %ju and %%, without widths. Anything else is a bug.
 */
void html_add(struct html *h, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* n octets of text, escaped. What is not UTF-8 becomes U+FFFD. */
void html_text(struct html *h, const char *text, size_t n);

/* An attribute's text where it is on, else "". */
const char *html_flag(bool on, const char *text);

#endif

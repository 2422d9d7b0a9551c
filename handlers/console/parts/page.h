/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all pages have in common: the frame, errors, forms, notices. */
#ifndef RESTANTE_HANDLERS_CONSOLE_PARTS_PAGE_H
#define RESTANTE_HANDLERS_CONSOLE_PARTS_PAGE_H

#include "handlers/console/context.h"
#include "handlers/console/text/catalog.h"

/* Writes to the page: html_add(&c->answer.html, …). */
#define say(c, ...) html_add(&(c)->answer.html, __VA_ARGS__)

/* Everything up to the content; title is translated, and the page's heading. */
void page_begin(struct console *c, const char *title);

/* The same with a link to what is most often done here, beside the heading. */
void page_begin_with(struct console *c, const char *title, const char *path,
		     const char *link);
void page_end(struct console *c);

/* A part of a page with a heading of its own; title is translated. */
void page_section(struct console *c, const char *title);
void page_section_end(struct console *c);

/* A page that says what is wrong and what to do, with its status. */
void page_error(struct console *c, int status, const char *title,
		const char *text);

/* The same for what a function of the store said. */
void page_failure(struct console *c, const struct err *e);

/* Takes the name of the form that came; false: it was answered as used. */
bool page_spends_form(struct console *c);

/* A form of ours that posts to path, up to its fields. */
void page_form_begin(struct console *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The same for one that may be sent once. */
void page_form_once(struct console *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* With its button. */
void page_form_end(struct console *c, const char *button);

/* With one that is not what the page is there for. */
void page_form_end_quietly(struct console *c, const char *button);

/* A form with which the reader chooses a language. */
void page_languages(struct console *c);

/* A value and, where there is JavaScript, a button that copies it. */
void page_copyable(struct console *c, const char *value);

/*
 * "It is done", said on the page one is led to after a form: the sentence of
 * ours that `?done=` of the request stands for, if it is one, so that nobody
 * else's is shown.
 */
void page_notice(struct console *c);

#endif

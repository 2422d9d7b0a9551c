/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One request to the console and its answer: what every page gets, and how it
 * answers. A page reads the request, calls the store, and writes HTML; who may
 * call it was decided before, by its row in the table of routes.
 */
#ifndef RESTANTE_HANDLERS_CONSOLE_CONSOLE_H
#define RESTANTE_HANDLERS_CONSOLE_CONSOLE_H

#include "common/conf.h"
#include "handlers/console/sign_in/sessions.h"
#include "handlers/console/text/catalog.h"
#include "handlers/console/web/html.h"
#include "handlers/console/web/request.h"
#include "store/store.h"

#define LANGUAGE_COOKIE "__Host-restante-language"

struct language;

/* Who asks. */
struct visitor {
	char token[SESSION_TOKEN_LEN + 1]; /* of the cookie */
	const char *fresh;		   /* the cookie to be set, or NULL */
	bool ended;			   /* there was a session, it is over */
	char name[ADMIN_NAME_MAX + 1];	   /* "": nobody is signed in */
	bool must_change;		/* signed in with a one-time password */
	char proof[DIGEST_HEX_LEN + 1]; /* every form of theirs carries it */
};

struct answer {
	int status;
	const char *type;   /* Content-Type */
	struct buf headers; /* further ones, with their line ends */
	struct html html;   /* the body */
	const char *cache;  /* Cache-Control */
};

struct console {
	const struct conf *conf;
	const char *conf_file;
	struct store *store; /* NULL: it cannot be opened, see store_error */
	struct err store_error;
	int state; /* the console's own directory; -1: it cannot be opened */
	struct request *request;
	struct visitor visitor;
	const struct language *language;
	char id[MAILBOX_ID_LEN + 1]; /* the mailbox in the path, or "" */
	struct answer answer;
	time_t now;
};

/* --- answering (answer.c) ------------------------------------------------- */

void answer_init(struct answer *a);
void answer_release(struct answer *a);

/* A header line; a value that holds a line end is a bug. */
void answer_header(struct answer *a, const char *name, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/*
 * 303 to a page of ours, below SCRIPT_NAME (RFC 9110 15.4.4): what a POST that
 * has done something answers.
 */
void answer_see_other(struct console *c, const char *fmt, ...)
	PRINTF_LIKE(2, 3);

/* Writes status, headers and, unless it was a HEAD, the body to fd 1. */
int answer_send(struct console *c);

/* --- the frame of a page (page.c) ----------------------------------------- */

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

/* Writes to the page: html_add(&c->answer.html, …). */
#define say(c, ...) html_add(&(c)->answer.html, __VA_ARGS__)

/* --- pages ---------------------------------------------------------------- */

#define PAGE(name) void page_##name(struct console *c)

PAGE(overview); /* page_overview.c */
PAGE(new);	/* page_new.c */
PAGE(create);
PAGE(mailbox); /* page_mailbox.c */
PAGE(mailbox_save);
PAGE(mailbox_suspend);
PAGE(mailbox_activate);
PAGE(delete); /* page_delete.c */
PAGE(delete_now);
PAGE(password); /* page_password.c */
PAGE(password_change);
PAGE(password_confirm);
PAGE(recipients); /* page_recipients.c */
PAGE(reset);	  /* page_reset.c */
PAGE(reset_now);
PAGE(kept);	/* secret_shown.c */
PAGE(connect);	/* page_connect.c */
PAGE(activity); /* page_activity.c */
PAGE(system);	/* page_system.c */
PAGE(system_test);
PAGE(login); /* page_login.c */
PAGE(login_now);
PAGE(logout);
PAGE(account); /* page_account.c */
PAGE(account_password);
PAGE(account_language);
PAGE(account_end_all);
PAGE(asset); /* page_asset.c */

#endif

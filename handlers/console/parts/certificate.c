/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks mailbox-tool, and remembers the answer. */
#include "common/base.h"
#include "handlers/console/parts/certificate.h"

#include "common/iso_time.h"
#include "handlers/console/parts/cache_file.h"
#include "handlers/console/parts/helper.h"

#define FILE_NAME "certificate"

#include <limits.h>

enum { TEXT_MAX = 64 * 1024 };

/* --- the answer, as mailbox-tool prints it -------------------------------- */

/* The column at *at, up to the tab or line end that it is stepped over. */
static bool take_column(const char **at, char end, char *out, size_t size)
{
	size_t n = strcspn(*at, "\t\n");

	if ((*at)[n] != end || n >= size)
		return false;
	memcpy(out, *at, n);
	out[n] = '\0';
	*at += n + 1;
	return true;
}

static bool take_time(const char **at, int64_t *when_r)
{
	char text[ISO_TIME_LEN + 1];

	return take_column(at, '\t', text, sizeof(text)) &&
	       iso_time_parse(text, when_r);
}

static bool take_link(const char **at, struct tls_link *link_r,
		      char file_r[PATH_MAX])
{
	link_r->file = file_r;
	return take_time(at, &link_r->begins) && take_time(at, &link_r->ends) &&
	       take_column(at, '\t', link_r->subject,
			   sizeof(link_r->subject)) &&
	       take_column(at, '\t', link_r->issuer, sizeof(link_r->issuer)) &&
	       take_column(at, '\n', file_r, PATH_MAX);
}

/* --- the answer of before --------------------------------------------------
 */

/*
 * "stamp PATH" for each file, and the answer behind them. *settled_r: none of
 * them has been changed just now.
 */
static int write_certificate_heading(const struct console *c, struct buf *out,
				     bool *settled_r, struct err *e)
{
	const struct conf_strings *files = &c->conf->tls.certificate;
	bool fits = true;

	*settled_r = true;
	for (size_t i = 0; i < files->n; i++) {
		char stamp[FILE_STAMP_SIZE];
		struct stat st;

		if (stat(files->list[i], &st) < 0)
			return err_sys(e, "certificate %s", files->list[i]);
		*settled_r &= file_is_settled(&st, c->now);
		file_stamp(&st, stamp);
		fits = fits && buf_addf(out, "%s %s\n", stamp, files->list[i]);
	}
	if (!fits)
		buf_reset(out); /* paths that long are never remembered */
	return 0;
}

static bool recall_certificate(const struct console *c,
			       const struct buf *heading, struct buf *out)
{
	if (!cache_file_read(c->state, FILE_NAME, out) || heading->len == 0 ||
	    out->len < heading->len ||
	    memcmp(out->data, heading->data, heading->len) != 0) {
		buf_reset(out);
		return false;
	}
	buf_drop(out, heading->len);
	return true;
}

static void remember_certificate(const struct console *c,
				 const struct buf *heading,
				 const struct buf *answer)
{
	struct buf text;

	buf_init(&text, 2 * TEXT_MAX);
	if (heading->len && buf_add(&text, heading->data, heading->len) &&
	    buf_add(&text, answer->data, answer->len))
		cache_file_write(c->state, FILE_NAME, &text, c->now);
	buf_release(&text);
}

/* --- asking -----------------------------------------------------------------
 */

static int ask_tool(const struct console *c, struct buf *out, struct err *e)
{
	struct conf_strings args = {.list = NULL};
	struct helper_result r;
	int result;

	conf_strings_add(&args, "certificate");
	conf_strings_add(&args, "--porcelain");
	result = helper_run(c, &args, NULL, &r, e);
	if (result == 0 && !buf_adds(out, (const char *)r.out.bytes))
		result = err_set(e, ERR_CONFIG, "certificates: too long");
	helper_release(&r);
	conf_strings_release(&args);
	return result;
}

static int read_answer(const struct console *c, struct buf *out, struct err *e)
{
	struct buf heading;
	bool settled;
	int result;

	buf_init(&heading, TEXT_MAX);
	result = write_certificate_heading(c, &heading, &settled, e);
	if (result == 0 && !recall_certificate(c, &heading, out)) {
		result = ask_tool(c, out, e);
		if (result == 0 && settled)
			remember_certificate(c, &heading, out);
	}
	buf_release(&heading);
	return result;
}

int certificate_chain(const struct console *c,
		      void (*each)(const struct tls_link *link, void *arg),
		      void *arg, struct err *e)
{
	char file[PATH_MAX];
	struct tls_link link;
	struct buf answer;
	int result;

	buf_init(&answer, TEXT_MAX + 1);
	result = read_answer(c, &answer, e);
	if (result == 0) {
		const char *at = answer.data;

		while (take_link(&at, &link, file))
			each(&link, arg);
	}
	buf_release(&answer);
	return result;
}

struct firsts {
	char file[PATH_MAX]; /* of the last link; "": none yet */
	struct tls_term term;
};

static void note_first(const struct tls_link *link, void *arg)
{
	struct firsts *firsts = arg;
	bool none = !firsts->file[0];

	if (strcmp(firsts->file, link->file) == 0)
		return;
	snprintf(firsts->file, sizeof(firsts->file), "%s", link->file);
	if (none || link->ends < firsts->term.ends)
		firsts->term = (struct tls_term){link->begins, link->ends};
}

int certificate_term(const struct console *c, struct tls_term *term_r,
		     struct err *e)
{
	struct firsts firsts = {.file = ""};

	if (certificate_chain(c, note_first, &firsts, e) < 0)
		return -1;
	*term_r = firsts.term;
	if (!firsts.file[0])
		return err_set(e, ERR_CONFIG, "certificate %s: not understood",
			       c->conf->tls.certificate.list[0]);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks mailbox-tool, and remembers the answer. */
#include "common/base.h"
#include "handlers/console/parts/certificate.h"

#include "common/iso_time.h"
#include "handlers/console/parts/cache_file.h"
#include "handlers/console/parts/helper.h"

#define FILE_NAME "certificate"

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

static bool take_link(const char **at, struct tls_link *link_r)
{
	return take_time(at, &link_r->begins) && take_time(at, &link_r->ends) &&
	       take_column(at, '\t', link_r->subject,
			   sizeof(link_r->subject)) &&
	       take_column(at, '\n', link_r->issuer, sizeof(link_r->issuer));
}

/* --- the answer of before --------------------------------------------------
 */

/* "stamp PATH", and the answer behind it. */
static void write_certificate_heading(const struct console *c,
				      const struct stat *st, struct buf *out)
{
	char stamp[FILE_STAMP_SIZE];

	file_stamp(st, stamp);
	if (!buf_addf(out, "%s %s\n", stamp, c->conf->tls.certificate))
		buf_reset(out); /* a path that long is never remembered */
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
		result = err_set(e, ERR_CONFIG, "certificate %s: too long",
				 c->conf->tls.certificate);
	helper_release(&r);
	conf_strings_release(&args);
	return result;
}

static int read_answer(const struct console *c, struct buf *out, struct err *e)
{
	struct buf heading;
	struct stat st;
	int result = 0;

	if (stat(c->conf->tls.certificate, &st) < 0)
		return err_sys(e, "certificate %s", c->conf->tls.certificate);
	buf_init(&heading, TEXT_MAX);
	write_certificate_heading(c, &st, &heading);
	if (!recall_certificate(c, &heading, out)) {
		result = ask_tool(c, out, e);
		if (result == 0 && file_is_settled(&st, c->now))
			remember_certificate(c, &heading, out);
	}
	buf_release(&heading);
	return result;
}

int certificate_chain(const struct console *c,
		      void (*each)(const struct tls_link *link, void *arg),
		      void *arg, struct err *e)
{
	struct tls_link link;
	struct buf answer;
	int result;

	buf_init(&answer, TEXT_MAX + 1);
	result = read_answer(c, &answer, e);
	if (result == 0) {
		const char *at = answer.data;

		while (take_link(&at, &link))
			each(&link, arg);
	}
	buf_release(&answer);
	return result;
}

struct first {
	int64_t end;
	bool known;
};

static void note_first(const struct tls_link *link, void *arg)
{
	struct first *first = arg;

	if (!first->known)
		*first = (struct first){link->ends, true};
}

int certificate_end(const struct console *c, int64_t *when_r, struct err *e)
{
	struct first first = {.known = false};

	if (certificate_chain(c, note_first, &first, e) < 0)
		return -1;
	*when_r = first.end;
	if (!first.known)
		return err_set(e, ERR_CONFIG, "certificate %s: not understood",
			       c->conf->tls.certificate);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Collects the mailboxes of a store. One that is broken does not hide others.
 */
#include "common/base.h"
#include "handlers/console/parts/mailbox_rows.h"

#include <strings.h>

#include "common/log.h"
#include "common/num.h"
#include "handlers/console/parts/cache_file.h"
#include "handlers/console/parts/page.h"

#define FILE_NAME "mailboxes"

enum { CACHE_MAX = 16 << 20 };

struct rows_reading {
	const struct console *console;
	struct mailbox_rows *rows;
	struct buf before;  /* lines "id stamp status,quota,rate name", by their
			       ids */
	const char *at;	    /* the next of them */
	struct buf current; /* the lines that are right now */
};

static struct mailbox_row *add_row(struct mailbox_rows *rows, const char *id)
{
	struct mailbox_row *r = xcalloc(1, sizeof(*r));

	rows->list = xgrow(rows->list, rows->n, sizeof(*rows->list));
	rows->list[rows->n++] = r;
	snprintf(r->id, sizeof(r->id), "%s", id);
	return r;
}

static void free_row(struct mailbox_row *r)
{
	free(r->name);
	free(r);
}

static void drop_last(struct mailbox_rows *rows)
{
	free_row(rows->list[--rows->n]);
}

/* From m; where that is NULL, e says why. */
static void fill_row(struct mailbox_row *r, const struct mailbox *m,
		     const struct err *e)
{
	if (!m) {
		log_error("%s", e->text);
		r->name = xstrdup(r->id);
		r->readable = false;
		return;
	}
	r->name = xstrdup(mailbox_settings(m)->name);
	r->suspended = mailbox_settings(m)->suspended;
	r->hold = mailbox_settings(m)->hold;
	r->quota = mailbox_settings(m)->quota;
	r->rate = mailbox_settings(m)->rate;
}

/* --- what the last page read -----------------------------------------------
 */

/* Where text stands behind the word, or NULL where it begins otherwise. */
static const char *behind_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	return strncmp(text, word, n) == 0 && text[n] == ' ' ? text + n + 1
							     : NULL;
}

/* The line of that id, or NULL; mailboxes come in the order of their ids. */
static const char *find_line(struct rows_reading *reading, const char *id)
{
	while (*reading->at && strncmp(reading->at, id, MAILBOX_ID_LEN) < 0) {
		reading->at += strcspn(reading->at, "\n");
		reading->at += *reading->at == '\n';
	}
	return behind_word(reading->at, id);
}

/* "active,0,1048576", "active+,0,0" under hold, as note_row() writes it. */
static bool recall_standing(const char *text, size_t n, struct mailbox_row *r)
{
	const char *end = text + n, *quota = memchr(text, ',', n);
	const char *rate =
		quota ? memchr(quota + 1, ',', (size_t)(end - quota - 1))
		      : NULL;

	r->suspended = *text == 's';
	r->hold = quota && quota > text && quota[-1] == '+';
	return rate &&
	       num_parse(quota + 1, (size_t)(rate - quota - 1), UINT64_MAX,
			 &r->quota) &&
	       num_parse(rate + 1, (size_t)(end - rate - 1), UINT64_MAX,
			 &r->rate);
}

/* Fills in name and status, if the settings are still those of before. */
static bool recall_row(struct rows_reading *reading, const char *stamp,
		       struct mailbox_row *r)
{
	const char *line = find_line(reading, r->id), *name;
	size_t n;

	line = line ? behind_word(line, stamp) : NULL;
	name = line ? line + strcspn(line, " \n") : NULL;
	if (!name || *name != ' ' ||
	    !recall_standing(line, (size_t)(name - line), r))
		return false;
	n = strcspn(++name, "\n");
	if (name[n] == '\0')
		return false; /* a line that was cut */
	r->name = xcalloc(1, n + 1);
	memcpy(r->name, name, n);
	return true;
}

static void note_row(struct rows_reading *reading, const char *stamp,
		     const struct mailbox_row *r)
{
	if (!buf_addf(&reading->current, "%s %s %s%s,%llu,%llu %s\n", r->id,
		      stamp, r->suspended ? "suspended" : "active",
		      r->hold ? "+" : "", (unsigned long long)r->quota,
		      (unsigned long long)r->rate, r->name))
		log_info("the names of the mailboxes are too long to remember");
}

static void remember_rows(struct rows_reading *reading)
{
	const struct buf *before = &reading->before, *now = &reading->current;
	const struct console *c = reading->console;

	if (now->len != before->len ||
	    memcmp(now->data, before->data, now->len) != 0)
		cache_file_write(c->state, FILE_NAME, now, c->now);
}

/* --- all of them ------------------------------------------------------------
 */

static int read_row(const char *id, void *arg, struct err *e)
{
	struct rows_reading *reading = arg;
	const struct console *c = reading->console;
	struct mailbox_row *r = add_row(reading->rows, id);
	char stamp[FILE_STAMP_SIZE] = "";
	struct mailbox *m;
	struct stat st;

	r->readable = mailbox_glance(c->store, id, &st, &r->counters);
	store_aside_of(c->store, id, &r->aside);
	if (r->readable)
		file_stamp(&st, stamp);
	if (!r->readable || !recall_row(reading, stamp, r)) {
		m = mailbox_look_at(c->store, id, e);
		if (!m && e->kind == ERR_ABSENT) {
			drop_last(reading->rows); /* just deleted */
			return 0;
		}
		fill_row(r, m, e);
		mailbox_close(&m);
	}
	if (r->readable && file_is_settled(&st, c->now))
		note_row(reading, stamp, r);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct mailbox_row *x = *(struct mailbox_row *const *)a;
	const struct mailbox_row *y = *(struct mailbox_row *const *)b;
	int order = strcasecmp(x->name, y->name);

	return order ? order : strcmp(x->id, y->id);
}

int mailbox_rows_read(const struct console *c, struct mailbox_rows *rows_r,
		      struct err *e)
{
	struct rows_reading reading = {.console = c, .rows = rows_r};
	int result;

	*rows_r = (struct mailbox_rows){.list = NULL};
	buf_init(&reading.before, CACHE_MAX);
	buf_init(&reading.current, CACHE_MAX);
	if (!cache_file_read(c->state, FILE_NAME, &reading.before))
		buf_reset(&reading.before);
	reading.at = reading.before.data;
	result = store_each_mailbox(c->store, read_row, &reading, e);
	if (result == 0)
		remember_rows(&reading);
	buf_release(&reading.current);
	buf_release(&reading.before);
	if (rows_r->n)
		qsort(rows_r->list, rows_r->n, sizeof(*rows_r->list), by_name);
	return result;
}

void mailbox_rows_release(struct mailbox_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		free_row(rows->list[i]);
	free(rows->list);
	*rows = (struct mailbox_rows){.list = NULL};
}

/* --- to choose from ------------------------------------------------------- */

void mailbox_rows_choice(struct console *c, const char *chosen)
{
	struct mailbox_rows rows = {.list = NULL};
	struct err e;

	say(c,
	    "<label>%s <select name=\"mailbox\">\n"
	    "<option value=\"\">%s</option>\n",
	    _("Mailbox"), _("Choose…"));
	if (mailbox_rows_read(c, &rows, &e) < 0)
		log_error("%s", e.text);
	for (size_t i = 0; i < rows.n; i++)
		say(c, "<option value=\"%s\"%s>%s</option>\n", rows.list[i]->id,
		    strcmp(rows.list[i]->id, chosen) == 0 ? " selected" : "",
		    rows.list[i]->name);
	mailbox_rows_release(&rows);
	say(c, "</select></label>\n");
}

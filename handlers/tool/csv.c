/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads and writes CSV in memory. Keeps nothing that it has read. */
#include "common/base.h"
#include "handlers/tool/csv.h"

#include "common/log.h"

void csv_begin(struct csv *c_r, const char *text, size_t n)
{
	static const char mark[] = "\xef\xbb\xbf";

	*c_r = (struct csv){.at = text, .end = text + n, .next_line = 1};
	if (n >= 3 && memcmp(text, mark, 3) == 0)
		c_r->at += 3;
}

static int refuse(const struct csv *c, const char *why, struct err *e)
{
	return err_set(e, ERR_CONFIG, "line %u: %s", c->line, why);
}

static bool is_at_end(const struct csv *c)
{
	return c->at == c->end || *c->at == '\n' ||
	       (*c->at == '\r' && c->at + 1 < c->end && c->at[1] == '\n');
}

static void add_field(struct csv_record *r, const char *text, size_t n)
{
	char *field = xmalloc(n + 1);

	memcpy(field, text, n);
	field[n] = '\0';
	r->fields = xgrow(r->fields, r->n, sizeof(*r->fields));
	r->fields[r->n++] = field;
}

static int read_plain(struct csv *c, struct csv_record *r, struct err *e)
{
	const char *from = c->at;

	while (!is_at_end(c) && *c->at != ',') {
		if (*c->at == '"')
			return refuse(c,
				      "a quotation mark within a field "
				      "that does not begin with one",
				      e);
		if (*c->at == '\r' || *c->at == '\0')
			return refuse(c, "a control character", e);
		c->at++;
	}
	add_field(r, from, (size_t)(c->at - from));
	return 0;
}

/* Two quotation marks in it are one; it is made shorter in its own copy. */
static void unquote(char *field)
{
	char *to = field;

	for (const char *from = field; *from; from++) {
		from += from[0] == '"' && from[1] == '"';
		*to++ = *from;
	}
	*to = '\0';
}

static int read_quoted(struct csv *c, struct csv_record *r, struct err *e)
{
	const char *from = ++c->at;

	for (;; c->at++) {
		if (c->at == c->end)
			return refuse(c, "a quotation mark that is not closed",
				      e);
		if (*c->at == '\0')
			return refuse(c, "a control character", e);
		c->next_line += *c->at == '\n';
		if (*c->at != '"')
			continue;
		if (c->at + 1 == c->end || c->at[1] != '"')
			break;
		c->at++;
	}
	add_field(r, from, (size_t)(c->at - from));
	unquote(r->fields[r->n - 1]);
	c->at++;
	if (is_at_end(c) || *c->at == ',')
		return 0;
	return refuse(c, "something behind a closing quotation mark", e);
}

static int read_fields(struct csv *c, struct csv_record *r, struct err *e)
{
	for (;; c->at++) {
		bool quoted = c->at < c->end && *c->at == '"';

		if ((quoted ? read_quoted : read_plain)(c, r, e) < 0)
			return -1;
		if (is_at_end(c))
			return 0;
	}
}

int csv_read(struct csv *c, struct csv_record *r_r, struct err *e)
{
	*r_r = (struct csv_record){.n = 0};
	if (c->at == c->end)
		return 0;
	c->line = c->next_line;
	if (read_fields(c, r_r, e) < 0) {
		csv_release(r_r);
		return -1;
	}
	if (c->at < c->end)
		c->at += *c->at == '\r' ? 2 : 1;
	c->next_line++;
	return 1;
}

void csv_release(struct csv_record *r)
{
	for (size_t i = 0; i < r->n; i++) {
		explicit_bzero(r->fields[i], strlen(r->fields[i]));
		free(r->fields[i]);
	}
	free(r->fields);
	*r = (struct csv_record){.n = 0};
}

bool csv_add(struct buf *out, const char *field)
{
	bool good = true;

	if (!strpbrk(field, ",\"\r\n"))
		return buf_adds(out, field);
	good &= buf_adds(out, "\"");
	for (; *field; field++)
		good &= buf_adds(out, *field == '"' ? "\"" : "") &&
			buf_add(out, field, 1);
	return good && buf_adds(out, "\"");
}

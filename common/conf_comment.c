/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Comments made blank in place. Knows quotes and brackets, and no keys. */
#include "common/base.h"
#include "common/conf_comment.h"

/* A walk over the text; line counts from 1. */
struct comment_walk {
	char *at;
	unsigned line;
	unsigned open_line; /* of the outermost bracket that is open */
	unsigned depth;
	bool in_word;
};

/* Steps over one character; a comment's is replaced by a space. */
static void take_octet(struct comment_walk *w, bool blank)
{
	if (*w->at == '\n')
		w->line++;
	else if (blank)
		*w->at = ' ';
	w->at++;
}

/*
 * Steps over a quoted string. False: it does not end on its line. No value
 * has a line end in it, so a forgotten quote is found where it is missing.
 */
static bool skip_string(struct comment_walk *w)
{
	char quote = *w->at;

	take_octet(w, false);
	while (*w->at && *w->at != '\n' && *w->at != quote) {
		if (*w->at == '\\' && w->at[1] && w->at[1] != '\n')
			take_octet(w, false);
		take_octet(w, false);
	}
	if (*w->at != quote)
		return false;
	take_octet(w, false);
	return true;
}

static bool blank_block_comment(struct comment_walk *w)
{
	take_octet(w, true);
	take_octet(w, true); /* the opening, so that its star closes nothing */
	while (*w->at && !(w->at[0] == '*' && w->at[1] == '/'))
		take_octet(w, true);
	if (!*w->at)
		return false;
	take_octet(w, true);
	take_octet(w, true);
	return true;
}

static void blank_line_comment(struct comment_walk *w)
{
	while (*w->at && *w->at != '\n')
		take_octet(w, true);
}

/* "//" within a word is part of it, as in https://example.org. */
static bool starts_line_comment(const struct comment_walk *w)
{
	return *w->at == '#' || (!w->in_word && strncmp(w->at, "//", 2) == 0);
}

static void step_plain(struct comment_walk *w)
{
	char c = *w->at;

	if (c == '{' && w->depth++ == 0)
		w->open_line = w->line;
	else if (c == '}' && w->depth > 0)
		w->depth--;
	w->in_word = !strchr(" \t\r\n{}()=+,*\"'", c);
	take_octet(w, false);
}

const char *conf_blank_comments(char *text, unsigned *line_r)
{
	struct comment_walk w = {.at = text, .line = 1};

	while (*w.at) {
		*line_r = w.line;
		if (*w.at == '"' || *w.at == '\'') {
			if (!skip_string(&w))
				return "this string has no closing quote on "
				       "its line";
			w.in_word = false;
		} else if (starts_line_comment(&w)) {
			blank_line_comment(&w);
		} else if (!w.in_word && strncmp(w.at, "/*", 2) == 0) {
			if (!blank_block_comment(&w))
				return "this comment has no closing */";
		} else {
			step_plain(&w);
		}
	}
	*line_r = w.open_line;
	return w.depth > 0 ? "this { has no closing }" : NULL;
}

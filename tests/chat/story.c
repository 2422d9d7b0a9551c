/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading stories: a word at the start of a line says what the rest is. */
#include "common/base.h"
#include "tests/chat/story.h"

#include <errno.h>
#include <stdarg.h>

#include "common/log.h"
#include "common/num.h"

static const struct {
	const char *word;
	enum step_kind kind;
} words[] = {
	{"CONF", STEP_CONF},	 {"MAILBOX", STEP_MAILBOX}, {"KEEP", STEP_KEEP},
	{"PEER", STEP_PEER},	 {"MODE", STEP_MODE},	    {"ONLY", STEP_ONLY},
	{"C:", STEP_SAY},	 {"C=", STEP_SAY_RAW},	    {"C#", STEP_FILL},
	{"S:", STEP_HEAR},	 {"S~", STEP_MATCH},	    {"TLS", STEP_TLS},
	{"CLOSED", STEP_CLOSED}, {"CUT", STEP_CUT},	    {"SHUT", STEP_SHUT},
	{"LOG~", STEP_LOG},	 {"STORE", STEP_STORE},
};

static bool find_kind(const char *line, size_t n, enum step_kind *kind_r)
{
	for (size_t i = 0; i < N_ELEMENTS(words); i++) {
		if (strlen(words[i].word) == n &&
		    memcmp(words[i].word, line, n) == 0) {
			*kind_r = words[i].kind;
			return true;
		}
	}
	return false;
}

static void add_step(struct story *s, const struct step *step)
{
	struct step *grown = xcalloc(s->n + 1, sizeof(*grown));

	if (s->n)
		memcpy(grown, s->steps, s->n * sizeof(*grown));
	free(s->steps);
	s->steps = grown;
	s->steps[s->n++] = *step;
}

static void read_line(struct story *s, const char *line, unsigned number)
{
	size_t n = strcspn(line, " ");
	struct step step = {.line = number};

	if (line[0] == '#' || line[0] == '\0')
		return;
	if (!find_kind(line, n, &step.kind))
		die_usage("%s:%u: no such step: %s", s->file, number, line);
	step.text = xstrdup(line + n + (line[n] == ' '));
	add_step(s, &step);
}

void story_read(struct story *s, const char *file)
{
	FILE *in = fopen(file, "re");
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	if (!in)
		die_usage("%s: %s", file, strerror(errno));
	*s = (struct story){.file = xstrdup(file)};
	for (unsigned number = 1; (n = getline(&line, &size, in)) > 0;
	     number++) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		read_line(s, line, number);
	}
	free(line);
	fclose(in);
}

void story_release(struct story *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->steps[i].text);
	free(s->steps);
	free(s->file);
	*s = (struct story){.n = 0};
}

/* The octet behind a backslash; *used_r counts what says it. */
static bool unescape_one(const char *text, char *out, size_t *used_r)
{
	static const char names[] = "rnt\\0";
	static const char octets[] = "\r\n\t\\";
	const char *name = *text ? strchr(names, *text) : NULL;

	*used_r = 1;
	if (name) {
		*out = octets[name - names]; /* its NUL is \0 */
		return true;
	}
	*used_r = 3;
	return *text == 'x' && strlen(text) >= 3 &&
	       num_parse_hex(text + 1, 2, (uint8_t *)out, 1);
}

bool story_unescape(const char *text, struct buf *out)
{
	while (*text) {
		char octet = *text++;
		size_t used = 0;

		if (octet == '\\' && !unescape_one(text, &octet, &used))
			return false;
		text += used;
		if (!buf_add(out, &octet, 1))
			return false;
	}
	return true;
}

void story_fill(size_t n, struct buf *out)
{
	enum { LINE = 74 };

	if (n % LINE == 1)
		die_usage("%zu octets end within a CRLF", n);
	for (size_t i = 0; i < n; i++) {
		size_t at = i % LINE;
		char octet = i == 1 ? ':' : (char)('a' + i / LINE % 26);

		if (at == LINE - 1 || i == n - 1)
			octet = '\n';
		else if (at == LINE - 2 || i + 2 == n)
			octet = '\r';
		if (!buf_add(out, &octet, 1))
			die_bug("filler of %zu octets", n);
	}
}

bool story_wrong(const struct story *story, const struct step *step,
		 const char *fmt, ...)
{
	va_list ap;

	printf("%s:%u: ", story->file, step->line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	return false;
}

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
	enum voice_name voice;
} words[] = {
	{"CONF", STEP_CONF, 0},
	{"MAILBOX", STEP_MAILBOX, 0},
	{"KEEP", STEP_KEEP, 0},
	{"PEER", STEP_PEER, 0},
	{"MODE", STEP_MODE, 0},
	{"ONLY", STEP_ONLY, 0},
	{"UPSTREAM", STEP_LISTEN, 0},
	{"DROPS", STEP_DROPS, 0},

	{"C:", STEP_SAY, VOICE_CLIENT},
	{"C=", STEP_SAY_RAW, VOICE_CLIENT},
	{"C#", STEP_FILL, VOICE_CLIENT},
	{"S:", STEP_HEAR, VOICE_CLIENT},
	{"S=", STEP_HEAR_RAW, VOICE_CLIENT},
	{"S~", STEP_MATCH, VOICE_CLIENT},
	{"TLS", STEP_TLS, VOICE_CLIENT},
	{"CLOSED", STEP_CLOSED, VOICE_CLIENT},
	{"CUT", STEP_CUT, VOICE_CLIENT},
	{"SHUT", STEP_SHUT, VOICE_CLIENT},

	{"U:", STEP_SAY, VOICE_UPSTREAM},
	{"U=", STEP_SAY_RAW, VOICE_UPSTREAM},
	{"U#", STEP_FILL, VOICE_UPSTREAM},
	{"P:", STEP_HEAR, VOICE_UPSTREAM},
	{"P=", STEP_HEAR_RAW, VOICE_UPSTREAM},
	{"P~", STEP_MATCH, VOICE_UPSTREAM},
	{"UTLS", STEP_TLS, VOICE_UPSTREAM},
	{"UCLOSED", STEP_CLOSED, VOICE_UPSTREAM},
	{"UCUT", STEP_CUT, VOICE_UPSTREAM},
	{"USHUT", STEP_SHUT, VOICE_UPSTREAM},
	{"DIALLED", STEP_DIALLED, VOICE_UPSTREAM},

	{"LIMIT", STEP_LIMIT, 0},
	{"MUST", STEP_MUST, 0},
	{"AGAIN", STEP_AGAIN, 0},
	{"LOG~", STEP_LOG, 0},
	{"STORE", STEP_STORE, 0},
};

static bool find_kind(const char *line, size_t n, struct step *step)
{
	for (size_t i = 0; i < N_ELEMENTS(words); i++) {
		if (strlen(words[i].word) == n &&
		    memcmp(words[i].word, line, n) == 0) {
			step->kind = words[i].kind;
			step->voice = words[i].voice;
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

static void read_file(struct story *s, const char *file);

/* Another file's steps, named as from this one's folder. */
static void include(struct story *s, const char *from, const char *name)
{
	const char *slash = strrchr(from, '/');
	char path[512];

	snprintf(path, sizeof(path), "%.*s%s",
		 slash ? (int)(slash + 1 - from) : 0, from, name);
	read_file(s, path);
}

static void read_line(struct story *s, const char *file, const char *line,
		      unsigned number)
{
	size_t n = strcspn(line, " ");
	const char *text = line + n + (line[n] == ' ');
	struct step step = {.file = file, .line = number};

	if (line[0] == '#' || line[0] == '\0')
		return;
	if (n == 7 && memcmp(line, "INCLUDE", n) == 0) {
		include(s, file, text);
		return;
	}
	if (!find_kind(line, n, &step))
		die_usage("%s:%u: no such step: %s", file, number, line);
	step.text = xstrdup(text);
	add_step(s, &step);
}

static void read_file(struct story *s, const char *file)
{
	FILE *in = fopen(file, "re");
	const char *own;
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	if (!in)
		die_usage("%s: %s", file, strerror(errno));
	if (s->n_files == STORY_FILES)
		die_usage("%s: too many files in one story", file);
	own = s->files[s->n_files++] = xstrdup(file);
	for (unsigned number = 1; (n = getline(&line, &size, in)) > 0;
	     number++) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		read_line(s, own, line, number);
	}
	free(line);
	fclose(in);
}

void story_read(struct story *s, const char *file)
{
	*s = (struct story){.file = xstrdup(file)};
	read_file(s, file);
}

bool story_has(const struct story *s, enum step_kind kind)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->steps[i].kind == kind)
			return true;
	return false;
}

void story_release(struct story *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->steps[i].text);
	free(s->steps);
	for (size_t i = 0; i < s->n_files; i++)
		free(s->files[i]);
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

	if (step->file != story->files[0])
		printf("%s, ", story->file);
	printf("%s:%u: ", step->file, step->line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	return false;
}

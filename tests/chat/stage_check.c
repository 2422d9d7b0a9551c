/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Looking at the store when the session is over, as a collector would: with
 * the mailbox's password, opening every message.
 */
#include "common/base.h"
#include "tests/chat/stage.h"

#include <ctype.h>
#include <dirent.h>
#include <regex.h>

#include "common/log.h"
#include "common/num.h"

enum { MESSAGE_MAX = 16 * 1024 * 1024 };

/* A mailbox as a collector sees it. */
struct view {
	struct store *store;
	struct collection *collection;
};

static void view_open(struct view *view, const struct stage *stage,
		      const struct stage_mailbox *m)
{
	char path[STAGE_PATH_MAX];
	struct err e;

	snprintf(path, sizeof(path), "%s/store", stage->dir);
	view->store = store_open(path, &e);
	if (!view->store)
		die_temp("%s", e.text);
	view->collection =
		collection_login(view->store, m->id, &m->password,
				 stage->conf->identity.scrypt_log_n, &e);
	if (!view->collection)
		die_temp("%s", e.text);
}

static void view_close(struct view *view)
{
	collection_free(&view->collection);
	store_free(&view->store);
}

static void read_message(struct collection *c, size_t i, struct buf *out)
{
	const uint8_t *bytes;
	struct reader *r;
	struct err e;
	size_t n = 0;

	r = reader_open(c, i, &e);
	if (!r)
		die_temp("%s", e.text);
	do {
		if (reader_next(r, &bytes, &n, &e) < 0)
			die_temp("%s", e.text);
		if (!buf_add(out, bytes, n))
			die_temp("message %zu is too long for a story", i);
	} while (n);
	reader_close(&r);
}

/*
 * Octets of the trace header: it ends with the line that has the ULID. None
 * where the message was put there by the story.
 */
static size_t trace_length(const struct buf *message, const char *ulid)
{
	char mark[64];
	const char *p;

	snprintf(mark, sizeof(mark), "\r\n\tid %s; ", ulid);
	p = memmem(message->data, message->len, mark, strlen(mark));
	p = p ? strstr(p + 2, "\r\n") : NULL;
	return p ? (size_t)(p + 2 - message->data) : 0;
}

bool stage_matches(const char *text, const char *regex)
{
	regex_t r;
	int result;

	if (regcomp(&r, regex, REG_EXTENDED | REG_NOSUB | REG_NEWLINE) != 0)
		die_usage("not a pattern: %s", regex);
	result = regexec(&r, text, 0, NULL, 0);
	regfree(&r);
	return result == 0;
}

static bool check_body(const struct story *story, const struct step *step,
		       const char *body, size_t n, const struct buf *wanted)
{
	size_t same = 0;

	if (n == wanted->len && memcmp(body, wanted->data, n) == 0)
		return true;
	while (same < n && same < wanted->len &&
	       body[same] == wanted->data[same])
		same++;
	return story_wrong(story, step,
			   "%zu octets instead of %zu, alike up to %zu: %.*s",
			   n, wanted->len, same,
			   (int)(n - same < 80 ? n - same : 80), body + same);
}

static bool check_flags(const struct story *story, const struct step *step,
			unsigned flags, const char *wanted)
{
	char text[8];

	snprintf(text, sizeof(text), "%s%s%s",
		 flags & MESSAGE_NORMALISED ? "N" : "",
		 flags & MESSAGE_UNCONFIRMED ? "U" : "",
		 flags & MESSAGE_DAMAGED ? "D" : "");
	if (strcmp(text[0] ? text : "-", wanted) == 0)
		return true;
	return story_wrong(story, step, "its flags are \"%s\"", text);
}

/* kind is "=", "#", "~" or "flags"; text is what follows. */
static bool check_message(const struct story *story, const struct step *step,
			  struct collection *c, size_t i, const char *kind,
			  const char *text)
{
	const struct message m = collection_message(c, i);
	struct buf message, wanted;
	bool good = false;
	size_t trace;

	buf_init(&message, MESSAGE_MAX);
	buf_init(&wanted, MESSAGE_MAX);
	read_message(c, i, &message);
	trace = trace_length(&message, m.ulid);
	if (message.len != m.octets) {
		story_wrong(story, step, "%zu octets, %llu were promised",
			    message.len, (unsigned long long)m.octets);
	} else if (strcmp(kind, "flags") == 0) {
		good = check_flags(story, step, m.flags, text);
	} else if (strcmp(kind, "~") == 0) {
		message.data[trace] = '\0';
		good = stage_matches(message.data, text) ||
		       story_wrong(story, step, "its trace header is\n%s",
				   message.data);
	} else {
		uint64_t n = 0;

		if (strcmp(kind, "=") == 0 && !story_unescape(text, &wanted))
			die_usage("not escapes: %s", text);
		if (strcmp(kind, "#") == 0 &&
		    num_parse(text, strlen(text), MESSAGE_MAX, &n))
			story_fill((size_t)n, &wanted);
		good = check_body(story, step, message.data + trace,
				  message.len - trace, &wanted);
	}
	buf_release(&message);
	buf_release(&wanted);
	return good;
}

/* The next word of a step; *rest is what follows it. */
static void next_word(const char **rest, char *word, size_t size)
{
	size_t n = strcspn(*rest, " ");

	if (n >= size)
		die_usage("too long a word: %s", *rest);
	memcpy(word, *rest, n);
	word[n] = '\0';
	*rest += n + ((*rest)[n] == ' ');
}

static const struct stage_mailbox *find(const struct stage *stage,
					const char *name)
{
	const struct stage_mailbox *m =
		stage_mailbox(stage, name, strlen(name));

	if (!m)
		die_usage("no such mailbox: %s", name);
	return m;
}

size_t stage_count(const struct stage *stage, const struct stage_mailbox *m)
{
	struct view view;
	size_t count;

	view_open(&view, stage, m);
	count = collection_count(view.collection);
	view_close(&view);
	return count;
}

bool stage_check(const struct stage *stage, const struct story *story,
		 const struct step *step)
{
	const char *rest = step->text;
	char name[32], number[24], kind[8];
	struct view view;
	uint64_t n = 0;
	size_t count;
	bool good;

	next_word(&rest, name, sizeof(name));
	next_word(&rest, number, sizeof(number));
	next_word(&rest, kind, sizeof(kind));
	if (!num_parse(number, strlen(number), 1000, &n))
		die_usage("%s:%u: not a number: %s", story->file, step->line,
			  number);
	view_open(&view, stage, find(stage, name));
	count = collection_count(view.collection);
	if (!kind[0])
		good = count == n ||
		       story_wrong(story, step, "%zu messages are kept", count);
	else if (n < 1 || n > count)
		good = story_wrong(story, step, "%zu messages are kept", count);
	else
		good = check_message(story, step, view.collection,
				     (size_t)n - 1, kind, rest);
	view_close(&view);
	return good;
}

static bool is_empty(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	bool empty = true;

	if (!dir)
		die_temp("%s: cannot be read", path);
	while ((entry = readdir(dir)))
		empty = empty && entry->d_name[0] == '.';
	closedir(dir);
	return empty;
}

/* Tickets are the sweep's; but a session leaves nothing unfinished to it. */
static bool sweep_finds_nothing_unfinished(const struct stage *stage,
					   const char *id)
{
	struct sweep_report report = {.removed = 0};
	char path[STAGE_PATH_MAX];
	struct store *store;
	struct mailbox *m;
	struct err e;

	snprintf(path, sizeof(path), "%s/store", stage->dir);
	store = store_open(path, &e);
	m = store ? mailbox_open(store, id, &e) : NULL;
	if (!m || mailbox_sweep(m, &report, &e) < 0)
		die_temp("%s", e.text);
	mailbox_close(&m);
	store_free(&store);
	return report.removed == 0;
}

bool stage_check_tidy(const struct stage *stage, const struct story *story)
{
	bool good = true;

	for (size_t i = 0; i < stage->n_mailboxes; i++) {
		char path[STAGE_PATH_MAX];
		const char *id = stage->mailboxes[i].id;

		snprintf(path, sizeof(path), "%s/store/mailboxes/%s/tmp",
			 stage->dir, id);
		if (sweep_finds_nothing_unfinished(stage, id) && is_empty(path))
			continue;
		printf("%s: something is left in tmp/ of %s\n", story->file,
		       stage->mailboxes[i].name);
		good = false;
	}
	return good;
}

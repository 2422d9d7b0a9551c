/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words of a story that stand for something of the stage. Changes nothing. */
#include "common/base.h"
#include "tests/chat/stage.h"

#include <ctype.h>

#include "common/base64.h"
#include "common/log.h"

enum { BASE64_MAX = 8 * 1024 };

/* What stands for a mailbox's "_suffix" at word; *n_r is its length. */
static const char *look_up_suffix(const struct stage_mailbox *m,
				  const char *word, size_t *n_r)
{
	const struct {
		const char *suffix, *value;
	} words[] = {
		/* Longer ones first. */
		{"_password64", m->password64},
		{"_password", (const char *)m->password.bytes},
		{"_plain64", m->plain64},
		{"_id64", m->id64},
	};

	for (size_t i = 0; i < N_ELEMENTS(words); i++) {
		*n_r = strlen(words[i].suffix);
		if (strncmp(word, words[i].suffix, *n_r) == 0)
			return words[i].value;
	}
	*n_r = 0;
	return NULL;
}

/* What a $word stands for; its length goes to *n_r. */
static const char *look_up(const struct stage *stage, const char *word,
			   size_t *n_r)
{
	size_t n = strspn(word, "abcdefghijklmnopqrstuvwxyz");
	size_t upper = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	const struct stage_mailbox *m;
	size_t suffix_len = 0;
	const char *value;
	char name[32];

	*n_r = n ? n : upper;
	if (*n_r >= sizeof(name))
		return NULL;
	for (size_t i = 0; i < *n_r; i++)
		name[i] = (char)tolower((unsigned char)word[i]);
	if (n == 3 && memcmp(name, "dir", 3) == 0)
		return stage->dir;
	m = stage_mailbox(stage, name, *n_r);
	if (!m)
		return NULL;
	value = n ? look_up_suffix(m, word + n, &suffix_len) : m->upper_id;
	*n_r += suffix_len;
	return value ? value : m->id;
}

/*
 * What stands between the braces of "$base64{…}": words and escapes in it are
 * put in first. text moves behind it.
 */
static bool expand_base64(const struct stage *stage, const char **text,
			  struct buf *out)
{
	size_t n = strcspn(*text, "}");
	char *inner = xstrdup(*text);
	struct buf words, octets;
	bool good;

	inner[n] = '\0';
	buf_init(&words, BASE64_MAX);
	buf_init(&octets, BASE64_MAX);
	stage_expand(stage, inner, &words);
	good = (*text)[n] == '}' && story_unescape(words.data, &octets) &&
	       base64_encode((const uint8_t *)octets.data, octets.len, out);
	*text += n + 1;
	buf_release(&words);
	buf_release(&octets);
	free(inner);
	return good;
}

void stage_expand(const struct stage *stage, const char *text, struct buf *out)
{
	static const char base64[] = "$base64{";
	bool fits = true;

	while (*text && fits) {
		size_t n = 0;
		const char *value = NULL;

		if (strncmp(text, base64, strlen(base64)) == 0) {
			text += strlen(base64);
			fits = expand_base64(stage, &text, out);
			continue;
		}
		if (*text == '$')
			value = look_up(stage, text + 1, &n);
		if (value) {
			fits = buf_adds(out, value);
			text += 1 + n;
		} else {
			fits = buf_add(out, text++, 1);
		}
	}
	if (!fits)
		die_usage("too long, or no base64: %s", text);
}

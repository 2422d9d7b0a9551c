/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where libconfuse is held: it knows the syntax, our table knows the keys. It
 * never sees a comment and never speaks to anybody but us.
 */
#include "common/base.h"
#include "common/conf_file.h"

#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

#include <confuse.h>

#include "common/buf.h"
#include "common/conf_comment.h"
#include "common/log.h"
#include "common/read_all.h"

enum { CONF_FILE_MAX = 1 << 20 };

/* One file being read. */
struct reading {
	const struct conf_table *table;
	const char *name;
	struct err *e;
	bool told; /* e is set; the first fault is the one that is told */
};

/* What a callback of libconfuse must know about its option. */
struct slot {
	const struct conf_key *key;
	struct reading *reading;
};

/* --- reading the file ----------------------------------------------------- */

static int fault(const struct reading *r, unsigned line, const char *what)
{
	return err_set(r->e, ERR_CONFIG, "%s:%u: %s", r->name, line, what);
}

static int read_text(int fd, struct reading *r, struct buf *text)
{
	if (read_all(fd, text) < 0)
		return errno == EFBIG
			       ? err_set(r->e, ERR_CONFIG,
					 "%s: longer than %d bytes", r->name,
					 CONF_FILE_MAX)
			       : err_sys(r->e, "%s: cannot be read", r->name);
	if (memchr(text->data, '\0', text->len))
		return err_set(r->e, ERR_CONFIG,
			       "%s: a NUL byte: this is not a text file",
			       r->name);
	return 0;
}

/*
 * libconfuse 3.3 counts two lines too many for each comment, and takes an
 * unfinished comment or section for finished: half a file would be read as
 * the whole. So it gets neither.
 */
static int blank_comments(const struct reading *r, char *text)
{
	unsigned line;
	const char *what = conf_blank_comments(text, &line);

	return what ? fault(r, line, what) : 0;
}

/* --- libconfuse ----------------------------------------------------------- */

/*
 * Callbacks get no argument of ours. The default of an integer is a field that
 * libconfuse copies with every option and does not look at in a string, so our
 * slot rides there. Every group begins with an option that has one.
 */
_Static_assert(sizeof(long) >= sizeof(void *),
	       "a pointer must fit into a long");

static cfg_opt_t option(struct slot *slot)
{
	return (cfg_opt_t){
		.name = slot->key->name,
		.type = CFGT_STR,
		.flags = CFGF_NODEFAULT |
			 (slot->key->type->list ? CFGF_LIST : CFGF_NONE),
		.def.number = (long)(intptr_t)slot,
	};
}

static const struct slot *slot_of(const cfg_opt_t *opt)
{
	return (const struct slot *)(intptr_t)opt->def.number;
}

/* libconfuse's own complaint about syntax or an unknown key. */
PRINTF_LIKE(2, 0)
static void on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	const struct slot *first = slot_of(&cfg->opts[0]);
	struct reading *r = first->reading;
	char what[200];

	if (r->told)
		return;
	r->told = true;
	vsnprintf(what, sizeof(what), fmt, ap);
	err_set(r->e, ERR_CONFIG, "%s:%d: %s%s%s", r->name, cfg->line,
		first->key->section ? first->key->section : "",
		first->key->section ? ": " : "", what);
}

/* After each value: is it what the key's row expects? */
static int on_value(cfg_t *cfg, cfg_opt_t *opt)
{
	const struct slot *slot = slot_of(opt);
	const struct conf_key *key = slot->key;
	struct reading *r = slot->reading;
	const char *value = cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);

	if (key->type->set(key, value, NULL))
		return 0;
	r->told = true;
	return err_set(r->e, ERR_CONFIG, "%s:%d: %s%s%s = '%s': expected %s",
		       r->name, cfg->line, key->section ? key->section : "",
		       key->section ? " " : "", key->name, value,
		       key->expected);
}

static bool same_section(const struct conf_key *a, const struct conf_key *b)
{
	if (!a->section || !b->section)
		return a->section == b->section;
	return strcmp(a->section, b->section) == 0;
}

/*
 * The table as libconfuse wants it: top[] takes the top and one row a section,
 * grouped[] the keys of the sections, each group ended by an empty row.
 */
static void fill_options(const struct conf_table *t, struct slot *slots,
			 cfg_opt_t *top, cfg_opt_t *grouped)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct conf_key *key = &t->keys[i];
		cfg_opt_t opt = option(&slots[i]);

		opt.validcb = on_value;
		if (!key->section) {
			*top++ = opt;
			continue;
		}
		if (i == 0 || !same_section(key, key - 1))
			*top++ = (cfg_opt_t){.name = key->section,
					     .type = CFGT_SEC,
					     .subopts = grouped};
		*grouped++ = opt;
		if (i + 1 == t->n || !same_section(key, key + 1))
			grouped++;
	}
}

static cfg_t *parser_new(struct reading *r, struct slot *slots)
{
	size_t n = r->table->n;
	cfg_opt_t *top = xcalloc(n + 1, sizeof(*top));
	cfg_opt_t *grouped = xcalloc(2 * n + 1, sizeof(*grouped));
	cfg_t *cfg;

	for (size_t i = 0; i < n; i++)
		slots[i] = (struct slot){&r->table->keys[i], r};
	fill_options(r->table, slots, top, grouped);
	cfg = cfg_init(top, CFGF_NONE); /* copies the options */
	if (!cfg)
		die_temp("out of memory for a configuration file");
	cfg_set_error_function(cfg, on_error);
	free(grouped);
	free(top);
	return cfg;
}

/* --- what was read -------------------------------------------------------- */

static void *member_of(const struct conf_key *key, void *out)
{
	return (char *)out + key->offset;
}

static void must_set(const struct conf_key *key, const char *text, void *out)
{
	if (!key->type->set(key, text, member_of(key, out)))
		die_bug("key %s: '%s' passed a check and failed it", key->name,
			text);
}

static void take_values(const struct conf_table *t, cfg_t *cfg, void *out)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct conf_key *key = &t->keys[i];
		cfg_t *group =
			key->section ? cfg_getsec(cfg, key->section) : cfg;
		cfg_opt_t *opt = cfg_getopt(group, key->name);

		for (unsigned v = 0; v < cfg_opt_size(opt); v++)
			must_set(key, cfg_opt_getnstr(opt, v), out);
		if (cfg_opt_size(opt) == 0 && key->fallback)
			must_set(key, key->fallback, out);
	}
}

static int parse_text(struct reading *r, char *text, void *out)
{
	struct slot *slots = xcalloc(r->table->n, sizeof(*slots));
	cfg_t *cfg = parser_new(r, slots);
	int result = 0;

	if (cfg_parse_buf(cfg, text) == CFG_SUCCESS)
		take_values(r->table, cfg, out);
	else if (r->told)
		result = -1;
	else
		result = fault(r, (unsigned)cfg->line, "this cannot be read");
	cfg_free(cfg); /* also sets libconfuse's scanner back */
	free(slots);
	return result;
}

int conf_file_read(int fd, const char *name, const struct conf_table *table,
		   void *out, struct err *e)
{
	struct reading r = {.table = table, .name = name, .e = e};
	struct buf text;
	int result;

	buf_init(&text, CONF_FILE_MAX);
	result = read_text(fd, &r, &text);
	if (result == 0)
		result = blank_comments(&r, text.data);
	if (result == 0)
		result = parse_text(&r, text.data, out);
	buf_release(&text);
	return result;
}

void conf_table_release(const struct conf_table *table, void *out)
{
	for (size_t i = 0; i < table->n; i++)
		if (table->keys[i].type->release)
			table->keys[i].type->release(
				member_of(&table->keys[i], out));
}

const struct conf_key *conf_table_find(const struct conf_table *table,
				       const char *section, const char *name)
{
	const struct conf_key wanted = {.section = section, .name = name};

	for (size_t i = 0; i < table->n; i++)
		if (same_section(&table->keys[i], &wanted) &&
		    strcmp(table->keys[i].name, name) == 0)
			return &table->keys[i];
	return NULL;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Many mailboxes by a list. All of it is checked before the first is made. A
 * line with id and password is durable before its mailbox is made with them:
 * whoever is killed, no mailbox has a password that nobody knows, and who goes
 * on makes the last one of the file again, or finds it made.
 */
#include "common/base.h"
#include "handlers/tool/create.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/log.h"
#include "common/random_id.h"
#include "common/read_all.h"
#include "handlers/admin/names.h"
#include "handlers/tool/csv.h"
#include "handlers/tool/store.h"
#include "handlers/tool/text.h"

enum { LIST_MAX = 8 << 20, LINE_MAX_OCTETS = 4096, FAULTS_TOLD = 20 };

struct row {
	struct mailbox_conf conf;
	unsigned line;
	bool is_made;
};

struct list {
	struct tool *tool;
	const char *file, *passwords; /* passwords NULL: to stdout */
	bool same_name;
	struct row *rows;
	size_t n;
	/* Of the row that a run before had begun, and not made. */
	struct secret password;
	size_t begun; /* its place; n: none */
};

/* --- the files ------------------------------------------------------------ */

/* Its name is to be there, too, when the first mailbox is. */
static int sync_folder_of(const char *file, struct err *e)
{
	char *copy = xstrdup(file), *slash = strrchr(copy, '/');
	int fd, result;

	if (slash)
		slash[slash == copy] = '\0';
	fd = open(slash ? copy : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	result = fd < 0 || fsync(fd) < 0 ? err_sys(e, "the folder of %s", file)
					 : 0;
	if (fd >= 0)
		close(fd);
	free(copy);
	return result;
}

static int open_new(const char *file, struct err *e)
{
	int fd = open(file,
		      O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC |
			      O_NOCTTY,
		      0600);

	if (fd >= 0)
		return fd;
	err_sys(e, "%s%s", file,
		errno == EEXIST ? " (--resume goes on with it)" : "");
	e->kind = ERR_CONFIG;
	return -1;
}

/* What another run writes to at this moment is its own. */
static int open_begun(const char *file, struct err *e)
{
	int fd = open(file, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd < 0) {
		err_sys(e, "%s", file);
		e->kind = ERR_CONFIG;
		return -1;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	close(fd);
	err_set(e, ERR_BUSY, "%s: no file, or in use", file);
	return -1;
}

static int open_passwords(struct tool *t, const struct tool_args *a,
			  struct err *e)
{
	const char *file = tool_value(a, "passwords");

	if (!file)
		return tool_has(a, "resume")
			       ? err_set(e, ERR_CONFIG,
					 "--resume needs --passwords FILE")
			       : 0;
	t->passwords =
		tool_has(a, "resume") ? open_begun(file, e) : open_new(file, e);
	if (t->passwords < 0)
		return -1;
	if (flock(t->passwords, LOCK_EX | LOCK_NB) < 0)
		return err_sys(e, "%s", file);
	return sync_folder_of(file, e);
}

int create_open_files(struct tool *t, const struct tool_args *a, struct err *e)
{
	const char *file = tool_value(a, "csv");

	if (!file)
		return tool_has(a, "passwords") || tool_has(a, "resume")
			       ? err_set(e, ERR_CONFIG,
					 "--passwords and --resume are for "
					 "--csv FILE")
			       : 0;
	t->csv = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (t->csv < 0) {
		err_sys(e, "%s", file);
		e->kind = ERR_CONFIG;
		return -1;
	}
	return open_passwords(t, a, e);
}

/* --- the list ------------------------------------------------------------- */

/* A cell of recipients or targets may hold several, by spaces. */
static int take_cell(struct mailbox_conf *c, const char *key, const char *cell,
		     struct err *e)
{
	bool several =
		strcmp(key, "recipient") == 0 || strcmp(key, "target") == 0;
	char *copy, *rest, *word;
	int result = 0;

	if (!*cell)
		return 0;
	if (!several)
		return create_take(c, key, cell, e);
	copy = rest = xstrdup(cell);
	while (result == 0 && (word = strsep(&rest, " ")))
		result = *word ? create_take(c, key, word, e) : 0;
	free(copy);
	return result;
}

static int fill_row(struct row *row, const struct csv_record *head,
		    const struct csv_record *r, struct err *e)
{
	if (r->n != head->n)
		return err_set(e, ERR_CONFIG,
			       "%zu fields, and the first line has %zu", r->n,
			       head->n);
	if (create_take(&row->conf, "description", "", e) < 0)
		return -1;
	for (size_t i = 0; i < r->n; i++)
		if (take_cell(&row->conf, head->fields[i], r->fields[i], e) < 0)
			return -1;
	return row->conf.name ? 0 : err_set(e, ERR_CONFIG, "no name");
}

/* Some are told; the others are counted. */
static void tell_fault(const struct list *l, unsigned line, size_t *faults,
		       const struct err *e)
{
	if ((*faults)++ < FAULTS_TOLD)
		log_error("%s: line %u: %s", l->file, line, e->text);
}

static int read_rows(struct list *l, struct csv *c,
		     const struct csv_record *head, size_t *faults,
		     struct err *e)
{
	struct csv_record r;
	int result;

	while ((result = csv_read(c, &r, e)) > 0) {
		struct row *row;

		l->rows = xgrow(l->rows, l->n, sizeof(*l->rows));
		row = &l->rows[l->n++];
		*row = (struct row){.line = c->line};
		if (fill_row(row, head, &r, e) < 0)
			tell_fault(l, row->line, faults, e);
		csv_release(&r);
	}
	return result;
}

static int check_head(const struct csv_record *head, struct err *e)
{
	bool has_name = false;

	for (size_t i = 0; i < head->n; i++) {
		has_name |= strcmp(head->fields[i], "name") == 0;
		for (size_t k = 0; k < i; k++)
			if (strcmp(head->fields[i], head->fields[k]) == 0)
				return err_set(e, ERR_CONFIG,
					       "line 1: column %s twice",
					       head->fields[i]);
	}
	return has_name ? 0
			: err_set(e, ERR_CONFIG,
				  "line 1: expected the names of columns, of "
				  "which one is name");
}

static int parse_list(struct list *l, const struct buf *text, size_t *faults,
		      struct err *e)
{
	struct csv_record head;
	struct csv c;
	int result;

	csv_begin(&c, text->data, text->len);
	result = csv_read(&c, &head, e);
	if (result <= 0)
		return result < 0 ? -1 : err_set(e, ERR_CONFIG, "is empty");
	result = check_head(&head, e);
	if (result == 0)
		result = read_rows(l, &c, &head, faults, e);
	csv_release(&head);
	return result;
}

static int read_list(struct list *l, size_t *faults, struct err *e)
{
	struct buf text;
	int result;

	buf_init(&text, LIST_MAX);
	result = read_all(l->tool->csv, &text) < 0
			 ? err_sys(e, "cannot be read")
			 : parse_list(l, &text, faults, e);
	buf_release(&text);
	l->begun = l->n;
	if (result < 0) {
		err_prefix(e, "%s", l->file);
		e->kind = ERR_CONFIG;
	}
	return result;
}

/* --- what is made already ------------------------------------------------- */

enum { OUT_NAME, OUT_ID, OUT_ADDRESS, OUT_PASSWORD, OUT_FIELDS };

static const char out_head[] = "name,id,address,password\n";

/* Whether a line of the file is the row's; then it has its id from there. */
static bool belongs(struct row *row, const struct csv_record *r)
{
	char id[MAILBOX_ID_LEN + 1];

	if (r->n != OUT_FIELDS || !row->conf.name ||
	    strcmp(r->fields[OUT_NAME], row->conf.name) != 0 ||
	    !mailbox_id_parse(r->fields[OUT_ID], strlen(r->fields[OUT_ID]),
			      id) ||
	    (row->conf.id[0] && strcmp(row->conf.id, id) != 0))
		return false;
	memcpy(row->conf.id, id, sizeof(id));
	return true;
}

/* Only the last may be begun and not made: it is made before another is. */
static int take_line(struct list *l, size_t i, const struct csv_record *r,
		     bool is_last, struct err *e)
{
	struct mailbox *m;

	if (i >= l->n || !belongs(&l->rows[i], r))
		return err_set(e, ERR_CONFIG, "is not of this list");
	m = mailbox_open(l->tool->store, l->rows[i].conf.id, e);
	l->rows[i].is_made = m || !is_last;
	if (!m && e->kind != ERR_ABSENT)
		return -1;
	mailbox_close(&m);
	if (l->rows[i].is_made)
		return 0;
	l->begun = i;
	secret_set(&l->password, r->fields[OUT_PASSWORD],
		   strlen(r->fields[OUT_PASSWORD]));
	return 0;
}

static int take_lines(struct list *l, const struct secret *text, size_t n,
		      struct err *e)
{
	struct csv_record r;
	struct csv c;
	size_t i = 0;
	int result;

	csv_begin(&c, (const char *)text->bytes, n);
	result = csv_read(&c, &r, e);
	csv_release(&r);
	while (result > 0 && (result = csv_read(&c, &r, e)) > 0) {
		int taken = take_line(l, i++, &r, c.at == c.end, e);

		csv_release(&r);
		if (taken < 0)
			result = -1;
		if (result < 0)
			err_prefix(e, "line %u", c.line);
	}
	return result;
}

/* A line that was not finished had not been relied on yet. */
static int cut_last_line(int fd, const struct secret *text, ssize_t *n,
			 struct err *e)
{
	while (*n > 0 && text->bytes[*n - 1] != '\n')
		--*n;
	return ftruncate(fd, *n) < 0 || lseek(fd, *n, SEEK_SET) < 0
		       ? err_sys(e, "cannot be cut")
		       : 0;
}

static int read_made(struct list *l, struct err *e)
{
	int fd = l->tool->passwords, result;
	struct secret text;
	ssize_t n;

	secret_init(&text, LIST_MAX);
	n = read_up_to(fd, text.bytes, text.len);
	result = n < 0 ? err_sys(e, "cannot be read")
		       : cut_last_line(fd, &text, &n, e);
	if (result == 0)
		result = take_lines(l, &text, (size_t)n, e);
	secret_release(&text);
	if (result == 0 && n == 0)
		result = write_all(fd, out_head, sizeof(out_head) - 1);
	return result < 0 ? err_prefix(e, "%s", l->passwords) : 0;
}

/* --- checking all of it --------------------------------------------------- */

struct taken {
	struct conf_strings names, ids;
};

static int check_row(struct list *l, struct row *row, struct taken *t,
		     struct err *e)
{
	const struct mailbox_conf *c = &row->conf;

	if (!l->same_name && conf_strings_has(&t->names, c->name))
		return err_set(e, ERR_STATE,
			       "the name '%s' is taken, and --same-name is "
			       "not given",
			       c->name);
	if (*c->id && conf_strings_has(&t->ids, c->id))
		return err_set(e, ERR_STATE, "%s twice", c->id);
	return create_check_id(l->tool, c->id, e);
}

static int check_rows(struct list *l, size_t *faults, struct err *e)
{
	struct taken t = {.ids = {.n = 0}};
	int result = names_all(l->tool->store, &t.names, e);

	for (size_t i = 0; result == 0 && i < l->n; i++) {
		struct row *row = &l->rows[i];

		if (row->is_made || !row->conf.name)
			continue;
		if (check_row(l, row, &t, e) < 0)
			tell_fault(l, row->line, faults, e);
		conf_strings_add(&t.names, row->conf.name);
		if (row->conf.id[0])
			conf_strings_add(&t.ids, row->conf.id);
	}
	conf_strings_release(&t.names);
	conf_strings_release(&t.ids);
	return result;
}

static int prepare(struct list *l, bool resumes, struct err *e)
{
	size_t faults = 0;

	if (read_list(l, &faults, e) < 0)
		return -1;
	if (resumes && faults == 0 && read_made(l, e) < 0)
		return -1;
	if (check_rows(l, &faults, e) < 0)
		return -1;
	if (faults)
		return err_set(e, ERR_CONFIG,
			       "%s: %zu fault%s, and nothing was made", l->file,
			       faults, faults == 1 ? "" : "s");
	return 0;
}

/* --- making them ---------------------------------------------------------- */

/* "name,id,address,password", to fd by itself: no buffer of stdio has it. */
static int write_row(const struct list *l, const struct mailbox_conf *c, int fd,
		     struct err *e)
{
	struct buf line;
	int result;

	buf_init(&line, LINE_MAX_OCTETS);
	if (!csv_add(&line, c->name) ||
	    !buf_addf(&line, ",%s,%s@%s,", c->id, c->id,
		      l->tool->conf->domain) ||
	    !buf_add(&line, l->password.bytes, l->password.len) ||
	    !buf_adds(&line, "\n"))
		die_bug("a line is longer than %d", LINE_MAX_OCTETS);
	result = write_all(fd, line.data, line.len);
	buf_wipe(&line);
	buf_release(&line);
	return result < 0 ? err_sys(e, "the password could not be kept") : 0;
}

/* The line is there before the mailbox, wherever this ends. */
static int keep_password(const struct list *l, const struct row *row, size_t i,
			 struct err *e)
{
	if (!l->passwords || l->begun == i)
		return 0;
	if (write_row(l, &row->conf, l->tool->passwords, e) < 0)
		return -1;
	return fsync(l->tool->passwords) < 0 ? err_sys(e, "%s", l->passwords)
					     : 0;
}

/* Its line is kept only if its name is still free, and is held until it is. */
static int make_new(struct list *l, struct row *row, size_t i, struct err *e)
{
	struct tool *t = l->tool;
	int result = store_hold_names(t->store, e);

	if (result < 0)
		return -1;
	if (!l->same_name)
		result = names_check_free(t->store, row->conf.name, "", e);
	if (result == 0)
		result = keep_password(l, row, i, e);
	if (result == 0)
		result = mailbox_create_with(t->store, &row->conf,
					     t->conf->identity.scrypt_log_n,
					     &l->password, e);
	store_let_names_go(t->store);
	return result;
}

static int make_row(struct list *l, size_t i, struct err *e)
{
	struct row *row = &l->rows[i];
	int result;

	if (!row->conf.id[0])
		mailbox_id_new(row->conf.id);
	if (l->begun != i)
		password_new(&l->password);
	result = make_new(l, row, i, e);
	if (result == 0 && !l->passwords &&
	    write_row(l, &row->conf, STDOUT_FILENO, e) < 0)
		result = err_prefix(e, "mailbox %s was created, delete it",
				    row->conf.id);
	secret_release(&l->password);
	return result;
}

static int make_rows(struct list *l, size_t *made_r, struct err *e)
{
	*made_r = 0;
	for (size_t i = 0; i < l->n; i++) {
		if (l->rows[i].is_made)
			continue;
		tool_progress("mailbox", i + 1, l->n);
		if (make_row(l, i, e) < 0)
			return err_prefix(e, "%s: line %u, and none behind it",
					  l->file, l->rows[i].line);
		++*made_r;
	}
	tool_progress_end();
	return 0;
}

static void release_list(struct list *l)
{
	for (size_t i = 0; i < l->n; i++)
		mailbox_conf_release(&l->rows[i].conf);
	free(l->rows);
	secret_release(&l->password);
	if (l->tool->passwords >= 0)
		close(l->tool->passwords);
	close(l->tool->csv);
}

static int check_options(const struct tool_args *a, struct err *e)
{
	static const char *const single[] = {"description", "recipient",
					     "target", "id", "porcelain"};

	for (size_t i = 0; i < N_ELEMENTS(single); i++)
		if (tool_has(a, single[i]))
			return err_set(e, ERR_CONFIG,
				       "--%s does not go with --csv: the list "
				       "has columns",
				       single[i]);
	return 0;
}

static int begin_output(const struct list *l, bool resumes, struct err *e)
{
	int fd = l->passwords ? l->tool->passwords : STDOUT_FILENO;

	if (resumes || write_all(fd, out_head, sizeof(out_head) - 1) == 0)
		return 0;
	return err_sys(e, "%s",
		       l->passwords ? l->passwords : "standard output");
}

int create_by_list(struct tool *t, const struct tool_args *a, struct err *e)
{
	struct list l = {.tool = t,
			 .file = tool_value(a, "csv"),
			 .passwords = tool_value(a, "passwords"),
			 .same_name = tool_has(a, "same-name"),
			 .password = SECRET_EMPTY};
	bool resumes = tool_has(a, "resume");
	size_t made = 0;
	int result = check_options(a, e);

	if (result == 0)
		result = prepare(&l, resumes, e);
	if (result < 0 && l.passwords && !resumes)
		(void)unlink(l.passwords); /* empty, and in the way */
	if (result == 0)
		result = begin_output(&l, resumes, e);
	if (result == 0)
		result = make_rows(&l, &made, e);
	if (result == 0)
		fprintf(stderr, "mailboxes made: %zu\n", made);
	release_list(&l);
	return result;
}

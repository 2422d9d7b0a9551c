/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `ledger verify`: which ledgers, and how it is told. Never signs. */
#include "common/base.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "common/iso_time.h"
#include "common/log.h"
#include "common/read_all.h"
#include "common/utf8.h"
#include "handlers/admin/ledger_verify.h"
#include "handlers/tool/args.h"
#include "handlers/tool/command.h"
#include "handlers/tool/json.h"
#include "handlers/tool/ledger.h"
#include "handlers/tool/store.h"
#include "handlers/tool/text.h"

struct verify {
	struct tool *tool;
	int place; /* a directory of ledgers */
	bool content, as_json, has_failed, one_user;
	bool has_host;	/* there is a host's ledger beside */
	bool ours;	/* the place in use, not a copy */
	bool file_fits; /* a ledger that --checkpoint is of was there */
	struct ledger_known known;
	struct buf note; /* of --checkpoint */
	struct json json;
};

/* --- for people ------------------------------------------------------------
 */

static void print_signed(const struct ledger_report *r)
{
	const struct check *c = &r->check;

	if (!c->checkpoint.size)
		printf("  nothing was signed yet, %" PRIu64 " entries wait\n",
		       c->unsigned_entries);
	else
		printf("  %" PRIu64 " entries are signed, %" PRIu64
		       " wait to be\n  %s\n",
		       c->checkpoint.size, c->unsigned_entries,
		       c->checkpoint.origin);
	if (r->n_known)
		printf("  the host's ledger has kept %" PRIu64
		       " checkpoints of it\n",
		       r->n_known);
	if (r->has_file)
		printf("  it goes on from the checkpoint in %s\n",
		       r->known->file);
}

static void print_presence(const struct ledger_report *r)
{
	const uint64_t *n = r->presence.states;

	printf("  %" PRIu64 " messages received", r->received);
	if (r->has_mailbox)
		printf(": %" PRIu64 " waiting, %" PRIu64 " in gone/, %" PRIu64
		       " collected",
		       n[PRESENCE_WAITS], n[PRESENCE_IN_GONE],
		       n[PRESENCE_COLLECTED]);
	if (n[PRESENCE_EXPIRED])
		printf(", %" PRIu64 " expired", n[PRESENCE_EXPIRED]);
	if (n[PRESENCE_LOST])
		printf(", %" PRIu64 " in lost/ since a reset",
		       n[PRESENCE_LOST]);
	putchar('\n');
	if (n[PRESENCE_BEFORE] || r->evidence.missing_before)
		printf("  %" PRIu64 " of before were not there when it began\n",
		       n[PRESENCE_BEFORE] + r->evidence.missing_before);
	if (r->evidence.differ_before)
		printf("  %" PRIu64 " of before were other files when it "
		       "began\n",
		       r->evidence.differ_before);
	if (n[PRESENCE_UNPROVED])
		printf("  %" PRIu64 " were collected before a session key was "
		       "known: nobody proves it\n",
		       n[PRESENCE_UNPROVED]);
	if (n[PRESENCE_FULL])
		printf("  %" PRIu64 " were taken by a full disk, as a handler "
		       "says: nobody proves it\n",
		       n[PRESENCE_FULL]);
	if (r->presence.not_entered)
		printf("  %" PRIu64 " lie there and are not entered yet\n",
		       r->presence.not_entered);
	if (r->was_hashed)
		printf("  %" PRIu64 " files were hashed\n", r->hashed);
}

/* What no ledger can prove, said where it is so. */
static void print_limits(const struct verify *v, const struct ledger_report *r)
{
	if (r->without_key)
		printf("  %" PRIu64 " sessions before a session key was known: "
		       "what they collected is not provable\n",
		       r->without_key);
	if (r->is_gone && !r->evidence.deleted)
		puts("  there is no such mailbox any more");
	if (v->one_user)
		puts("  one user owns store and ledger here: this proves "
		     "nothing against that user");
}

/* Each run of the sequencer begins with the host's ledger. */
static void judge_host(struct verify *v)
{
	if (v->known.host_holds || (!v->ours && !v->has_host))
		return;
	v->has_failed = true;
	log_error(v->has_host ? "the host's ledger does not hold, so nothing "
				"was held against it"
			      : "the host's ledger is not there");
}

static void print_fault(const struct check_fault *f)
{
	printf("  %s", f->file);
	if (f->entry != CHECK_NOWHERE)
		printf(", entry %" PRIu64, f->entry);
	if (f->at != CHECK_NOWHERE)
		printf(", octet %" PRIu64, f->at);
	printf(": %s\n", f->text);
}

static void print_report(const struct verify *v, const char *name,
			 const struct ledger_report *r)
{
	printf("%s\n", name);
	print_signed(r);
	if (strcmp(name, "host") != 0)
		print_presence(r);
	print_limits(v, r);
	fwrite(r->notes.data, 1, r->notes.len, stdout);
	if (r->n_notes > LEDGER_NOTES_MAX)
		printf("  and %u more of the kind\n",
		       r->n_notes - LEDGER_NOTES_MAX);
	if (r->check.fault.file)
		print_fault(&r->check.fault);
	puts(r->holds ? "  holds\n" : "  DOES NOT HOLD\n");
}

/* --- for programs ----------------------------------------------------------
 */

static void write_fault(struct json *j, const struct check_fault *f)
{
	json_text(j, "fault", f->text);
	json_text(j, "fault-file", f->file);
	if (f->entry != CHECK_NOWHERE)
		json_number(j, "fault-entry", f->entry);
	if (f->at != CHECK_NOWHERE)
		json_number(j, "fault-octet", f->at);
}

static void write_presence(struct json *j, const struct presence_report *l)
{
	const uint64_t *n = l->states;

	json_number(j, "waiting", n[PRESENCE_WAITS]);
	json_number(j, "in-gone", n[PRESENCE_IN_GONE]);
	json_number(j, "collected", n[PRESENCE_COLLECTED]);
	json_number(j, "not-provable", n[PRESENCE_UNPROVED]);
	json_number(j, "full", n[PRESENCE_FULL]);
	json_number(j, "expired", n[PRESENCE_EXPIRED]);
	json_number(j, "lost", n[PRESENCE_LOST]);
	json_number(j, "before", n[PRESENCE_BEFORE]);
	json_number(j, "not-entered", l->not_entered);
	json_number(j, "missing", l->faults[PRESENCE_MISSING]);
	json_number(j, "untold", l->faults[PRESENCE_UNTOLD]);
}

/* Of what it goes on behind. */
static void write_former(struct json *j, const struct ledger_report *r)
{
	const struct entry_before *b = &r->first.before;

	if (!b->act[0])
		return;
	json_text(j, "act", b->act);
	json_text(j, "after", b->origin);
	json_number(j, "entries-before", b->size);
	json_text(j, "reason", b->reason);
	json_number(j, "former", r->n_former);
	json_number(j, "missing-before", r->evidence.missing_before);
	json_number(j, "differs-before", r->evidence.differ_before);
}

static void write_report(struct json *j, const char *name,
			 const struct ledger_report *r)
{
	json_object_begin(j);
	json_text(j, "ledger", name);
	json_bool(j, "holds", r->holds);
	json_text(j, "origin", r->check.checkpoint.origin);
	json_number(j, "signed", r->check.checkpoint.size);
	json_number(j, "unsigned", r->check.unsigned_entries);
	json_number(j, "received", r->received);
	json_number(j, "passed-over", r->passed_over);
	json_number(j, "not-theirs", r->not_theirs);
	json_number(j, "unproved-sessions", r->unproved);
	json_number(j, "sessions-without-key", r->without_key);
	json_number(j, "differs",
		    r->differs + r->presence.faults[PRESENCE_DIFFERS]);
	write_former(j, r);
	if (r->has_mailbox)
		write_presence(j, &r->presence);
	if (r->was_hashed)
		json_number(j, "hashed", r->hashed);
	if (r->check.fault.file)
		write_fault(j, &r->check.fault);
	json_object_end(j);
}

/* --- which ones ------------------------------------------------------------
 */

static void show_progress(const char *what, uint64_t done, uint64_t all)
{
	if (done < all)
		tool_progress(what, done, all);
	else
		tool_progress_end();
}

static void show_entries(uint64_t done, uint64_t all)
{
	show_progress("entry", done, all);
}

static void show_messages(uint64_t done, uint64_t all)
{
	show_progress("message", done, all);
}

static int verify_one(struct verify *v, int dir, const char *name,
		      struct err *e)
{
	const struct ledger_look how = {.known = &v->known,
					.store = v->tool->store,
					.content = v->content,
					.entries = show_entries,
					.messages = show_messages};
	struct ledger_report r;
	int result = ledger_verify(dir, name, &how, &r, e);

	if (result == 0) {
		v->has_failed = v->has_failed || !r.holds;
		v->file_fits = v->file_fits || r.has_file;
		if (v->as_json)
			write_report(&v->json, name, &r);
		else
			print_report(v, name, &r);
	}
	ledger_report_release(&r);
	return result;
}

static int verify_name(struct verify *v, const char *name, struct err *e)
{
	int dir = tool_ledger_folder(v->place, name, e), result;

	if (dir < 0)
		return -1;
	result = verify_one(v, dir, name, e);
	close(dir);
	return result;
}

/* The host's first: what it knows of them is held against the others. */
static int know_host(struct verify *v, const char *of, struct err *e)
{
	int dir = openat(v->place, "host",
			 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int result;

	v->has_host = dir >= 0;
	result = v->has_host ? ledger_known_read(dir, of, &v->known, e) : 0;
	if (v->has_host)
		close(dir);
	if (result == 0)
		judge_host(v);
	return result;
}

/* A name that the host's ledger knows, with the last that it says of it. */
struct absent {
	char name[TOOL_LEDGER_NAME_SIZE];
	const struct ledger_vouched *last;
};

static void print_absent(const struct absent *a)
{
	const struct ledger_vouched *v = a->last;
	char when[ISO_TIME_LEN + 1], reason[ENTRY_REASON_SIZE];

	printf("%s\n", a->name);
	if (v->says != VOUCHED_DROPPED) {
		puts("  the host's ledger knows it, and it is not there\n"
		     "  DOES NOT HOLD\n");
		return;
	}
	iso_time_write(v->when, when);
	printf("  dropped after %" PRIu64 " entries on %s%s%s\n\n",
	       v->checkpoint.size, when, v->reason[0] ? ": " : "",
	       utf8_plain(v->reason, reason, sizeof(reason)));
}

static void write_absent(struct json *j, const struct absent *a)
{
	const struct ledger_vouched *v = a->last;

	json_object_begin(j);
	json_text(j, "ledger", a->name);
	json_bool(j, "holds", v->says == VOUCHED_DROPPED);
	if (v->says == VOUCHED_DROPPED) {
		json_time(j, "dropped", v->when);
		json_number(j, "entries-before", v->checkpoint.size);
		json_text(j, "reason", v->reason);
	} else {
		json_text(j, "fault",
			  "the host's ledger knows it, and it is not there");
	}
	json_object_end(j);
}

static void tell_absent(struct verify *v, const struct absent *a)
{
	struct stat st;

	if (fstatat(v->place, a->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return;
	v->has_failed = v->has_failed || a->last->says != VOUCHED_DROPPED;
	if (v->as_json)
		write_absent(&v->json, a);
	else
		print_absent(a);
}

/* "NAME/mbx-…/<ULID>" */
static bool name_of(const char *origin, char name_r[TOOL_LEDGER_NAME_SIZE])
{
	const char *at = strstr(origin, "/mbx-");

	return at && mailbox_id_parse(at + 1, strcspn(at + 1, "/"), name_r);
}

static int by_absent_name(const void *a, const void *b)
{
	const struct absent *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	/* In the order in which they were said. */
	return order ? order : (x->last > y->last) - (x->last < y->last);
}

static void find_absent(struct verify *v)
{
	struct absent *list = NULL, one;
	size_t n = 0;

	for (size_t i = 0; i < v->known.n; i++) {
		one.last = &v->known.list[i];
		if (!name_of(one.last->checkpoint.origin, one.name))
			continue;
		list = xgrow(list, n, sizeof(*list));
		list[n++] = one;
	}
	if (n)
		qsort(list, n, sizeof(*list), by_absent_name);
	for (size_t i = 0; i < n; i++)
		if (i + 1 == n || strcmp(list[i].name, list[i + 1].name) != 0)
			tell_absent(v, &list[i]);
	free(list);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int list_names(int place, char (**names_r)[TOOL_LEDGER_NAME_SIZE],
		      size_t *n_r, struct err *e)
{
	int fd = openat(place, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	char name[TOOL_LEDGER_NAME_SIZE];
	const struct dirent *entry;

	*names_r = NULL;
	*n_r = 0;
	if (!d) {
		err_sys(e, "the ledgers' directory");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while ((entry = readdir(d))) {
		if (!tool_ledger_is_name(entry->d_name, name) ||
		    strcmp(entry->d_name, name) != 0)
			continue;
		*names_r = xgrow(*names_r, *n_r, sizeof(**names_r));
		memcpy((*names_r)[(*n_r)++], name, sizeof(name));
	}
	closedir(d);
	if (*n_r)
		qsort(*names_r, *n_r, sizeof(**names_r), by_name);
	return 0;
}

static int verify_all(struct verify *v, struct err *e)
{
	char(*names)[TOOL_LEDGER_NAME_SIZE];
	int result;
	size_t n;

	if (list_names(v->place, &names, &n, e) < 0)
		return -1;
	result = n ? 0 : err_set(e, ERR_ABSENT, "there is no ledger yet");
	for (size_t i = 0; result == 0 && i < n; i++)
		result = verify_name(v, names[i], e);
	if (result == 0)
		find_absent(v);
	free(names);
	return result;
}

/* --- from where ------------------------------------------------------------
 */

static int open_ours(struct verify *v, struct err *e)
{
	struct tool *t = v->tool;

	t->conf = conf_read(t->conf_file, e);
	if (!t->conf)
		return -1;
	v->place = tool_ledger_place(t, e);
	if (v->place < 0 || tool_open_store(t, TOOL_NEEDS_STORE, e) < 0)
		return -1;
	v->ours = true;
	v->one_user = ledger_is_of_the_store(t->conf);
	return 0;
}

static int verify_ours(struct verify *v, const char *word, struct err *e)
{
	char name[TOOL_LEDGER_NAME_SIZE];

	if (open_ours(v, e) < 0)
		return -1;
	if (!word)
		return know_host(v, NULL, e) < 0 ? -1 : verify_all(v, e);
	if (tool_ledger_name(v->tool, word, name, e) < 0)
		return -1;
	return know_host(v, name, e) < 0 ? -1 : verify_name(v, name, e);
}

/* A ledger alone, with the host's beside it where that was copied, too. */
static int verify_folder(struct verify *v, int dir, const char *path,
			 struct err *e)
{
	v->place = openat(dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (v->place >= 0 && know_host(v, NULL, e) < 0)
		return -1;
	return verify_one(v, dir, path, e);
}

/* A copy, which needs no configuration; as its owner, not as root. */
static int verify_copy(struct verify *v, const char *path, struct err *e)
{
	int dir, result;

	if (tool_become_owner_of(path, e) < 0)
		return -1;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_open(e, "%s", path);
	if (faccessat(dir, "entries", F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		result = verify_folder(v, dir, path, e);
		close(dir);
		return result;
	}
	v->place = dir;
	return know_host(v, NULL, e) < 0 ? -1 : verify_all(v, e);
}

static int read_checkpoint(struct verify *v, const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), result = 0;

	if (fd < 0)
		return err_open(e, "%s", path);
	if (read_all(fd, &v->note) < 0)
		result = err_sys(e, "%s", path);
	close(fd);
	v->known.note = &v->note;
	v->known.file = path;
	return result;
}

static bool is_a_path(const char *word)
{
	return strchr(word, '/') || strcmp(word, ".") == 0 ||
	       strcmp(word, "..") == 0;
}

static int run(struct verify *v, const struct tool_args *a, struct err *e)
{
	const char *word = a->n_words ? a->words[0] : NULL;
	const char *file = tool_value(a, "checkpoint");
	int result;

	if (file && read_checkpoint(v, file, e) < 0)
		return -1;
	if (v->as_json)
		json_array_begin(&v->json);
	result = word && is_a_path(word) ? verify_copy(v, word, e)
					 : verify_ours(v, word, e);
	if (v->as_json)
		json_array_end(&v->json);
	if (result == 0 && file && !v->file_fits)
		return err_set(e, ERR_ABSENT,
			       "%s is a checkpoint of no ledger that was "
			       "looked at",
			       file);
	return result;
}

TOOL_RUN(ledger_verify)
{
	struct verify v = {.tool = t,
			   .place = -1,
			   .content = tool_has(a, "content"),
			   .as_json = tool_has(a, "json")};
	int result;

	buf_init(&v.note, NOTE_MAX);
	result = run(&v, a, e);
	if (v.place >= 0)
		close(v.place);
	ledger_known_release(&v.known);
	buf_release(&v.note);
	return result == 0 && v.has_failed ? TOOL_NEEDS_A_PERSON : result;
}

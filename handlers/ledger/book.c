/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing a ledger. Never signs what its memory does not cover. */
#include "common/base.h"
#include "handlers/ledger/book.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/num.h"
#include "common/random_id.h"
#include "handlers/ledger/activity.h"
#include "handlers/ledger/files.h"
#include "handlers/ledger/former.h"
#include "store/fault.h"
#include "store/ledger/check.h"
#include "store/ledger/places.h"
#include "store/ledger/reader.h"

enum { SIGN_EVERY = 5 * 60 }; /* seconds */

/* --- opening ---------------------------------------------------------------
 */

static int open_file(struct book *b, const char *name, int *fd_r, struct err *e)
{
	*fd_r = openat(b->dir, name,
		       O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
		       0640);
	return *fd_r < 0 ? err_sys(e, "ledger %s: %s", b->name, name) : 0;
}

/* What is beyond its memory was never published; the spools still hold it. */
static int cut_one(const struct book *b, int fd, const char *name,
		   uint64_t octets, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "ledger %s: %s", b->name, name);
	if ((uint64_t)st.st_size < octets)
		return err_set(e, ERR_DAMAGED,
			       "ledger %s: %s is shorter than it was signed: "
			       "%" PRIu64 " octets of %" PRIu64
			       ". Who changed it?",
			       b->name, name, (uint64_t)st.st_size, octets);
	if ((uint64_t)st.st_size > octets && ftruncate(fd, (off_t)octets) < 0)
		return err_sys(e, "ledger %s: %s", b->name, name);
	return 0;
}

static int cut_to(const struct book *b, uint64_t size, uint64_t octets,
		  struct err *e)
{
	if (cut_one(b, b->entries, "entries", octets, e) < 0 ||
	    cut_one(b, b->offsets, "offsets", size * LEDGER_OFFSET_SIZE, e) < 0)
		return -1;
	return cut_one(b, b->tiles, "tiles", size * DIGEST_SIZE, e);
}

int book_memory(const struct ledger_place *place, const char *name,
		struct memory *m_r, struct err *e)
{
	struct buf text;
	int result;

	buf_init(&text, MEMORY_OCTETS_MAX);
	result = files_read(place->memory, name, &text, e);
	if (result == 0 && !memory_parse(text.data, text.len, m_r)) {
		*m_r = (struct memory){.octets = 0};
		result = err_set(e, ERR_DAMAGED,
				 "ledger %s: its memory is not whole", name);
	}
	buf_release(&text);
	return result;
}

int book_remember(const struct ledger_place *place, const char *name,
		  const struct memory *m, struct err *e)
{
	struct buf text;
	int result;

	buf_init(&text, MEMORY_OCTETS_MAX);
	if (memory_write(m, &text))
		result = files_replace(place->memory, name, 0600, &text, e);
	else
		result = err_set(e, ERR_TEMP, "ledger %s: too much to remember",
				 name);
	buf_release(&text);
	return result;
}

static int write_key(const struct book *b, struct err *e)
{
	const struct note_key k =
		ledger_key_of(&b->place->key, b->memory.origin);
	struct buf text;
	int result;

	buf_init(&text, NOTE_MAX);
	if (note_key_write(&k, &text) && buf_adds(&text, "\n"))
		result = files_replace(b->dir, "vkey", 0640, &text, e);
	else
		result = err_set(e, ERR_CONFIG, "ledger: %s: too long",
				 b->memory.origin);
	buf_release(&text);
	return result;
}

static bool has_file(const struct book *b, const char *name)
{
	return faccessat(b->dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
	       errno != ENOENT;
}

/* What is put down behind a memory, without one: it was lost. */
static int check_unused(const struct book *b, struct err *e)
{
	const char *found = has_file(b, "checkpoint")  ? "a checkpoint"
			    : has_file(b, PLACES_FILE) ? "`" PLACES_FILE "`"
						       : NULL;

	if (!found)
		return 0;
	return err_set(e, ERR_DAMAGED,
		       "ledger %s: there are entries and %s, and memory/%s is "
		       "gone",
		       b->name, found, b->name);
}

int book_new_origin(const struct ledger_place *place, const char *name,
		    char origin_r[NOTE_NAME_MAX + 1], struct err *e)
{
	char ulid[ULID_LEN + 1];

	ulid_new(ulid);
	if (snprintf(origin_r, NOTE_NAME_MAX + 1, "%s/%s/%s", place->key.name,
		     name, ulid) <= NOTE_NAME_MAX)
		return 0;
	return err_set(e, ERR_CONFIG, "ledger: %s is too long a name",
		       place->key.name);
}

/* Its own first entry says where it goes on from, if from anywhere. */
static int write_first(struct book *b, struct err *e)
{
	struct entry first = {
		.kind = ENTRY_LEDGER,
		.ledger = {.when = time(NULL), .before = b->memory.before}};

	b->is_new = b->is_untouched = true;
	memcpy(first.ledger.origin, b->memory.origin,
	       sizeof(first.ledger.origin));
	return book_add_entry(b, &first, e);
}

static int begin(struct book *b, struct err *e)
{
	if (check_unused(b, e) < 0)
		return -1;
	b->memory = (struct memory){.octets = 0};
	if (book_new_origin(b->place, b->name, b->memory.origin, e) < 0)
		return -1;
	return write_first(b, e);
}

struct entry book_found(const struct book *b, enum entry_kind kind,
			const char *what)
{
	struct entry entry = {
		.kind = kind,
		.change = {
			.when = b->now, .by = "found", .who = "-", .how = "-"}};

	snprintf(entry.change.what, sizeof(entry.change.what), "%s", what);
	return entry;
}

/* The keys that the former ledger knew are the ledger's own word in this. */
static int name_keys(struct book *b, struct err *e)
{
	struct entry entry = book_found(b, ENTRY_KEY, "found");
	const struct memory *m = &b->memory;

	for (size_t i = 0; i < m->n_keys; i++) {
		memcpy(entry.change.session_key, m->keys[i],
		       sizeof(entry.change.session_key));
		if (book_add_entry(b, &entry, e) < 0)
			return -1;
	}
	return 0;
}

static int open_files(struct book *b, struct err *e)
{
	if (open_file(b, "entries", &b->entries, e) < 0 ||
	    open_file(b, "offsets", &b->offsets, e) < 0)
		return -1;
	return open_file(b, "tiles", &b->tiles, e);
}

/* Behind a former one: its files go first, and none of them is opened. */
static int begin_behind(struct book *b, struct err *e)
{
	struct memory *m = &b->memory;

	if (m->stage == MEMORY_MOVING) {
		if (former_move(b->dir, m, e) < 0)
			return -1;
		m->stage = MEMORY_BEGINNING;
		if (book_remember(b->place, b->name, m, e) < 0)
			return -1;
		fault_point("ledger.moved");
	}
	if (open_files(b, e) < 0 || write_first(b, e) < 0 ||
	    name_keys(b, e) < 0)
		return -1;
	m->stage = MEMORY_ACCOUNTING;
	return 0;
}

/*
 * A folder of before, put back behind an adoption: it is another ledger, and
 * may be longer than memory has ours, so that its size is no alarm.
 */
static int check_whose(const struct book *b, struct err *e)
{
	struct note_key key;
	struct err unread;

	if (check_key(b->dir, &key, &unread) < 0 ||
	    strcmp(key.name, b->memory.origin) == 0)
		return 0;
	return err_set(e, ERR_DAMAGED,
		       "ledger %s: what lies there is %s, and not the one that "
		       "goes on (restante ledger resume)",
		       b->name, key.name);
}

static int open_known(struct book *b, struct err *e)
{
	enum memory_stage stage = b->memory.stage;

	if (stage == MEMORY_DROPPING)
		return err_set(e, ERR_STATE, "ledger %s is being dropped",
			       b->name);
	if (stage == MEMORY_MOVING || stage == MEMORY_BEGINNING)
		return begin_behind(b, e);
	if (check_whose(b, e) < 0 || open_files(b, e) < 0)
		return -1;
	return cut_to(b, b->memory.tree.size, b->memory.octets, e);
}

int book_open(struct book *b, const struct ledger_place *place,
	      const char *name, struct err *e)
{
	*b = (struct book){.place = place,
			   .dir = -1,
			   .entries = -1,
			   .offsets = -1,
			   .tiles = -1,
			   .now = time(NULL),
			   .activity = -1};
	snprintf(b->name, sizeof(b->name), "%s", name);
	buf_init(&b->lines, BOOK_PENDING_MAX);
	buf_init(&b->places, BOOK_PENDING_MAX);
	buf_init(&b->hashes, BOOK_PENDING_MAX);
	buf_init(&b->sessions, BOOK_PENDING_MAX);
	b->dir = files_directory(place->dir, name, 0750, e);
	if (b->dir < 0)
		return -1;
	if (book_memory(place, name, &b->memory, e) == 0)
		return open_known(b, e);
	if (e->kind != ERR_ABSENT || open_files(b, e) < 0)
		return -1;
	return begin(b, e);
}

bool book_has_entries(const struct book *b)
{
	struct stat st;

	return fstat(b->entries, &st) < 0 || st.st_size > 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void book_close(struct book *b)
{
	close_fd(&b->tiles);
	close_fd(&b->offsets);
	close_fd(&b->entries);
	close_fd(&b->dir);
	activity_close(b);
	buf_release(&b->sessions);
	buf_release(&b->hashes);
	buf_release(&b->places);
	buf_release(&b->lines);
}

/* --- adding ----------------------------------------------------------------
 */

static int write_at(const struct book *b, int fd, const char *name,
		    const struct buf *bytes, uint64_t at, struct err *e)
{
	if (files_write_at(fd, bytes, at) < 0)
		return err_sys(e, "ledger %s: %s", b->name, name);
	return 0;
}

/* Only now, when nobody has said that there was one. */
static int touch(struct book *b, struct err *e)
{
	if (!b->is_untouched)
		return 0;
	if (write_key(b, e) < 0 || cut_to(b, 0, 0, e) < 0)
		return -1;
	b->is_untouched = false;
	return 0;
}

static int write_pending(struct book *b, struct err *e)
{
	const struct memory *m = &b->memory;
	uint64_t lines = m->octets - b->lines.len;
	uint64_t places = m->tree.size * LEDGER_OFFSET_SIZE - b->places.len;
	uint64_t hashes = m->tree.size * DIGEST_SIZE - b->hashes.len;

	if (touch(b, e) < 0 ||
	    write_at(b, b->entries, "entries", &b->lines, lines, e) < 0 ||
	    write_at(b, b->offsets, "offsets", &b->places, places, e) < 0 ||
	    write_at(b, b->tiles, "tiles", &b->hashes, hashes, e) < 0)
		return -1;
	buf_reset(&b->lines);
	buf_reset(&b->places);
	buf_reset(&b->hashes);
	return 0;
}

int book_add(struct book *b, const char *text, size_t n, struct err *e)
{
	uint8_t hash[DIGEST_SIZE], place[LEDGER_OFFSET_SIZE];

	if (b->lines.len + n + 1 > BOOK_PENDING_MAX && write_pending(b, e) < 0)
		return -1;
	tree_leaf(text, n, hash);
	num_store64(place, b->memory.octets);
	if (!buf_add(&b->lines, text, n) || !buf_adds(&b->lines, "\n") ||
	    !buf_add(&b->places, (const char *)place, sizeof(place)) ||
	    !buf_add(&b->hashes, (const char *)hash, sizeof(hash)))
		die_bug("book_add: a line of %zu octets", n);
	tree_add(&b->memory.tree, hash);
	b->memory.octets += n + 1;
	return 0;
}

int book_add_entry(struct book *b, const struct entry *entry, struct err *e)
{
	struct buf line;
	int result;

	buf_init(&line, LINE_OCTETS_MAX + 1);
	if (entry_write(entry, &line))
		result = book_add(b, line.data, line.len - 1, e);
	else
		result = err_set(e, ERR_TEMP, "ledger %s: a line does not fit",
				 b->name);
	buf_release(&line);
	return result;
}

static int sync_file(const struct book *b, int fd, const char *name,
		     struct err *e)
{
	if (fdatasync(fd) < 0)
		return err_sys(e, "ledger %s: fsync %s", b->name, name);
	return 0;
}

static int sync_folder(const struct book *b, struct err *e)
{
	if (fsync(b->dir) < 0)
		return err_sys(e, "ledger %s: fsync", b->name);
	return files_sync_parent(b->dir, b->name, e);
}

/* The order is all: the three files, their directory, then memory. */
int book_commit(struct book *b, struct err *e)
{
	if (write_pending(b, e) < 0 || activity_flush(b, e) < 0)
		return -1;
	fault_point("ledger.written");
	if (sync_file(b, b->entries, "entries", e) < 0 ||
	    sync_file(b, b->offsets, "offsets", e) < 0 ||
	    sync_file(b, b->tiles, "tiles", e) < 0 || activity_sync(b, e) < 0)
		return -1;
	if (b->is_new && sync_folder(b, e) < 0)
		return -1;
	fault_point("ledger.synced");
	if (book_remember(b->place, b->name, &b->memory, e) < 0)
		return -1;
	fault_point("ledger.remembered");
	return 0;
}

/* --- places ----------------------------------------------------------------
 */

static bool is_told(const struct book *b, const struct buf *text)
{
	struct buf told;
	struct err e;
	bool same;

	buf_init(&told, PLACES_OCTETS_MAX);
	same = files_read(b->dir, PLACES_FILE, &told, &e) == 0 &&
	       told.len == text->len &&
	       memcmp(told.data, text->data, text->len) == 0;
	buf_release(&told);
	return same;
}

int book_tell_places(const struct book *b, struct err *e)
{
	struct buf text;
	int result = 0;

	buf_init(&text, PLACES_OCTETS_MAX);
	if (!places_write(&b->memory, &text))
		die_bug("the places of %s do not fit", b->name);
	if (!is_told(b, &text))
		result = files_replace(b->dir, PLACES_FILE, 0640, &text, e);
	buf_release(&text);
	return result;
}

/* --- publishing ------------------------------------------------------------
 */

/* Size of the checkpoint that lies there; 0: it is none of ours. */
static uint64_t published_size(const struct book *b)
{
	const struct note_key k =
		ledger_key_of(&b->place->key, b->memory.origin);
	struct note note = {.text = 0};
	struct buf text;
	uint64_t size = 0;
	struct err e;

	buf_init(&text, NOTE_MAX);
	if (files_read(b->dir, "checkpoint", &text, &e) == 0 &&
	    note_open(text.data, text.len, &k, &note))
		size = note.checkpoint.size;
	buf_release(&text);
	return size;
}

static bool is_time(const struct memory *m, int64_t now)
{
	return now < m->signed_when || now - m->signed_when >= SIGN_EVERY;
}

static bool has_to_sign(const struct book *b, bool at_once, int64_t now)
{
	const struct memory *m = &b->memory;

	if (m->signed_size != m->tree.size)
		return at_once || is_time(m, now);
	/* Killed before it was published, or somebody has put another there. */
	return published_size(b) != m->signed_size;
}

/* Memory first: what was published once must never be forgotten. */
int book_publish(struct book *b, bool at_once, int64_t now,
		 struct checkpoint *c_r, bool *signed_r, struct err *e)
{
	struct memory *m = &b->memory;
	struct buf note;
	int result = -1;

	*signed_r = has_to_sign(b, at_once, now);
	if (!*signed_r)
		return 0;
	m->signed_size = c_r->size = m->tree.size;
	m->signed_when = now;
	tree_root(&m->tree, c_r->root);
	memcpy(c_r->origin, m->origin, sizeof(c_r->origin));
	buf_init(&note, NOTE_MAX);
	if (book_commit(b, e) == 0 &&
	    ledger_key_sign(&b->place->key, c_r, &note, e) == 0)
		result = files_replace(b->dir, "checkpoint", 0640, &note, e);
	buf_release(&note);
	fault_point("ledger.published");
	return result;
}

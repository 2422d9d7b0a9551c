/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Verifying. What differs between a ledger and a mailbox in use may be on its
 * way: it is looked at a second time, and counts where it is so again.
 */
#include "common/base.h"
#include "handlers/admin/ledger_verify.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "common/log.h"
#include "common/utf8.h"
#include "store/ledger/former_chain.h"

enum { NOTES_OCTETS_MAX = 1024 * 1024 };

/* --- what the host's ledger knows ------------------------------------------
 */

struct host_walk {
	struct ledger_known *known;
	struct check check;
	const char *of; /* a mailbox's id; NULL: all */
};

static void add_vouched(struct ledger_known *k, const struct ledger_vouched *v)
{
	k->list = xgrow(k->list, k->n, sizeof(*k->list));
	k->list[k->n++] = *v;
}

static void add_end(struct ledger_known *k, const struct judged *j)
{
	const struct entry_succession *s = &j->entry.succession;
	struct ledger_vouched v = {.says = j->entry.kind == ENTRY_DROPPED
						   ? VOUCHED_DROPPED
						   : VOUCHED_WENT_ON,
				   .when = s->when};

	memcpy(v.checkpoint.origin, s->before.origin,
	       sizeof(v.checkpoint.origin));
	v.checkpoint.size = s->before.size;
	memcpy(v.reason, s->before.reason, sizeof(v.reason));
	add_vouched(k, &v);
}

static bool is_end(const struct judged *j)
{
	return j->entry.kind == ENTRY_ADOPTED ||
	       j->entry.kind == ENTRY_RESUMED || j->entry.kind == ENTRY_DROPPED;
}

static bool is_wanted(const struct host_walk *w, const char *origin)
{
	return !w->of || note_name_is_of(origin, w->of);
}

static void note_vouched(struct host_walk *w, const struct judged *j)
{
	struct ledger_vouched v = {.says = VOUCHED_TREE};

	if (is_end(j) && is_wanted(w, j->entry.succession.before.origin))
		add_end(w->known, j);
	if (j->entry.kind != ENTRY_CHECKPOINT ||
	    !is_wanted(w, j->entry.checkpoint.checkpoint.origin))
		return;
	v.checkpoint = j->entry.checkpoint.checkpoint;
	add_vouched(w->known, &v);
}

static void note_signed(void *arg, const struct judged *j)
{
	struct host_walk *w = arg;

	if (j->verdict == JUDGE_COUNTS && j->i < w->check.checkpoint.size)
		note_vouched(w, j);
}

static int read_host(int host, struct host_walk *w, struct err *e)
{
	w->check = (struct check){.each = note_signed, .arg = w};
	return check_ledger(host, &w->check, e);
}

/* Of the former ones; n: what is known for certain. */
struct former_walk {
	struct host_walk host;
	size_t n;
};

static void note_former(void *arg, const struct judged *j)
{
	struct former_walk *w = arg;

	note_vouched(&w->host, j);
}

static void end_former(void *arg, bool is_true)
{
	struct former_walk *w = arg;

	if (is_true)
		w->n = w->host.known->n;
	else
		w->host.known->n = w->n;
}

/* Without a key of its own the host's does not hold, and nothing counts. */
static int read_former_hosts(int host, const char *of, struct ledger_known *k,
			     struct err *e)
{
	struct former_walk w = {.host = {.known = k, .of = of}};
	const struct former_visitor v = {
		.each = note_former, .end = end_former, .arg = &w};
	struct note_key key;

	if (check_key(host, &key, e) < 0)
		return 0;
	return former_each(host, key.public, &v, e);
}

/* What a ledger says that does not hold is not held against others. */
int ledger_known_read(int host, const char *of, struct ledger_known *k_r,
		      struct err *e)
{
	struct host_walk w = {.known = k_r, .of = of};

	if (read_former_hosts(host, of, k_r, e) < 0 ||
	    read_host(host, &w, e) < 0)
		return -1;
	k_r->host_holds = !w.check.fault.file;
	if (!k_r->host_holds)
		ledger_known_release(k_r);
	k_r->has_host = k_r->host_holds && w.check.checkpoint.size > 0;
	k_r->host = w.check.key;
	return 0;
}

void ledger_known_release(struct ledger_known *k)
{
	free(k->list);
	k->list = NULL;
	k->n = 0;
}

bool ledger_is_of_the_store(const struct conf *conf)
{
	struct stat store, place;

	return stat(conf->store, &store) == 0 &&
	       stat(conf->ledger.path, &place) == 0 &&
	       store.st_uid == place.st_uid;
}

/* --- notes -----------------------------------------------------------------
 */

/* The first ones alone; of the others the sums tell. */
static bool has_room(struct ledger_report *r)
{
	return r->n_notes++ < LEDGER_NOTES_MAX;
}

static const char *kind_of(const struct judged *j, char out[ENTRY_WORD_SIZE])
{
	size_t n = strcspn(j->text, " \n");

	snprintf(out, ENTRY_WORD_SIZE, "%.*s",
		 (int)(n < ENTRY_WORD_SIZE ? n : ENTRY_WORD_SIZE - 1), j->text);
	return out;
}

static void tell_taken(struct ledger_report *r, const struct judged *j)
{
	const struct entry_taken *t = &j->entry.taken;
	char spool[ENTRY_SPOOL_SIZE];

	if (!t->passed_over)
		return;
	r->passed_over += t->passed_over;
	if (has_room(r))
		ledger_report_note(r,
				   "entry %" PRIu64 ": %" PRIu64 " lines of "
				   "spool %s were passed over: torn, or not "
				   "theirs to say",
				   j->i, t->passed_over,
				   utf8_plain(t->spool, spool, sizeof(spool)));
}

static void tell_forged(struct ledger_report *r, const struct judged *j)
{
	char kind[ENTRY_WORD_SIZE];

	r->not_theirs++;
	if (!has_room(r))
		return;
	if (j->verdict == JUDGE_NO_ENTRY)
		ledger_report_note(r,
				   "entry %" PRIu64 ": no entry of a form that "
				   "is known; it counts for nothing",
				   j->i);
	else
		ledger_report_note(r,
				   "entry %" PRIu64 ": `%s` from where nobody "
				   "may say it; it counts for nothing",
				   j->i, kind_of(j, kind));
}

static void tell_unproved(struct ledger_report *r, const struct judged *j)
{
	if (j->in_session)
		return;
	r->unproved++;
	if (has_room(r))
		ledger_report_note(r,
				   "entry %" PRIu64 ": a session of %u lines "
				   "that no key has signed; they count for "
				   "nothing",
				   j->i, j->entry.session.n);
}

static void take(void *arg, const struct judged *j)
{
	struct ledger_report *r = arg;

	evidence_take(&r->evidence, j);
	if (j->i == 0 && j->entry.kind == ENTRY_LEDGER)
		r->first = j->entry.ledger;
	switch (j->verdict) {
	case JUDGE_COUNTS:
		if (j->entry.kind == ENTRY_TAKEN)
			tell_taken(r, j);
		break;
	case JUDGE_NO_ENTRY:
	case JUDGE_NOT_THEIRS:
		tell_forged(r, j);
		break;
	case JUDGE_UNPROVED:
		tell_unproved(r, j);
		break;
	case JUDGE_NO_KEY:
		r->without_key += !j->in_session;
		break;
	}
}

/* --- its files -------------------------------------------------------------
 */

/* Of the same origin: another one is another ledger, of before or of a copy. */
static void know_origin(struct ledger_report *r, const char *origin)
{
	const struct ledger_known *k = r->known;

	for (size_t i = 0; i < k->n; i++)
		if (k->list[i].says == VOUCHED_TREE &&
		    strcmp(k->list[i].checkpoint.origin, origin) == 0)
			check_against(&r->check, &k->list[i].checkpoint,
				      "the host's ledger");
	r->n_known = r->check.n_known;
}

/* --checkpoint: a note of this ledger, signed with this key. */
static int know_file(struct ledger_report *r, const struct note_key *key,
		     struct err *e)
{
	const struct buf *text = r->known->note;
	size_t n = strlen(key->name);
	struct note note = {.text = 0};

	if (!text || text->len <= n || memcmp(text->data, key->name, n) != 0 ||
	    text->data[n] != '\n')
		return 0;
	r->has_file = true;
	if (!note_open(text->data, text->len, key, &note))
		return err_set(e, ERR_DAMAGED,
			       "%s is not signed with the key that lies here",
			       r->known->file);
	check_against(&r->check, &note.checkpoint, r->known->file);
	return 0;
}

static int verify_files(int dir, const struct ledger_look *how,
			struct ledger_report *r, struct err *e)
{
	struct note_key key;
	struct err why = {.kind = ERR_NONE};
	int kept = 0;

	if (check_key(dir, &key, &why) == 0) {
		know_origin(r, key.name);
		kept = know_file(r, &key, &why);
	}
	r->check.host = r->known->has_host ? &r->known->host : NULL;
	r->check.each = take;
	r->check.arg = r;
	r->check.progress = how->entries;
	if (check_ledger(dir, &r->check, e) < 0)
		return -1;
	if (kept < 0 && !r->check.fault.file) {
		r->check.fault = (struct check_fault){
			.file = "vkey",
			.entry = CHECK_NOWHERE,
			.at = CHECK_NOWHERE,
		};
		snprintf(r->check.fault.text, sizeof(r->check.fault.text),
			 "%.200s", why.text);
	}
	return 0;
}

/* --- the mailbox -----------------------------------------------------------
 */

struct second_look {
	const char *name;
	struct ledger_report *report;
	const struct evidence *before; /* NULL: this is the first one */
	struct evidence found;
};

static const char *const faults[] = {
	[PRESENCE_MISSING] = "was received, is not there, and nobody says why",
	[PRESENCE_UNTOLD] = "lies there, and nothing tells of it",
	[PRESENCE_DIFFERS] = "is not the sealed file that was received",
};

/* It was there a moment ago. */
static void is_on_its_way(struct ledger_report *r,
			  const uint8_t ulid[ULID_PACKED_SIZE])
{
	struct evidence_message *m = evidence_find(&r->evidence, ulid);

	if (!m || m->state != PRESENCE_GONE_UNTOLD)
		return;
	m->state = PRESENCE_UNKNOWN;
	r->presence.states[PRESENCE_GONE_UNTOLD]--;
}

static void note_fault(void *arg, enum presence_fault fault, const char *ulid,
		       uint64_t entry)
{
	struct second_look *s = arg;
	struct ledger_report *r = s->report;
	uint8_t packed[ULID_PACKED_SIZE];

	ulid_pack(ulid, packed);
	evidence_message(&s->found, ulid);
	if (s->before && !evidence_find(s->before, packed)) {
		r->presence.faults[fault]--;
		is_on_its_way(r, packed);
		return;
	}
	if (!has_room(r))
		return;
	if (entry == EVIDENCE_NONE)
		ledger_report_note(r, "message %s %s", ulid, faults[fault]);
	else
		ledger_report_note(r, "message %s (entry %" PRIu64 ") %s", ulid,
				   entry, faults[fault]);
}

static void note_content(void *arg, enum presence_fault fault, const char *ulid,
			 uint64_t entry)
{
	struct second_look *s = arg;

	s->report->presence.faults[fault]++;
	s->before = NULL; /* a file does not change on its way */
	note_fault(arg, fault, ulid, entry);
}

static int verify_content(int dir, const struct presence *p,
			  const struct ledger_look *how, struct second_look *s,
			  struct err *e)
{
	struct ledger_report *r = s->report;
	struct ledger l;
	int result;

	if (ledger_open(dir, &l, e) < 0)
		return -1;
	r->was_hashed = true;
	result = presence_content(p, &r->evidence, &l, note_content,
				  how->messages, s, &r->hashed, e);
	ledger_close(&l);
	return result;
}

/* --- all of it -------------------------------------------------------------
 */

static void count_messages(struct ledger_report *r)
{
	const struct evidence *v = &r->evidence;
	char ulid[ULID_LEN + 1];

	for (size_t i = 0; i < v->size; i++) {
		const struct evidence_message *m = &v->slots[i];

		if (!m->used)
			continue;
		r->received += m->entry != EVIDENCE_NONE;
		if (!m->differs)
			continue;
		r->differs++;
		ulid_unpack(m->ulid, ulid);
		if (has_room(r))
			ledger_report_note(r,
					   "message %s (entry %" PRIu64
					   ") was another file when it was "
					   "collected",
					   ulid, m->sealed);
	}
}

static bool holds(const struct ledger_report *r)
{
	const uint64_t *f = r->presence.faults;

	return !r->check.fault.file && !r->differs && !f[PRESENCE_MISSING] &&
	       !f[PRESENCE_UNTOLD] && !f[PRESENCE_DIFFERS];
}

/* One look: the mailbox, its ledger, the mailbox again. */
static int look(int dir, struct mailbox *m, const struct ledger_look *how,
		struct second_look *s, struct err *e)
{
	struct ledger_report *r = s->report;
	struct presence *p = m ? presence_begin(m, e) : NULL;
	int result = m && !p ? -1 : verify_files(dir, how, r, e);

	if (result == 0)
		result = ledger_verify_former(dir, s->name, r, e);
	if (result == 0)
		count_messages(r);
	if (result == 0 && p) {
		r->has_mailbox = true;
		result = presence_end(p, &r->evidence, note_fault, s,
				      &r->presence, e);
	}
	if (result == 0 && p && how->content && !r->check.fault.file)
		result = verify_content(dir, p, how, s, e);
	presence_free(&p);
	return result;
}

static void begin(struct ledger_report *r, const struct ledger_known *k)
{
	*r = (struct ledger_report){.known = k};
	buf_init(&r->notes, NOTES_OCTETS_MAX);
}

static bool may_be_on_its_way(const struct ledger_report *r)
{
	return r->presence.faults[PRESENCE_MISSING] ||
	       r->presence.faults[PRESENCE_UNTOLD];
}

static int look_twice(int dir, const char *name, struct mailbox *m,
		      const struct ledger_look *how, struct ledger_report *r,
		      struct err *e)
{
	struct second_look first = {.name = name, .report = r};
	struct second_look second = {.name = name, .report = r};
	int result = look(dir, m, how, &first, e);

	if (result == 0 && may_be_on_its_way(r)) {
		second.before = &first.found;
		ledger_report_release(r);
		begin(r, how->known);
		result = look(dir, m, how, &second, e);
	}
	evidence_release(&first.found);
	evidence_release(&second.found);
	return result;
}

int ledger_verify(int dir, const char *name, const struct ledger_look *how,
		  struct ledger_report *r, struct err *e)
{
	struct mailbox *m = NULL;
	int result = 0;

	begin(r, how->known);
	if (how->store && strcmp(name, "host") != 0) {
		m = mailbox_look_into(how->store, name, e);
		if (!m && e->kind != ERR_ABSENT)
			return -1;
	}
	result = look_twice(dir, name, m, how, r, e);
	r->is_gone = how->store && !m && strcmp(name, "host") != 0;
	r->holds = result == 0 && holds(r);
	mailbox_close(&m);
	return result;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `ledger proof`: the entry of one message with all that proves it, as files
 * for somebody who has nothing else (docs/ledger.md, "Proofs"). Read as who may
 * read ledgers, written as who calls.
 */
#include "common/base.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "common/base64.h"
#include "common/log.h"
#include "common/read_all.h"
#include "handlers/tool/args.h"
#include "handlers/tool/command.h"
#include "handlers/tool/ledger.h"
#include "handlers/tool/proof_readme.h"
#include "handlers/tool/store.h"
#include "store/ledger/entry.h"
#include "store/ledger/proof.h"
#include "store/ledger/signed_ledger.h"

/* --- the files -------------------------------------------------------------
 */

enum { FILES_MAX = 16, FILE_OCTETS_MAX = 64 * 1024 };

struct files {
	size_t n;
	struct {
		const char *name;
		struct buf text;
	} list[FILES_MAX];
};

static void add_file(struct files *f, const char *name, const void *bytes,
		     size_t n)
{
	struct buf *b;

	if (f->n == FILES_MAX)
		die_bug("a proof of too many files");
	b = &f->list[f->n].text;
	f->list[f->n++].name = name;
	buf_init(b, FILE_OCTETS_MAX);
	if (!buf_add(b, bytes, n))
		die_bug("proof: %s is too long", name);
}

static void files_release(struct files *f)
{
	for (size_t i = 0; i < f->n; i++)
		buf_release(&f->list[i].text);
}

static int write_file(int dir, const char *name, const struct buf *text,
		      struct err *e)
{
	int fd = openat(dir, name,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0644);
	int result = 0;

	if (fd < 0)
		return err_sys(e, "create %s", name);
	if (write_all(fd, text->data, text->len) < 0)
		result = err_sys(e, "write %s", name);
	if (close(fd) < 0 && result == 0)
		result = err_sys(e, "write %s", name);
	return result;
}

static int write_files(const struct files *f, const char *path, struct err *e)
{
	int result = 0, dir;

	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return err_sys(e, "%s", path);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys(e, "%s", path);
	for (size_t i = 0; result == 0 && i < f->n; i++)
		result = write_file(dir, f->list[i].name, &f->list[i].text, e);
	close(dir);
	return result;
}

/* --- a ledger that something is proved of ----------------------------------
 */

static int source_open(struct signed_ledger *s, int place, const char *name,
		       struct err *e)
{
	int dir = tool_ledger_folder(place, name, e), result;

	if (dir < 0)
		return -1;
	result = signed_ledger_open(dir, name, s, e);
	close(dir);
	return result;
}

static void add_proof(struct files *f, const char *name, const struct proof *p,
		      enum proof_form form)
{
	struct buf text;

	buf_init(&text, PROOF_MAX);
	if (!proof_write(p, form, &text))
		die_bug("proof: %s is too long", name);
	add_file(f, name, text.data, text.len);
	buf_release(&text);
}

/* --- keys ------------------------------------------------------------------
 */

static void add_vkey(struct files *f, const char *name,
		     const struct note_key *k)
{
	struct buf text;

	buf_init(&text, NOTE_MAX);
	if (!note_key_write(k, &text) || !buf_adds(&text, "\n"))
		die_bug("proof: %s is too long", name);
	add_file(f, name, text.data, text.len);
	buf_release(&text);
}

/* RFC 8410: SubjectPublicKeyInfo of an Ed25519 key. */
static void add_pem(struct files *f, const struct note_key *k)
{
	uint8_t der[12 + NOTE_PUBLIC_SIZE] = {0x30, 0x2a, 0x30, 0x05,
					      0x06, 0x03, 0x2b, 0x65,
					      0x70, 0x03, 0x21, 0x00};
	struct buf text;

	memcpy(der + 12, k->public, NOTE_PUBLIC_SIZE);
	buf_init(&text, NOTE_MAX);
	if (!buf_adds(&text, "-----BEGIN PUBLIC KEY-----\n") ||
	    !base64_encode(der, sizeof(der), &text) ||
	    !buf_adds(&text, "\n-----END PUBLIC KEY-----\n"))
		die_bug("proof: a key that is too long");
	add_file(f, "key.pem", text.data, text.len);
	buf_release(&text);
}

/* --- the message's entry ---------------------------------------------------
 */

static int add_entry(struct files *f, const struct signed_ledger *s, uint64_t i,
		     const struct buf *line, struct err *e)
{
	struct proof p = {
		.index = i, .note = s->text.data, .note_len = s->text.len};
	const struct checkpoint *c = &s->note.checkpoint;

	if (signed_ledger_path(s, i, c->size, c->root, line, &p.path, e) < 0)
		return -1;
	add_file(f, "entry", line->data, line->len);
	add_proof(f, "entry.tlog-proof", &p, PROOF_TLOG);
	add_proof(f, "entry.spicy", &p, PROOF_SPICY);
	add_file(f, "checkpoint", s->text.data, s->text.len);
	/* The empty line is not of what is signed. */
	add_file(f, "checkpoint.body", s->text.data, s->note.text);
	add_file(f, "checkpoint.sig", s->note.signature, NOTE_SIGNATURE_SIZE);
	add_vkey(f, "mailbox.vkey", &s->key);
	add_pem(f, &s->key);
	return 0;
}

/* --- the host's ------------------------------------------------------------
 */

/* The last one that covers entry i. 0: none does yet. */
static int find_host_entry(const struct signed_ledger *host, const char *origin,
			   uint64_t i, uint64_t *at_r, struct buf *line,
			   struct err *e)
{
	uint64_t size = host->note.checkpoint.size;
	struct entry entry;

	for (uint64_t at = size; at-- > 0;) {
		const struct checkpoint *c = &entry.checkpoint.checkpoint;

		if (ledger_line(&host->ledger, at, line, e) < 0)
			return -1;
		if (!entry_parse(line->data, line->len, &entry) ||
		    entry.kind != ENTRY_CHECKPOINT ||
		    strcmp(c->origin, origin) != 0 || c->size <= i)
			continue;
		*at_r = at;
		return 1;
	}
	return 0;
}

static int add_host_entry(struct files *f, const struct signed_ledger *s,
			  uint64_t i, const struct buf *entry,
			  const struct signed_ledger *host, uint64_t at,
			  const struct buf *line, struct err *e)
{
	const struct checkpoint *c = &host->note.checkpoint;
	struct proof p = {.index = at,
			  .note = host->text.data,
			  .note_len = host->text.len};
	struct proof of_entry = {.index = i, .note = ""};
	struct entry vouched;

	if (!entry_parse(line->data, line->len, &vouched) ||
	    signed_ledger_path(host, at, c->size, c->root, line, &p.path, e) <
		    0 ||
	    signed_ledger_path(s, i, vouched.checkpoint.checkpoint.size,
			       vouched.checkpoint.checkpoint.root, entry,
			       &of_entry.path, e) < 0)
		return -1;
	add_file(f, "host-entry", line->data, line->len);
	add_proof(f, "host-entry.tlog-proof", &p, PROOF_TLOG);
	add_proof(f, "entry.host-proof", &of_entry, PROOF_SPICY);
	add_file(f, "host-checkpoint", host->text.data, host->text.len);
	add_vkey(f, "host.vkey", &host->key);
	return 0;
}

static int add_host_of(struct files *f, const struct signed_ledger *s,
		       uint64_t i, const struct buf *entry,
		       const struct signed_ledger *host, struct err *e)
{
	struct buf line;
	uint64_t at = 0;
	int result;

	buf_init(&line, LINE_OCTETS_MAX);
	result = find_host_entry(host, s->key.name, i, &at, &line, e);
	if (result > 0)
		result = add_host_entry(f, s, i, entry, host, at, &line, e);
	else if (result == 0)
		log_info("the host's ledger has not entered it yet: within the "
			 "hour; the proof is good without");
	buf_release(&line);
	return result;
}

static int add_host(struct files *f, const struct signed_ledger *s, uint64_t i,
		    const struct buf *entry, int place, struct err *e)
{
	struct signed_ledger host;
	int result = source_open(&host, place, "host", e);

	if (result < 0)
		return -1;
	result = add_host_of(f, s, i, entry, &host, e);
	signed_ledger_close(&host);
	return result;
}

/* --- all of it -------------------------------------------------------------
 */

static int collect(struct files *f, int place, const char *name,
		   const char *ulid, struct err *e)
{
	struct signed_ledger s;
	struct buf line;
	uint64_t i = 0;
	int result = -1;

	if (source_open(&s, place, name, e) < 0)
		return -1;
	buf_init(&line, LINE_OCTETS_MAX);
	if (signed_ledger_find(&s, ulid, &i, &line, e) == 0 &&
	    add_entry(f, &s, i, &line, e) == 0)
		result = add_host(f, &s, i, &line, place, e);
	if (result == 0)
		add_file(f, "README", proof_readme, strlen(proof_readme));
	buf_release(&line);
	signed_ledger_close(&s);
	return result;
}

static int read_as_owner(struct tool *t, const struct tool_args *a,
			 struct files *f, struct err *e)
{
	char name[TOOL_LEDGER_NAME_SIZE];
	int place, result;

	if (tool_ledger_name(t, a->words[0], name, e) < 0)
		return -1;
	place = tool_ledger_place(t, e);
	if (place < 0)
		return -1;
	result = collect(f, place, name, a->words[1], e);
	close(place);
	return result;
}

TOOL_RUN(ledger_proof)
{
	struct files f = {.n = 0};
	int result = tool_borrow_owner_of(t->conf->store, e);

	if (result == 0)
		result = read_as_owner(t, a, &f, e);
	tool_give_back();
	if (result == 0)
		result = write_files(&f, a->words[2], e);
	files_release(&f);
	if (result == 0)
		printf("%s: sh README looks at it with openssl\n", a->words[2]);
	return result;
}

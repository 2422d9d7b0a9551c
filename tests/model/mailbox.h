/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The world of messages: one mailbox with two of them, its spools, its ledger,
 * and everybody who works in it. Each file beside this one is one of them; a
 * step of theirs is what happens between two moments at which they can be
 * killed. What is on the disk for certain and what only seems to be are kept
 * apart, so that a power cut can take back whatever was not synced.
 */
#ifndef MODEL_MAILBOX_H
#define MODEL_MAILBOX_H

#include "rules.h"
#include "search.h"

/* The names that a message can have. */
enum Name : uint8_t {
	TICKET = 1,   /* tmp/<ULID>.age */
	TICKET_P = 2, /* tmp/<ULID>,P.age */
	KEPT = 4,     /* cur/<ULID>,W=n.age */
	KEPT_U = 8,   /* cur/<ULID>,W=n,U.age */
	GONE = 16,    /* the same two in gone/ */
	GONE_U = 32,
	GONE_F = 64, /* gone/<ULID>,W=n,F.age: moved without a line */
	TMP = TICKET | TICKET_P,
	CUR = KEPT | KEPT_U,
	IN_GONE = GONE | GONE_U | GONE_F,
};

enum Data : uint8_t { NOTHING, WRITTEN, SYNCED };

struct Message {
	uint8_t names, durable; /* sets of Name: as seen, as synced */
	uint8_t data;
	uint8_t cut, cut_durable; /* to length 0 */
};

enum { LINES = 5, SPOOLS = 3, MESSAGES = 2 };

/*
 * A line of a spool: kept A or B; a signed batch that deletes A, B or both, or
 * that says that they were had.
 */
enum Line : uint8_t { LINE_KEPT = 0x10, LINE_BATCH = 0x20, LINE_HAD = 0x40 };

enum Spool_name : uint8_t { NO_NAME, LIVE, TAKEN }; /* <n>, <n>.taken */

struct Spool {
	uint8_t line[LINES];
	uint8_t n, synced;
	uint8_t name, durable;
	uint8_t offset; /* in the sequencer's memory */
	uint8_t taking; /* where the run that goes on will leave it */
	uint8_t ever;	/* how far it was ever taken: only to judge by */
	uint8_t told;	/* how far `taken` says: to those who tidy */
};

/* Facts in the ledger. */
enum Fact : uint8_t {
	KEPT_A = 1, /* << message */
	GONE_A = 4, /* << message */
	BACK_A = 16,
	END_OF_UNDO = 32,
	HAD_A = 64,	 /* collected, and left there */
	EXPIRED_A = 128, /* the ledger's own: it may go */
};

/* The line `back A as=B` in admin.spool. */
enum Back : uint8_t { NO_BACK, BACK_WRITTEN, BACK_SYNCED, BACK_TAKEN };

enum Actor : uint8_t {
	WRITER_A,
	WRITER_B,
	SWEEP,
	COLLECTOR,
	UNDO,
	SEQUENCER,
	KEEPER, /* sweep's second half, as long as there is no ledger */
	COPIER, /* tar, cp, rsync: somebody reads it all meanwhile */
	HOLDER, /* who puts the mailbox under hold */
	SECOND, /* a sequencer beside the sequencer */
	ACTORS
};

enum : uint8_t { IDLE = 0, DONE = 99 }; /* of State::at, for every actor */

struct State {
	Message msg[MESSAGES];
	Spool spool[SPOOLS];
	uint8_t back;
	uint8_t memory, entries, published; /* sets of Fact; entries beyond
					       memory's size */
	uint8_t at[ACTORS];		    /* which step comes next */
	uint8_t open[ACTORS];		    /* spool that is open, + 1 */
	/* what they know */
	uint8_t listed[SPOOLS], batched; /* the collector's: spools, messages */
	uint8_t marked, to_move;	 /* its messages, its names to move */
	uint8_t sweeping, looked;	 /* sweep's ticket, what it saw */
	uint8_t sequencer_b1, keeper_b1;
	uint8_t tickets;  /* the keeper's: messages whose tickets may go */
	uint8_t rotating; /* spool, + 1 */
	uint8_t rebooted; /* since the last whole run of the sequencer */
	uint8_t held, saw_hold; /* in mailbox.conf; as sweep has read it */
	uint8_t expired;	/* the ledger's list names A */
	uint8_t tail;		/* who wrote the entries beyond memory */
	/* what was said to the world: only to judge by */
	uint8_t promised, covered, collected; /* 250; QUIT read; +OK */
	uint8_t hold_said;
	uint8_t alarm;
	/* how often what happened */
	uint8_t late, kills, cuts, sessions, undone, fulls, rotations;
	/* the copy that is being made */
	uint8_t copied, copy_names[MESSAGES], copy_lines[SPOOLS];
	uint8_t copy_promised, copy_collected;
};

struct Setting {
	Rules rules;
	bool journal;	/* A comes by SMTP; else by a proxy */
	bool two;	/* B comes by SMTP meanwhile */
	bool undo;	/* undo is on, and B is the ULID that A gets by it */
	bool full;	/* an append may find the disk full */
	bool rotation;	/* spools are taken away, and there may be several */
	bool no_ledger; /* sweep tidies: there is none, or it only reads */
	bool reads;	/* a sequencer that writes nothing in the store */
	bool copy;
	bool hold;   /* somebody puts it under hold */
	bool expiry; /* A is had, stays, and expires */
	bool second; /* two sequencers run at a time */
	uint8_t kills, cuts, sessions;
};

class Mailbox
{
      public:
	using State = ::State;
	explicit Mailbox(const Setting &setting) : set(setting)
	{
	}

	State begin() const;
	void next(const State &, Moves<State> &) const;
	const char *wrong(const State &) const;
	const char *wrong_at_rest(const State &) const;
	std::string tell(const State &) const;

      private:
	using Out = Moves<State>;
	const Setting set;

	bool rule(Rule r) const
	{
		return set.rules.on[r];
	}

	/* mailbox_disk.cc */
	void sync_names(State &, uint8_t which) const;
	void sync_spool(State &, int k) const;
	void sync_spools(State &) const;
	void rename(State &, int m, uint8_t from, int to_m, uint8_t to) const;
	void power_cut(const State &, Out &) const;
	void cut_names(const State &, Out &) const;
	void cut_files(const State &, const uint8_t[], Out &) const;
	void cut_spools(const State &, int k, Out &) const;

	/* mailbox_spool.cc */
	bool open_spool(State &, int who, bool own = false) const;
	bool append(State &, int who, uint8_t line, bool &again) const;
	uint8_t batched(const State &) const;
	void rotate(const State &, Out &) const;

	/* one each */
	void step(const State &, int who, bool resting, Out &) const;
	void writer(const State &, int who, Out &) const;
	void sweep(const State &, Out &) const;
	void collector(const State &, bool resting, Out &) const;
	void logs_in(const State &, bool resting, Out &) const;
	void leaves(const State &, Out &) const;
	void full_disk(const State &, Out &) const;
	void undo(const State &, Out &) const;
	void sequencer(const State &, Out &) const;
	void takes_lines(State &) const;
	void scans_files(State &) const;
	void clears_gone(const State &, Out &) const;
	void drops_spools(const State &, Out &) const;
	bool unlink_taken(const State &, Out &) const;
	void reader(const State &, int who, Out &) const;
	bool is_due(const State &) const;
	bool may_drop(const State &, int k) const;
	void keeper(const State &, Out &) const;
	bool may_leave(const State &, int m) const;
	bool moves_expired(const State &, Out &) const;
	void holder(const State &, Out &) const;
	static uint8_t dead_and_kept(const State &);
	void copier(const State &, Out &) const;

	bool drop_ticket(const State &, int who, uint8_t messages, Out &) const;
	bool carry(State &, uint8_t messages) const;
	bool half_batch(const State &, uint8_t messages) const;
	bool move_one(State &, bool without_line) const;
	void finish_undo(State &) const;

	/* mailbox_rest.cc */
	static void kill(State &, int who);
	State at_rest(State) const;
	bool byte1(const State &) const;
	bool lost(const State &, int m) const;
	const char *wrong_message(const State &, int m) const;

	static bool alive(const State &s, int who)
	{
		return s.at[who] != IDLE && s.at[who] < 90;
	}
	static bool writing(const State &s, int m)
	{
		return alive(s, m ? WRITER_B : WRITER_A);
	}
	static bool is_new(const State &s, int m)
	{
		return m == 1 && s.back;
	}
	bool is_new_here(const State &s, int m) const
	{
		return set.undo && is_new(s, m);
	}
	static uint8_t names_of(const State &s, uint8_t messages);

	mutable Set<State> rested; /* judged already */
};

/* What a line says. */
uint8_t facts_of(uint8_t line);

inline char letter(int m)
{
	return static_cast<char>('A' + m);
}

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Breadth-first search through every state of a world: the first trace found
 * for a violation is a shortest one. A world is a class with
 *
 *	State			octets alone, compared and hashed as they lie
 *there State begin() void next(const State &, Moves &)	what may happen now
 *	const char *wrong(const State &)	what must never be seen
 *	const char *wrong_at_rest(const State &)	nor when all came to
 *rest std::string tell(const State &)		a state in one line, for traces
 *
 * It knows nothing of time: bounds are counted in states.
 */
#ifndef MODEL_SEARCH_H
#define MODEL_SEARCH_H

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <set>
#include <string>
#include <type_traits>
#include <unordered_set>
#include <vector>

/* One thing that happens: who, does what, to which message (0: none). */
struct Act {
	const char *who;
	const char *what;
	char which;
};

template <class State> struct Octets {
	static_assert(std::has_unique_object_representations_v<State>);

	size_t operator()(const State &s) const
	{
		const uint8_t *p = reinterpret_cast<const uint8_t *>(&s);
		uint64_t h = 1469598103934665603u;

		for (size_t i = 0; i < sizeof(s); i++)
			h = (h ^ p[i]) * 1099511628211u;
		return h ^ (h >> 31);
	}
	bool operator()(const State &a, const State &b) const
	{
		return memcmp(&a, &b, sizeof(a)) == 0;
	}
};

template <class State>
using Set = std::unordered_set<State, Octets<State>, Octets<State>>;

template <class State> struct Moves {
	std::vector<State> to;
	std::vector<Act> act;

	void add(const State &s, const char *who, const char *what,
		 char which = 0)
	{
		to.push_back(s);
		act.push_back({who, what, which});
	}
	void clear()
	{
		to.clear();
		act.clear();
	}
};

struct Found {
	size_t states = 0;
	bool all = true; /* false: the bound came first */
	std::set<std::string> violations;
};

template <class World> class Search
{
	using State = typename World::State;
	struct Node {
		State state;
		uint32_t parent;
	};

	World &world;
	const Octets<State> octets{};
	std::vector<Node> nodes;
	std::vector<uint32_t> table; /* open addressing: node + 1, 0 is free */
	Found found;

	void grow()
	{
		table.assign(table.size() * 2, 0);
		for (uint32_t i = 0; i < nodes.size(); i++)
			*place(nodes[i].state) = i + 1;
	}

	uint32_t *place(const State &s)
	{
		size_t i = octets(s) & (table.size() - 1);

		while (table[i] && !octets(nodes[table[i] - 1].state, s))
			i = (i + 1) & (table.size() - 1);
		return &table[i];
	}

	void reach(const State &s, uint32_t parent)
	{
		uint32_t *at = place(s);

		if (*at)
			return;
		nodes.push_back({s, parent});
		*at = static_cast<uint32_t>(nodes.size());
		if (nodes.size() * 2 > table.size())
			grow();
	}

	void print_step(const State &from, const State &to)
	{
		Moves<State> m;

		world.next(from, m);
		for (size_t i = 0; i < m.to.size(); i++) {
			if (!octets(m.to[i], to))
				continue;
			printf("   %s %s", m.act[i].who, m.act[i].what);
			if (m.act[i].which)
				printf(" %c", m.act[i].which);
			printf("   | %s\n", world.tell(to).c_str());
			return;
		}
	}

	void report(const char *what, uint32_t node, bool quiet)
	{
		std::vector<uint32_t> path;

		if (!found.violations.insert(what).second || quiet)
			return;
		printf("VIOLATION %s\n", what);
		for (; node; node = nodes[node].parent)
			path.push_back(node);
		for (size_t k = path.size(); k--;)
			print_step(nodes[nodes[path[k]].parent].state,
				   nodes[path[k]].state);
		fflush(stdout);
	}

      public:
	explicit Search(World &w) : world(w), table(1 << 16, 0)
	{
	}

	/* Ends at `most` states; with first_only at the first violation. */
	Found run(size_t most, bool first_only, bool quiet)
	{
		Moves<State> m;

		reach(world.begin(), 0);
		for (uint32_t i = 0; i < nodes.size(); i++) {
			const State s = nodes[i].state;
			const char *w = world.wrong(s);
			bool broken = w;

			if (!w)
				w = world.wrong_at_rest(s);
			if (w)
				report(w, i, quiet);
			if (w && first_only)
				break;
			if (broken) /* what follows says nothing new */
				continue;
			if (nodes.size() >= most) {
				found.all = false;
				break;
			}
			m.clear();
			world.next(s, m);
			for (const State &t : m.to)
				reach(t, i);
		}
		found.states = nodes.size();
		return found;
	}
};

#endif

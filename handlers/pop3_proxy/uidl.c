/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers and their UIDLs. Grows with what a server lists, up to a bound. */
#include "common/base.h"
#include "handlers/pop3_proxy/uidl.h"

#include "common/log.h"
#include "common/num.h"

/* A server that lists more gets no UIDLs: its messages are told by content. */
enum { NUMBERS_MAX = 1000000 };

void pop3_uidls_release(struct pop3_uidls *u)
{
	for (size_t i = 0; i < u->n; i++)
		free(u->list[i]);
	free(u->list);
	free(u->unkept);
	*u = (struct pop3_uidls){.asked = false};
}

static void make_room(struct pop3_uidls *u, size_t n)
{
	size_t room = n < 64 ? 64 : 2 * n;

	if (n <= u->n)
		return;
	u->list = reallocarray(u->list, room, sizeof(*u->list));
	if (!u->list)
		die_temp("out of memory: %zu UIDLs", room);
	memset(u->list + u->n, 0, (room - u->n) * sizeof(*u->list));
	u->n = room;
}

static bool is_uidl(const char *text, size_t n)
{
	if (n == 0 || n > POP3_UIDL_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if (text[i] < 0x21 || text[i] > 0x7e)
			return false;
	return true;
}

void pop3_uidls_begin(struct pop3_uidls *u)
{
	u->asked = u->complete = true;
}

void pop3_uidls_add(struct pop3_uidls *u, const char *line)
{
	size_t n = strcspn(line, " ");
	const char *uidl = line + n + (line[n] == ' ');
	uint64_t number;

	if (!num_parse(line, n, NUMBERS_MAX, &number) || number == 0 ||
	    !is_uidl(uidl, strlen(uidl))) {
		u->complete = false;
		return;
	}
	make_room(u, number);
	free(u->list[number - 1]);
	u->list[number - 1] = xstrdup(uidl);
}

const char *pop3_uidls_get(const struct pop3_uidls *u, uint64_t number)
{
	if (number == 0 || number > u->n || !u->list[number - 1])
		return "";
	return u->list[number - 1];
}

bool pop3_uidls_is_unkept(const struct pop3_uidls *u, uint64_t number)
{
	for (size_t i = 0; i < u->n_unkept; i++)
		if (u->unkept[i] == number)
			return true;
	return false;
}

void pop3_uidls_mark_unkept(struct pop3_uidls *u, uint64_t number)
{
	if (pop3_uidls_is_unkept(u, number))
		return;
	u->unkept = xgrow(u->unkept, u->n_unkept, sizeof(*u->unkept));
	u->unkept[u->n_unkept++] = number;
}

void pop3_uidls_mark_kept(struct pop3_uidls *u, uint64_t number)
{
	for (size_t i = 0; i < u->n_unkept; i++)
		if (u->unkept[i] == number)
			u->unkept[i--] = u->unkept[--u->n_unkept];
}

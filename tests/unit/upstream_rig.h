/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A real server that has said everything before it is asked, one packet for
 * each piece of it, so that a reader gets it cut as the test wants it. TLS is
 * taken to be there (--wrap=conn_tls).
 */
#ifndef RESTANTE_TESTS_UNIT_UPSTREAM_RIG_H
#define RESTANTE_TESTS_UNIT_UPSTREAM_RIG_H

#include "common/base.h"

#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/conf.h"
#include "common/conn.h"
#include "common/tls.h"
#include "handlers/proxy/dialler.h"
#include "handlers/proxy/upstream.h"
#include "tests/unit/cutting.h"

const struct tls_facts *__wrap_conn_tls(const struct conn *c);

const struct tls_facts *__wrap_conn_tls(const struct conn *c UNUSED)
{
	static const struct tls_facts facts = {.version = "TLS1.3"};

	return &facts;
}

struct rig {
	struct conf conf;
	struct upstream *u;
	int server; /* the far end */
	struct err e;
};

static void rig_open(struct rig *r, const char *says, size_t n,
		     const struct cutting *cut)
{
	int fds[2];

	*r = (struct rig){.conf = {.hostname = (char *)"gw.example",
				   .proxy.login_timeout = 20,
				   .limits.session_max = 20}};
	assert_return_code(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	r->server = fds[1];
	r->u = upstream_new(&(struct dialled){.fd = fds[0], .port = 995},
			    "mail.example", &r->conf, &r->e);
	assert_non_null(r->u);
	for (size_t at = 0; at < n;) {
		size_t piece = cutting_piece(cut, at, n);

		assert_int_equal(write(r->server, says + at, piece), piece);
		at += piece;
	}
	shutdown(r->server, SHUT_WR);
}

/* All that the server heard. */
static void rig_close(struct rig *r, char *heard, size_t size)
{
	ssize_t n = 0;
	size_t at = 0;

	upstream_free(&r->u);
	while (at < size - 1 &&
	       (n = read(r->server, heard + at, size - 1 - at)) > 0)
		at += (size_t)n;
	heard[at] = '\0';
	close(r->server);
}

#endif

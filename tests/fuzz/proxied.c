/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One server for each input, at the first dialling; the next one finds it
 * gone. It is reached over implicit TLS or, where the client's first octet has
 * SERVER_IN_CLEAR, greeted in clear: then STARTTLS must come.
 */
#include "common/base.h"
#include "tests/fuzz/proxied.h"

#include "handlers/proxy/dialler.h"

enum { SERVER_IN_CLEAR = 1 << 3 };

struct dialler {
	struct speaker *server;
	bool implicit_tls;
	bool dialled;
};

static struct dialler the_dialler;

struct dialler *proxied_dialler(void)
{
	return &the_dialler;
}

static int take_fd(struct dialler *d, struct err *e)
{
	int fd = speaker_fd(d->server);

	if (d->dialled)
		return err_set(e, ERR_TEMP, "server: gone");
	d->dialled = true;
	speaker_give_fd(d->server);
	return fd;
}

int dialler_dial(struct dialler *d, const char *mailbox_id,
		 const struct dial_server *server, struct dialled *out_r,
		 struct err *e)
{
	fuzz_require(strcmp(mailbox_id, WORLD_ID) == 0);
	fuzz_require(server->host[0]);
	*out_r = (struct dialled){.implicit_tls = d->implicit_tls,
				  .port = 4465,
				  .address = "192.0.2.1"};
	out_r->fd = take_fd(d, e);
	return out_r->fd < 0 ? -1 : 0;
}

int dialler_hand_over(struct dialler *d, struct err *e)
{
	return take_fd(d, e);
}

void proxied_run(const uint8_t *bytes, size_t n,
		 void (*session)(struct conn *c, const struct conf *conf,
				 const struct peer *peer, enum tls_mode mode),
		 struct buf *client_heard, struct buf *server_heard)
{
	const uint8_t *end = memchr(bytes, 0xff, n);
	size_t client = end ? (size_t)(end - bytes) : n;
	const uint8_t *server = bytes + client + (end != NULL);

	the_dialler = (struct dialler){
		.server = speaker_new(server, (size_t)(bytes + n - server),
				      bytes[0], server_heard),
		.implicit_tls = !(bytes[0] & SERVER_IN_CLEAR),
	};
	if (client)
		world_run(session, bytes[0], bytes + 1, client - 1,
			  client_heard);
	speaker_free(&the_dialler.server);
}

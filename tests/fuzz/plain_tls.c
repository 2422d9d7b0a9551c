/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TLS without TLS: takes the place of common/tls.c in the session targets, so
 * that a fuzzer gets behind STARTTLS and behind upstream's certificate. What
 * it passes is what it was given.
 */
#include "common/base.h"
#include "common/tls.h"

#include "common/log.h"

struct tls {
	struct tls_io io;
	struct tls_facts facts;
};

static struct tls *new_tls(void)
{
	struct tls *t = xcalloc(1, sizeof(*t));

	t->facts = (struct tls_facts){.version = "TLS1.3", .cipher = "none"};
	return t;
}

struct tls *tls_server_new(const struct tls_server_settings *settings UNUSED,
			   struct err *e UNUSED)
{
	return new_tls();
}

struct tls *tls_client_new(const char *name UNUSED, const char *ca_file UNUSED,
			   struct err *e UNUSED)
{
	return new_tls();
}

void tls_client_pin(struct tls *t UNUSED,
		    const uint8_t pin[TLS_PIN_SIZE] UNUSED)
{
}

void tls_free(struct tls **t)
{
	free(*t);
	*t = NULL;
}

int tls_handshake(struct tls *t, const struct tls_io *io, struct err *e UNUSED)
{
	t->io = *io;
	return 0;
}

const struct tls_facts *tls_facts(const struct tls *t)
{
	return &t->facts;
}

ssize_t tls_read(struct tls *t, void *bytes, size_t n)
{
	return t->io.pull(t->io.owner, bytes, n);
}

int tls_write(struct tls *t, const void *bytes, size_t n)
{
	return t->io.push(t->io.owner, bytes, n) < 0 ? -1 : 0;
}

size_t tls_pending(const struct tls *t UNUSED)
{
	return 0;
}

bool tls_has_read_ahead(const struct tls *t UNUSED)
{
	return false;
}

void tls_bye(struct tls *t UNUSED)
{
}

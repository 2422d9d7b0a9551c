/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What tls.c (sessions), tls_client.c (whom a client trusts) and tls_cert.c
 * (files) share. Nothing outside common/tls*.c includes gnutls.h.
 */
#ifndef RESTANTE_COMMON_TLS_PRIVATE_H
#define RESTANTE_COMMON_TLS_PRIVATE_H

#include <gnutls/gnutls.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/tls.h"

enum { TLS_CHAIN_MAX = 16 }; /* certificates looked at, ours or a peer's */

struct tls {
	gnutls_session_t session;
	gnutls_certificate_credentials_t cred;
	struct tls_io io;
	bool in_handshake;
	struct buf flight; /* handshake messages not sent yet */
	bool late; /* the owner's deadline passed in the last pull or push */
	struct tls_facts facts;

	/* Clients only. */
	char *name;	 /* whom the certificate must name; NULL: a server */
	char *trust_dir; /* of hashed names, "": the system's; NULL: a file */
	unsigned verify_status;
	bool pinned, pin_differs;
	uint8_t pin[TLS_PIN_SIZE];
};

/* A session of either side without certificates or priorities yet. */
struct tls *tls_new(unsigned flags, struct err *e);

/*
 * What an administrator wants replaces our priorities where it begins with a
 * keyword, such as SECURE192, and adds to them where it begins with + - % or
 * !; "": ours.
 */
int tls_set_priorities(struct tls *t, const char *wanted,
		       const char *min_version, struct err *e);

/* Own certificate chain and key, both in PEM. -1: e names the file. */
int tls_load_key_pair(gnutls_certificate_credentials_t cred,
		      const char *certificate, const char *key, struct err *e);

/* Trusts every certificate in a PEM file. -1: e names the file. */
int tls_load_trust(gnutls_certificate_credentials_t cred, const char *file,
		   struct err *e);

/* The name in the peer's certificate if that verifies, else "". */
void tls_note_client_name(gnutls_session_t session, char *name_r, size_t size);

#endif

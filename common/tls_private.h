/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What tls.c (sessions), tls_client.c (whom a client trusts) and tls_cert.c
 * (files) share. Nothing outside common/tls*.c includes gnutls.h.
 */
#ifndef RESTANTE_COMMON_TLS_PRIVATE_H
#define RESTANTE_COMMON_TLS_PRIVATE_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/tls.h"

enum { TLS_CHAIN_MAX = 16 }; /* certificates looked at, ours or a peer's */
enum { TLS_NAME_MAX = 255 }; /* of a host */
/* A record with its header, and all that TLS 1.2 may add to it. */
enum { TLS_AHEAD_MAX = 16 * 1024 + 2048 + 5 };

/* A chain of ours and its key; n 0: given away, or none. */
struct tls_key_pair {
	gnutls_pcert_st chain[TLS_CHAIN_MAX];
	unsigned n;
	gnutls_privkey_t key;
};

struct tls {
	gnutls_session_t session;
	gnutls_certificate_credentials_t cred;
	struct tls_io io;
	bool in_handshake;
	struct buf flight; /* handshake messages not sent yet */
	uint8_t *ahead; /* [ahead_start, ahead_end): read, not asked for yet */
	size_t ahead_start, ahead_end;
	bool late; /* the owner's deadline passed in the last pull or push */
	struct tls_facts facts;

	/* Servers only. */
	struct tls_key_pair *pairs; /* what the client was not given yet */
	size_t n_pairs;
	bool chosen;
	char server_name[TLS_NAME_MAX + 1]; /* whom the client wants, or "" */

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
int tls_key_pair_load(const char *certificate, const char *key,
		      struct tls_key_pair *pair_r, struct err *e);
void tls_key_pair_release(struct tls_key_pair *p);

/* Moves it into cred; where GnuTLS says no, it stays. */
int tls_key_pair_use(struct tls_key_pair *p,
		     gnutls_certificate_credentials_t cred);

/* Whether its certificate is for that host (RFC 6125, wildcards too). */
bool tls_key_pair_is_for(const struct tls_key_pair *p, const char *host);
/* The first host that its certificate is for; "": none. */
void tls_key_pair_name(const struct tls_key_pair *p, char *name_r, size_t size);

/*
 * The host in the octets of a server_name extension (RFC 6066 3). False: there
 * is none, or none that a certificate could be for.
 */
bool tls_server_name_parse(const uint8_t *bytes, size_t n, char *name_r,
			   size_t size);

/* Trusts every certificate in a PEM file. -1: e names the file. */
int tls_load_trust(gnutls_certificate_credentials_t cred, const char *file,
		   struct err *e);

/*
 * Every host and mail address that the peer's certificate is for; none if that
 * does not verify. Bounded; what is not printable ASCII is left out.
 */
void tls_note_client_names(gnutls_session_t session,
			   struct conf_strings *names_r);

#endif

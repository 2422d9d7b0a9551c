/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The GnuTLS seam: the one file that includes gnutls.h is tls.c. Moves bytes
 * through two functions of its owner, so that deadlines stay in conn.c.
 */
#ifndef RESTANTE_COMMON_TLS_H
#define RESTANTE_COMMON_TLS_H

#include "common/conf_value.h"
#include "common/err.h"

struct tls; /* one TLS session */

/*
 * How the owner moves bytes: as read(2) and write(2), but they wait, and push
 * moves all n or fails. errno EAGAIN: the owner's deadline passed.
 */
struct tls_io {
	ssize_t (*pull)(void *owner, void *bytes, size_t n);
	ssize_t (*push)(void *owner, const void *bytes, size_t n);
	void *owner;
};

/* Facts of a finished handshake, for trace headers and log lines. */
struct tls_facts {
	char version[12]; /* "TLS1.3" */
	char cipher[64];  /* "AES-256-GCM", with the key exchange */
	/*
	 * Hosts and mail addresses of a verified client certificate, each
	 * printable ASCII: its subjectAltNames (RFC 9525), never its subject.
	 */
	struct conf_strings client_names;
};

/*
 * Settings from restante.conf, borrowed. Of several certificates a client gets
 * those for the name that it asks for, else those for the first one's name.
 */
struct tls_server_settings {
	struct conf_strings certificate; /* PEM files, each a full chain */
	struct conf_strings key;	 /* PEM files, in the same order */
	const char *min_version;	 /* "1.2" or "1.3" */
	const char *priorities;		 /* a GnuTLS priority string, or "" */
	const char *client_ca; /* PEM; "": no client certificate is asked for */
};

/*
 * Reads certificates and keys (each time anew: a renewed one counts from the
 * next connection on) and prepares a server session. Of several, those that
 * cannot be used are logged and left out. NULL where none can; the error names
 * the file.
 */
struct tls *tls_server_new(const struct tls_server_settings *settings,
			   struct err *e);

/* How many pairs of certificate and key it has; none was given away yet. */
size_t tls_server_pairs(const struct tls *t);

struct tls_term {
	int64_t begins, ends; /* seconds since 1970 */
};

/* From when until when the first certificate of a PEM file is good. */
int tls_certificate_term(const char *file, struct tls_term *term_r,
			 struct err *e);

/* Whether it is for that host (RFC 6125, wildcards too). */
int tls_certificate_is_for(const char *file, const char *host, bool *is_for_r,
			   struct err *e);

enum { TLS_LINK_NAME = 512 };

/* One certificate of a chain. */
struct tls_link {
	const char *file;	     /* that it stands in; borrowed */
	char subject[TLS_LINK_NAME]; /* distinguished names (RFC 4514) */
	char issuer[TLS_LINK_NAME];
	int64_t begins, ends; /* seconds since 1970 */
};

/* Calls each() for every certificate of a PEM file, in its order. */
int tls_certificate_chain(const char *file,
			  void (*each)(const struct tls_link *link, void *arg),
			  void *arg, struct err *e);

/*
 * A client session that checks the peer's certificate for name against the
 * certificates in ca_file: PEM, or a directory hashed as OpenSSL does it (""
 * the system's).
 */
struct tls *tls_client_new(const char *name, const char *ca_file,
			   struct err *e);

enum { TLS_PIN_SIZE = 32 };

/*
 * Trusts one key and no other: the SHA-256 of the certificate's
 * SubjectPublicKeyInfo. Chain and name are not looked at then, so that a
 * self-signed server can be reached without a hole for the rest.
 */
void tls_client_pin(struct tls *t, const uint8_t pin[TLS_PIN_SIZE]);

/* Ends and frees; NULL is allowed. Sends nothing. Sets *t to NULL. */
void tls_free(struct tls **t);

/* The handshake through io (copied). 0, or -1 with a text that says why. */
int tls_handshake(struct tls *t, const struct tls_io *io, struct err *e);

const struct tls_facts *tls_facts(const struct tls *t);

/*
 * As read(2): 0 at the end (with close_notify or without), -1 on failure.
 * errno EAGAIN: the deadline passed; reading and writing may still go on.
 */
ssize_t tls_read(struct tls *t, void *bytes, size_t n);

/* Writes all n bytes or returns -1. At most 16 KiB go into one record. */
int tls_write(struct tls *t, const void *bytes, size_t n);

/* Decrypted bytes that wait inside the session. */
size_t tls_pending(const struct tls *t);

/* Whether there are others that poll(2) will not tell of. */
bool tls_has_read_ahead(const struct tls *t);

/* close_notify, as far as it can be had; the peer may be gone. */
void tls_bye(struct tls *t);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A server that a mailbox's proxies may reach, as it is written in settings:
 * HOST[:PORT][,tls=implicit|starttls][,pin-sha256=BASE64], *.DOMAIN, or *.
 * A pure parser: it resolves nothing and allows nothing.
 */
#ifndef RESTANTE_COMMON_TARGET_H
#define RESTANTE_COMMON_TARGET_H

#include "common/err.h"

enum target_kind {
	TARGET_HOST,   /* exactly host */
	TARGET_DOMAIN, /* every host below the domain host */
	TARGET_ANY,
};

enum target_tls {
	TARGET_TLS_BY_PORT, /* 465, 995 implicit; 587, 25, 110 STARTTLS */
	TARGET_TLS_IMPLICIT,
	TARGET_TLS_STARTTLS,
};

enum { TARGET_HOST_MAX = 255, TARGET_PIN_SIZE = 32 };

struct target {
	enum target_kind kind;
	char host[TARGET_HOST_MAX + 1]; /* as written; IPv6 without brackets */
	uint16_t port;			/* 0: the standard ones */
	enum target_tls tls;
	bool pinned;
	uint8_t pin[TARGET_PIN_SIZE]; /* SHA-256 of the SubjectPublicKeyInfo */
};

/* False: e says what was expected. */
bool target_parse(const char *text, struct target *target_r, struct err *e);

#endif

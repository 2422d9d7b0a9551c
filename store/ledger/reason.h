/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Why something was refused in a session: the words that the log has as
 * reason=, and no others. What is counted by them cannot grow, whoever writes.
 */
#ifndef RESTANTE_STORE_LEDGER_REASON_H
#define RESTANTE_STORE_LEDGER_REASON_H

/* The same word, or "other" where it is none of these. */
const char *reason_word(const char *text);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The README of a proof: what is proved, and the commands that look at it. */
#ifndef RESTANTE_HANDLERS_TOOL_PROOF_README_H
#define RESTANTE_HANDLERS_TOOL_PROOF_README_H

extern const char proof_readme[];

#endif

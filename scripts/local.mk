# SPDX-License-Identifier: GPL-3.0-or-later
# What is installed of the scripts, and what only the source tree needs.
handler_SCRIPTS += %D%/certificate-hook
SUBSTITUTED += $(bin_SCRIPTS) $(handler_SCRIPTS)

EXTRA_DIST += %D%/check %D%/lint %D%/quickstart

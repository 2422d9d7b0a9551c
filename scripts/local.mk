# SPDX-License-Identifier: GPL-3.0-or-later
# What is installed of the scripts, and what only the source tree needs.
EXTRA_DIST += %D%/check %D%/quickstart

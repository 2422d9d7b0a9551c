# SPDX-License-Identifier: GPL-3.0-or-later
# mdoc pages, one per program and file; paths are substituted. A new page
# man/x.8.in: its line here.
man_MANS =

SUBSTITUTED += $(man_MANS)

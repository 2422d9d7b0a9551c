#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every reason that a session may note stands in the list that what is counted
# is held to (store/ledger/reason.c), and nothing else does.
set -u

top=${srcdir:-.}
kept=$(mktemp -d) || exit 1
trap 'rm -rf "$kept"' EXIT

# Between an outcome that refuses and the word there may be a comma, a colon, a
# function's end or a line's.
find "$top/handlers" -name '*.c' -exec cat {} + | tr '\n' ' ' |
	grep -oE 'OUTCOME_(REFUSED|TEMPFAIL),[[:space:]]*"[a-z0-9-]+"' |
	sed 's/.*"\(.*\)"/\1/' | sort -u >"$kept/noted"
sed -n 's/^	"\([a-z0-9-]*\)",$/\1/p' "$top/store/ledger/reason.c" |
	sort >"$kept/listed"

if [ -s "$kept/noted" ] && diff "$kept/noted" "$kept/listed"; then
	echo "ok reasons"
else
	echo "not ok reasons: noted by handlers (<), listed (>)"
	exit 1
fi

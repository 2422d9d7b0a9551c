#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A receiver cannot open what it keeps: the unsealing half is not in it, nor is
# libsodium. The same search must find every piece of that half in a program
# that does open, or it would prove nothing.
#
#	link.sh [RECEIVER... -- OPENER...]
#
# Without arguments, in the current directory: all that receive, pass on or
# administer, and pop3-serve; and whether the console loads a TLS library.
set -u

# Pieces of the unsealing half: how the symbols begin that are ours, and those
# of libraries, whether imported or linked in.
ours='stream_open unsealer_ unwrap_ identity_ scrypt_ collection_ reader_'
theirs='sodium_init crypto_pwhash_'
# What GnuTLS has for itself in a static program, and may.
imported='nettle_chacha_poly1305_decrypt'

status=0
kept=$(mktemp -d) || exit 1
trap 'rm -rf "$kept"' EXIT

verdict() {
	echo "$1 link-$2"
	[ "$1" = ok ] || status=1
}

# look PROGRAM: its symbols, one a line as "T name", and its libraries.
look() {
	{ nm "$1" 2>/dev/null && nm -D "$1" 2>/dev/null; } |
		sed 's/^[0-9a-f ]*\([A-Za-z]\) /\1 /' >"$kept/symbols"
	readelf -d "$1" 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' \
		>"$kept/libraries"
	# One that is stripped would be found innocent whatever is in it.
	grep -q '^T main$' "$kept/symbols"
}

# pieces: every piece that was found, one a line.
pieces() {
	for piece in $ours $theirs; do
		grep -q "^[A-Za-z] $piece" "$kept/symbols" && echo "$piece"
	done
	grep -q '^libsodium\.' "$kept/libraries" && echo libsodium
	grep -q "^U $imported" "$kept/symbols" && echo "$imported"
	return 0
}

check_receiver() {
	name=$(basename "$1")
	look "$1" || { verdict 'not ok' "$name-cannot-be-judged"; return; }
	if [ -n "$(pieces)" ]; then
		pieces | sed "s/^/$name contains /"
		verdict 'not ok' "$name-cannot-unseal"
	else
		verdict ok "$name-cannot-unseal"
	fi
}

# In a static program the last two do not show: it names no libraries.
check_opener() {
	name=$(basename "$1")
	look "$1" || { verdict 'not ok' "$name-cannot-be-judged"; return; }
	wanted="$ours $theirs"
	[ -s "$kept/libraries" ] && wanted="$wanted libsodium $imported"
	# shellcheck disable=SC2086 # a list of words
	if [ "$(pieces)" = "$(printf '%s\n' $wanted)" ]; then
		verdict ok "$name-is-seen-to-unseal"
	else
		pieces | sed "s/^/$name contains /"
		verdict 'not ok' "$name-is-seen-to-unseal"
	fi
}

# The console's pages would wait longer for GnuTLS than for all the rest.
loads_gnutls() {
	look "$1" && grep -q '^[A-Za-z] gnutls_\|^libgnutls\.' \
		"$kept/symbols" "$kept/libraries"
}

check_console() {
	if loads_gnutls ./mailbox-tool && ! loads_gnutls ./console.cgi; then
		verdict ok console.cgi-loads-no-gnutls
	else
		verdict 'not ok' console.cgi-loads-no-gnutls
	fi
}

if [ "$#" -eq 0 ]; then
	check_console
	set -- ./smtp-journal ./smtp-proxy ./pop3-proxy ./console.cgi -- \
		./pop3-serve ./mailbox-tool
fi
kind=receiver
for program in "$@"; do
	case $program,$kind in
	--,*) kind=opener ;;
	*,receiver) check_receiver "$program" ;;
	*,opener) check_opener "$program" ;;
	esac
done
exit "$status"

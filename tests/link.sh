#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What each program contains, by the linker's own map of it: a receiver cannot
# open what it keeps, a service holds no other service, and the console no
# session. The map lists every member of every archive that was taken in.
#
#	link.sh	in the folder that was built in
# shellcheck disable=SC2317 # questions are functions, and are passed
set -u

status=0
kept=$(mktemp -d) || exit 1
trap 'rm -rf "$kept"' EXIT

verdict() {
	echo "$1 link-$2"
	[ "$1" = ok ] || status=1
}

# programs: name, the archives it may contain, "!" and members it must not.
# Everything that is not named here is forbidden; common is everybody's.
programs() {
	cat <<END
smtp-journal smtp_journal session smtp mail store !session/sasl !session/login_throttle
smtp-proxy smtp_proxy proxy session smtp mail store
pop3-proxy pop3_proxy proxy session pop3 mail store
pop3-serve pop3_serve session pop3 mail store store:unseal !mail/journal_report
ledger ledger store
mailbox-tool tool doctor admin mail store store:unseal store:admin
console.cgi console console/pages console/parts console/sign_in console/web console/text admin store store:admin
END
}

# contents PROGRAM: "room/member" of every archive of ours, one a line. The
# store's archives are three: store, store:unseal, store:admin.
contents() {
	awk '$1 ~ /^(common|store|handlers)\/[^ ]*\.a\(.*\.o\)$/ { print $1 }' \
		"$1.map" | sort -u |
		sed 's/^handlers\///
			s/^store\/lib\(unseal\|admin\)\.a/store:\1\/lib.a/
			s/\/lib[a-z0-9_]*\.a(\(.*\)\.o)$/\/\1/'
}

# Prints what a program contains and may not.
strays() { # archives and "!" members, as words
	awk -v words="$*" '
	BEGIN {
		n = split("common " words, word, " ")
		for (i = 1; i <= n; i++)
			if (sub(/^!/, "", word[i]))
				barred[word[i]] = 1
			else
				allowed[word[i]] = 1
	}
	{
		room = $0
		sub(/\/[^\/]*$/, "", room)
		stray = !(room in allowed)
		for (b in barred)
			stray = stray || index($0, b) == 1
		if (stray)
			print
	}'
}

check_contents() { # name, archives…
	name=$1
	shift
	contents "./$name" >"$kept/contents"
	# A map that cannot be read would find everybody innocent.
	grep -q '^common/' "$kept/contents" && grep -q "^$1/" "$kept/contents" ||
		echo "$name.map names neither common nor $1" >"$kept/contents"
	strays "$@" <"$kept/contents" >"$kept/strays"
	if [ -s "$kept/strays" ]; then
		sed "s/^/$name contains /" "$kept/strays"
		verdict 'not ok' "$name-contains-only-its-own"
	else
		verdict ok "$name-contains-only-its-own"
	fi
}

# What a library would have to give to open a message: libsodium's scrypt, and
# the half of a cipher that nothing else of ours uses.
opens() { # program
	{ nm "$1" 2>/dev/null && nm -D "$1" 2>/dev/null; } |
		grep -Eq ' (crypto_pwhash_|stream_open|unwrap_)'
}

loads_gnutls() { # program
	nm -D "$1" 2>/dev/null | grep -q ' gnutls_' ||
		readelf -d "$1" | grep -q 'NEEDED.*libgnutls\.'
}

loads_jansson() { # program
	readelf -d "$1" | grep -q 'NEEDED.*libjansson\.'
}

# Each question is asked of a program that has the answer yes as well, or it
# would prove nothing.
check_pair() { # name, question, who must say yes, who must say no…
	name=$1 question=$2 yes=$3
	shift 3
	answer=ok
	"$question" "./$yes" || answer='not ok'
	for program in "$@"; do
		! "$question" "./$program" || answer='not ok'
	done
	verdict "$answer" "$name"
}

programs >"$kept/programs"
while read -r name archives; do
	# shellcheck disable=SC2086 # a list of words
	check_contents "$name" $archives
done <"$kept/programs"
check_pair receivers-cannot-open opens pop3-serve \
	smtp-journal smtp-proxy pop3-proxy console.cgi
check_pair shell-command-is-seen-to-open opens mailbox-tool console.cgi
check_pair console-loads-no-gnutls loads_gnutls mailbox-tool console.cgi
check_pair only-shell-command-loads-jansson loads_jansson mailbox-tool \
	smtp-journal smtp-proxy pop3-serve pop3-proxy ledger console.cgi
exit "$status"

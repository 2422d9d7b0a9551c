dnl SPDX-License-Identifier: GPL-3.0-or-later
dnl The macros of configure.ac, each for one question it asks.

dnl RESTANTE_SWITCH(NAME, HELP): --enable-NAME, off unless asked for.
AC_DEFUN([RESTANTE_SWITCH],
[AC_ARG_ENABLE([$1], [AS_HELP_STRING([--enable-$1], [$2])], [],
	       [AS_VAR_SET([enable_]AS_TR_SH([$1]), [no])])])

dnl RESTANTE_MAKE_DEPENDENCY_FILES: in config.status, those that the makefile
dnl includes, empty, where they are not there yet.
AC_DEFUN([RESTANTE_MAKE_DEPENDENCY_FILES],
[[dependency_files=$(sed -n '/^am__depfiles_remade = /,/[^\\]$/{
	s/^am__depfiles_remade = //
	s/\\$//
	s/\$(DEPDIR)/.deps/g
	p
}' Makefile)
mkdir -p $(printf '%s\n' $dependency_files | sed 's|/[^/]*$||' | sort -u)
for file in $dependency_files; do
	: >>"$file"
done]])

dnl RESTANTE_FLAG(VARIABLE, FLAG): adds FLAG where compiler and linker take it.
dnl -Werror turns "unknown option, ignored" into a refusal.
AC_DEFUN([RESTANTE_FLAG],
[AS_VAR_PUSHDEF([cached], [restante_cv_flag_$2])dnl
AC_CACHE_CHECK([whether $CC takes $2], [cached],
	[restante_saved_cflags=$CFLAGS
	CFLAGS="$CFLAGS -Werror $2"
	AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
		       [AS_VAR_SET([cached], [yes])],
		       [AS_VAR_SET([cached], [no])])
	CFLAGS=$restante_saved_cflags])
AS_VAR_IF([cached], [yes], [AS_VAR_APPEND([$1], [" $2"])])
AS_VAR_POPDEF([cached])])

AC_DEFUN([RESTANTE_WARNINGS],
[m4_foreach_w([flag], [-Wall -Wextra -Wshadow -Wconversion
		       -Wstrict-prototypes -Wmissing-prototypes -Wformat=2
		       -Wvla -Wundef -Wwrite-strings],
	      [RESTANTE_FLAG([WARNING_CFLAGS], m4_defn([flag]))])
AS_IF([test "$enable_werror" = yes],
      [AS_VAR_APPEND([WARNING_CFLAGS], [" -Werror"])])
AC_SUBST([WARNING_CFLAGS])])

dnl FORTIFY needs an optimising compiler and hides faults from the sanitizers.
AC_DEFUN([RESTANTE_HARDENING],
[m4_foreach_w([flag], [-fstack-protector-strong -fstack-clash-protection
		       -fcf-protection -fPIE],
	      [RESTANTE_FLAG([HARDENING_CFLAGS], m4_defn([flag]))])
m4_foreach_w([flag], [-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack],
	     [RESTANTE_FLAG([HARDENING_LDFLAGS], m4_defn([flag]))])
RESTANTE_FLAG([AS_NEEDED_LDFLAGS], [-Wl,--as-needed])
AC_CACHE_CHECK([whether CFLAGS optimise], [restante_cv_optimises],
	[AC_COMPILE_IFELSE([AC_LANG_PROGRAM([
#ifndef __OPTIMIZE__
#error no
#endif], [])], [restante_cv_optimises=yes], [restante_cv_optimises=no])])
AS_IF([test "$restante_cv_optimises$enable_asan$enable_ubsan" = yesnono],
      [HARDENING_CPPFLAGS='-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2'])
AC_SUBST([HARDENING_CPPFLAGS])
AC_SUBST([HARDENING_CFLAGS])
AC_SUBST([HARDENING_LDFLAGS])
AC_SUBST([AS_NEEDED_LDFLAGS])])

AC_DEFUN([RESTANTE_INSTRUMENTATION],
[AS_IF([test "$enable_asan" = yes],
       [INSTRUMENTATION_CFLAGS='-fsanitize=address -fno-omit-frame-pointer'
       instrumentation=' asan'])
AS_IF([test "$enable_ubsan" = yes],
      [AS_VAR_APPEND([INSTRUMENTATION_CFLAGS],
		     [' -fsanitize=undefined -fno-sanitize-recover=all'])
      AS_VAR_APPEND([instrumentation], [' ubsan'])])
AS_IF([test "$enable_coverage" = yes],
      [AS_VAR_APPEND([INSTRUMENTATION_CFLAGS], [' --coverage'])
      AS_VAR_APPEND([instrumentation], [' coverage'])])
AS_IF([test "$enable_fuzzing" = yes],
      [AS_VAR_APPEND([INSTRUMENTATION_CFLAGS], [' -fsanitize=fuzzer-no-link'])
      RESTANTE_FLAG([FUZZER_LDFLAGS], [-fsanitize=fuzzer-no-link])
      AS_IF([test -z "$FUZZER_LDFLAGS"],
	    [AC_MSG_ERROR([--enable-fuzzing needs libFuzzer: configure with CC=clang])])
      FUZZER_LDFLAGS=-fsanitize=fuzzer
      AS_VAR_APPEND([instrumentation], [' libFuzzer'])])
AS_IF([test "$enable_fault_points" = yes],
      [AS_VAR_APPEND([instrumentation], [' fault-points'])])
AM_CONDITIONAL([INSTRUMENTED], [test -n "$instrumentation"])
AC_SUBST([FUZZER_LDFLAGS])
AC_SUBST([INSTRUMENTATION_CFLAGS])])

dnl RESTANTE_SYSTEMD_DIR(VARIABLE, BELOW-PREFIX, HELP): --with-VARIABLE, else
dnl what systemd's own pkg-config file names for programs of the prefix /usr,
dnl else a place below the prefix (systemd reads /usr/local/lib as well).
AC_DEFUN([RESTANTE_SYSTEMD_DIR],
[AC_ARG_WITH([$1], [AS_HELP_STRING([--with-$1=DIR], [$3])],
	     [], [with_$1=default])
AS_CASE([$with_$1],
	[yes|default],
	[$1='${prefix}/$2'
	AS_IF([test "x$prefix" = x/usr],
	      [restante_dir=`$PKG_CONFIG --variable=$1 systemd 2>/dev/null`
	      test -z "$restante_dir" || $1=$restante_dir])],
	[no], [AC_MSG_ERROR([--with-$1 needs a directory])],
	[$1=$with_$1])
AC_SUBST([$1])])

dnl How the handlers are linked. A process lives for one connection, so what
dnl the dynamic linker does at its start is a large part of what it costs. The
dnl other side: a static handler sees a fixed library only when built anew.
dnl p11-kit has no archive anywhere; common/p11_absent.c stands in for it.
AC_DEFUN([RESTANTE_STATIC_HANDLERS],
[handler_linking='with shared libraries'
HANDLER_LDFLAGS=-pie
AS_IF([test "$enable_static_handlers" = yes],
	[AS_IF([test "$enable_asan$enable_ubsan$enable_fuzzing" = nonono], [],
	       [AC_MSG_ERROR([--enable-static-handlers excludes sanitizers])])
	handler_linking='statically (PIE)'
	HANDLER_LDFLAGS=-static-pie
	GNUTLS_LIBS=`$PKG_CONFIG --static --libs gnutls | $SED 's/-lp11-kit//'`
	NETTLE_LIBS=`$PKG_CONFIG --static --libs hogweed nettle`
	CONFUSE_LIBS=`$PKG_CONFIG --static --libs libconfuse`
	SODIUM_LIBS=`$PKG_CONFIG --static --libs libsodium`
	restante_saved_libs=$LIBS restante_saved_cflags=$CFLAGS
	CFLAGS="$CFLAGS -fPIE -static-pie -I$srcdir"
	LIBS="$CONFUSE_LIBS $GNUTLS_LIBS $NETTLE_LIBS $SODIUM_LIBS"
	AC_MSG_CHECKING([whether everything can be linked statically])
	AC_LINK_IFELSE([AC_LANG_PROGRAM([
#include "common/p11_absent.c"
#include <confuse.h>
#include <gnutls/gnutls.h>
#include <nettle/curve25519.h>
#include <sodium.h>], [
	return gnutls_global_init() + sodium_init() + (cfg_init == 0) + (curve25519_mul == 0);])],
		[AC_MSG_RESULT([yes])],
		[AC_MSG_RESULT([no])
		AC_MSG_ERROR([--enable-static-handlers needs the archives of GnuTLS, Nettle, libconfuse and libsodium and of what they use (on Debian also libunistring-dev); config.log has the linker's words])])
	LIBS=$restante_saved_libs CFLAGS=$restante_saved_cflags])
AC_SUBST([HANDLER_LDFLAGS])
AM_CONDITIONAL([STATIC_HANDLERS], [test "$enable_static_handlers" = yes])])

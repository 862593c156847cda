# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# build.sh - the builds that are tested, in which warnings are errors
#
# Sourced by tests/check and tests/fuzz, which set pipefail: a build's status is that of what failed in it.

# build DIRECTORY TARGET [MESON OPTION...] - what ninja calls TARGET, or "all"; another suite may want the same
build() (
	dir=$1 target=$2
	shift 2
	exec {lock}>"$dir.lock" && flock "$lock" || exit
	[ -e "$dir/build.ninja" ] || meson setup -Dwerror=true "$@" "$dir" || exit
	# gold says it of 131 functions of the sanitizer's in each program, and what went wrong is looked for at the end.
	ninja -C "$dir" "$target" | sed -u '/ld\.gold: warning: Cannot export local symbol .__asan_/d'
)

# build_sanitized DIRECTORY TARGET - with Clang's warnings, the sanitizers and what libFuzzer needs. It has 130 programs, which
# gold (of binutils, not everywhere) links in half the time; a report needs lines, and not the types of variables. After undefined behaviour nothing goes on
# in any case (halt_on_error): code that could takes a sixth of the time of compiling.
build_sanitized() (
	export CC=clang
	[ -z "$(command -v ld.gold)" ] || export CC_LD=gold
	build "$1" "$2" "-Dc_args=-gline-tables-only -fno-sanitize-recover=undefined" -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
)

# What the tests of the installed package share. cmake/package_tests.cmake sets MILLRACE_SOURCE and
# MILLRACE_BUILD, and tells CMake by its own variables (CXX, CXXFLAGS, ...) how this build was made.
# shellcheck shell=bash
set -euo pipefail

work=${MILLRACE_BUILD:?}/package
prefix=$work/prefix
export CMAKE_PREFIX_PATH=$prefix
export PATH=$prefix/bin:$PATH
# The compiler's cache serves the next run, which builds in the same folders.
if command -v ccache >/dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=ccache CCACHE_BASEDIR=$work CCACHE_NOHASHDIR=true
fi
# What a developer's shell may hold is not what a newcomer has.
unset MILLRACE_OUT MILLRACE_JOBS MILLRACE_PROFILE GITHUB_ACTIONS

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

# fresh NAME: an empty folder below the work folder, made the current one.
fresh() {
  rm -rf "${work:?}/$1"
  mkdir -p "$work/$1"
  cd "$work/$1"
}

# quietly COMMAND...: shows what it prints only if it fails.
quietly() {
  local output
  output=$("$@" 2>&1) || {
    printf '%s\n' "$output" >&2
    fail "$*"
  }
}

# expect STATUS PATTERN COMMAND...: the exit status must be this one, and some line of what the
# command prints must match the extended regular expression.
expect() {
  local status=$1 pattern=$2 seen=0 output
  shift 2
  output=$("$@" 2>&1) || seen=$?
  if [ "$seen" -ne "$status" ] || ! grep -Eq -- "$pattern" <<<"$output"; then
    printf '%s\n' "$output" >&2
    fail "$* ended with $seen; expected $status and a line like $pattern"
  fi
}

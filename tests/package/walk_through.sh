#!/usr/bin/env bash
# Does what docs/bring-your-own-system.md says, in its order, in an empty folder: runs each command
# of a ```console block, and applies each ```diff block. Each line that the page shows of a command's
# output must be printed, in that order; numbers and times may differ, "..." stands for any lines or
# the rest of one, and the table of events of a failure is the page's own: it belongs to one seed of
# one version.
# shellcheck source=tests/package/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

page=${MILLRACE_SOURCE:?}/docs/bring-your-own-system.md
commands=0
shown=0

# Numbers ("1.7 M" is one), hashes, spans of time and the width of columns are not what a line says.
plain() {
  sed -E -e 's/[0-9a-f]{8,}/#/g' -e 's/[0-9][0-9,.]*/#/g' -e 's/# M /# /g' -e 's/# (h|m|s|ms|us)( # (m|s))?/#/g' \
    -e 's/(^| )\.( |$)/ # /g' -e 's/[[:space:]]+/ /g' -e 's/^ //' -e 's/ $//'
}

# must_show COMMAND OUTPUT EXPECTED: every expected line, in this order.
must_show() {
  local command=$1 expected line rest in_events=0 at=0
  local -a printed
  mapfile -t printed < <(plain <<<"$2")
  while IFS= read -r expected; do
    case "$expected" in
      "   event "*"machine"*) in_events=1 ;;
      *"records; all: -v"*) in_events=0 ;;
    esac
    line=$(plain <<<"$expected")
    if [ "$in_events" -eq 1 ] || [ -z "$line" ] || [ "$line" = "..." ]; then continue; fi
    # As a pattern, in which only the dots at the end stand for something else.
    case "$line" in *" ...") rest='*' ;; *) rest='' ;; esac
    line=${line%" ..."}
    # shellcheck disable=SC2053
    while [ "$at" -lt "${#printed[@]}" ] && [[ ${printed[$at]} != "$line"$rest ]]; do at=$((at + 1)); done
    if [ "$at" -eq "${#printed[@]}" ]; then
      printf '%s\n' "$2" >&2
      fail "\$ $command: the page shows '$expected'"
    fi
    at=$((at + 1))
    shown=$((shown + 1))
  done <<<"$3"
}

# What was really printed, command by command: where to look when the page has to be brought up to date.
transcript=$work/walk_through.txt

# try COMMAND EXPECTED: in this shell, so that `cd` lasts.
try() {
  local log=$work/walk_through.log
  eval "$1" >"$log" 2>&1 </dev/null || true
  { printf '$ %s\n' "$1" && cat "$log"; } >>"$transcript"
  commands=$((commands + 1))
  must_show "$1" "$(cat "$log")" "$2"
}

fresh walk_through
: >"$transcript"
block=""
command=""
text=""
while IFS= read -r line; do
  case "$block:$line" in
    ':```console') block='console' ;;
    ':```diff') block='diff' ;;
    ':```'*) block='other' ;;
    'console:```' | 'console:$ '*)
      [ -z "$command" ] || try "$command" "$text"
      command=${line#\$ }
      text=""
      if [ "$line" = '```' ]; then
        command=""
        block=""
      fi
      ;;
    'diff:```')
      quietly patch -p1 --fuzz=0 <<<"$text"
      block=""
      text=""
      ;;
    *':```') block="" ;;
    console:* | diff:*) text+=$line$'\n' ;;
  esac
done <"$page"
if [ "$commands" -lt 10 ] || [ "$shown" -lt 20 ]; then
  fail "the page shows too little: $commands commands, $shown lines"
fi

# What the newcomer ends with is what `millrace new` wrote: green wherever the seeds begin.
for from in 1001 20001 500001; do
  expect 0 '^PASS  200 of 200 seeds passed' build/counter campaign --from "$from" --out "$work/ranges"
  rm -rf "$work/ranges"
done
echo "package: $commands commands and $shown lines of the walk-through hold"

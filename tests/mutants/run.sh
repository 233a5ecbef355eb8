#!/usr/bin/env bash
# Plants known bugs one by one in a copy of the tree, and tells which property catches each.
#
#   tests/mutants/run.sh [--dir D] [--seeds N] [--for T] [--shrink] [--json]
#
# A mutant is a patch D/NAME.patch (by default of this folder) that `git apply` takes at the root. At
# the branch that it changes it adds `journal.mark("mutant.NAME")`, with each '-' of the name as '_'.
# Such a mark is counted and nothing else: no fault is anchored at it. For each patch the command is
# built and runs `everything` until the first failure, for at most N seeds (500) or the time T.
#
#   armed      in how many seeds the mark ran; with 0 the mutant is neither caught nor missed
#   caught by  a property of the mutant's row in D/table.tsv, else of its row here; else "another"
#
# The first property to object ends a run, and which of several is first may be a matter of luck: a
# lost record is seen by whoever looks next. So where that is no property of the row, the failing seed
# is run once more to its end, and what objects there counts as well. Where that does not help, the
# next failing seeds are tried, ten in all (with --for none: the time is up).
#
# With --shrink the failure that caught a mutant is made small: how many operations, faults and machines
# its repro has then, and the seconds that it took. The last line has the medians over all mutants.
#
# Exit: 0 all armed and caught by the right property (a mutant without a row: by any); 3 a patch does
# not apply or build, or its campaign did not work; else 1 one was missed or caught by another; else 4
# one was not armed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
dir=$here
seeds=500
failures_max=10
for_options=()
is_json=0
shrinks=0

say() { printf '%s\n' "$*" >&2; }
die() {
  say "mutants: $*"
  exit 2
}

while [ $# -gt 0 ]; do
  case "$1" in
    --dir | --seeds | --for) [ $# -ge 2 ] || die "$1 needs a value" ;;&
    --dir)
      dir=$(cd "$2" 2>/dev/null && pwd) || die "no folder '$2'"
      shift
      ;;
    --seeds)
      [[ "$2" =~ ^[1-9][0-9]*$ ]] || die "--seeds needs a number above 0, not '$2'"
      seeds=$2
      shift
      ;;
    --for)
      for_options=(--for "$2")
      shift
      ;;
    --json) is_json=1 ;;
    --shrink) shrinks=1 ;;
    *) die "no option '$1'; there are --dir D, --seeds N, --for T, --shrink, --json" ;;
  esac
  shift
done
shopt -s nullglob
patches=("$dir"/*.patch)
[ "${#patches[@]}" -gt 0 ] || die "no *.patch in $dir"

scratch=$(mktemp -d "${TMPDIR:-/tmp}/millrace-mutants.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
copy=$scratch/tree

# What is tracked or new in the tree, as it is now. A repository of its own keeps `git apply` from
# looking at whatever repository surrounds the copy.
copy_tree() {
  mkdir "$copy"
  (
    cd "$root"
    git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
      if [ -e "$file" ]; then printf '%s\0' "$file"; fi
    done | tar --null --files-from=- -cf -
  ) | tar -xf - -C "$copy"
  git -C "$copy" init --quiet
}

# The copy has one build folder: from one mutant to the next only what differs is compiled.
build() {
  cmake --preset release -S "$copy" -DMILLRACE_TESTS=OFF -DMILLRACE_INSTALL=OFF &&
    cmake --build "$copy/build/release" -j "$(nproc)" --target millrace
} >"$scratch/build.log" 2>&1 </dev/null

# Prints the properties of a mutant's row, if it has one.
expected_of() {
  local table
  for table in "$dir/table.tsv" "$here/table.tsv"; do
    [ -f "$table" ] || continue
    awk -F '\t' -v name="$1" '$1 == name { print $2; found = 1 } END { exit !found }' "$table" &&
      return
  done
}

# run_campaign NAME FROM COUNT: runs the campaign of the mutant that is built over COUNT seeds from FROM
# on; sets failing_seeds and signatures, and adds to seeds_run, armed and cpu_seconds.
run_campaign() {
  local status=0 TIMEFORMAT='%3U %3S'
  {
    time "$copy/build/release/millrace" campaign everything --from "$2" --seeds "$3" \
      "${for_options[@]}" -x 1 --no-shrink --json --quiet --out "$scratch/out" \
      >"$scratch/campaign.json" 2>"$scratch/campaign.log" </dev/null || status=$?
  } 2>"$scratch/times"
  cpu_seconds=$(awk -v so_far="$cpu_seconds" '{ printf "%.1f", so_far + $1 + $2 }' "$scratch/times")
  cmake -DIN="$scratch/campaign.json" -DOUT="$scratch/values" -DMARK="mutant.$1" \
    -P "$here/read_campaign.cmake" >"$scratch/read.log" 2>&1 || return
  local values
  mapfile -t values <"$scratch/values"
  seeds_run=$((seeds_run + values[0]))
  armed=$((armed + values[1]))
  failing_seeds=("${values[@]:2}")
  failing_seeds=("${failing_seeds[@]%% *}")
  signatures=("${values[@]:2}")
  signatures=("${signatures[@]#* }")
  # With a failure found the campaign did its work, whatever else it complains of.
  [ "$status" -ne 3 ] || [ "${#signatures[@]}" -gt 0 ]
}

# hunt NAME EXPECTED: runs campaigns until a property of the row objects; sets caught, seeds_run, armed,
# cpu_seconds, and the signatures of the last failure. Fails where a campaign did not work.
hunt() {
  local failures=0 last
  caught="" seeds_run=0 armed=0 cpu_seconds=0
  while [ "$seeds_run" -lt "$seeds" ] && [ "$failures" -lt "$failures_max" ]; do
    last=$seeds_run
    run_campaign "$1" "$((seeds_run + 1))" "$((seeds - seeds_run))" || return
    [ "${#signatures[@]}" -gt 0 ] || return 0
    caught=$(caught_by "$2")
    [ "$caught" = another ] && [ -n "$2" ] && [ "${#for_options[@]}" -eq 0 ] || return 0
    [ "$seeds_run" -gt "$last" ] || return 0
    failures=$((failures + 1))
  done
}

# The property of the mutant's row that caught it; "another"; or nothing where it was missed.
caught_by() {
  local expected=$1 seed
  [ "${#signatures[@]}" -gt 0 ] || return 0
  if first_common "$expected" "${signatures[*]%%/*}"; then return; fi
  for seed in "${failing_seeds[@]}"; do
    if first_common "$expected" "$(objecting_in "$seed")"; then return; fi
  done
  printf 'another'
}

# Prints the first word of $1 that is also one of $2, if there is one.
first_common() {
  local wanted there
  for wanted in $1; do
    for there in $2; do
      if [ "$wanted" = "$there" ]; then
        printf '%s' "$wanted"
        return
      fi
    done
  done
  return 1
}

# Prints the properties that object in a seed of the mutant that is built, one a line.
objecting_in() {
  [ "$1" != - ] || return 0
  rm -f "$scratch/objecting"
  "$copy/build/release/millrace" run everything --seed "$1" --go-on --json \
    >"$scratch/run.json" 2>"$scratch/run.log" </dev/null || true
  cmake -DIN="$scratch/run.json" -DOUT="$scratch/objecting" -P "$here/read_run.cmake" \
    >"$scratch/read.log" 2>&1 || return 0
  cat "$scratch/objecting"
}

# Makes the last failure of the mutant that is built small; sets shrunk to operations, faults, machines
# and seconds, or leaves it empty.
shrink_failure() {
  shrunk=()
  if [ "$shrinks" -eq 0 ] || [ "${failing_seeds[0]:--}" = - ]; then return 0; fi
  rm -f "$scratch/shrunk"
  "$copy/build/release/millrace" run everything --seed "${failing_seeds[0]}" --shrink --json \
    --quiet --out "$scratch/out" >"$scratch/run.json" 2>"$scratch/run.log" </dev/null || true
  cmake -DIN="$scratch/run.json" -DOUT="$scratch/shrunk" -P "$here/read_shrunk.cmake" \
    >"$scratch/read.log" 2>&1 || return 0
  [ -f "$scratch/shrunk" ] || return 0
  mapfile -t shrunk <"$scratch/shrunk"
  shrunk[3]=$(awk -v tenths="${shrunk[3]}" 'BEGIN { printf "%.1f", tenths / 10 }')
}

# The median of the arguments: of an even number of them the upper one.
median() {
  [ $# -gt 0 ] || return 0
  printf '%s\n' "$@" | sort -n | awk '{ value[NR] = $1 } END { print value[int(NR / 2) + 1] }'
}

rows=()
repro_operations=()
repro_faults=()
is_broken=0
is_missed=0
is_unarmed=0

# report MUTANT ARMED CAUGHT_BY SEEDS CPU_SECONDS REMARK
report() {
  local caught=null
  [ -z "$3" ] || caught="\"$3\""
  local row="\"mutant\": \"$1\", \"armed\": $2, \"caught_by\": $caught, \"seeds\": $4, \"cpu_seconds\": $5"
  local line small=""
  if [ "$shrinks" -eq 1 ]; then
    row+=", \"repro_operations\": ${shrunk[0]:-null}, \"repro_faults\": ${shrunk[1]:-null}"
    row+=", \"repro_machines\": ${shrunk[2]:-null}, \"shrink_seconds\": ${shrunk[3]:-null}"
    small=$(printf '%10s %6s %8s %8s  ' "${shrunk[0]:--}" "${shrunk[1]:--}" "${shrunk[2]:--}" "${shrunk[3]:--}")
    if [ "${#shrunk[@]}" -gt 0 ]; then
      repro_operations+=("${shrunk[0]}")
      repro_faults+=("${shrunk[1]}")
    fi
  fi
  rows+=("{$row}")
  line=$(printf '%-30s %6s  %-9s %6s %7s  %s%s' "$1" "$2" "${3:--}" "$4" "$5" "$small" "$6")
  if [ "$is_json" -eq 1 ]; then say "$line"; else printf '%s\n' "$line"; fi
}

fail_mutant() {
  is_broken=1
  shrunk=()
  report "$1" 0 "" 0 0 "$2"
  if [ -f "$3" ]; then tail -n 20 "$3" >&2; fi
}

judge() {
  local patch=$1 name expected caught remark=""
  name=$(basename "$patch" .patch)
  if ! git -C "$copy" apply --check "$patch" 2>"$scratch/apply.log"; then
    fail_mutant "$name" "does not apply" "$scratch/apply.log"
    return
  fi
  git -C "$copy" apply "$patch"
  expected=$(expected_of "$name") || expected=""
  if ! build; then
    fail_mutant "$name" "does not build" "$scratch/build.log"
  elif ! hunt "${name//-/_}" "$expected"; then
    fail_mutant "$name" "the campaign did not work" "$scratch/campaign.log"
  else
    if [ "$armed" -eq 0 ]; then
      is_unarmed=1
      caught=""
      remark="not armed"
    elif [ -z "$caught" ]; then
      is_missed=1
      remark="missed"
    elif [ "$caught" = another ]; then
      [ -z "$expected" ] || is_missed=1
      remark="${signatures[*]}${expected:+, not $expected}"
    else
      remark="${signatures[*]}"
    fi
    shrink_failure
    report "$name" "$armed" "$caught" "$seeds_run" "$cpu_seconds" "$remark"
  fi
  git -C "$copy" apply -R "$patch"
}

copy_tree
heading=$(printf '%-30s %6s  %-9s %6s %7s' mutant armed "caught by" seeds "CPU s")
[ "$shrinks" -eq 0 ] ||
  heading+=$(printf '  %10s %6s %8s %8s' operations faults machines "shrink s")
if [ "$is_json" -eq 1 ]; then say "$heading"; else printf '%s\n' "$heading"; fi
for patch in "${patches[@]}"; do judge "$patch"; done

if [ "$shrinks" -eq 1 ]; then
  medians=$(printf 'median repro of %d mutants: %s operations, %s faults' "${#repro_operations[@]}" \
    "$(median "${repro_operations[@]}")" "$(median "${repro_faults[@]}")")
  if [ "$is_json" -eq 1 ]; then say "$medians"; else printf '%s\n' "$medians"; fi
fi
if [ "$is_json" -eq 1 ]; then
  joined=$(printf '%s, ' "${rows[@]}")
  printf '{"mutants": [%s]}\n' "${joined%, }"
fi
[ "$is_broken" -eq 0 ] || exit 3
[ "$is_missed" -eq 0 ] || exit 1
[ "$is_unarmed" -eq 0 ] || exit 4

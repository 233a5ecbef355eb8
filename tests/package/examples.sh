#!/usr/bin/env bash
# Builds examples/ against the installed package, runs its tests, and uses every verb of its
# program; then plants a bug in a copy and follows it from the campaign to the replay.
# shellcheck source=tests/package/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# A copy, so that nothing of the repository around it can be found by accident.
fresh examples
cp -R "${MILLRACE_SOURCE:?}/examples" source
quietly cmake -S source -B build
quietly cmake --build build -j 2
expect 0 'Test +#.*quorum\.scenario\.calm' ctest --test-dir build -N
expect 0 'Test +#.*World\.registers_are' ctest --test-dir build -N
quietly ctest --test-dir build --output-on-failure --no-tests=error

quorum=$PWD/build/quorum
fresh verbs
expect 0 '^quorum 0\.1\.0 \(unknown, ' "$quorum" --version
expect 0 '^PASS  calm  seed 7 ' "$quorum" run calm --seed 7
expect 0 '"verdict": "pass"' "$quorum" run calm --seed 7 --json
expect 2 "unknown scenario 'clam'; the nearest is 'calm'" "$quorum" run clam
expect 0 '^PASS  200 of 200 seeds passed .*exit 0$' "$quorum" campaign calm --seeds 200
expect 0 '^PASS  60 of 60 seeds passed .*exit 0$' "$quorum" campaign @ci --seeds 20 --from 1001
"$quorum" plan storm --seed 3 >plan.json
expect 0 '^PASS  storm  seed 3 ' "$quorum" run storm --plan plan.json
expect 0 'Each register behaves like one variable' "$quorum" explain REG-1
expect 0 'a mark' "$quorum" explain client.settled
expect 0 'How long a connection may be silent' "$quorum" explain replica.idle_timeout
# By a short name: the folder of this checkout may be wider than a line.
expect 0 '`\.\./examples/build/quorum run split' ../examples/build/quorum explain split
expect 0 '^storm ' "$quorum" list scenarios
expect 0 '^REG-2 readers_settle' "$quorum" list properties
expect 0 '^workloads.user.patience|^user.patience' "$quorum" list knobs
expect 0 '^story = ' "$quorum" list --show calm
expect 0 'each the same execution twice' "$quorum" verify-determinism storm --seeds 5
expect 0 '^check it: ' "$quorum" new scenario mine
expect 0 '1 of 1 files are right' "$quorum" check mine.toml
expect 0 '^PASS  mine ' "$quorum" run ./mine.toml
sed -i 's/^run_for/ran_for/' mine.toml
expect 2 "mine.toml:[0-9]+.*'ran_for'.*run_for" "$quorum" check mine.toml
for shell in bash zsh fish; do
  expect 0 'verify-determinism' "$quorum" completion "$shell"
done
expect 2 'needs what and a name' "$quorum" new

# A replica that answers before its disk has synced.
fresh planted
cp -R "$MILLRACE_SOURCE/examples" source
sed -i '/^  TRY(file_->sync());$/d' source/quorum/cell_log.cc
! cmp -s source/quorum/cell_log.cc "$MILLRACE_SOURCE/examples/quorum/cell_log.cc" ||
  fail "the bug could not be planted"
quietly cmake -S source -B build
quietly cmake --build build -j 2 --target quorum
expect 1 '^NEW +REG-1 linearizable' build/quorum campaign storm --seeds 200 -x 1
expect 1 'linearizable|REG-1' build/quorum replay millrace-out/latest/failures
expect 1 '^REPRODUCED +REG-1/' build/quorum replay millrace-out/latest/failures
expect 0 '^GONE +REG-1/' "$quorum" replay millrace-out/latest/failures

# Kept, it is a test: red as long as the bug is there, green when it is gone.
failures=$PWD/millrace-out/latest/failures
cd source
expect 0 '^kept +tests/repros/storm/REG-1-[0-9a-f]+\.repro\.json$' ../build/quorum keep "$failures"
expect 0 '^unchanged +tests/repros/storm/REG-1-' ../build/quorum keep "$failures"
cd ..
kept=$(cd source/tests/repros/storm && ls)
expect 0 "quorum\.repro\.storm\.${kept%.repro.json}" ctest --test-dir build -N
expect 8 'REPRODUCED' ctest --test-dir build -R '\.repro\.' --output-on-failure
cp "$MILLRACE_SOURCE/examples/quorum/cell_log.cc" source/quorum/cell_log.cc
quietly cmake --build build -j 2 --target quorum
expect 0 '100% tests passed' ctest --test-dir build -R '\.repro\.' --no-tests=error
echo "package: examples build, pass, and answer every verb"

#!/usr/bin/env bash
# Installs the package into the build folder. Each of its headers compiles alone, as a stranger
# includes it, and each of its targets links alone.
# shellcheck source=tests/package/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

rm -rf "$prefix"
quietly cmake --install "$MILLRACE_BUILD" --prefix "$prefix"
expect 0 '^millrace [0-9]+\.' millrace --version

fresh targets
for target in env sim main; do
  header=millrace/$target.h
  [ "$target" != env ] || header=millrace/system/env/env.h
  printf '#include <%s>\n\nint main() {}\n' "$header" >"$target.cc"
done
cat >CMakeLists.txt <<'TEXT'
cmake_minimum_required(VERSION 3.25)
project(targets LANGUAGES CXX)
find_package(millrace REQUIRED)
foreach(target env sim main)
  add_executable(${target} ${target}.cc)
  target_link_libraries(${target} PRIVATE millrace::${target})
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)
endforeach()
TEXT
quietly cmake -S . -B build
quietly cmake --build build
for target in env sim main; do
  expect 0 '' "build/$target"
done

# What ships with only millrace::env holds nothing of the simulator.
if nm -C build/env | grep -q 'millrace::sim::'; then
  fail "millrace::env brings the simulator along"
fi
echo "package: installed, and every target builds"

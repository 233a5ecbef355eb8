#!/usr/bin/env bash
# Which commit a program says that it comes from: that of the repository which has its project's
# files, wherever in it the project lies.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# commit_of FOLDER: what the generated source says.
commit_of() {
  cmake "-DREPOSITORY=$1" -DVERSION=1.0 -DCOMPILER=c -DPRESET=p -DSANITIZER=none \
    -DHEADER=info.h -DSOURCE=info.cc -P "${MILLRACE_SOURCE:?}/cmake/build_info_script.cmake"
  sed -n 's/.*\.commit = "\(.*\)".*/\1/p' info.cc
}

fresh build_info
git() { command git -c user.name=t -c user.email=t@example.org -c init.defaultBranch=main "$@"; }
mkdir -p repository/deep/project repository/copy
touch repository/deep/project/CMakeLists.txt repository/copy/CMakeLists.txt
git -C repository init -q
git -C repository add deep
git -C repository commit -qm first
head=$(git -C repository rev-parse --short=7 HEAD)

[ "$(commit_of "$PWD/repository/deep/project")" = "$head" ] || fail "a folder of a repository"
# What a repository does not know is not of its commits.
[ "$(commit_of "$PWD/repository/copy")" = unknown ] || fail "a copy below a repository"

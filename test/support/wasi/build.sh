#!/bin/sh
# Builds every program of this folder again. It takes clang with wasi-libc, in Debian the packages
# clang, lld, wasi-libc and libclang-rt-dev-wasm32; tests use what is checked in and need none.
set -eu
cd "$(dirname "$0")"
for source in *.c; do
  program=${source%.c}.wasm
  clang --target=wasm32-wasi -Oz -s -Wall -Wextra -Werror -o "$program" "$source"
  # The linker takes it for a program of this machine.
  chmod a-x "$program"
done

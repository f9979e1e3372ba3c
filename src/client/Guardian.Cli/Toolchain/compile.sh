#!/bin/sh
# The C and C++ compiler of 'guardian program build': clang for WASI preview 1, with the compatibility library beside this script.
# It takes the options of cc. A linked program is translated to the form of exceptions that the engine runs.
# Guardian sets the variables GUARDIAN_CLANG, GUARDIAN_WASM_OPT and GUARDIAN_WASI_SYSROOT. With GUARDIAN_VERBOSE=1 the script shows what it runs.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
case $0 in
  *++) compiler=$GUARDIAN_CLANGXX language=c++ ;;
  *) compiler=$GUARDIAN_CLANG language=c ;;
esac

# Options of Linux that mean nothing here are left out; the order of the others stays.
links=true output=a.out previous=
for word; do
  shift
  [ "$previous" != -o ] || output=$word
  previous=$word
  case $word in
    -pthread | -lpthread | -lrt | -ldl | -lutil | -rdynamic | -static | -static-pie | -pie | -no-pie | -fPIE | -fPIC | -fpic | -fpie | -s) continue ;;
    -march=* | -mtune=*) continue ;;
    -fstack-protector* | -fstack-clash-protection | -fcf-protection*) continue ;;
    -Wl,-z,stack-size=*) ;;
    -Wl,*) continue ;;
    -c | -S | -E | -M | -MM | -fsyntax-only | --version | -v | -V | -qversion | -print-* | --print-* | -dumpversion | -dumpmachine) links=false ;;
    -o?*) output=${word#-o} ;;
  esac
  set -- "$@" "$word"
done

# clang would also look for headers in /usr/include, which is Linux's.
set -- --target=wasm32-wasi --sysroot="$GUARDIAN_WASI_SYSROOT" -nostdlibinc -idirafter "$GUARDIAN_WASI_SYSROOT/include/wasm32-wasi" \
  -mllvm -wasm-enable-sjlj -isystem "$here/include" \
  -D_WASI_EMULATED_SIGNAL -D_WASI_EMULATED_PROCESS_CLOCKS -D_WASI_EMULATED_GETPID -D_WASI_EMULATED_MMAN \
  -D_WASI_EMULATED_PTHREAD -Wno-unused-command-line-argument "$@"
# Debian's C++ library for WASI has no exceptions; deploy/wasi/build-libcxx makes one that has.
if [ $language = c++ ] && [ -n "${GUARDIAN_WASI_LIBCXX:-}" ]; then
  set -- -fwasm-exceptions -isystem "$GUARDIAN_WASI_LIBCXX/include/c++/v1" "$@"
  [ $links = false ] || set -- "-L$GUARDIAN_WASI_LIBCXX/lib" "$@" -lunwind
elif [ $language = c++ ]; then
  set -- -fno-exceptions -isystem "$GUARDIAN_WASI_SYSROOT/include/wasm32-wasi/c++/v1" "$@"
fi
if [ $links = true ]; then
  # A stack as large as on Linux, below the data: a program that overflows it traps.
  set -- -Wl,-z,stack-size=8388608 -Wl,--stack-first -Wl,--strip-debug -Wl,--wrap=fcntl -Wl,--wrap=chmod -Wl,--wrap=fchmod \
    -Wl,--wrap=pthread_key_delete "$@" "$here/compat.o" -lsetjmp -lwasi-emulated-signal -lwasi-emulated-process-clocks \
    -lwasi-emulated-getpid -lwasi-emulated-mman -lwasi-emulated-pthread
fi
[ -z "${GUARDIAN_VERBOSE:-}" ] || echo "$compiler $*" >&2
"$compiler" "$@"
[ $links = true ] && [ -f "$output" ] || exit 0
"$GUARDIAN_WASM_OPT" --enable-exception-handling --enable-reference-types --enable-bulk-memory --enable-simd --enable-sign-ext \
  --enable-nontrapping-float-to-int --enable-mutable-globals --enable-multivalue --translate-to-exnref "$output" -o "$output"

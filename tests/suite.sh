# Shared by the suites that are not part of ./test: installs Debian's packages, and runs tests and counts them. Source it in the repository's folder.

# Installs missing packages without starting their services.
install_packages() {
  local missing=() package policy=/usr/sbin/policy-rc.d made=
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy && made=1; }
  apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=900 "${missing[@]}"
  [ -z "$made" ] || rm -f $policy
}

# run_tests NAME PROJECT FILTER…: builds a test project, runs some of its tests, and adds to the totals.
total_passed=0 total_failed=0 total_skipped=0
run_tests() {
  local log=artifacts/test-$1.log project=$2 passed failed skipped
  shift 2
  mkdir -p artifacts
  if ! dotnet build tests/*/"$project" -c Release -v quiet --nologo; then
    total_failed=$((total_failed + 1))
    return
  fi
  dotnet "artifacts/bin/$project/release/$project.dll" "$@" --no-ansi --output Detailed | tee "$log"
  count() { sed -n "s/^ *$1: \([0-9]*\).*/\1/p" "$log" | tail -n 1; }
  passed=$(count succeeded) failed=$(count failed) skipped=$(count skipped)
  passed=${passed:-0} failed=${failed:-0} skipped=${skipped:-0}
  # A run that died, or that skipped everything, has failed.
  [ "$passed" -gt 0 ] || [ "$failed" -gt 0 ] || failed=1
  total_passed=$((total_passed + passed)) total_failed=$((total_failed + failed)) total_skipped=$((total_skipped + skipped))
}

# Prints the line of totals; fails if a test failed.
finish_suite() {
  echo "$total_passed passed, $total_failed failed, $total_skipped skipped"
  [ "$total_failed" -eq 0 ]
}

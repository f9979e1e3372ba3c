# Installs the missing packages of Debian's OpenStack, without starting a service of the machine.
packages=(
  python3-keystone python3-placement python3-glance glance-common python3-nova nova-common uwsgi-core uwsgi-plugin-python3
  python3-libvirt python3-openstackclient python3-osc-placement qemu-system-x86 qemu-utils
  libvirt-daemon libvirt-daemon-driver-qemu libvirt-daemon-system libvirt-clients mariadb-server-core mariadb-client-core rabbitmq-server curl
)

missing_packages() {
  local package
  for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

install_packages() {
  local missing
  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || fail "these packages are missing, and only root can install them: ${missing[*]}"
  say "installing ${#missing[@]} packages, which takes a few minutes the first time"
  # Debian starts installed services unless this file forbids it.
  local policy=/usr/sbin/policy-rc.d made=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    made=yes
  fi
  local options=(-y -q --no-install-recommends -o DPkg::Lock::Timeout=900 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold -o Dpkg::Use-Pty=0)
  local status=0
  export DEBIAN_FRONTEND=noninteractive
  {
    apt-get install "${options[@]}" "${missing[@]}" || { apt-get update -q && apt-get install "${options[@]}" "${missing[@]}"; }
  } >"$state/log/packages.log" 2>&1 || status=$?
  [ -z "$made" ] || rm -f "$policy"
  if [ "$status" != 0 ]; then
    tail -n 5 "$state/log/packages.log" >&2
    echo "devcloud: error: the packages cannot be installed; see $state/log/packages.log" >&2
    # A code of its own, for callers that can continue without.
    exit 4
  fi
}

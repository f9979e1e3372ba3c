# Shared by up and down: the folders and ports of the cloud, and functions that start and stop its programs by process identifier.
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
devcloud=$repository/deploy/devcloud
state=${DEVCLOUD_STATE:-$repository/artifacts/devcloud}
first_port=${DEVCLOUD_PORT:-18000}
keystone_port=$((first_port + 1)) placement_port=$((first_port + 2)) glance_port=$((first_port + 3)) nova_port=$((first_port + 4))
network_port=$((first_port + 5)) database_port=$((first_port + 6)) queue_port=$((first_port + 7)) epmd_port=$((first_port + 8)) erlang_port=$((first_port + 9))
metrics_port=$((first_port + 10))
libvirt=$state/libvirt
libvirt_socket=$libvirt/socket/libvirt-sock
libvirt_uri="qemu+unix:///system?socket=$libvirt_socket"
relay_socket=$state/node/libvirt.sock

# Debian's programs need Debian's Python, even if the path has another.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH LC_ALL=C.UTF-8
unset PYTHONPATH PYTHONHOME

say() { printf 'devcloud: %3d s: %s\n' "$SECONDS" "$*"; }
fail() { echo "devcloud: error: $*" >&2; exit 3; }

# alive NAME: whether a program that 'start' started still runs.
alive() {
  local process
  process=$(cat "$state/pid/$1" 2>/dev/null) && [ -n "$process" ] && kill -0 "$process" 2>/dev/null &&
    ! grep -q '^State:.Z' "/proc/$process/status" 2>/dev/null
}

# start NAME COMMAND...: starts a program in its own session, unless it runs.
start() {
  local name=$1
  shift
  alive "$name" && return 0
  [ ! -e "$state/log/$name.log" ] || mv "$state/log/$name.log" "$state/log/$name.log.old"
  setsid nohup "$@" >"$state/log/$name.log" 2>&1 </dev/null &
  echo $! >"$state/pid/$name"
}

# stop NAME...: asks the programs to end, and kills those that do not.
stop() {
  local name process i
  for name in "$@"; do
    process=$(cat "$state/pid/$name" 2>/dev/null) && kill "$process" 2>/dev/null
  done
  for name in "$@"; do
    process=$(cat "$state/pid/$name" 2>/dev/null) || continue
    for ((i = 0; i < 100; i++)); do
      alive "$name" || break
      sleep 0.1
    done
    # Also kills the session's other members: workers of a server that did not end in time.
    kill -KILL -- "-$process" 2>/dev/null || true
    rm -f "$state/pid/$name"
  done
}

# wait_for NAME COMMAND...: waits until the command succeeds. If NAME has ended, or takes ten minutes, shows the end of its log.
wait_for() {
  local limit=$((SECONDS + 600)) name=$1
  shift
  until "$@" >/dev/null 2>&1; do
    if [ "$SECONDS" -ge "$limit" ] || ! alive "$name"; then
      tail -n 20 "$state/log/$name.log" >&2
      fail "$name does not start; see $state/log/$name.log"
    fi
    sleep 0.2
  done
}

# put FILE: writes standard input to a file.
put() { mkdir -p "$(dirname "$1")" && cat >"$1"; }

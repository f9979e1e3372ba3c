# Shared by the suites of containers. Source it in the repository's folder after tests/suite.sh.

# check NAME COMMAND…: one test. A failure shows the end of the output.
check() {
  local name=$1
  shift
  if "$@" >"$work/last" 2>&1; then
    total_passed=$((total_passed + 1))
    echo "passed $name"
  else
    total_failed=$((total_failed + 1))
    echo "failed $name"
    tail -n 15 "$work/last" | sed 's/^/    /'
  fi
}

# within SECONDS COMMAND…: repeats a command until it succeeds.
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.3
  done
}

# ends STATUS TEXT COMMAND…: the exit status, and words in the output.
ends() {
  local expected=$1 text=$2 status=0
  shift 2
  "$@" >"$work/output" 2>&1 || status=$?
  cat "$work/output"
  echo "exit status $status"
  [ $status -eq "$expected" ] && grep -qF -- "$text" "$work/output"
}

# build_program FOLDER: the program of these suites, with Debian's clang.
build_program() {
  mkdir -p "$1"
  clang --target=wasm32-wasi -O2 -s -o "$1/visits.wasm" tests/docker/visits.c
}

# write_session FILE NAME PROGRAM [LINE…]: a session of one service 'counter' with a volume; more lines belong to the service.
write_session() {
  local file=$1 name=$2 program=$3
  shift 3
  cat >"$file" <<YAML
name: $name
version: "0.3"
services:
  - name: counter
    command: [visits]
    program: $program
    attestation:
      - mrenclave: [$runtime_measurement]
    platforms: [simulated]
    volumes:
      - {name: data, path: /data}
    stdio: {readers: [CREATOR]}
    host: {arguments: 2}
$(printf '    %s\n' "$@")
volumes:
  - name: data
YAML
}

# start_docker: a daemon with folders and a socket of its own. Its state is in $work, which must have a short name.
start_docker() {
  mkdir -p "$work/docker"
  forward_policy=$(iptables -S FORWARD | sed -n 's/^-P FORWARD //p')
  printf '{"runtimes": {%s}}' "${1:-}" >"$work/docker/daemon.json"
  dockerd --config-file "$work/docker/daemon.json" --data-root "$work/docker/data" --exec-root "$work/docker/run" --pidfile "$work/docker/pid" \
    --host "unix://$work/docker.sock" --group root --bip 172.31.77.1/24 >"$work/docker/log" 2>&1 &
  docker_process=$!
  export DOCKER_HOST=unix://$work/docker.sock
  if ! within 60 docker version >/dev/null 2>&1; then
    tail -n 30 "$work/docker/log"
    return 1
  fi
}

# address_of CONTAINER NETWORK: its address with the port of a CAS.
address_of() {
  echo "$(docker inspect -f "{{(index .NetworkSettings.Networks \"$2\").IPAddress}}" "$1" 2>/dev/null):8081"
}

stop_docker() {
  [ -n "${docker_process:-}" ] || return 0
  docker ps -aq | xargs -r docker rm -f >/dev/null 2>&1
  docker network prune -f >/dev/null 2>&1
  kill "$docker_process" 2>/dev/null
  wait "$docker_process" 2>/dev/null
  ip link delete docker0 2>/dev/null
  # The daemon leaves its rules, and a policy that drops what others forward.
  iptables-save | grep -vE 'DOCKER|docker0|172\.31\.77|-o br-[0-9a-f]{12}|-i br-[0-9a-f]{12}' | sed "s/^:FORWARD [A-Z]*/:FORWARD $forward_policy/" | iptables-restore
  docker_process=
}

# Figures of docs/benchmarks/kubernetes.md: `tests/kubernetes/run --bench` prints them, and checks none. Source it after the helpers.

now() { date +%s%3N; }

median() { sort -n | awk '{ all[NR] = $1 } END { print NR ? all[int((NR + 1) / 2)] : "none" }'; }

# A program that writes one line, as a module and as a plain file, and a session for it without a volume.
prepare_bench() {
  local program
  mkdir -p "$work/hello" "$work/plain-hello"
  printf '#include <unistd.h>\nint main(void) { return write(1, "x\\n", 2) != 2; }\n' >"$work/hello.c"
  clang --target=wasm32-wasi -O2 -s -o "$work/hello/app.wasm" "$work/hello.c" && gcc -O2 -static -s -o "$work/plain-hello/app" "$work/hello.c" || return 1
  "$repository/tests/kubernetes/image" "$work/hello.tar" guardian.test/hello:1 "$work/hello" /app.wasm || return 1
  "$repository/tests/kubernetes/image" "$work/plain-hello.tar" guardian.test/plain-hello:1 "$work/plain-hello" /app || return 1
  ctr images import "$work/hello.tar" && ctr images import "$work/plain-hello.tar" || return 1
  program=$(guardian image tree "$work/hello" /app.wasm | sed -n 's/^program: //p')
  cat >"$work/hello.yaml" <<YAML
name: hello
version: "0.3"
services:
  - name: one
    command: [hello]
    program: $program
    attestation:
      - mrenclave: [$runtime_measurement]
    platforms: [simulated]
YAML
  guardian session create "$work/hello.yaml"
}

# hello_pod NAME IMAGE CAS
hello_pod() {
  local class='' image=guardian.test/plain-hello:1
  [ "$2" = plain ] || class='runtimeClassName: guardian,' image=guardian.test/hello:1
  cat <<YAML
apiVersion: v1
kind: Pod
metadata: {name: $1, labels: {bench: hello}, annotations: {org.guardian.session: hello/one, org.guardian.cas: "$3"}}
spec: {$class restartPolicy: Never, automountServiceAccountToken: false, containers: [{name: one, image: $image, env: [{name: GUARDIAN_PLATFORM, value: simulated}]}]}
YAML
}

# first_line NAME BEGIN: the milliseconds from BEGIN to the first line of the pod's log, by the clock of the node.
first_line() {
  local at
  within 120 phase "$1" Succeeded || return 1
  at=$(kubectl logs "$1" --timestamps | head -n 1 | cut -d' ' -f1)
  echo $(($(date -d "$at" +%s%3N) - $2))
}

bench_starts() {
  local i kind begin
  for ((i = 0; i < 11; i++)); do
    for kind in plain attested; do
      begin=$(now)
      hello_pod "$kind-$i" $kind "$GUARDIAN_CAS" | kubectl apply -f - >/dev/null
      # The first round compiles the module.
      [ $i -eq 0 ] && first_line "$kind-$i" "$begin" >/dev/null || first_line "$kind-$i" "$begin" >>"$work/starts.$kind"
    done
  done
  kubectl delete pod -l bench=hello --now >/dev/null
  for kind in plain attested; do echo "figure: apply to first line, $kind image: median $(median <"$work/starts.$kind") ms of 10"; done
}

# bench_crowd CAS COUNT: pods at once, each attested by one of the replicas behind the address.
bench_crowd() {
  local begin i
  GUARDIAN_CAS=$1 guardian session create "$work/hello.yaml" >/dev/null
  for ((i = 0; i < $2; i++)); do hello_pod "crowd-$i" attested "$1" && echo ---; done >"$work/crowd.yaml"
  begin=$(now)
  kubectl apply -f "$work/crowd.yaml" >/dev/null
  crowd_done() { [ "$(kubectl get pods -l bench=hello --field-selector status.phase=Succeeded -o name | wc -l)" -eq "$1" ]; }
  within 900 crowd_done "$2"
  echo "figure: $2 attested pods at once: $(kubectl get pods -l bench=hello --field-selector status.phase=Succeeded -o name | wc -l) ended after $(($(now) - begin)) ms"
  kubectl delete pod -l bench=hello --now >/dev/null
}

# bench_questions: in the folder of a room with its data, with the lead alone, one shard and four.
bench_questions() {
  local shards begin condition conditions=('campaign.arm = Control' 'customers.region = North' 'campaign.arm = Treatment') i=0
  for shards in 0 1 4; do
    kubectl scale deployment campaign-shards --replicas $shards >/dev/null
    kubectl rollout status deployment campaign-shards --timeout=180s >/dev/null
    within 60 shards "length == $shards" >/dev/null
    condition=${conditions[i++]}
    # Shards open the data at their first question.
    guardian room ask room.yaml crosstab --by customers.region --by campaign.arm --where "$condition" --room "$ROOM" --key agency.pem >/dev/null 2>&1
    begin=$(now)
    guardian room ask room.yaml overlap --dataset campaign --dataset customers --where "$condition" --room "$ROOM" --key agency.pem >/dev/null
    echo "figure: a question over $persons and $persons persons with $shards shards: $(($(now) - begin)) ms, with the start of the command and its verification"
  done
}

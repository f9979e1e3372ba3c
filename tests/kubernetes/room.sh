# A clean room with shards: the page docs/how-to/kubernetes-rooms.md. Source it after the helpers; the chart is installed, and the cluster has DNS.

persons=3000

# A contract of two members who sign it, and their files: every second customer is in the campaign.
prepare_room() {
  mkdir -p "$work/room-state" "$page/room" && chown 65532:65532 "$work/room-state"
  cd "$page/room" || return 1
  ln -sfn "$page/deploy" deploy && ln -sfn "$page/artifacts" artifacts && cp "$page/owner.pem" owner.pem && cp owner.pem agency.pem
  kubectl apply -f - <<YAML || return 1
apiVersion: v1
kind: PersistentVolume
metadata: {name: room-state}
spec: {capacity: {storage: 10Gi}, accessModes: [ReadWriteMany], hostPath: {path: $work/room-state}}
YAML
  guardian key create retailer.pem && guardian room session campaign --platform simulated || return 1
  guardian session create session.yaml --json >created.json || return 1
  guardian room create campaign --session-hash "$(jq -r .hash created.json)" --cas-identity "$(guardian cas attest --json | jq -r .identity)" \
    --member "agency=$(guardian key show agency.pem)" --member "retailer=$(guardian key show retailer.pem)" --platform simulated || return 1
  # Exact figures, so that the suite can name them.
  sed -i 's/noise: {epsilon: 0.1}/noise: none/' room.yaml
  [ -z "$bench" ] || sed -i 's/max_rows: 100000/max_rows: 400000/' room.yaml
  guardian room sign room.yaml --member agency --key agency.pem && guardian room sign room.yaml --member retailer --key retailer.pem || return 1
  awk -v n=$persons 'BEGIN { print "email,arm,exposed"; for (i = 0; i < n; i++) printf "P%d@Example.com,%s,%d\n", 2 * i, i % 2 ? "Control" : "Treatment", i % 2 }' >campaign.csv
  awk -v n=$persons 'BEGIN { print "email,region,visit,spend"; for (i = 0; i < n; i++) printf "p%d@example.com,%s,%d,%d.50\n", i, i % 3 ? "South" : "North", i % 5 == 0, i % 7 }' >customers.csv
}

# overlap EXPECTED CONDITION
overlap() {
  local found
  found=$(guardian room ask room.yaml overlap --dataset campaign --dataset customers --where "$2" --room "$ROOM" --key agency.pem --json | jq .overlap.persons)
  echo "$found persons"
  [ "$found" = "$1" ]
}

# shards JQ: a condition on the shards that the lead uses.
shards() { guardian room status room.yaml --room "$ROOM" --key agency.pem --json >"$work/status" && jq -e ".shards | $1" "$work/status"; }

# while_changing COMMAND -- EXPECTED CONDITION: a question during which the cluster changes.
while_changing() {
  local change=()
  while [ "$1" != -- ]; do change+=("$1") && shift; done
  shift
  (sleep 0.2 && "${change[@]}") &
  overlap "$@"
  local status=$?
  wait $!
  return $status
}

# An ordinary pod that the cluster counts as a shard.
impostor() {
  kubectl apply -f - <<'YAML'
apiVersion: v1
kind: Pod
metadata:
  name: impostor
  labels: {app.kubernetes.io/name: guardian-room, app.kubernetes.io/instance: campaign, app.kubernetes.io/component: shard}
spec:
  containers: [{name: one, image: "guardian.test/pause:1", imagePullPolicy: Never, ports: [{name: https, containerPort: 9443}]}]
YAML
}

test_room() {
  local guide=$repository/docs/how-to/kubernetes-rooms.md line victim
  [ -z "$bench" ] || persons=240000
  check "two members sign a contract" prepare_room
  cd "$page/room" || return
  while read -r -u 3 line; do
    [[ $line != 'helm uninstall'* ]] || break
    check "$line" eval "$line"
  done 3< <(awk '/^```/ { inside = !inside; next } inside' "$guide")
  check "the lead found two shards" within 30 shards 'length == 2'
  check "which compute the answer" overlap $((persons / 4)) 'campaign.arm = Control'
  check "each of them" shards 'all(.rangesComputed > 0)'
  check "two more come during a question" while_changing kubectl scale deployment campaign-shards --replicas 4 -- $((persons / 6)) 'customers.region = North'
  check "and the lead uses them" within 60 shards 'length == 4'
  victim=$(kubectl get pods -l app.kubernetes.io/component=shard -o name | head -n 1)
  check "one is killed during a question" while_changing kubectl delete "$victim" --grace-period 0 --force -- $((persons * 5 / 12)) 'customers.region = South or campaign.arm = Treatment'
  check "its successor is used" within 90 shards 'length == 4 and all(.rangesFailed == 0)'
  check "three go during a question" while_changing kubectl scale deployment campaign-shards --replicas 1 -- $((persons / 4)) 'campaign.arm = Treatment'
  check "and the lead uses one" within 60 shards 'length == 1'
  check "a pod that is no enclave takes the name of a shard" impostor
  check "the lead finds it" within 60 shards 'length == 2'
  check "and answers without it" overlap $((persons / 2 - persons / 6)) 'customers.region = South'
  kubectl delete pod impostor --now >/dev/null
  [ -z "$bench" ] || bench_questions
  check "root finds no address of a customer in the state" bash -c "[ -n \"\$(find '$work/room-state' -type f)\" ] && ! grep -rqai 'p12@example.com' '$work/room-state'"
  check "$line" eval "$line"
  check "the volume of the room stays" kubectl delete pvc campaign-state
  kubectl delete configmap campaign >/dev/null
  kubectl delete pv room-state >/dev/null
  cd "$page" || return
}

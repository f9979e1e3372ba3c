# The operator, and sessions as objects: the page docs/how-to/kubernetes-sessions.md. Source it after the helpers; the chart is installed.

# What the condition Accepted of an object says: `said NAME status`, `said NAME reason`.
said() { kubectl get session "$1" -o "jsonpath={.status.conditions[?(@.type==\"Accepted\")].$2}"; }
says() { [ "$(said "$1" reason)" = "$2" ]; }

# With a meter of EPC.
session_line_works() {
  case $1 in
    helm*) eval "$1 --set node.journal=$work/journal" ;;
    # While the program runs: its first words are there after its admission.
    'guardian kubernetes verify'*) within 90 speaks_of generated && eval "$1" | tee "$work/verified" && [ "${PIPESTATUS[0]}" = 0 ] ;;
    *) eval "$1" ;;
  esac
}

speaks_of() { kubectl logs "$1" | grep -q gstd1; }

# page_block FILE: the block of the page that it names.
page_block() { awk -v name="\`$1\`" 'index($0, name) { found = 1 } found && /^```yaml/ { inside = 1; next } /^```/ { if (inside) exit } inside' "$guide"; }

# object NAME TEXT SUBMISSION [NAMESPACE]: applies an object as somebody writes it by hand.
object() {
  jq -n --arg name "$1" --rawfile text "$2" --rawfile submission "$3" --arg namespace "${4:-default}" \
    '{apiVersion: "guardian.org/v1alpha1", kind: "Session", metadata: {name: $name, namespace: $namespace},
      spec: {text: $text, submission: ($submission | rtrimstr("\n"))}}' | kubectl apply -f -
}

can_operator() { kubectl auth can-i "$@" --as=system:serviceaccount:guardian-system:guardian-operator --all-namespaces; }

test_sessions() {
  local guide=$repository/docs/how-to/kubernetes-sessions.md line hash
  page_block carried.yaml >carried.yaml
  # The meter looks every ten seconds.
  page_block app.yaml | sed "s#/var/lib/generated#$work/generated#; s/\[Ada\]/[Ada, \"25\"]/" >app.yaml
  ln -sfn "$work/app" app
  while read -r -u 3 line; do
    check "$line" session_line_works "$line"
  done 3< <(awk '/^```yaml/ { yaml = 1; next } /^```/ { if (yaml) yaml = 0; else inside = !inside; next } inside' "$guide" | grep -v '^NAME \|^carried ')
  check "the running program is on the page" grep -q 'generated/counter.*verified by the CAS' "$work/verified"
  check "the generated pod ends" within 90 phase generated Succeeded
  check "the generated session's reader reads the visit" bash -c "kubectl logs generated | guardian logs generated/counter - | grep -x '1 visits'"
  claims() { kubectl run claims --image guardian.test/pause:1 --image-pull-policy Never --restart Never --annotations org.guardian.session=generated/other; }
  metered() { guardian usage namespaces --journal "$work/journal" --json | jq -e '.namespaces[] | select(.namespace == "default") | .epcMebibyteHours > 0 and .pods >= 1'; }
  check "the EPC of the pod is in the journal of the node" within 60 metered
  check "a pod claims to be a service of the session" claims
  check "and runs" within 60 phase claims Running
  unverified() { ! guardian kubernetes verify --key owner.pem --namespace default >"$work/verified" && grep -q 'generated/other.*NOT VERIFIED' "$work/verified"; }
  check "guardian kubernetes verify finds that it has no enclave" unverified
  kubectl delete pod claims generated --now >/dev/null

  check "the CAS has exactly the signed text" bash -c "guardian session read carried | cmp - carried.yaml"
  hash=$(sha256sum carried.yaml | cut -d' ' -f1)
  check "the status has its hash" test "$(kubectl get session carried -o 'jsonpath={.status.hash}')" = "$hash"

  # Objects that nobody signed
  sed 's/CREATOR/ANY/' carried.yaml >"$work/forged.yaml"
  check "somebody changes the text of the object" object carried "$work/forged.yaml" carried.submission
  check "its status says that nobody signed it" within 60 says carried Invalid
  check "and the CAS has the signed text" bash -c "guardian session read carried | cmp - carried.yaml"
  check "the signed text again" kubectl apply -f carried-object.yaml
  check "is accepted" within 60 says carried Accepted
  { echo "predecessor: $hash"; cat carried.yaml; } >"$work/next.yaml"
  guardian session sign-submission "$work/next.yaml" --identity "$GUARDIAN_IDENTITY" --key stranger.pem --output "$work/stranger.submission" >/dev/null
  check "a stranger signs an update" object stolen "$work/next.yaml" "$work/stranger.submission"
  check "and learns nothing of the session" within 60 says stolen NotFound
  guardian session sign-submission "$work/next.yaml" --identity "${hash//[0-9]/0}" --key owner.pem --output "$work/elsewhere.submission" >/dev/null
  check "a signature for another CAS" object elsewhere "$work/next.yaml" "$work/elsewhere.submission"
  check "is refused" within 60 says elsewhere Invalid
  check "and the CAS has the signed text still" bash -c "guardian session read carried | cmp - carried.yaml"

  # An update, and a replay of the former text
  guardian session sign-submission "$work/next.yaml" --identity "$GUARDIAN_IDENTITY" --key owner.pem --output "$work/next.submission" >/dev/null
  check "the owner signs an update" object carried "$work/next.yaml" "$work/next.submission"
  check "which is accepted" within 60 says carried Accepted
  # The object says 'Accepted' of the former text until the operator has looked.
  check "and the CAS has it" within 60 bash -c "guardian session read carried | cmp - '$work/next.yaml'"
  check "somebody applies the former text" object replayed carried.yaml carried.submission
  check "which is refused in the words of the CAS" within 60 says replayed Conflict
  check "its message says what to do" bash -c "kubectl describe session replayed | grep -q 'exists already'"

  check "the operator's pod is killed" kubectl delete pod -n guardian-system -l app.kubernetes.io/component=operator --now
  printf 'name: carried/below\ncreator: %s\naccess_policy: {}\n' "$(guardian key show owner.pem)" >"$work/below.yaml"
  guardian session sign-submission "$work/below.yaml" --identity "$GUARDIAN_IDENTITY" --key owner.pem --output "$work/below.submission" >/dev/null
  check "a session below the first" object below "$work/below.yaml" "$work/below.submission"
  check "is accepted by its successor" within 120 says below Accepted
  check "the operator may list sessions" can_operator list sessions.guardian.org
  for line in 'get secrets' 'list pods' 'create pods' 'delete sessions.guardian.org' 'update sessions.guardian.org' 'patch nodes'; do
    # shellcheck disable=SC2086
    refused_right() { ! can_operator $line; }
    check "it may not $line" refused_right
  done

  # Another release of the chart, with an operator of its own
  kubectl create namespace second >/dev/null
  second() {
    helm install second "$chart" -n second --wait --timeout 120s \
      --set "node.enabled=false,runtimeClass.enabled=false,cas.enabled=false,operator.enabled=true,operator.platform=simulated,operator.cas=https://$GUARDIAN_CAS"
  }
  check "a second release with an operator finds the resource defined" second
  check "both say the same" says below Accepted
  check "the second release goes" helm uninstall second -n second --wait
  check "and the objects of the first one stay" kubectl get session carried below
  kubectl delete session --all >/dev/null
  check "the sessions stay in the CAS" bash -c "guardian session read carried >/dev/null"
}

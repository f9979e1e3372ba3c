# The admission webhook: the page docs/how-to/kubernetes-admission.md. Source it after the helpers; the chart is installed.

limit_of() { kubectl get pod "$1" -o json | jq -r ".spec.containers[0].resources.limits[\"sgx.intel.com/$2\"] // \"none\""; }

# short NAME [SED]: applies the page's pod under another name, changed.
short() { sed "s/^  name: short\$/  name: $1/; ${2:-}" short.yaml >"$work/$1.yaml" && kubectl apply -f "$work/$1.yaml"; }

# The API server learns of a webhook a moment after it is stored.
refuses_at_once() {
  if short nameless '/org.guardian.session/d'; then
    kubectl delete pod nameless --now
    return 1
  fi
  grep -q 'none of its containers names a session' "$work/last"
}
refuses_much() { ! short much 's/"16"/much/' && grep -q 'is no number of MiB' "$work/last"; }

# certificate_of FILE NAMESPACE: whether the rendered webhook's authority vouches for the name of its service.
certificate_of() {
  local part
  for part in caBundle tls.crt; do sed -n "s/^ *$part: //p" "$1" | base64 -d >"$work/$part"; done
  openssl verify -CAfile "$work/caBundle" -verify_hostname "guardian-admission.$2.svc" "$work/tls.crt"
}

test_admission() {
  local guide=$repository/docs/how-to/kubernetes-admission.md line
  awk '/^```yaml/ { yaml = 1; next } /^```/ { yaml = 0 } yaml' "$guide" | sed "s#/var/lib/visits#$work/visits#" >short.yaml
  while read -r -u 3 line; do
    [[ $line != 'kubectl apply'* ]] || check "a pod without a session is refused, with the reason" within 60 refuses_at_once
    check "$line" eval "$line"
  done 3< <(awk '/^```yaml/ { yaml = 1; next } /^```/ { if (yaml) yaml = 0; else inside = !inside; next } inside' "$guide")
  check "the pod has a unit of the device" test "$(limit_of short enclave)" = 1
  check "and the EPC of its annotation" test "$(limit_of short epc)" = 16Mi
  check "it learns its platform from the device plugin, and ends" within 90 phase short Succeeded
  check "its reader reads the visit" bash -c "kubectl logs short | guardian logs visits/counter - | grep visits"
  check "a pod that says more keeps it" short more 's/^    args:.*/&\n    resources: {limits: {sgx.intel.com\/epc: 8Mi}}/'
  check "and ends" within 90 phase more Succeeded
  check "its own EPC" test "$(limit_of more epc)" = 8Mi
  check "a malformed setting is refused" refuses_much
  check "a pod of another class is left alone" kubectl run plain --image guardian.test/pause:1 --image-pull-policy Never --restart Never
  check "and gets nothing" test "$(limit_of plain enclave)" = none
  check "the webhook's pod has no token of the cluster" bash -c "kubectl get pods -n guardian-system -l app.kubernetes.io/component=admission -o json |
    jq -e '[.items[].spec.volumes[] | select(.projected // .secret.secretName != \"guardian-admission\")] | length == 0'"

  # Without the webhook, pods are stored as they are, and the node decides.
  check "the webhook is away" kubectl delete deployment guardian-admission -n guardian-system
  gone() { [ -z "$(kubectl get pods -n guardian-system -l app.kubernetes.io/component=admission -o name)" ]; }
  check "its pod ends" within 60 gone
  check "a pod without a session is stored" short later '/org.guardian.session/d'
  check "and the container runtime refuses it" within 60 bash -c "kubectl describe pod later | grep -q 'nothing names its session'"
  certificate_of_webhook() { kubectl get secret guardian-admission -n guardian-system -o 'jsonpath={.data.tls\.crt}'; }
  local before
  before=$(certificate_of_webhook)
  check "an upgrade brings it back" helm upgrade guardian "$chart" -n guardian-system --reuse-values --wait --timeout 120s
  check "with the same certificate" test "$(certificate_of_webhook)" = "$before"
  kubectl delete pod short more plain later --now >/dev/null 2>&1
}

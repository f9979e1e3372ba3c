# One real node of Kubernetes on this machine, with everything in $work. Source it after tests/docker/helpers.sh. It needs:
#   work           a folder with a short name
#   kubernetes     the folder of kube-apiserver, kube-controller-manager, kube-scheduler, kubelet and kube-proxy
#   repository     this repository
#   pause          the archive of the image guardian.test/pause:1
# The names of services come from tests/kubernetes/dns.
node=127.0.0.1
# A kubelet refuses a node address of loopback, and pods cannot reach one: the API server has an address of its own on this interface.
api_address=10.245.0.1
base=${KUBERNETES_PORTS:-27000}
declare -A processes=()

port() { echo $((base + $1)); }

# start NAME COMMAND…: a process of the node.
start() {
  local name=$1
  shift
  setsid "$@" >>"$work/logs/$name.log" 2>&1 </dev/null &
  processes[$name]=$!
}

# end NAME [SIGNAL]
end() {
  local process=${processes[$1]:-}
  [ -n "$process" ] || return 0
  kill "-${2:-TERM}" "$process" 2>/dev/null
  for ((i = 0; i < 100; i++)); do
    kill -0 "$process" 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL "$process" 2>/dev/null
  wait "$process" 2>/dev/null
  unset "processes[$1]"
}

# certificate NAME SUBJECT [NAMES]: a subject says who one is: CN is the user, O the group.
certificate() {
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$pki/$1.key" -out "$pki/$1.csr" -subj "$2" 2>/dev/null
  openssl x509 -req -in "$pki/$1.csr" -CA "$pki/ca.crt" -CAkey "$pki/ca.key" -CAcreateserial -days 2 -out "$pki/$1.crt" \
    -extfile <(printf 'extendedKeyUsage=serverAuth,clientAuth\nkeyUsage=digitalSignature\n%s' "${3:+subjectAltName=$3}") 2>/dev/null
  cat >"$work/$1.conf" <<YAML
apiVersion: v1
kind: Config
clusters: [{name: node, cluster: {server: "https://$api_address:$(port 443)", certificate-authority: $pki/ca.crt}}]
users: [{name: user, user: {client-certificate: $pki/$1.crt, client-key: $pki/$1.key}}]
contexts: [{name: node, context: {cluster: node, user: user}}]
current-context: node
YAML
}

start_containerd() { start containerd containerd --config "$work/containerd.toml" && within 60 ctr version >/dev/null; }

start_kubelet() {
  start kubelet "$kubernetes/kubelet" --config "$work/kubelet.yaml" --kubeconfig "$work/kubelet.conf" --hostname-override $node --root-dir "$kubelet_root" \
    --container-runtime remote --container-runtime-endpoint "unix://$run/containerd.sock" --oom-score-adj 0 --pod-infra-container-image guardian.test/pause:1
}

start_node() {
  # Sockets have paths of at most 107 bytes.
  local folders=(/run/guardian-kubernetes /var/lib/kubelet /var/log/pods /var/log/containers) folder
  for folder in "${folders[@]}"; do
    if [ -e "$folder" ]; then
      echo "kubernetes: error: $folder exists: a kubelet was here" >&2
      return 1
    fi
  done
  run=${folders[0]} kubelet_root=${folders[1]} pki=$work/pki
  export CONTAINERD_ADDRESS=$run/containerd.sock CONTAINERD_NAMESPACE=k8s.io
  mkdir -p "$work"/{pki,etcd,logs,containerd,manifests,cni} $run $kubelet_root
  ip address add $api_address/32 dev lo
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$pki/ca.key" -out "$pki/ca.crt" -days 2 -subj /CN=kubernetes-ca 2>/dev/null
  openssl genrsa -out "$pki/sa.key" 2048 2>/dev/null && openssl rsa -in "$pki/sa.key" -pubout -out "$pki/sa.pub" 2>/dev/null
  certificate apiserver /CN=kube-apiserver "IP:127.0.0.1,IP:$api_address,IP:10.96.0.1,DNS:kubernetes.default.svc"
  certificate admin /O=system:masters/CN=admin
  certificate controller-manager /CN=system:kube-controller-manager
  certificate scheduler /CN=system:kube-scheduler
  certificate proxy /CN=system:kube-proxy
  certificate kubelet "/O=system:nodes/CN=system:node:$node" "IP:127.0.0.1"
  certificate apiserver-kubelet /O=system:masters/CN=kube-apiserver-kubelet
  export KUBECONFIG=$work/admin.conf

  local etcd="http://127.0.0.1:$(port 379)" peer="http://127.0.0.1:$(port 380)"
  start etcd etcd --name n --data-dir "$work/etcd" --listen-client-urls "$etcd" --advertise-client-urls "$etcd" --listen-peer-urls "$peer" \
    --initial-advertise-peer-urls "$peer" --initial-cluster "n=$peer" --unsafe-no-fsync
  within 60 curl -sf "$etcd/health" >/dev/null || return 1
  start kube-apiserver "$kubernetes/kube-apiserver" --etcd-servers "$etcd" --bind-address 0.0.0.0 --advertise-address $api_address --secure-port "$(port 443)" \
    --insecure-port 0 --tls-cert-file "$pki/apiserver.crt" --tls-private-key-file "$pki/apiserver.key" --client-ca-file "$pki/ca.crt" \
    --kubelet-client-certificate "$pki/apiserver-kubelet.crt" --kubelet-client-key "$pki/apiserver-kubelet.key" \
    --kubelet-certificate-authority "$pki/ca.crt" --kubelet-preferred-address-types Hostname --service-account-key-file "$pki/sa.pub" \
    --service-account-signing-key-file "$pki/sa.key" --service-account-issuer https://kubernetes.default.svc --service-cluster-ip-range 10.96.0.0/16 \
    --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction
  within 180 kubectl get --raw /readyz >/dev/null 2>&1 || return 1
  start kube-controller-manager "$kubernetes/kube-controller-manager" --kubeconfig "$work/controller-manager.conf" --bind-address 127.0.0.1 \
    --secure-port "$(port 257)" --port 0 --leader-elect=false --use-service-account-credentials --root-ca-file "$pki/ca.crt" \
    --service-account-private-key-file "$pki/sa.key" --cluster-signing-cert-file "$pki/ca.crt" --cluster-signing-key-file "$pki/ca.key"
  start kube-scheduler "$kubernetes/kube-scheduler" --kubeconfig "$work/scheduler.conf" --bind-address 127.0.0.1 --secure-port "$(port 259)" --port 0 \
    --leader-elect=false
  cat >"$work/proxy.yaml" <<YAML
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: $work/proxy.conf}
mode: iptables
iptables: {masqueradeAll: true}
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
hostnameOverride: $node
healthzBindAddress: 127.0.0.1:$(port 256)
metricsBindAddress: 127.0.0.1:$(port 255)
YAML
  start kube-proxy "$kubernetes/kube-proxy" --config "$work/proxy.yaml"

  cat >"$work/cni/10-bridge.conflist" <<JSON
{"cniVersion": "0.4.0", "name": "pods", "plugins": [
 {"type": "bridge", "bridge": "gdn0", "isGateway": true, "ipMasq": false, "hairpinMode": true,
  "ipam": {"type": "host-local", "dataDir": "$run/ipam", "ranges": [[{"subnet": "10.244.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
JSON
  # Without CAP_SYS_RESOURCE, runc cannot lower the score of a pod.
  cat >"$work/containerd.toml" <<TOML
version = 2
root = "$work/containerd"
state = "$run/containerd"
[grpc]
  address = "$run/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "$work/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "guardian.test/pause:1"
  restrict_oom_score_adj = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "$(port 10)"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$work/cni"
TOML
  # Docker leaves a policy that drops what bridges forward.
  for way in -i -o; do iptables -I FORWARD $way gdn0 -j ACCEPT; done
  start_containerd && ctr images import "$pause" >/dev/null || return 1
  cat >"$work/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: 127.0.0.1
port: $(port 250)
readOnlyPort: 0
healthzBindAddress: 127.0.0.1
healthzPort: $(port 248)
tlsCertFile: $pki/kubelet.crt
tlsPrivateKeyFile: $pki/kubelet.key
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $pki/ca.crt}}
authorization: {mode: Webhook}
cgroupDriver: cgroupfs
enforceNodeAllocatable: []
failSwapOn: false
resolvConf: /etc/resolv.conf
clusterDNS: [$api_address]
clusterDomain: cluster.local
evictionHard: {memory.available: 100Mi, nodefs.available: "1%", imagefs.available: "1%"}
imageGCHighThresholdPercent: 100
staticPodPath: $work/manifests
YAML
  start dns "$repository/tests/kubernetes/dns" $api_address
  start_kubelet
  within 120 kubectl wait --for=condition=Ready node/$node --timeout=1s >/dev/null 2>&1 && within 60 kubectl get serviceaccount default >/dev/null 2>&1
}

stop_node() {
  [ -n "${run:-}" ] || return 0
  local container mount chain table
  end kubelet
  end kube-proxy
  for container in $(ctr tasks list -q 2>/dev/null); do ctr tasks kill -s KILL "$container" >/dev/null 2>&1; done
  sleep 1
  for container in $(ctr containers list -q 2>/dev/null); do
    ctr tasks delete -f "$container" >/dev/null 2>&1
    ctr containers delete "$container" >/dev/null 2>&1
  done
  for name in dns kube-scheduler kube-controller-manager kube-apiserver containerd etcd; do end $name; done
  grep -E " ($run|$kubelet_root|$work)[/ ]" /proc/mounts | awk '{ print $2 }' | sort -r | while read -r mount; do umount -l "$mount" 2>/dev/null; done
  "$kubernetes/kube-proxy" --cleanup --config "$work/proxy.yaml" >/dev/null 2>&1
  ip link delete gdn0 2>/dev/null
  for way in -i -o; do iptables -D FORWARD $way gdn0 -j ACCEPT 2>/dev/null; done
  iptables-save | grep -v KUBE- | iptables-restore
  ip6tables-save 2>/dev/null | grep -v KUBE- | ip6tables-restore 2>/dev/null
  ip address delete $api_address/32 dev lo 2>/dev/null
  rm -rf "$run" "$kubelet_root" /var/log/pods /var/log/containers
}

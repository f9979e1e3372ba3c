# The checks of run. Each returns 0 when its sentence is true; its output is shown only when it fails.
passes=0 failures=0 skips=0
program=$state/program/guardian.dll
metrics=http://127.0.0.1:$metrics_port

# Copy the program, so that a build does not replace its files during the run.
prepare_program() {
  mkdir -p "$state" && cp -r "$repository/artifacts/bin/Guardian.Cli/release" "$state/program"
}

guardian() { dotnet "$program" "$@"; }
section() { echo "$1"; }
passed() { passes=$((passes + 1)); echo "  passed  $1"; }
failed() { failures=$((failures + 1)); echo "  FAILED  $1"; }
skip() { skips=$((skips + 1)); echo "  skipped $1"; }

check() {
  local sentence=$1
  shift
  if "$@" >"$state/check.log" 2>&1; then
    passed "$sentence"
  else
    failed "$sentence"
    sed 's/^/          /' "$state/check.log" | tail -n 12
    # The end of nova-compute's last traceback names the cause that the API hides.
    grep -h ' ERROR ' "$state/log/nova-compute.log" 2>/dev/null | tail -n 3 | cut -c 1-400 | sed 's/^/          /'
  fi
}

finish() {
  local status
  [ "${kept:-}" = yes ] || "$devcloud/down"
  echo "$passes passed, $failures failed, $skips skipped"
  [ "$failures" = 0 ] && status=0 || status=1
  trap - EXIT
  exit "$status"
}

# The client waits without a limit for a server that hangs.
openstack() { timeout --foreground 1200 openstack "$@"; }

# eventually COMMAND...: repeats it until it succeeds. A machine may be slow, or stand still for a while, so the limit is far beyond what Nova needs.
eventually() {
  local limit=$((SECONDS + 600))
  until "$@"; do
    [ "$SECONDS" -lt "$limit" ] || return 1
    sleep 1
  done
}

# ---- inventory
provider_id() { openstack resource provider list --name "$1" -f value -c uuid; }

# has_inventory PROVIDER TOTAL [RESERVED]
has_inventory() {
  openstack resource provider inventory show "$(provider_id "$1")" CUSTOM_SGX_EPC_MB -f json | python3 -c "
import json, sys
found = json.load(sys.stdin)
print(found)
sys.exit(not (found['total'] == $2 and found['reserved'] == ${3:-0} and found['allocation_ratio'] == 1.0 and found['max_unit'] == $2))"
}

# The provider of one of the host's sections; pretend-epc has two, on nodes 0 and 1.
section_id() { provider_id "${host}_sgx_epc_$1"; }

# has_section NODE TOTAL RESERVED
has_section() {
  has_inventory "${host}_sgx_epc_$1" "$2" "$3" &&
    [ "$(openstack resource provider show "$(section_id "$1")" -f value -c parent_provider_uuid)" = "$(provider_id "$host")" ]
}

# section_usage NODE: what servers hold of it.
section_usage() { openstack resource provider usage show "$(section_id "$1")" -f value; }

sections_are_full() {
  local node
  for node in 0 1; do [ "$(section_usage $node)" = 'CUSTOM_SGX_EPC_MB 32' ] || return 1; done
  [ "$(read_metrics | sed -nE 's/^guardian_epc_section_(claimed|free)_bytes\{.*,node="(.)"\} /\1 \2 /p' | paste -sd,)" = \
    "claimed 0 33554432,claimed 1 33554432,free 0 0,free 1 0" ]
}

traits_of() { openstack resource provider trait list "$(provider_id "$1")" -f value; }

has_traits() {
  local traits trait
  traits=$(traits_of "$1")
  shift
  for trait in "$@"; do
    grep -qx "$trait" <<<"$traits" || { echo "$trait is missing"; return 1; }
  done
}

lacks_trait() {
  local traits
  traits=$(traits_of "$1") && ! grep -x "$2" <<<"$traits"
}

# nova-compute may change the provider at the same moment, and then Placement refuses.
set_trait() {
  local traits arguments=() trait
  traits=$(traits_of "$1") || return 1
  for trait in $traits "$2"; do arguments+=(--trait "$trait"); done
  openstack resource provider trait set "${arguments[@]}" "$(provider_id "$1")" >/dev/null && has_traits "$1" "$2"
}

# Hosts without hypervisor can take no server that was resized away. The scheduler knows who takes servers by a trait, which nova-compute changes.
put_fakes() {
  local fake
  for fake in fake1 fake2; do
    openstack compute service set "--$1" "$fake" nova-compute || return 1
  done
  for fake in fake1 fake2; do
    if [ "$1" = disable ]; then eventually has_traits "$fake" COMPUTE_STATUS_DISABLED; else eventually lacks_trait "$fake" COMPUTE_STATUS_DISABLED; fi || return 1
  done
}

# Two hosts get their EPC from static files, which Nova reads when its compute services start.
static_inventories() {
  local fake
  for fake in fake1 fake2; do
    mkdir -p "$state/etc/provider_config-$fake"
    guardian node provider-yaml --section 0=32 >"$state/etc/provider_config-$fake/sgx.yaml"
  done
}

change_inventory() { openstack resource provider inventory set "$(section_id 1)" --resource CUSTOM_SGX_EPC_MB=24 >/dev/null; }
heals_inventory() { eventually change_inventory && eventually has_section 1 32 0; }

# ---- set-up and status
setup_changes() {
  local out
  out=$(guardian cloud setup --flavor sgx.8m:1:128:0:8 --flavor sgx.16m:1:128:0:16 --flavor sgx.32m:1:128:0:32 --flavor sgx.40m:1:128:0:40) || return 1
  echo "$out"
  if [ "$1" = yes ]; then grep -q '^changed' <<<"$out"; else ! grep -qv '^unchanged' <<<"$out"; fi
}

# Nova lists the hosts in the order in which they came.
in_aggregate() {
  [ "$(openstack aggregate show sgx -f json -c hosts | python3 -c "import json, sys; print(*sorted(json.load(sys.stdin)['hosts']))")" = \
    "$(printf '%s\n' fake1 fake2 "$host" | LC_ALL=C sort | paste -sd' ')" ]
}

# A flavor whose EPC may lie on two sections, as docs/how-to/operate.md says.
make_flavor_in_parts() {
  openstack flavor create sgx.2x16m --vcpus 1 --ram 128 --disk 0 --property resources1:CUSTOM_SGX_EPC_MB=16 --property resources2:CUSTOM_SGX_EPC_MB=16 \
    --property group_policy=isolate --property trait:HW_CPU_X86_SGX=required --property trait:CUSTOM_SGX_HEALTHY=required
}

status_json() { guardian cloud status --json; }

# status_of_host CLAIMED FREE LARGEST GUESTS
status_of_host() {
  status_json | python3 -c "
import json, sys
found = json.load(sys.stdin)
print(found)
host = next(host for host in found['hosts'] if host['host'] == '$host')
assert found['drift'] == []
assert (host['sections'], host['totalMebibytes'], host['reservedMebibytes']) == (2, 72, 8)
assert (host['claimedMebibytes'], host['freeMebibytes'], host['largestFreeMebibytes'], host['guests']) == ($1, $2, $3, $4)"
}

full_without_drift() {
  status_json | python3 -c "
import json, sys
found = json.load(sys.stdin)
print(found)
sys.exit(not (sum(host['freeMebibytes'] for host in found['hosts']) == 0 and len(found['hosts']) == 3 and found['drift'] == []))"
}

drift_is_reported() {
  local out status=0
  out=$(status_json) || status=$?
  echo "$out"
  [ "$status" = 1 ] && grep -q "$1" <<<"$out" && grep -q 'has no claim' <<<"$out"
}

unused_section() {
  local node
  for node in 0 1; do
    [ "$(section_usage $node)" != 'CUSTOM_SGX_EPC_MB 0' ] || { echo $node; return; }
  done
  return 1
}

# The daemon offers a section that nobody holds no more, and servers start on the other one.
loses_section() {
  local node status=1
  node=$(eventually unused_section) || return 1
  python3 - "$state/etc/node.yaml" $node <<'END'
import re
import sys

path, node = sys.argv[1:]
with open(path) as file:
    text, count = re.subn(rf"    - node: {node}\n      mib: .*\n", "", file.read())
assert count == 1
with open(path, "w") as file:
    file.write(text)
END
  start_node_as_configured
  eventually offers_nothing $node && eventually create third sgx.8m "$host" && eventually gone third &&
    ! grep -m 1 RetrievalFailed "$state/log/nova-compute.log" && status=0
  restore_node
  eventually has_section 1 32 0 && eventually has_section 0 40 8 && return $status
}

offers_nothing() {
  local inventory
  inventory=$(openstack resource provider inventory list "$(section_id "$1")" -f value) && [ -z "$inventory" ]
}

# ---- servers
server_id() { openstack server show "$1" -f value -c id; }
status_of() { openstack server show "$1" -f value -c status; }

# create NAME FLAVOR [HOST]
create() {
  local where=()
  [ -z "${3:-}" ] || where=(--hypervisor-hostname "$3")
  openstack server create --flavor "$2" --image blank --nic none --wait "${where[@]}" "$1" && [ "$(status_of "$1")" = ACTIVE ] && return 0
  openstack server show "$1" -f value -c fault
  eventually gone "$1"
  return 1
}

refused() {
  local fault
  openstack server create --flavor "$2" --image blank --nic none --wait "$1" ${3:+--hypervisor-hostname "$3"} >/dev/null 2>&1
  fault=$(openstack server show "$1" -f value -c status -c fault)
  echo "$fault"
  eventually gone "$1"
  grep -q ERROR <<<"$fault" && grep -q 'No valid host' <<<"$fault"
}

not_created_on_sgx() { refused ordinary plain; }

refused_on_sick_host() { refused ill sgx.8m "$host" && [ -n "$(process_of "$first")" ]; }

stopped() { openstack server stop "$1" && eventually is_status "$1" SHUTOFF; }
started() { openstack server start "$1" && eventually is_status "$1" ACTIVE; }
is_status() { [ "$(status_of "$1")" = "$2" ]; }
# Nova has ended what was last asked of the server.
is_settled() { [ "$(openstack server show "$1" -f value -c OS-EXT-STS:task_state)" = None ]; }
is_not_listed() { local names; names=$(openstack server list -f value -c Name) && ! grep -x "$1" <<<"$names"; }

# The client ends with 0 although the server that it waited for is in ERROR. So what counts is the server.
gone() {
  openstack server delete --wait "$1"
  is_not_listed "$1"
}

all_gone() {
  local names name
  names=$(openstack server list -f value -c Name) || return 1
  for name in $(grep -E "$1" <<<"$names"); do gone "$name" || return 1; done
}

resized() {
  openstack server resize --flavor "$2" --wait "$1" && openstack server resize confirm "$1" && eventually is_status "$1" ACTIVE && eventually is_settled "$1"
}

deleted() {
  local name
  for name in "$@"; do eventually gone "$name" || return 1; done
  eventually nothing_is_left
}

nothing_is_left() {
  [ -z "$(pgrep -f "qemu-system.*$state/instances")" ] &&
    status_json | python3 -c "import json, sys; sys.exit(sum(host['claimedMebibytes'] for host in json.load(sys.stdin)['hosts']) != 0)"
}

# Nova marks a server that it could not suspend; an administrator resets it.
suspend_is_refused() {
  local before
  before=$(process_of "$1")
  openstack server suspend "$1" && eventually is_status "$1" ERROR || return 1
  openstack server show "$1" -f value -c status -c fault
  openstack server set --state active "$1" && [ -n "$before" ] && [ "$(process_of "$1")" = "$before" ]
}

hard_reboot_without_claim() {
  openstack server reboot --hard "$1" && eventually is_settled "$1" || return 1
  openstack server show "$1" -f value -c status -c fault
  is_status "$1" ERROR && [ -z "$(process_of "$(server_id "$1")")" ]
}

# ---- what the host shows
process_of() { pgrep -f "qemu-system.*-uuid $1" | head -n 1; }

# mapped INSTANCE KIB: the EPC mapping in its QEMU's smaps; "" for none.
mapped() {
  local process found=
  process=$(process_of "$1")
  [ -z "$process" ] || found=$(grep -A1 /dev/sgx_vepc "/proc/$process/smaps" | awk '$1 == "Size:" { total += $2 } END { if (total) print total }')
  echo "$1: '$found' kB in process '$process'"
  [ "$found" = "$2" ]
}

new_mapping() { mapped "$1" "$2" && [ "$(process_of "$1")" != "$3" ]; }

# total_mapped KIB: what all guests of the host map together.
total_mapped() {
  local process found
  found=$(for process in $(pgrep -f "qemu-system.*$state/instances"); do grep -A1 /dev/sgx_vepc "/proc/$process/smaps"; done |
    awk '$1 == "Size:" { total += $2 } END { print total + 0 }')
  echo "$found kB"
  [ "$found" = "$1" ]
}

# on_claimed_sections INSTANCE KIB...: the instance has claims of these sizes, each on another section. Its definition, its QEMU's command line and its QEMU's
# mappings have one EPC device for each claim, on that section's NUMA node.
on_claimed_sections() {
  local process
  process=$(process_of "$1")
  python3 - "$process" "$(virsh -q -c "$libvirt_uri" dumpxml "$1")" "$(claims_of "$1")" \
    "$(section_id 0)" "$(section_id 1)" "${@:2}" <<'END'
import json
import re
import sys
from xml.etree import ElementTree

process, definition, allocations, *sections = sys.argv[1:6]
sizes = [int(size) for size in sys.argv[6:]]
claims = sorted((sections.index(claim["resource_provider"]), claim["resources"]["CUSTOM_SGX_EPC_MB"] * 1024)
                for claim in json.loads(allocations) if "CUSTOM_SGX_EPC_MB" in claim["resources"])
defined = [(int(device.findtext("source/nodemask")), int(device.findtext("target/size")))
           for device in ElementTree.fromstring(definition).iterfind("devices/memory[@model='sgx-epc']")]
with open(f"/proc/{process}/cmdline") as file:
    objects = [json.loads(word) for word in file.read().split("\0") if "memory-backend-epc" in word]
started = [(node, device["size"] // 1024) for device in objects for node in device["host-nodes"] if device["policy"] == "bind"]
with open(f"/proc/{process}/smaps") as file:
    mapped = [int(size) for size in re.findall(r" /dev/sgx_vepc\nSize: *(\d+) kB", file.read())]
print("claims:", claims, "definition:", defined, "QEMU's command:", started, "QEMU's mappings:", mapped)
assert [size for _, size in claims] == sizes and claims == defined == started and sorted(mapped) == sorted(sizes)
END
}

claims_of() { openstack resource provider allocation show "$1" -f json; }
claimed() { claims_of "$1" | grep -o "CUSTOM_SGX_EPC_MB[^0-9]*$2\b"; }
has_no_claim() { local claims; claims=$(claims_of "$1") && ! grep CUSTOM_SGX_EPC_MB <<<"$claims"; }

# ---- scheduling
race() { python3 "$repository/tests/openstack/race.py" "$@"; }

fits_after_delete() {
  local active running
  active=$(openstack server list --status ACTIVE -f value -c Name) && running=$(grep -m 1 race <<<"$active") && eventually gone "$running" &&
    create next sgx.8m
}

# ---- the daemon
read_metrics() { curl -sf "$metrics/metrics"; }

# has_metric EXPRESSION: a line of the daemon's metrics matches it.
has_metric() { local found; found=$(read_metrics) && grep -E "$1" <<<"$found"; }

restart_node() { rm -f "$state/pid/node"; "$devcloud/up" --pretend-epc --fakes 2 >/dev/null; }
restart_api() { "$devcloud/up" --pretend-epc --fakes 2 >/dev/null; }

# The daemon starts again with its configuration as it is. A socket that is there shows that it has read its files.
start_node_as_configured() {
  stop node && rm -f "$relay_socket"
  ( . "$devcloud/services.sh"; in_cloud start node dotnet "$state/node/program/guardian-node.dll" --config "$state/etc/node.yaml" )
  eventually test -S "$relay_socket"
}

# The workers of a service stop and go on, as when its host hangs.
hang() { kill -STOP -- "-$(cat "$state/pid/$1")"; }
go_on() { kill -CONT -- "-$(cat "$state/pid/$1")"; }

# rebooted NAME KIB: a hard reboot gives it a new QEMU with this EPC.
rebooted() {
  local id before
  id=$(server_id "$1")
  before=$(process_of "$id")
  openstack server reboot --hard "$1" && eventually is_settled "$1" || return 1
  openstack server show "$1" -f value -c status -c fault
  new_mapping "$id" "$2" "$before" && [ -n "$(process_of "$id")" ] && is_status "$1" ACTIVE
}

# An SGX host takes a plain server only if the aggregate does not keep it away.
create_plain_here() {
  openstack aggregate unset --property trait:HW_CPU_X86_SGX sgx
  create ordinary plain "$host"
  local status=$?
  openstack aggregate set --property trait:HW_CPU_X86_SGX=required sgx
  return $status
}

# services_are KEYSTONE PLACEMENT: 1 for a service that answers.
services_are() {
  has_metric "^guardian_cloud_service_up.*service=\"keystone\"} $1$" && has_metric "^guardian_cloud_service_up.*service=\"placement\"} $2$" &&
    has_metric '^guardian_inventory_published_timestamp_seconds\{[^}]*\} [1-9]'
}

keystone_refuses() { has_metric '^guardian_cloud_service_up.*service="keystone"} 0$'; }
refusals_are_counted() { has_metric "^guardian_relay_refusals_total.*reason=\"$1\"} [1-9]"; }

# The daemon gets a password of its own that is wrong, as after a rotation, and starts without a token.
rotate_password() {
  cp "$state/clouds.yaml" "$state/clouds.yaml.right"
  sed -i 's/password: .*/password: rotated/' "$state/clouds.yaml"
  start_node_as_configured
  cp "$state/clouds.yaml.right" "$state/clouds.yaml"
}

restore_node() {
  stop node
  restart_node
}

verify_reports_lost_claim() {
  local out status=0
  out=$(guardian vm verify "$1" --config "$state/etc/node.yaml" --textfile "$state/verify.prom") || status=$?
  echo "$out"
  cat "$state/verify.prom"
  [ "$status" = 1 ] && grep -q 'had 8192 KiB\|claimed 0 KiB' <<<"$out" && grep -q '^guardian_verify_wrong_guests{.*} 1$' "$state/verify.prom"
}

nova_manage() { nova-manage --config-file "$state/etc/nova.conf" --config-file "$state/etc/nova-database.conf" "$@"; }

# Nova would claim the EPC from the host's own provider, and finds no claim of EPC alone.
nova_cannot_restore_claim() {
  local status=0
  nova_manage placement heal_allocations --instance "$1" --skip-port-allocations --verbose || status=$?
  [ "$status" = 3 ]
}

# restored_claim NAME: as docs/how-to/operate.md says.
restored_claim() {
  local id
  id=$(server_id "$1")
  openstack resource provider allocation set "$id" --project-id "$(project_id)" --user-id "$(openstack user show admin -f value -c id)" \
    --allocation "rp=$(provider_id "$host"),VCPU=1,MEMORY_MB=128" --allocation "rp=$(section_id 1),CUSTOM_SGX_EPC_MB=8" || return 1
  openstack server reboot --hard "$id"
  eventually is_status "$1" ACTIVE && guardian cloud status && on_claimed_sections "$id" 8192
}

# Nova takes the definition of a running guest away while it copies its disk.
copied_while_running() {
  local before
  before=$(grep -c '"Removed"' "$state/node/epc.journal")
  openstack server image create --wait --name copy "$1" && grep 'Beginning live snapshot' "$state/log/nova-compute.log" &&
    [ "$(grep -c '"Removed"' "$state/node/epc.journal")" = "$before" ]
}

# Nova keeps a deleted server, and its claim, for a while.
deleted_for_a_while() {
  local id status=1 configuration=$state/etc/nova.conf
  cp "$configuration" "$configuration.plain"
  sed -i 's/^\[DEFAULT\]$/[DEFAULT]\nreclaim_instance_interval = 3600/' "$configuration"
  restart_nova_api
  id=$(server_id "$1")
  openstack server delete "$1" && eventually is_not_listed "$1" && claimed "$id" 8 && guardian cloud status && status=0
  openstack server restore "$id" && eventually is_status "$1" ACTIVE || status=1
  cp "$configuration.plain" "$configuration"
  restart_nova_api
  return $status
}

# ---- flavors and quotas
setup_names_alias() {
  openstack flavor create alias --vcpus 1 --ram 128 --disk 0 --property sgx:epc_size=1024 >/dev/null
  local out status=0
  out=$(guardian cloud setup --flavor sgx.8m:1:128:0:8) || status=$?
  echo "$out"
  [ "$status" = 1 ] && grep -q '^conflicting  flavor alias: it asks for EPC with sgx:epc_size alone' <<<"$out"
}

alias_counts_nothing() {
  openstack aggregate unset --property trait:HW_CPU_X86_SGX sgx
  create alias alias "$host"
  openstack aggregate set --property trait:HW_CPU_X86_SGX=required sgx
  local out
  out=$(status_json)
  echo "$out"
  grep -q "sgx:epc_size alone" <<<"$out" || return 1
  python3 -c "import json, sys; print(sys.argv); sys.exit(sys.argv[2] in json.loads(sys.argv[1])['countedByFlavor'])" "$(usage_json)" "$(server_id alias)" || return 1
  eventually gone alias && openstack flavor delete alias
}

# A flavor of TDX guests as docs/how-to/tdx.md shows it. The cloud's guests are emulated, so the relay refuses the server, whose key is claimed by then.
tdx_is_claimed_and_refused() {
  local keys status=1
  guardian cloud setup --flavor sgx.8m:1:128:0:8 --tdx-flavor tdx.small:1:128:0
  keys=$(openstack resource provider create "${host}_keys" --parent-provider "$(provider_id "$host")" -f value -c uuid) || return 1
  openstack resource provider inventory set "$keys" --resource CUSTOM_TDX_KEY=1 --resource CUSTOM_TDX_KEY:max_unit=1
  openstack server create --flavor tdx.small --image blank --nic none --wait --hypervisor-hostname "$host" trusted
  openstack server show trusted -f value -c status -c fault
  is_status trusted ERROR && refusals_are_counted cannot-add-tdx && status=0
  eventually gone trusted
  # nova-compute may have met the provider by now, and builds and deletes no server for minutes when it is gone.
  openstack resource provider inventory delete "$keys" && openstack flavor delete tdx.small
  return $status
}

# restart_nova_api: only that one, with the configuration as it is.
restart_nova_api() {
  stop nova-api
  ( . "$devcloud/services.sh"; start_apis )
  eventually curl -sf -o /dev/null "http://127.0.0.1:$nova_port/"
}

# The quota has room for one server more, and not for two.
quota_is_enforced() {
  local configuration=$state/etc/nova.conf limits claimed out status=1
  limits=$(python3 "$repository/tests/openstack/quota.py" "$configuration") || return 1
  cp "$configuration" "$configuration.plain"
  { sed 's/^\[quota\]$/[quota]\ndriver = nova.quota.UnifiedLimitsDriver/' "$configuration.plain"; echo "$limits"; } >"$configuration"
  restart_nova_api
  claimed=$(guardian cloud quota admin --json | python3 -c "import json, sys; print(json.load(sys.stdin)['projects'][0]['claimedMebibytes'])")
  guardian cloud quota --default 0 && guardian cloud quota admin --limit $((claimed + 8)) && create fits sgx.8m "$host" && {
    out=$(openstack server create --flavor sgx.8m --image blank --nic none --wait over 2>&1)
    echo "$out"
    grep -q 'class:CUSTOM_SGX_EPC_MB is over limit' <<<"$out" && ! openstack server show over && status=0
    eventually gone fits
  }
  cp "$configuration.plain" "$configuration"
  restart_nova_api
  return $status
}

# ---- newer definitions
newer_id=5f9c3d6e-0000-4000-8000-000000000001

# newer_xml NAME=VALUE: a definition as Nova 2025.2 writes it, of a flavor with this extra spec.
newer_xml() {
  cat <<END
<domain type="qemu"><uuid>$newer_id</uuid><name>newer</name><memory>65536</memory><vcpu>1</vcpu>
  <metadata><nova:instance xmlns:nova="http://openstack.org/xmlns/libvirt/nova/1.1"><nova:package version="32.0.0"/><nova:name>newer</nova:name>
    <nova:flavor name="newer.${1//[:=]/.}" id="1"><nova:memory>64</nova:memory><nova:vcpus>1</nova:vcpus>
      <nova:extraSpecs><nova:extraSpec name="${1%=*}">${1#*=}</nova:extraSpec></nova:extraSpecs></nova:flavor></nova:instance></metadata>
  <os><type machine="q35">hvm</type></os><devices><emulator>/usr/bin/qemu-system-x86_64</emulator></devices></domain>
END
}

relayed_virsh() { virsh -q -c "qemu+unix:///system?socket=$relay_socket" "$@"; }
define_newer() { newer_xml "$1" >"$state/newer.xml" && relayed_virsh define "$state/newer.xml"; }
# newer_is_defined SPEC DEVICES: it is defined with so many EPC devices.
newer_is_defined() {
  local xml
  define_newer "$1" || return 1
  xml=$(virsh -q -c "$libvirt_uri" dumpxml newer)
  # It has no claim, and Placement may hang here.
  relayed_virsh undefine newer
  echo "$xml"
  [ "$(grep -c "model='sgx-epc'" <<<"$xml")" = "${2:-0}" ]
}

# Without journals and without the flavor, usage is counted by the flavor that each server has with it.
usage_without_flavor() {
  local before after
  before=$(guardian usage show --project admin --json 2>/dev/null) && openstack flavor delete sgx.2x16m sgx.40m && after=$(guardian usage show --project admin --json 2>/dev/null) || return 1
  python3 - "$before" "$after" <<'END'
import json
import sys

before, after = (json.loads(text) for text in sys.argv[1:])
print(before, after)
# Running servers go on to count, so EPC cannot have become less.
assert 0 < before["epcMebibyteHours"] <= after["epcMebibyteHours"]
END
}

# ---- usage
project_id() { openstack project show admin -f value -c id; }
usage_json() { guardian usage show --project admin --node "$metrics" --json; }

usage_rows() {
  local out
  out=$(guardian usage show --project admin --node "$metrics")
  echo "$out"
  [ "$(grep -oE '(CPU Hours|Disk GB-Hours|EPC MB-Hours|RAM MB-Hours|Servers)' <<<"$out" | paste -sd,)" = "CPU Hours,Disk GB-Hours,EPC MB-Hours,RAM MB-Hours,Servers" ]
}

stock_usage_json() { openstack usage show --project "$(project_id)" -f json 2>/dev/null | sed -n '/{/,$p'; }

usage_like_stock_client() { python3 - "$(usage_json)" "$(stock_usage_json)" <<'END'
import json
import sys

ours, theirs = json.loads(sys.argv[1]), json.loads(sys.argv[2])
print(ours)
# The client of Zed lists the servers; later ones count them.
theirs["Servers"] = len(theirs["Servers"]) if isinstance(theirs["Servers"], list) else theirs["Servers"]
for mine, stock in (("ramMebibyteHours", "RAM MB-Hours"), ("cpuHours", "CPU Hours"), ("diskGigabyteHours", "Disk GB-Hours"), ("servers", "Servers")):
    # All servers are deleted, so the figures do not change between the two questions.
    assert abs(ours[mine] - float(theirs[stock])) < 0.006, mine
END
}

now() { date +%s.%N; }
launched() { openstack server show "$1" -f value -c OS-SRV-USG:launched_at; }

# usage_of_resize BOOTING LAUNCHED RESIZING LAUNCHED_AGAIN: 8 MiB since the server was created, 16 MiB since it was resized, and no other server yet. Each of the
# two moments lies between the request and Nova's report, a second or two later. From the second one on Nova counts anew.
usage_of_resize() {
  local asked usage
  asked=$(now)
  usage=$(usage_json) || return 1
  python3 - "$usage" "$asked" "$(now)" "$@" <<'END'
import datetime
import json
import sys


def seconds(time):
    return datetime.datetime.fromisoformat(time).replace(tzinfo=datetime.timezone.utc).timestamp()


usage = json.loads(sys.argv[1])["epcMebibyteHours"] * 3600
asked, answered, booting, resizing = (float(sys.argv[i]) for i in (2, 3, 4, 6))
launched, again = seconds(sys.argv[5]), seconds(sys.argv[7])
# Nova's clock shows whole seconds.
least = 16 * (asked - again - 1) + 8 * (again - launched - 1)
most = 16 * (answered - resizing + 1) + 8 * (resizing - booting + 1)
print(least, usage, most, "Nova alone would count:", 16 * (answered - again))
assert least <= usage <= most
END
}

shelved() {
  # Nova offloads it by itself; the client's --offload may ask for it while Nova does.
  create "$1" sgx.8m "$host" && openstack server shelve "$1" && eventually is_status "$1" SHELVED_OFFLOADED && eventually has_no_claim "$(server_id "$1")"
}

unshelved() { openstack server unshelve --wait "$1" && is_status "$1" ACTIVE && claimed "$(server_id "$1")" 8 && mapped "$(server_id "$1")" 8192; }

# grows_by MIB: the EPC usage grows as for so many MiB, measured against the 256 MiB of RAM of the two servers.
grows_by() {
  local before
  before=$(usage_json) && sleep 5 && python3 - "$1" "$before" "$(usage_json)" <<'END'
import json
import sys

before, after = json.loads(sys.argv[2]), json.loads(sys.argv[3])
epc, ram = (after[name] - before[name] for name in ("epcMebibyteHours", "ramMebibyteHours"))
print(before, after)
assert ram > 0 and abs(epc / ram - float(sys.argv[1]) / 256) < 0.001
END
}

usage_list() {
  guardian usage list --node "$metrics" --csv | tr -d '\r' | tee /dev/stderr | grep -q '^admin,[0-9.]*,[0-9.]*,[0-9.]*,[0-9.]*,[0-9]*$' &&
    guardian usage list --node "$metrics" --json | python3 -c "import json, sys; sys.exit(json.load(sys.stdin)['projects'][0]['epcMebibyteHours'] <= 0)"
}

dataframes() { guardian usage dataframes --node "$metrics" | python3 -c "
import json, sys
frames = json.load(sys.stdin)['dataframes']
print(frames)
# The daemon meters all guests with EPC of this machine, also those of other clouds.
point = next(point for frame in frames for point in frame['usage']['guardian_epc'] if point['metadata']['flavor_name'].startswith('sgx.'))
assert frames[0]['period']['begin'] < frames[0]['period']['end'] and point['vol']['qty'] > 0 and point['groupby']['project_id'] == '$(project_id)'"
}

no_metrics_left() {
  has_metric '^guardian_epc_(claimed|mapped)_bytes.* 0$' && ! has_metric '^guardian_epc_(claimed|mapped)_bytes.* [1-9]' &&
    [ "$(read_metrics | sed -nE 's/^guardian_epc_(total|reserved)_bytes\{.*,node="(.)"\} /\1 \2 /p' | paste -sd,)" = \
      "total 0 41943040,total 1 33554432,reserved 0 8388608,reserved 1 0" ]
}

# ---- the documentation
# Runs every guardian command of the operator's page against this cloud. Exit code 1 is allowed, for example for a check on a machine without SGX.
documented() {
  local command status
  sed -n '/^```/,/^```/s/^guardian //p' "$repository/docs/how-to/operate.md" | while read -r command; do
    status=0
    echo "guardian $command"
    # shellcheck disable=SC2086 # words, as a shell would split them
    guardian ${command//http:\/\/127.0.0.1:9471/$metrics} >"$state/documented.log" 2>&1 </dev/null || status=$?
    [ "$status" -le 1 ] || { cat "$state/documented.log"; return 1; }
  done
}

"""Measures the Placement calls of Nova's scheduler for one create, on a cloud of many simulated hosts: a flavor with EPC, and the same flavor without.

bench-claims.py [HOSTS] [ROUNDS]

One create is the list of candidates (GET /allocation_candidates, at most 1,000, the default of nova-scheduler) and the claim (PUT /allocations).
Each host has a provider with the inventories and the number of traits of a real one, and a provider with EPC below it. The script times both flavors in
turn, so that a disturbance affects both. It removes the hosts at the end.
"""
import concurrent.futures
import json
import statistics
import sys
import time
import uuid

import openstack

HOSTS = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 50
PLAIN = {"VCPU": 1, "MEMORY_MB": 128}
TRAITS = ["HW_CPU_X86_SGX", "CUSTOM_SGX_HEALTHY"]

cloud = openstack.connect()
project = cloud.session.get_project_id()
user = cloud.session.get_user_id()
endpoint = cloud.session.get_endpoint(service_type="placement", interface="public")


def call(method, path, body=None):
    answer = cloud.session.request(
        endpoint + path, method, json=body, headers={"OpenStack-API-Version": "placement 1.36"}, raise_exc=False, connect_retries=3)
    if answer.status_code >= 400:
        sys.exit(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
    return answer


def inventory(total, ratio=1.0):
    return {"total": total, "reserved": 0, "min_unit": 1, "max_unit": total, "step_size": 1, "allocation_ratio": ratio}


def make(number, traits):
    root, section = str(uuid.uuid4()), str(uuid.uuid4())
    call("POST", "/resource_providers", {"name": f"bench{number}", "uuid": root})
    call("PUT", f"/resource_providers/{root}/inventories", {"resource_provider_generation": 0, "inventories": {
        "VCPU": inventory(64, 4.0), "MEMORY_MB": inventory(262144), "DISK_GB": inventory(2000)}})
    call("PUT", f"/resource_providers/{root}/traits", {"resource_provider_generation": 1, "traits": traits + TRAITS})
    call("POST", "/resource_providers", {"name": f"bench{number}_sgx_epc_0", "uuid": section, "parent_provider_uuid": root})
    call("PUT", f"/resource_providers/{section}/inventories", {"resource_provider_generation": 0, "inventories": {"CUSTOM_SGX_EPC_MB": inventory(65536)}})
    return root, section


def create(resources, query):
    begin = time.perf_counter()
    wanted = ",".join(f"{name}:{amount}" for name, amount in sorted(resources.items()))
    candidates = call("GET", f"/allocation_candidates?limit=1000&resources={wanted}{query}").json()["allocation_requests"]
    asked = time.perf_counter()
    consumer = str(uuid.uuid4())
    # Spread the claims, as Nova's weighers do.
    chosen = candidates[len(claims) * 37 % len(candidates)]
    call("PUT", f"/allocations/{consumer}", {**chosen, "consumer_generation": None, "project_id": project, "user_id": user})
    claims.append(consumer)
    return asked - begin, time.perf_counter() - asked, len(candidates)


claims = []
for trait in TRAITS[1:]:
    call("PUT", f"/traits/{trait}")
call("PUT", "/resource_classes/CUSTOM_SGX_EPC_MB")
usual = [trait for trait in call("GET", "/traits?name=startswith:COMPUTE_").json()["traits"] if trait != "COMPUTE_STATUS_DISABLED"][:60]
begin = time.perf_counter()
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    hosts = list(pool.map(lambda number: make(number, usual), range(HOSTS)))
print(f"{HOSTS} hosts made in {time.perf_counter() - begin:.0f} s", flush=True)
try:
    kinds = {
        "plain": (PLAIN, ""),
        "EPC": ({**PLAIN, "CUSTOM_SGX_EPC_MB": 8}, "&required=" + ",".join(TRAITS)),
    }
    times = {name: [] for name in kinds}
    for turn in range(ROUNDS + 2):
        for name, (resources, query) in kinds.items():
            durations = create(resources, query)
            # The first two rounds warm the caches.
            if turn >= 2:
                times[name].append(durations)
    for name, took in times.items():
        print(json.dumps({
            "flavor": name, "hosts": HOSTS, "candidates": took[0][2],
            "candidates_ms": round(1000 * statistics.median(t[0] for t in took), 1),
            "claim_ms": round(1000 * statistics.median(t[1] for t in took), 1), "create_ms": round(1000 * statistics.median(t[0] + t[1] for t in took), 1)}))
    ratio = statistics.median(a[0] + a[1] for a in times["EPC"]) / statistics.median(a[0] + a[1] for a in times["plain"])
    print(f"a create with EPC takes {ratio:.2f} times what one without takes")
finally:
    for consumer in claims:
        call("DELETE", f"/allocations/{consumer}")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda host: [call("DELETE", f"/resource_providers/{provider}") for provider in reversed(host)], hosts))

"""Makes servers with 8 MiB of EPC at the same moment, each by a request of its own: no more may start than fit.

Nova tries one EPC section of a host for a server, so that of two that want a section's last MiB at once, one may be refused although another section has room.
Who was refused asks again, one after the other, until one is refused then: now as many run as fit.

race.py COUNT FITTING
"""
import sys
import threading
import time

import openstack

count, fitting = int(sys.argv[1]), int(sys.argv[2])
cloud = openstack.connect()
flavor = cloud.compute.find_flavor("sgx.8m").id
image = cloud.image.find_image("blank").id
connections = [openstack.connect() for _ in range(count)]
for connection in connections:
    connection.authorize()
begin = threading.Barrier(count)
servers = []


def create(number):
    begin.wait()
    servers.append(connections[number].compute.create_server(name=f"race{number}", flavor_id=flavor, image_id=image, networks="none").id)


def settled(servers):
    """The servers, once each has started or was refused."""
    deadline = time.monotonic() + 300
    while True:
        states = [cloud.compute.get_server(server) for server in servers]
        if all(state.status in ("ACTIVE", "ERROR") for state in states):
            return states
        if time.monotonic() > deadline:
            sys.exit("race: error: servers neither start nor fail: " + ", ".join(f"{state.name} {state.status}" for state in states))
        time.sleep(1)


threads = [threading.Thread(target=create, args=(number,)) for number in range(count)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
states = settled(servers)
for state in states:
    print(state.name, state.status, state.hypervisor_hostname)
started = sum(state.status == "ACTIVE" for state in states)
refused = [state for state in states if state.status == "ERROR"]
print(f"at once: {started} of {fitting}")
if len(servers) != count or started > fitting:
    sys.exit(1)
for state in refused:
    cloud.compute.delete_server(state, ignore_missing=True)
    cloud.compute.wait_for_delete(state)
    again = settled([cloud.compute.create_server(name=state.name, flavor_id=flavor, image_id=image, networks="none").id])[0]
    print(again.name, again.status, again.hypervisor_hostname, "asked again")
    if again.status == "ERROR":
        break
    started += 1
sys.exit(0 if started == fitting else 1)

"""Creates servers with 8 MiB of EPC at the same moment, each with its own request, and counts how many start.

race.py COUNT EXPECTED
"""
import sys
import threading
import time

import openstack

count, expected = int(sys.argv[1]), int(sys.argv[2])
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
    compute = connections[number].compute
    # The API of a small cloud can answer 16 requests at once with an error. This is not what the race is about.
    for attempt in range(3):
        try:
            servers.append(compute.create_server(name=f"race{number}", flavor_id=flavor, image_id=image, networks="none").id)
            return
        except openstack.exceptions.SDKException as failure:
            print(f"race{number}: {failure}")
            time.sleep(1 + attempt)


threads = [threading.Thread(target=create, args=(number,)) for number in range(count)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
deadline = time.monotonic() + 1200
while True:
    states = [cloud.compute.get_server(server) for server in servers]
    if all(state.status in ("ACTIVE", "ERROR") for state in states) or time.monotonic() > deadline:
        break
    time.sleep(1)
active = [state for state in states if state.status == "ACTIVE"]
for state in states:
    print(state.name, state.status, state.hypervisor_hostname)
sys.exit(0 if len(active) == expected and len(servers) == count else 1)

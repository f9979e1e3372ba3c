"""Fills an empty cloud in one process, because each command of the client takes seconds. It may run again at any time.

seed.py catalog TYPE=ADDRESS...   registers services
seed.py content HOSTS FOLDER      waits for that many compute hosts; makes an empty image and a plain flavor
"""
import os
import sys
import time

import openstack

NAMES = {"placement": "placement", "image": "glance", "compute": "nova", "network": "neutron"}


def catalog(cloud, entries):
    known = {service.type for service in cloud.identity.services()}
    for kind, address in (entry.split("=", 1) for entry in entries):
        if kind not in known:
            service = cloud.identity.create_service(type=kind, name=NAMES[kind])
            for interface in ("public", "internal"):
                cloud.identity.create_endpoint(service_id=service.id, interface=interface, region_id="RegionOne", url=address)


def content(cloud, hosts, folder):
    if not any(image.name == "blank" for image in cloud.image.images()):
        path = os.path.join(folder, "blank.raw")
        with open(path, "wb") as file:
            file.truncate(1 << 20)
        cloud.image.create_image("blank", filename=path, wait=True, visibility="public", use_import=False, disk_format="raw", container_format="bare")
        os.unlink(path)
    deadline = time.monotonic() + 600
    while len(list(cloud.compute.hypervisors())) < hosts:
        if time.monotonic() > deadline:
            sys.exit("devcloud: error: the compute hosts do not start; see the logs of nova-compute and nova-conductor")
        time.sleep(0.5)
    if not any(flavor.name == "plain" for flavor in cloud.compute.flavors()):
        cloud.compute.create_flavor(name="plain", vcpus=1, ram=128, disk=0)


connection = openstack.connect()
if sys.argv[1] == "catalog":
    catalog(connection, sys.argv[2:])
else:
    content(connection, int(sys.argv[2]), sys.argv[3])

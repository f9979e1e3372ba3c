"""Registers a limit for each of Nova's resources, as its driver for unified limits needs them, but none for EPC: guardian cloud quota sets that one. Then
prints the section [oslo_limit] for nova.conf.

quota.py NOVA_CONF
"""
import configparser
import sys

import openstack

RESOURCES = (
    "servers", "class:VCPU", "class:MEMORY_MB", "class:DISK_GB", "server_key_pairs", "server_metadata_items", "server_injected_files",
    "server_injected_file_content_bytes", "server_injected_file_path_bytes", "server_groups", "server_group_members")

cloud = openstack.connect()
identity = {"service_type": "identity", "interface": "public"}
service = next(service for service in cloud.identity.services() if service.type == "compute")
endpoint = next(endpoint for endpoint in cloud.identity.endpoints() if endpoint.service_id == service.id and endpoint.interface == "public")
# Nova reads the limits of all projects, which needs a role on the whole system.
reader = cloud.identity.find_role("reader")
cloud.session.put(f"/system/users/{cloud.session.get_user_id()}/roles/{reader.id}", endpoint_filter=identity)
limits = [{"service_id": service.id, "region_id": "RegionOne", "resource_name": name, "default_limit": 10000} for name in RESOURCES]
cloud.session.post("/registered_limits", json={"registered_limits": limits}, endpoint_filter=identity)
configuration = configparser.RawConfigParser(strict=False)
configuration.read(sys.argv[1])
credentials = configuration["keystone_authtoken"]
print(f"""[oslo_limit]
auth_url = {credentials['auth_url']}
auth_type = password
username = {credentials['username']}
password = {credentials['password']}
user_domain_id = default
system_scope = all
endpoint_id = {endpoint.id}""")

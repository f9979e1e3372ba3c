"""A Keystone, a Nova and a Placement with one project, one server and one host with EPC. usage: cloud.py: prints its address."""

import http.server
import json
import sys
import urllib.parse

PROJECT, SERVER, HOST, SECTION = "aaaa1111", "00000000-0000-4000-8000-000000000009", "00000000-0000-4000-8000-000000000001", \
    "00000000-0000-4000-8000-000000000002"
FLAVOR = {"original_name": "sgx.8m", "extra_specs": {"resources:CUSTOM_SGX_EPC_MB": "8"}}
USAGE = {
    "tenant_id": PROJECT, "total_vcpus_usage": 10.0, "total_memory_mb_usage": 1280.0, "total_local_gb_usage": 0.0, "total_hours": 10.0,
    "server_usages": [{
        "instance_id": SERVER, "name": "s", "flavor": "sgx.8m", "hours": 10.0, "vcpus": 1, "memory_mb": 128, "local_gb": 0,
        "tenant_id": PROJECT, "started_at": "2026-01-10T12:00:00.000000", "ended_at": None}]}
PROVIDER = {"uuid": SECTION, "name": "cmp01_sgx_epc_0", "generation": 1, "parent_provider_uuid": HOST, "root_provider_uuid": HOST}


class Cloud(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, **headers):
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["auth"]["identity"]
        # The plugin must come with the stock client's token, and the stock client with the password.
        if asked.get("token", {}).get("id") != "token" and asked.get("password", {}).get("user", {}).get("password") != "secret":
            return self.answer(401, {"error": {"message": "wrong credentials", "code": 401}})

        def entry(kind, path):
            return {"type": kind, "name": kind, "id": kind, "endpoints": [
                {"id": kind, "interface": "public", "region": "RegionOne", "region_id": "RegionOne", "url": address + path}]}
        catalog = [entry("identity", "/identity/v3"), entry("compute", "/compute/v2.1"), entry("placement", "/placement")]
        return self.answer(201, {"token": {
            "methods": ["password"], "expires_at": "2999-01-01T00:00:00.000000Z", "issued_at": "2026-01-01T00:00:00.000000Z",
            "project": {"id": PROJECT, "name": "research", "domain": {"id": "default", "name": "Default"}},
            "user": {"id": "u", "name": "u", "domain": {"id": "default", "name": "Default"}}, "roles": [], "catalog": catalog,
        }}, X_Subject_Token="token")

    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        last = "marker=" in url.query

        def page(name, *items):
            return self.answer(200, {name: [] if last else list(items)})
        if url.path in ("/identity/v3", "/identity/v3/", "/identity", "/identity/"):
            return self.answer(200, {"version": {
                "id": "v3.14", "status": "stable", "links": [{"rel": "self", "href": address + "/identity/v3/"}], "media-types": []}})
        if url.path == "/identity/v3/projects":
            return self.answer(200, {"projects": [{"id": PROJECT, "name": "research", "links": {}}], "links": {}})
        if url.path == f"/compute/v2.1/os-simple-tenant-usage/{PROJECT}":
            return self.answer(200, {"tenant_usage": {} if last else USAGE})
        if url.path == "/compute/v2.1/os-simple-tenant-usage":
            return page("tenant_usages", USAGE)
        if url.path == "/compute/v2.1/flavors/detail":
            return page("flavors")
        if url.path == "/compute/v2.1/servers/detail":
            return page("servers", {
                "id": SERVER, "name": "s", "status": "ACTIVE", "tenant_id": PROJECT, "flavor": FLAVOR,
                "OS-EXT-SRV-ATTR:hypervisor_hostname": "cmp01", "OS-EXT-STS:power_state": 1})
        if url.path == "/compute/v2.1/os-hypervisors/detail":
            return page("hypervisors", {
                "id": HOST, "hypervisor_hostname": "cmp01", "state": "up", "status": "enabled", "service": {"host": "cmp01"}})
        if url.path == "/compute/v2.1/os-migrations":
            return page("migrations")
        if url.path == "/placement/traits":
            return self.answer(200, {"traits": ["CUSTOM_SGX_HEALTHY", "CUSTOM_SGX_EPC_SECTION"]})
        if url.path == "/placement/resource_providers":
            return self.answer(200, {"resource_providers": [PROVIDER]})
        if url.path == "/placement/allocation_candidates":
            return self.answer(200, {"allocation_requests": [], "provider_summaries": {}})
        if url.path.endswith("/inventories"):
            return self.answer(200, {"resource_provider_generation": 1, "inventories": {"CUSTOM_SGX_EPC_MB": {
                "total": 64, "reserved": 4, "min_unit": 1, "max_unit": 64, "step_size": 1, "allocation_ratio": 1.0}}})
        if url.path.endswith("/allocations"):
            return self.answer(200, {"resource_provider_generation": 1, "allocations": {
                SERVER: {"resources": {"CUSTOM_SGX_EPC_MB": 8}}}})
        return self.answer(404, {"error": {"message": self.path, "code": 404}})


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cloud)
address = f"http://127.0.0.1:{server.server_address[1]}"
print(address, flush=True)
server.serve_forever()
sys.exit(0)

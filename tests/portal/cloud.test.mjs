// An operator's page about a cloud that answers as OpenStack does.
import { after, before, test } from "node:test";
import { createServer } from "node:http";
import { Person, check, compare, launch } from "./support.mjs";

const person = new Person();
const id = number => `00000000-0000-4000-8000-00000000000${number}`;
let browser, page, server;

// The longest beginning wins; a list that goes on after a marker is empty.
function answers(address) {
  const entry = (type, path) => ({ type, endpoints: [{ interface: "public", url: address + path, region: "RegionOne" }] });
  const usage = project => ({
    tenant_id: project, total_hours: 10, total_vcpus_usage: 10, total_memory_mb_usage: 1280, total_local_gb_usage: 0, start: "2026-01-01T00:00:00",
    stop: "2026-01-02T00:00:00",
    server_usages: [{
      instance_id: id(9), name: "s", tenant_id: project, flavor: "sgx.8m", hours: 10, memory_mb: 128, local_gb: 0, vcpus: 1,
      started_at: "2026-01-10T12:00:00.000000", ended_at: null, state: "active", uptime: 36000,
    }],
  });
  const flavor = { id: "1", name: "sgx.8m", vcpus: 1, ram: 128, disk: 0, extra_specs: { "resources:CUSTOM_SGX_EPC_MB": "8" } };
  return {
    "/identity/v3/auth/tokens": {
      token: {
        expires_at: "2126-01-01T00:00:00Z", project: { id: "project-1", name: "p" },
        catalog: [entry("identity", "/identity/v3"), entry("placement", "/placement"), entry("compute", "/compute")],
      },
    },
    "/identity/v3/projects": { projects: [{ id: "project-1", name: "research" }] },
    "/placement/resource_providers?required=": {
      resource_providers: [{ uuid: id(2), name: "host_sgx_epc_0", generation: 1, parent_provider_uuid: id(1), root_provider_uuid: id(1) }],
    },
    [`/placement/resource_providers/${id(2)}/inventories`]: {
      resource_provider_generation: 1,
      inventories: { CUSTOM_SGX_EPC_MB: { total: 64, reserved: 4, min_unit: 1, max_unit: 64, step_size: 1, allocation_ratio: 1.0 } },
    },
    [`/placement/resource_providers/${id(2)}/allocations`]: {
      resource_provider_generation: 1, allocations: { [id(9)]: { resources: { CUSTOM_SGX_EPC_MB: 8 } } },
    },
    "/placement/allocation_candidates?": {
      allocation_requests: [{ allocations: { [id(2)]: { resources: { CUSTOM_SGX_EPC_MB: 1 } } }, mappings: { "": [id(2)] } }],
      provider_summaries: {
        [id(2)]: {
          resources: { CUSTOM_SGX_EPC_MB: { capacity: 60, used: 8 } }, traits: ["CUSTOM_SGX_HEALTHY"],
          parent_provider_uuid: id(1), root_provider_uuid: id(1),
        },
      },
    },
    "/placement/traits?": { traits: ["CUSTOM_SGX_HEALTHY"] },
    "/compute/v2.1/os-hypervisors/detail?": {
      hypervisors: [{ id: id(1), hypervisor_hostname: "host", state: "up", status: "enabled", service: { host: "host" } }],
    },
    "/compute/v2.1/servers/detail?": {
      servers: [{
        id: id(9), name: "s", status: "ACTIVE", tenant_id: "project-1", flavor: { original_name: "sgx.8m", extra_specs: flavor.extra_specs },
        "OS-EXT-SRV-ATTR:hypervisor_hostname": "host", "OS-EXT-STS:power_state": 1,
      }],
    },
    "/compute/v2.1/os-migrations?": { migrations: [] },
    "/compute/v2.1/flavors/detail?": { flavors: [flavor] },
    "/compute/v2.1/os-simple-tenant-usage?": { tenant_usages: [usage("project-1")] },
  };
}

before(async () => {
  server = createServer((request, response) => {
    const table = answers(`http://127.0.0.1:${server.address().port}`);
    const key = Object.keys(table).filter(each => request.url.startsWith(each)).sort((a, b) => b.length - a.length)[0];
    response.writeHead(!key ? 404 : key.endsWith("tokens") ? 201 : 200, { "Content-Type": "application/json", "X-Subject-Token": "token" });
    const found = key ? table[key] : {};
    const isMore = request.url.includes("marker=");
    response.end(JSON.stringify(isMore ? Object.fromEntries(Object.keys(found).map(name => [name, []])) : found));
  });
  await new Promise(resolve => server.listen(0, "127.0.0.1", resolve));
  person.write("clouds.yaml", `clouds:\n  mine:\n    auth: {auth_url: 'http://127.0.0.1:${server.address().port}/identity/v3', username: u, password: p4ssword, project_name: p}\n`);
  const open = await person.open();
  browser = await launch();
  page = await (await browser.newContext({ viewport: { width: 1100, height: 800 } })).newPage();
  await page.goto(open.link);
  await page.getByRole("link", { name: "Cloud" }).click();
}, { timeout: 120_000 });

after(async () => {
  await browser?.close();
  await person.close();
  server?.close();
}, { timeout: 120_000 });

test("hosts have their EPC, claims and health", async () => {
  await check(page, "cloud-choose");
  await page.getByRole("textbox", { name: "Cloud" }).fill("mine");
  await page.getByRole("button", { name: "Show" }).click();
  await page.getByText("Claims and servers agree.").waitFor();
  await page.getByRole("cell", { name: "healthy" }).waitFor();
  await check(page, "cloud");
}, { timeout: 60_000 });

test("usage has EPC MB-Hours by week and project", async () => {
  await page.getByRole("link", { name: "Usage" }).click();
  await page.getByText("EPC MB-Hours of all projects, by week").waitFor();
  await page.getByRole("row", { name: /^research 320\.00/ }).waitFor();
  await page.getByRole("row", { name: /^s 00000000 research sgx\.8m 80\.00 80\.00 80\.00 80\.00 320\.00/ }).waitFor();
  await check(page, "usage");
  await compare(page, "usage");
}, { timeout: 60_000 });

test("the forecast names what is missing for each host", async () => {
  person.write("hosts/cmp01", "no quote");
  await page.getByRole("link", { name: "TCB forecast" }).click();
  await page.getByLabel("Quotes or PCK certificates of the hosts").fill(person.path("hosts"));
  await page.getByRole("button", { name: "Show" }).click();
  await page.getByText("0 of 1 hosts become worse with the next TCB recovery.").waitFor();
  await page.getByRole("row", { name: /^cmp01 .*neither a quote/ }).waitFor();
  await check(page, "forecast");
  await compare(page, "forecast");
}, { timeout: 60_000 });

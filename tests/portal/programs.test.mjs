// Sessions, their secrets and a service, at a CAS that runs beside the page; and the text of a session, checked while it is typed.
import { after, before, test } from "node:test";
import { createHash } from "node:crypto";
import assert from "node:assert/strict";
import { appendFileSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { Person, check, compare, launch, serve } from "./support.mjs";

const person = new Person();
let browser, page, address;

// A program in WebAssembly that prints a text and then waits until it is ended.
function assemble(text) {
  const string = word => [word.length, ...Buffer.from(word)];
  const section = (id, ...content) => [id, content.length | 0x80, content.length >> 7, ...content];
  const imported = name => [...string("wasi_snapshot_preview1"), ...string(name), 0, 0];
  const data = (at, bytes) => [0, 0x41, at | 0x80, at >> 7, 0x0b, bytes.length, ...bytes];
  const call = (index, ...values) => [...values.flatMap(value => [0x41, value | 0x80, value >> 7]), 0x10, index, 0x1a];
  const buffer = Buffer.alloc(48);
  buffer.writeUInt32LE(1, 16);
  buffer.writeBigUInt64LE(600_000_000_000n, 24);
  const body = [0, ...call(0, 1, 0, 1, 8), 3, 0x40, ...call(1, 32, 128, 1, 160), 0x0c, 0, 0x0b, 0x0b];
  return Buffer.from([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, 2, 0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f, 0x60, 0, 0),
    ...section(2, 2, ...imported("fd_write"), ...imported("poll_oneoff")),
    ...section(3, 1, 1), ...section(5, 1, 0, 1),
    ...section(7, 2, ...string("memory"), 2, 0, ...string("_start"), 0, 2),
    ...section(10, 1, body.length, ...body),
    ...section(11, 3, ...data(0, [200, 0, 0, 0, text.length, 0, 0, 0]), ...data(32, buffer), ...data(200, Buffer.from(text))),
  ]);
}

before(async () => {
  person.run("key", "create", "alice.pem");
  const place = await serve(person, "cas", "start", "--listen", "127.0.0.1:0", "--owner", "alice.pem");
  address = `https://${place}`;
  person.write("shop.yaml", "name: shop\naccess_policy: {read: [CREATOR]}\nsecrets:\n"
    + "  - {name: password, kind: ascii, set: [CREATOR], read: [CREATOR]}\n  - {name: drawn, kind: ascii, size: 8}\n");
  person.run("session", "create", "shop.yaml", "--cas", place, "--key", "alice.pem", "--platform", "simulated");
  const wait = assemble("<i>good</i> morning\n");
  writeFileSync(person.path("wait.wasm"), wait);
  const measured = JSON.parse(person.run("enclave", "measure", "--json")).programs;
  const codeOf = name => measured.find(each => each.name === name).mrEnclave;
  person.write("wait.yaml", `name: wait\naccess_policy: {read: [CREATOR]}\nservices:\n  - name: app\n    command: [wait]\n`
    + `    program: ${createHash("sha256").update(wait).digest("hex")}\n    attestation: [{mrenclave: [${codeOf("guardian-runtime")}]}]\n`
    + "    platforms: [simulated]\n    stdio: {readers: [CREATOR]}\n"
    + `  - name: cas\n    command: [cas]\n    program: ${"0".repeat(64)}\n`
    + `    attestation: [{mrenclave: [${codeOf("guardian-cas")}]}]\n`
    + "    platforms: [simulated]\n");
  person.run("session", "create", "wait.yaml", "--cas", place, "--key", "alice.pem", "--platform", "simulated");
  const open = await person.open();
  browser = await launch();
  page = await (await browser.newContext({ viewport: { width: 1100, height: 800 } })).newPage();
  await page.goto(open.link);
  await page.getByRole("link", { name: "Programs" }).click();
}, { timeout: 300_000 });

after(async () => {
  await browser?.close();
  await person.close();
}, { timeout: 120_000 });

test("a CAS is verified before its sessions are shown", async () => {
  await check(page, "programs");
  const fill = async () => {
    await page.getByLabel("CAS", { exact: true }).fill(address);
    await page.getByLabel("Your key").fill(person.path("alice.pem"));
  };
  await fill();
  await page.getByRole("button", { name: "Verify it and connect" }).click();
  // A simulated platform is not hardware.
  await page.getByRole("heading", { name: "That was not done" }).waitFor();
  await page.goBack();
  await fill();
  await page.getByLabel("simulated, without protection").check();
  await page.getByRole("button", { name: "Verify it and connect" }).click();
  await page.getByText("This CAS runs the accepted code").waitFor();
  await check(page, "sessions");
}, { timeout: 60_000 });

test("a secret is set for the text of the session that is shown", async () => {
  await page.getByRole("link", { name: "shop" }).click();
  await page.getByText("to be set").waitFor();
  await check(page, "session");
  await page.getByLabel("Value", { exact: true }).fill("p4ssw0rd");
  await page.getByRole("button", { name: "Set for this text of the session" }).click();
  await page.getByLabel("Another value").waitFor();
}, { timeout: 60_000 });

test("a running service is verified against the policy of its session", async () => {
  await page.getByRole("link", { name: "Programs" }).click();
  await page.getByRole("link", { name: "wait", exact: true }).click();
  await check(page, "session-programs");
  for (const [service, words] of [["cas", "is one that the session admits."], ["app", "the session would not admit it."]]) {
    await page.locator("#service").selectOption(service);
    await page.getByLabel("Its address, https://host:port").fill(address);
    await page.getByRole("button", { name: "Verify its quote" }).click();
    await page.getByText(words).waitFor();
    await check(page, `service-${service}`);
    await page.goBack();
  }
}, { timeout: 60_000 });

test("a program is started, its log is shown while it grows, and it is ended", async () => {
  await page.getByLabel("As the service").selectOption("app");
  await page.getByLabel("Program on this computer").fill(person.path("wait.wasm"));
  await page.getByRole("button", { name: "Start it" }).click();
  // The page loads itself again until the program has written.
  await page.getByText("<i>good</i> morning").waitFor({ timeout: 60_000 });
  await page.getByText("running", { exact: true }).waitFor();
  await page.getByRole("link", { name: "Hold the page still" }).click();
  await page.getByRole("link", { name: "Show what came since" }).waitFor();
  await check(page, "program-running");
  await compare(page, "program-running");
  const folder = person.path(".local/state/guardian/logs");
  const log = readdirSync(folder).map(name => `${folder}/${name}`)[0];
  assert.ok(!readFileSync(log, "utf8").includes("morning"));
  appendFileSync(log, "a line of the engine\n");
  await page.getByRole("link", { name: "Show what came since" }).click();
  await page.getByText("a line of the engine").waitFor();
  await page.getByRole("button", { name: "End the program" }).click();
  await page.getByRole("button", { name: "Log of wait/app" }).waitFor();
  await page.getByText("was ended (143)").or(page.getByText("running", { exact: true })).waitFor();
  await check(page, "programs-started");
  await page.getByRole("button", { name: "Log of wait/app" }).click();
  await page.getByText("was ended (143)").waitFor({ timeout: 30_000 });
}, { timeout: 120_000 });

test("a start that the session does not allow shows its reason", async () => {
  person.write("other.wasm", assemble("other\n"));
  await page.getByRole("link", { name: "Programs" }).click();
  await page.getByRole("link", { name: "wait", exact: true }).click();
  await page.getByLabel("As the service").selectOption("app");
  await page.getByLabel("Program on this computer").fill(person.path("other.wasm"));
  await page.getByRole("button", { name: "Start it" }).click();
  await page.getByText(/could not be run \(125\)/).waitFor({ timeout: 60_000 });
  await page.getByText(/not the one that the session names/).waitFor();
  await check(page, "program-refused");
}, { timeout: 120_000 });

test("a folder of logs offers its files to follow", async () => {
  await page.getByRole("link", { name: "Programs" }).click();
  await page.getByRole("link", { name: "wait", exact: true }).click();
  await page.locator("#follow-service").selectOption("app");
  await page.getByLabel("File on this computer, or a folder to choose from").fill(person.path(".local/state/guardian/logs"));
  await page.getByRole("button", { name: "Follow it" }).click();
  await page.getByRole("button", { name: /^Follow wait-app/ }).first().waitFor();
  await check(page, "log-folder");
  await page.getByRole("button", { name: /^Follow wait-app/ }).last().click();
  await page.getByText("<i>good</i> morning").waitFor();
}, { timeout: 60_000 });

test("mistakes show while a session is typed, with their lines", async () => {
  await page.getByRole("link", { name: "Programs" }).click();
  await page.getByRole("link", { name: "Check the text of a session" }).click();
  await page.getByLabel("The session, YAML").pressSequentially("name: shop\nservices: []\nwrong: 1\n");
  await page.locator("#result").getByText("not valid").waitFor();
  await page.locator("#result").getByText(/line 3/).waitFor();
  await check(page, "session-check");
  await page.getByLabel("The session, YAML").fill("name: shop\naccess_policy: {read: [CREATOR]}\nsecrets:\n  - {name: a, kind: ascii, size: 8}\n");
  await page.locator("#result").getByText("is a valid session").waitFor();
}, { timeout: 60_000 });

test("a session is created from the form, unless it has mistakes", async () => {
  await page.getByLabel("The session, YAML").fill("name: ledger\nwrong: 1\n");
  await page.getByRole("button", { name: /^Create it in/ }).click();
  await page.locator("#result").getByText("not valid").waitFor();
  await page.getByLabel("The session, YAML").fill("name: ledger\naccess_policy: {read: [CREATOR]}\nsecrets:\n  - {name: a, kind: ascii, size: 8}\n");
  await page.getByRole("button", { name: /^Create it in/ }).click();
  await page.getByRole("heading", { name: "ledger" }).waitFor();
  await check(page, "session-created");
}, { timeout: 60_000 });

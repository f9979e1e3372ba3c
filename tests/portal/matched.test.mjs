// The list of a member's own persons who matched, in a room whose owners all allow it.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { Person, check, launch, serve } from "./support.mjs";

const person = new Person();
const rows = Array.from({ length: 600 }, (_, index) => index);
let browser, page;

before(async () => {
  person.write("campaign.csv", "email,arm\n" + rows.map(i => `p${i}@example.com,${i % 2 ? "Control" : "Treatment"}\n`).join(""));
  person.write("customers.csv", "email,region\n" + rows.map(i => `p${i + 300}@example.com,${i % 3 ? "South" : "North"}\n`).join(""));
  const edit = (name, ...changes) => writeFileSync(person.path(name),
    changes.reduce((text, [from, to]) => text.replaceAll(from, to), readFileSync(person.path(name), "utf8")));
  for (const [member, file] of [["agency", "campaign.csv"], ["retailer", "customers.csv"]]) {
    person.run("room", "draft", file, "--owner", member, "--key", `${member}.pem`, "--output", `${member}.yaml`);
    edit(`${member}.yaml`, [": DECIDE", ": true"]);
  }
  const cas = await serve(person, "cas", "start", "--listen", "127.0.0.1:0", "--owner", "agency.pem");
  person.run("room", "create", "lists", "--draft", "agency.yaml", "--draft", "retailer.yaml", "--cas", cas, "--key", "agency.pem", "--platform", "simulated");
  edit("room.yaml", ["    columns:", "    rules: {activation: true}\n    columns:"],
    ["analyses:\n", "analyses:\n  activation: {dataset: customers, receiver: retailer}\n"]);
  for (const member of ["agency", "retailer"]) person.run("room", "sign", "room.yaml", "--member", member, "--key", `${member}.pem`);
  const room = await serve(person, "room", "start", "room.yaml", "--cas", cas, "--listen", "127.0.0.1:0");
  for (const [member, name] of [["agency", "campaign"], ["retailer", "customers"]]) {
    person.run("room", "upload", "room.yaml", "--room", room, "--key", `${member}.pem`, "--dataset", name, "--data", `${name}.csv`);
  }
  person.run("room", "use", "room.yaml", "--room", room, "--key", "retailer.pem");
  const open = await person.open(person.home);
  browser = await launch();
  page = await (await browser.newContext({ viewport: { width: 1100, height: 800 } })).newPage();
  await page.goto(open.link);
}, { timeout: 300_000 });

after(async () => {
  await browser?.close();
  await person.close();
}, { timeout: 120_000 });

test("the receiver gets its own persons who matched, and nobody else's", async () => {
  await page.getByRole("link", { name: "lists" }).click();
  await page.getByText("Room · you are retailer").waitFor();
  await page.getByRole("link", { name: "Ask", exact: true }).click();
  await page.getByRole("heading", { name: "List your own persons who matched" }).waitFor();
  await check(page, "ask-matched");
  await page.getByLabel("The file of customers that you uploaded").setInputFiles(person.path("customers.csv"));
  await page.getByLabel("Only where", { exact: true }).fill("customers.region = South");
  const [list] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Get the list" }).click()]);
  assert.equal(list.suggestedFilename(), "lists-matched.txt");
  const expected = rows.filter(i => i < 300 && i % 3).map(i => `p${i + 300}@example.com`);
  assert.deepEqual(readFileSync(await list.path(), "utf8").trim().split("\n").sort(), expected.sort());
}, { timeout: 60_000 });

test("a condition that the contract does not allow is refused", async () => {
  await page.getByLabel("The file of customers that you uploaded").setInputFiles(person.path("customers.csv"));
  await page.getByLabel("Only where", { exact: true }).fill("customers.email = p300@example.com");
  await page.getByRole("button", { name: "Get the list" }).click();
  await page.getByRole("heading", { name: "That was not done" }).waitFor();
  await check(page, "matched-refused");
}, { timeout: 60_000 });

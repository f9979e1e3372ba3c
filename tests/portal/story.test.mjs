// The story of docs/tutorials/clean-room.md: two people with their own files, in two browsers, without the command line.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { Person, check, compare, launch } from "./support.mjs";

const agency = new Person(), retailer = new Person();
const persons = 3000;
let browser;

const numbers = Array.from({ length: persons }, (_, index) => index);
agency.write("campaign.csv", "email,arm,exposed\n"
  + numbers.map(i => `p${2 * i}@example.com,${i % 2 ? "Control" : "Treatment"},${i % 2}\n`).join(""));
retailer.write("customers.csv", "email,region,visit,spend\n"
  + numbers.map(i => `P${i}@Example.com,${i % 3 ? "South" : "North"},${i % 5 ? 0 : 1},${i % 7}.50\n`).join(""));

async function enter(person) {
  const open = await person.open();
  const page = await (await browser.newContext({ viewport: { width: 1100, height: 800 } })).newPage();
  page.on("console", message => { if (message.type() === "error") console.error(`${page.url()}: ${message.text()}`); });
  await page.goto(open.link);
  await page.getByRole("heading", { name: "Rooms", exact: true }).waitFor();
  Object.assign(person, { page, again: open.again });
}

async function continueJob(page) {
  await page.getByRole("link", { name: "Continue" }).click({ timeout: 180_000 });
}

async function draft(person, name, passphrase) {
  const { page } = person;
  await page.getByRole("link", { name: "Begin a room" }).click();
  await page.getByLabel("Your name in the room").fill(name);
  await page.getByLabel("Choose files").setInputFiles(person.path(name === "agency" ? "campaign.csv" : "customers.csv"));
  if (passphrase) await page.getByLabel("Passphrase for your new key").fill(passphrase);
  if (name === "agency") await check(page, "new-room");
  await page.getByRole("button", { name: "Read the files" }).click();
  await continueJob(page);
  if (name === "agency") await check(page, "draft");
  for (const yes of await page.getByLabel("Yes").all()) await yes.check();
  await page.getByRole("button", { name: "Decide" }).click();
  await page.getByText("Your part is decided.").waitFor();
}

async function save(page, name) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name, exact: true }).click()]);
  return { name: download.suggestedFilename(), path: await download.path() };
}

// As mail would: the partner gets files with their names.
async function send(from, to, names) {
  const { readFileSync } = await import("node:fs");
  const paths = [];
  for (const name of names) {
    const file = await save(from.page, name);
    paths.push(to.write(`mail/${file.name}`, readFileSync(file.path, "utf8")));
  }
  return paths;
}

async function upload(person, file) {
  const { page } = person;
  await page.getByRole("link", { name: "Data", exact: true }).click();
  await page.getByLabel("File", { exact: true }).setInputFiles(person.path(file));
  await page.getByRole("button", { name: "Look at the file" }).click();
  await page.getByText("Nothing was sent.").waitFor();
  await check(page, "diagnosis");
  await page.getByRole("button", { name: "Send it encrypted" }).click();
  await continueJob(page);
  await page.getByText(/^receipt-.*\.jws$/).waitFor();
}

before(async () => {
  browser = await launch();
  await enter(agency);
  await enter(retailer);
}, { timeout: 120_000 });

after(async () => {
  await browser?.close();
  await Promise.all([agency.close(), retailer.close()]);
}, { timeout: 120_000 });

test("an empty desk says the next step", () => check(agency.page, "empty"));

test("each member drafts its part from its own file", async () => {
  await draft(agency, "agency");
  await draft(retailer, "retailer", "correct horse");
}, { timeout: 300_000 });

test("one member puts the contract together, with a CAS on its own computer", async () => {
  const drafts = await send(retailer, agency, ["Save the draft, to send it"]);
  const { page } = agency;
  await page.getByLabel("Name of the room").fill("spring-campaign");
  await page.getByLabel("Drafts of the partners").setInputFiles(drafts);
  await page.getByLabel("Simulated, to try it out").check();
  await check(page, "together");
  await page.getByRole("button", { name: "Write the contract" }).click();
  await continueJob(page);
  await page.getByText("Measure a campaign, with a control group").click();
  await page.getByLabel("Control group").selectOption("campaign.arm=Control");
  await page.getByLabel("customers.visit").check();
  await check(page, "contract-unsigned");
  await page.getByRole("button", { name: "Add to the contract" }).click();
  await page.getByText("overlap, crosstab, sum, lift").waitFor();
}, { timeout: 300_000 });

test("both sign, and exchange the files", async () => {
  await agency.page.getByRole("button", { name: "Sign as agency" }).click();
  await agency.page.getByText("signed", { exact: true }).waitFor();
  const sent = await send(agency, retailer, ["room.yaml", "session.yaml", "room.yaml.agency.sig"]);
  const { page } = retailer;
  await page.getByRole("link", { name: "Rooms" }).click();
  await page.getByLabel("Files").setInputFiles(sent);
  await page.getByRole("button", { name: "Add" }).click();
  await page.getByRole("button", { name: "Sign as retailer" }).click();
  await page.getByText("All members signed these exact bytes.").waitFor();
  const back = await send(retailer, agency, ["room.yaml.retailer.sig"]);
  await agency.page.getByLabel(/^Signatures, the session/).setInputFiles(back);
  await agency.page.getByRole("button", { name: "Add" }).click();
  await agency.page.getByText("All members signed these exact bytes.").waitFor();
}, { timeout: 120_000 });

test("a signature of another contract is refused, with the way out", async () => {
  const { page } = agency;
  await page.getByLabel(/^Signatures, the session/).setInputFiles(agency.write("mail/other.sig", "AAAA\n"));
  await page.getByRole("button", { name: "Add" }).click();
  await page.getByText("does not belong to this contract").waitFor();
  await page.goBack();
});

test("one member runs the room, and the other connects", async () => {
  await agency.page.getByRole("button", { name: "Run it, with its CAS" }).click();
  await continueJob(agency.page);
  await agency.page.getByText("This code, under this contract, on this platform").waitFor();
  const address = await agency.page.getByLabel("Where the room runs").inputValue();
  await retailer.page.getByLabel("Where the room runs").fill(address);
  await retailer.page.getByRole("button", { name: "Remember" }).click();
  await retailer.page.getByText("This code, under this contract, on this platform").waitFor();
}, { timeout: 240_000 });

test("each uploads its file after a look at it", async () => {
  await upload(agency, "campaign.csv");
  await upload(retailer, "customers.csv");
  await check(retailer.page, "data");
}, { timeout: 240_000 });

test("a question is asked with noise, and its repetition is free", async () => {
  const { page } = agency;
  await page.getByRole("link", { name: "Ask", exact: true }).click();
  await page.getByLabel("How many persons do we share?").check();
  await page.getByRole("button", { name: "See the price first" }).click();
  await page.getByText("Of the budget of campaign and customers").waitFor();
  await check(page, "price-noise");
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  await page.getByRole("heading", { name: "How many do we share?" }).waitFor();
  const told = Number((await page.locator(".lead b").innerText()).replaceAll(",", ""));
  assert.ok(Math.abs(told - persons / 2) < 300, `${told} instead of about ${persons / 2}`);
  await page.getByRole("button", { name: "Ask again, on today's data" }).click();
  await page.getByText("It was asked before").waitFor();
}, { timeout: 120_000 });

test("a question is scheduled with its price in advance, and asked when it is due", async () => {
  const { page } = agency;
  await page.getByRole("link", { name: "Schedules" }).click();
  await page.getByText("Nothing is scheduled").waitFor();
  await check(page, "schedules-empty");
  await page.getByRole("link", { name: "Build a question" }).click();
  await page.getByLabel("Who are they?").check();
  await page.getByLabel("By", { exact: true }).selectOption("customers.region");
  await page.getByRole("button", { name: "See the price first" }).click();
  await page.getByText("Ask it again in each period").click();
  await page.getByLabel("Name", { exact: true }).fill("regions");
  await page.getByLabel("Number of answers").fill("4");
  await check(page, "price-schedule");
  await page.getByRole("button", { name: "Schedule it" }).click();
  await page.getByText(/^Each answer costs .* of the budget of campaign, all 4 at most/).waitFor();
  await check(page, "scheduled");
  await page.getByRole("link", { name: "Continue" }).click();
  await page.getByText("due", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Ask what is due" }).click();
  await page.getByText(/answer 1 of 4/).waitFor({ timeout: 60_000 });
  await continueJob(page);
  await page.getByText(/1 of 4 answers/).waitFor();
  await check(page, "schedules");
  await compare(page, "schedules");
  await page.getByRole("link", { name: /entry \d+ of the log/ }).click();
  await page.getByRole("heading", { name: "Who are they, by region?" }).waitFor();
}, { timeout: 180_000 });

test("the other member reads the answer, the budget and the log", async () => {
  const { page } = retailer;
  await page.getByRole("link", { name: "Answers" }).click();
  await page.getByRole("link", { name: /^Overlap/ }).click();
  await page.getByRole("heading", { name: "How many do we share?" }).waitFor();
  await page.getByRole("link", { name: "Budget" }).click();
  await page.getByText("An answer costs each of its data sets").waitFor();
  await check(page, "budget-spent");
  await page.getByRole("link", { name: "Log" }).click();
  await page.getByText(/The hash chain holds/).waitFor();
}, { timeout: 120_000 });

test("the next contract is begun, and the page says in words what differs", async () => {
  const { page } = agency;
  await page.getByRole("link", { name: "Contract", exact: true }).click();
  await page.getByRole("button", { name: "Begin version 2" }).click();
  await page.getByText("What differs from the contract before").waitFor();
  await page.getByText("The contract as text").click();
  const text = await page.getByLabel("Text").inputValue();
  await page.getByLabel("Text").fill(text.replace("minimum_audience: 100", "minimum_audience: 200"));
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("listitem").getByText(/200/).first().waitFor();
  await check(page, "next-contract");
  await page.getByRole("button", { name: "Sign as agency" }).click();
  const sent = await send(agency, retailer, ["room-2.yaml", "room-2.yaml.agency.sig"]);
  await retailer.page.getByRole("link", { name: "Contract", exact: true }).click();
  await retailer.page.getByLabel(/^Signatures, the session/).setInputFiles(sent);
  await retailer.page.getByRole("button", { name: "Add" }).click();
  await retailer.page.getByRole("button", { name: "Sign as retailer" }).click();
  const back = await send(retailer, agency, ["room-2.yaml.retailer.sig"]);
  await page.getByLabel(/^Signatures, the session/).setInputFiles(back);
  await page.getByRole("button", { name: "Add" }).click();
  await page.getByText("All members signed these exact bytes.").waitFor();
}, { timeout: 120_000 });

test("the old room hands over to the new contract, and answers nothing more", async () => {
  const { page } = agency;
  const next = page.url();
  await page.getByRole("link", { name: "Rooms" }).click();
  await page.getByRole("link", { name: "spring-campaign" }).last().click();
  await check(page, "hand-over");
  await page.getByRole("button", { name: "Hand the room over to version 2" }).click();
  await page.waitForURL(next);
  await page.getByText("room-2.yaml.handover").waitFor();
}, { timeout: 120_000 });

test("after a lock, a key with a passphrase is asked for it", async () => {
  const { page } = retailer;
  const room = page.url().replace(/\/log$/, "");
  await page.getByRole("button", { name: "Lock" }).click();
  await page.getByRole("heading", { name: "This page is locked" }).waitFor();
  const { link } = await retailer.again();
  await page.goto(link);
  await page.getByRole("heading", { name: "Rooms", exact: true }).waitFor();
  await page.getByText("unlock your key").first().waitFor();
  await page.goto(new URL(new URL(room).pathname, link).href);
  await page.getByLabel(/^Passphrase of/).fill("wrong");
  await page.getByRole("button", { name: "Unlock until the page locks" }).click();
  await page.getByText("opens with this passphrase").waitFor();
  await page.goBack();
  await page.getByLabel(/^Passphrase of/).fill("correct horse");
  await page.getByRole("button", { name: "Unlock until the page locks" }).click();
  await page.getByText("Room · you are retailer").waitFor();
}, { timeout: 60_000 });

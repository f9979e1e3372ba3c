// After `guardian demo --keep DIR`, `guardian open` shows that room; everything about it can be read, asked and verified there.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Person, check, compare, launch } from "./support.mjs";

const person = new Person();
const errors = [];
let browser, page, open;

before(async () => {
  person.run("demo", "--keep", person.path("demo"));
  open = await person.open();
  browser = await launch();
  page = await (await browser.newContext({ viewport: { width: 1100, height: 800 } })).newPage();
  page.on("console", message => { if (message.type() === "error") errors.push(`${page.url()}: ${message.text()}`); });
}, { timeout: 900_000 });

after(async () => {
  await browser?.close();
  await person.close();
}, { timeout: 120_000 });

test("the link opens the list once", async () => {
  await page.goto(open.link);
  await page.waitForURL(/\/[\w-]{22}\/$/);
  await page.getByRole("heading", { name: "spring-campaign" }).waitFor();
  await page.getByText("run the room here, or give its address").waitFor();
  await check(page, "list");
  await compare(page, "list");
  const stranger = await (await browser.newContext()).newPage();
  await stranger.goto(open.link);
  await stranger.getByRole("heading", { name: "This page is locked" }).waitFor();
  await stranger.goto(page.url());
  await stranger.getByRole("heading", { name: "This page is locked" }).waitFor();
  await check(stranger, "locked");
  await stranger.context().close();
});

test("the contract says what was signed, and that the platform is simulated", async () => {
  await page.getByRole("link", { name: "spring-campaign" }).click();
  await page.getByText("SIMULATED.").waitFor();
  await page.getByText("All members signed these exact bytes.").waitFor();
  await check(page, "contract");
});

test("this computer runs the room, and the page verifies it", async () => {
  await page.getByRole("button", { name: "Run it, with its CAS" }).click();
  await page.getByText("The room runs on this computer").waitFor({ timeout: 120_000 });
  await check(page, "job");
  await page.getByRole("link", { name: "Continue" }).click();
  await page.getByText("This code, under this contract, on this platform").waitFor();
  await page.getByText("What was checked").click();
  await check(page, "verified");
}, { timeout: 180_000 });

test("a question shows its price before it is asked, and its answer is a report", async () => {
  await page.getByRole("link", { name: "Ask", exact: true }).click();
  await check(page, "ask");
  await compare(page, "ask");
  // The three inputs of a condition stand in one row.
  const [column, sign, value] = await Promise.all(["Column", "Comparison", "Value"].map(
    name => page.getByLabel(`${name} of condition 1`).boundingBox()));
  assert.deepEqual([sign.y, value.y], [column.y, column.y]);
  await page.getByLabel("Who are they?").check();
  await page.getByLabel("By", { exact: true }).selectOption("campaign.arm");
  await page.getByLabel("and by").selectOption("customers.channel");
  await page.getByLabel("Column of condition 1").selectOption("customers.zip_code");
  await page.getByLabel("Value of condition 1").fill("Urban");
  await page.getByRole("button", { name: "See the price first" }).click();
  await page.getByText("The members agreed on exact figures.").waitFor();
  await check(page, "price");
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  await page.getByRole("heading", { name: "Who are they, by arm and channel?" }).waitFor();
  await check(page, "crosstab");
  const [csv] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Save as CSV" }).click()]);
  assert.match(readFileSync(await csv.path(), "utf8"), /^campaign.arm,customers.channel,persons\r\n/);
}, { timeout: 120_000 });

test("earlier answers are read again, and lift has a chart that can be saved", async () => {
  await page.getByRole("link", { name: "Answers" }).click();
  await check(page, "answers");
  await page.getByRole("link", { name: /^Lift/ }).first().click();
  await page.getByRole("heading", { name: "Did the campaign work?" }).waitFor();
  await check(page, "lift");
  await compare(page, "lift");
  const [picture] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save as PNG" }).first().click()]);
  assert.equal(readFileSync(await picture.path()).subarray(1, 4).toString(), "PNG");
});

test("the return on costs is shown, and the costs stay on this computer", async () => {
  await page.getByText("Show the return on what it cost").click();
  await page.getByLabel("Cost of Mens E-Mail").fill("5000");
  await check(page, "lift-costs");
  await page.getByRole("button", { name: "Show the return" }).click();
  await page.getByText(/more revenue than without the campaign/).first().waitFor();
  assert.ok(!page.url().includes("5000"));
});

test("a question that the contract does not allow is refused before it is asked", async () => {
  await page.goto(page.url().replace(/answers.*/, "ask"));
  await page.getByLabel("How many persons do we share?").check();
  await page.getByText("Write conditions as text").click();
  await page.getByLabel(/^Conditions with and/).fill("customers.email = a@b.c");
  await page.getByRole("button", { name: "See the price first" }).click();
  await page.getByText("It would be refused, free of charge").waitFor();
});

test("budget and log are shown, and the chain is verified", async () => {
  await page.getByRole("link", { name: "Budget" }).click();
  await check(page, "budget");
  await page.getByRole("link", { name: "Log" }).click();
  await page.getByText(/The hash chain holds over all \d+ entries/).waitFor();
  await check(page, "log");
});

test("a signed result is verified where it is dropped, and a changed one is not", async () => {
  await page.getByRole("link", { name: "Verify" }).click();
  await check(page, "verify");
  await page.getByLabel(/^Signed answer/).setInputFiles(person.path("demo", "lift.jws"));
  await page.getByRole("button", { name: "Verify" }).click();
  await page.getByText("Signature, key in the quote").waitFor();
  await check(page, "verified-result");
  const changed = readFileSync(person.path("demo", "lift.jws"), "utf8").replace('"payload":"e', '"payload":"f');
  await page.getByRole("link", { name: "Verify" }).click();
  await page.getByLabel(/^Signed answer/).setInputFiles(person.write("changed.jws", changed));
  const refused = page.waitForResponse(response => response.request().method() === "POST");
  await page.getByRole("button", { name: "Verify" }).click();
  assert.equal((await refused).status(), 403);
  // The policy of the page forbids nothing that the page itself does.
  assert.deepEqual(errors.filter(error => !error.includes("403")), []);
  await page.getByRole("heading", { name: "That was not done" }).waitFor();
  await check(page, "refused");
});

test("locking forgets the session, and Enter at the terminal gives a new link", async () => {
  await page.getByRole("button", { name: "Lock" }).click();
  await page.getByRole("heading", { name: "This page is locked" }).waitFor();
  await page.goto((await open.again()).link);
  await page.getByRole("heading", { name: "Rooms", exact: true }).waitFor();
});

// Sessions, their secrets and a service, at a CAS that runs beside the page; and the text of a session, checked while it is typed.
import { after, before, test } from "node:test";
import { spawn } from "node:child_process";
import { Person, check, launch, program } from "./support.mjs";

const person = new Person();
let browser, page, address;

before(async () => {
  person.run("key", "create", "alice.pem");
  const cas = spawn("dotnet", [program, "cas", "start", "--listen", "127.0.0.1:0", "--owner", "alice.pem", "--json"],
    { env: person.environment, cwd: person.home, stdio: ["ignore", "pipe", "inherit"] });
  person.programs.push(cas);
  address = await new Promise(resolve => {
    let text = "";
    cas.stdout.on("data", data => {
      const found = (text += data).match(/"address":"([^"]+)"/);
      if (found) resolve(found[1]);
    });
  });
  person.write("shop.yaml", "name: shop\naccess_policy: {read: [CREATOR]}\nsecrets:\n"
    + "  - {name: password, kind: ascii, set: [CREATOR], read: [CREATOR]}\n  - {name: drawn, kind: ascii, size: 8}\n");
  person.run("session", "create", "shop.yaml", "--cas", address.replace("https://", ""), "--key", "alice.pem", "--platform", "simulated");
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

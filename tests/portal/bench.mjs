// Measures pages of `guardian open` in Chromium, from the click to the end of loading: docs/benchmarks/portal.md. Needs what `./test portal` builds and installs.
import { readFileSync, writeFileSync } from "node:fs";
import { Person, launch, serve } from "./support.mjs";

const rounds = Number(process.argv[2] ?? 7), persons = 120_000;
const agency = new Person();
const rows = Array.from({ length: persons }, (_, index) => index);

const edit = (name, ...changes) => writeFileSync(agency.path(name),
  changes.reduce((text, [from, to]) => text.replaceAll(from, to), readFileSync(agency.path(name), "utf8")));

async function measure(name, goal, once) {
  const times = [];
  for (let round = 0; round < rounds; round++) times.push(await once());
  times.sort((a, b) => a - b);
  console.log(`${name}: median ${times[rounds >> 1].toFixed(0)} ms of ${rounds} (${times[0].toFixed(0)} to ${times[rounds - 1].toFixed(0)}), goal ${goal} ms`);
}

let browser;
try {
  agency.write("campaign.csv", "email,ten\n" + rows.map(i => `p${i}@example.com,t${i % 10}\n`).join(""));
  agency.write("customers.csv", "email,hundred\n" + rows.map(i => `p${i + persons / 2}@example.com,h${(i / 10 | 0) % 100}\n`).join(""));
  for (const [member, file] of [["agency", "campaign.csv"], ["retailer", "customers.csv"]]) {
    agency.run("room", "draft", file, "--owner", member, "--key", `${member}.pem`, "--output", `${member}.yaml`);
    edit(`${member}.yaml`, [": DECIDE", ": true"]);
  }
  const cas = await serve(agency, "cas", "start", "--listen", "127.0.0.1:0", "--owner", "agency.pem");
  agency.run("room", "create", "bench", "--draft", "agency.yaml", "--draft", "retailer.yaml", "--cas", cas, "--key", "agency.pem", "--platform", "simulated");
  edit("room.yaml", ["minimum_audience: 100", "minimum_audience: 20"]);
  for (const member of ["agency", "retailer"]) agency.run("room", "sign", "room.yaml", "--member", member, "--key", `${member}.pem`);
  const room = await serve(agency, "room", "start", "room.yaml", "--cas", cas, "--listen", "127.0.0.1:0");
  for (const [member, name] of [["agency", "campaign"], ["retailer", "customers"]]) {
    agency.run("room", "upload", "room.yaml", "--room", room, "--key", `${member}.pem`, "--dataset", name, "--data", `${name}.csv`);
  }
  agency.run("room", "use", "room.yaml", "--room", room, "--key", "agency.pem");

  browser = await launch();
  const links = [];
  let page;
  // The time from the beginning of the navigation to the end of its load event, as the browser counts it.
  const loaded = () => page.evaluate(() => performance.getEntriesByType("navigation")[0].duration);
  await measure("first page, right after the start", 300, async () => {
    await page?.context().close();
    const started = performance.now();
    const open = await agency.open(agency.home);
    links.push(performance.now() - started);
    page = await (await browser.newContext({ viewport: { width: 1100, height: 800 } })).newPage();
    page.setDefaultTimeout(180_000);
    await page.goto(open.link);
    await page.getByRole("heading", { name: "Rooms", exact: true }).waitFor();
    return loaded();
  });
  console.log(`link, after the start of guardian open: ${Math.min(...links).toFixed(0)} to ${Math.max(...links).toFixed(0)} ms`);
  const list = page.url();
  await measure("list of rooms", 300, async () => { await page.goto(list, { waitUntil: "load" }); return loaded(); });

  await page.getByRole("link", { name: "bench" }).click();
  await page.getByRole("link", { name: "Ask", exact: true }).click();
  await page.getByLabel("Who are they?").check();
  await page.getByLabel("By", { exact: true }).selectOption("campaign.ten");
  await page.getByLabel("and by").selectOption("customers.hundred");
  await page.getByRole("button", { name: "See the price first" }).click();
  const asked = performance.now();
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  await page.getByRole("heading", { name: "Who are they, by ten and hundred?" }).waitFor();
  console.log(`crosstab, asked for the first time, with its count over ${2 * persons} rows: ${(performance.now() - asked).toFixed(0)} ms`);
  console.log(`cells on the page: ${await page.locator("td.cell").count()}`);
  const answer = page.url();
  await measure("crosstab of 1,000 cells: fetched from the room, verified, shown", 500,
    async () => { await page.goto(answer, { waitUntil: "load" }); return loaded(); });
} finally {
  await browser?.close();
  await agency.close();
}

// Starts guardian as a user does, and Chromium as Debian packs it.
import { spawn, execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { mkdtempSync, mkdirSync, readFileSync, writeFileSync, existsSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const here = dirname(fileURLToPath(import.meta.url));
export const root = join(here, "..", "..");
export const program = join(root, "artifacts", "bin", "Guardian.Cli", "release", "guardian.dll");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--font-render-hinting=none", "--disable-lcd-text"],
});

/** A person with a home of their own. */
export class Person {
  constructor() {
    this.home = mkdtempSync(join(tmpdir(), "guardian-portal-"));
    this.environment = { PATH: process.env.PATH, HOME: this.home, NO_COLOR: "1", DOTNET_NOLOGO: "1" };
    this.programs = [];
  }

  path(...parts) { return join(this.home, ...parts); }

  write(name, text) {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), text);
    return this.path(name);
  }

  run(...args) { return execFileSync("dotnet", [program, ...args], { env: this.environment, cwd: this.home, encoding: "utf8" }); }

  /** Starts `guardian open`; the result has the link, and asks for more of them. */
  async open(...args) {
    const child = spawn("dotnet", [program, "open", "--json", "--no-browser", ...args],
      { env: this.environment, cwd: this.home, stdio: ["pipe", "pipe", "inherit"] });
    this.programs.push(child);
    let text = "";
    const waiting = [];
    child.stdout.on("data", data => {
      text += data;
      for (let end; (end = text.indexOf("\n")) >= 0; text = text.slice(end + 1)) waiting.shift()?.(JSON.parse(text.slice(0, end)));
    });
    const next = () => new Promise(resolve => waiting.push(resolve));
    const first = await next();
    return { ...first, again: () => { const result = next(); child.stdin.write("\n"); return result; } };
  }

  async close() {
    for (const child of this.programs) {
      const ended = new Promise(resolve => child.on("exit", resolve));
      child.kill("SIGTERM");
      await ended;
    }
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** Starts a service of the command line; the result is its address, which its first lines of JSON name. */
export function serve(person, ...args) {
  const child = spawn("dotnet", [program, ...args, "--json"], { env: person.environment, cwd: person.home, stdio: ["ignore", "pipe", "inherit"] });
  person.programs.push(child);
  return new Promise(resolve => {
    let text = "";
    child.stdout.on("data", data => {
      const found = (text += data).match(/"address": ?"(?:https:\/\/)?([^"]+)"/);
      if (found) resolve(found[1]);
    });
  });
}

/** Checks a page as a reader without sight, a phone and a reader in the dark meet it. */
export async function check(page, name) {
  await page.waitForLoadState("load");
  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme });
    const violations = await page.evaluate(async source => {
      // The page's own policy forbids added scripts; the debugger is above it.
      (0, eval)(source);
      const found = await axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] });
      return found.violations.map(each => `${each.id}: ${each.nodes.map(node => node.target.join(" ")).slice(0, 3).join("; ")}`);
    }, axe).catch(async failure => { throw new Error(`axe-core does not run on ${name}: ${failure.message}`); });
    assert.deepEqual(violations, [], `${name} in ${scheme}`);
  }
  await page.emulateMedia({ colorScheme: "light" });
  const size = page.viewportSize();
  await page.setViewportSize({ width: 360, height: 740 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${name} is ${wide} px too wide on a phone`);
  if (process.env.SHOTS) await page.screenshot({ path: join(process.env.SHOTS, `${name}-phone.png`), fullPage: true });
  await page.setViewportSize(size);
  if (process.env.SHOTS) {
    await page.screenshot({ path: join(process.env.SHOTS, `${name}.png`), fullPage: true });
    await page.emulateMedia({ colorScheme: "dark" });
    await page.screenshot({ path: join(process.env.SHOTS, `${name}-dark.png`), fullPage: true });
    await page.emulateMedia({ colorScheme: "light" });
  }
}

/** Compares the visible part of a page with a picture that a person has looked at. UPDATE_GOLDEN=1 writes it. */
export async function compare(page, name) {
  await page.waitForLoadState("load");
  const file = join(here, "golden", `${name}.png`);
  // Hashes, times and paths differ from run to run.
  const picture = await page.screenshot({ mask: [page.locator("code, dd, .soft, .varies")], maskColor: "#cccccc", animations: "disabled",
    clip: { x: 0, y: 0, width: 1100, height: 560 } });
  if (process.env.UPDATE_GOLDEN) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, picture);
    return;
  }
  assert.ok(existsSync(file), `${file} is missing: run with UPDATE_GOLDEN=1, and look at it`);
  const blank = await page.context().newPage();
  const share = await blank.evaluate(async pictures => {
    const [a, b] = await Promise.all(pictures.map(async base64 => {
      const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height), paint = canvas.getContext("2d");
      paint.drawImage(bitmap, 0, 0);
      return paint.getImageData(0, 0, bitmap.width, bitmap.height);
    }));
    if (a.width !== b.width || a.height !== b.height) return 1;
    let different = 0;
    for (let i = 0; i < a.data.length; i += 4) different += [0, 1, 2].some(part => Math.abs(a.data[i + part] - b.data[i + part]) > 48) ? 1 : 0;
    return different / (a.data.length / 4);
  }, [picture.toString("base64"), readFileSync(file).toString("base64")]);
  await blank.close();
  assert.ok(share < 0.02, `${name} differs from its picture in ${(100 * share).toFixed(1)} % of its points`);
}

// Tests the page in a real Chromium, found by `CHROMIUM` or by search. `AUTHSIEVE` names the command whose alerts must
// be equal. A test whose program is missing is skipped with a message.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { chromium } from "playwright-core";
import * as logs from "./logs.mjs";
import { speed } from "./speed.mjs";
import { triage } from "./triage.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "../dist");
const shots = join(here, "shots");

function found(names) {
  for (const name of names.filter(Boolean)) {
    if (name.includes("/")) {
      if (existsSync(name)) return name;
      continue;
    }
    try {
      return execFileSync("which", [name], { encoding: "utf8" }).trim();
    } catch {
      // Tries the next one.
    }
  }
  return null;
}

const browserPath = found([process.env.CHROMIUM, "chromium", "chromium-browser", "google-chrome", "chrome"]);
const command = found([process.env.AUTHSIEVE, join(here, "../../../target/release/authsieve"), join(here, "../../../target/debug/authsieve"), "authsieve"]);
if (!browserPath) {
  console.log("skipped: no Chromium was found (set CHROMIUM)");
  process.exit(0);
}
if (!existsSync(join(dist, "index.html"))) {
  console.log("skipped: there is no dist (npm run build)");
  process.exit(0);
}

// ---- a server for the page, with the documented header
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const server = createServer((request, response) => {
  const path = normalize(decodeURIComponent(new URL(request.url, "http://x").pathname));
  const file = join(dist, path === "/" ? "index.html" : path);
  if (!file.startsWith(dist) || !existsSync(file) || !statSync(file).isFile()) {
    response.writeHead(404).end();
    return;
  }
  // The service worker fetches the files of the page once. The page itself connects to nothing.
  const policy = path === "/offline.js" ? POLICY.replace("connect-src 'none'", "connect-src 'self'") : POLICY;
  response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream", "content-security-policy": policy, "x-content-type-options": "nosniff" });
  response.end(readFileSync(file));
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const base = `http://127.0.0.1:${server.address().port}/`;

// ---- the files
const folder = mkdtempSync(join(tmpdir(), "viewer-"));
const written = new Date("2026-03-05T00:00:00Z");
function file(name, bytes) {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  utimesSync(path, written, written);
  return path;
}
const auth = file("auth.log", logs.auth());
const other = file("db1.log.gz", gzipSync(logs.other()));
const packed = gzipSync(logs.auth());
const broken = file("broken.log.gz", packed.subarray(0, packed.length - 400));

const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox", "--force-color-profile=srgb"] });
const requests = [];
const troubles = [];

async function open({ width = 1440, height = 900, dark = false, phone = false, offline = false } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: dark ? "dark" : "light", hasTouch: phone, isMobile: phone, acceptDownloads: true, serviceWorkers: offline ? "allow" : "block", timezoneId: "America/New_York" });
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: base.slice(0, -1) });
  const page = await context.newPage();
  page.setDefaultTimeout(Number(process.env.VIEWER_TIMEOUT ?? 20_000));
  page.on("request", (request) => requests.push(request.url()));
  page.on("pageerror", (error) => troubles.push(`error: ${error.message}`));
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && !message.text().includes("blocked by Playwright") && troubles.push(`${message.type()}: ${message.text()}`));
  page.on("dialog", (dialog) => troubles.push(`dialog: ${dialog.message()}`));
  await page.addInitScript(() => {
    window.__long = [];
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => window.__long.push(Math.round(entry.duration)))).observe({ type: "longtask", buffered: true });
  });
  await page.goto(base);
  await page.getByRole("heading", { name: "Drop a log" }).waitFor();
  return page;
}

async function drop(page, paths) {
  await page.locator("#file-input").setInputFiles(paths);
  await page.getByText(/All is read\.|could not be read/).waitFor({ timeout: 120_000, state: "attached" });
}

async function saved(page, title, encoding = "utf8") {
  await page.locator("#export-button").click();
  const download = page.waitForEvent("download");
  await page.locator("#export button", { hasText: title }).click();
  return readFileSync(await (await download).path(), encoding);
}

/** Sorts lines of JSON, so that they can be compared. */
const parsed = (lines) => lines.trim().split("\n").sort().map((line) => JSON.parse(line)).sort((a, b) => (a.message < b.message ? -1 : 1));

/** One more failure of carol, after the login. It raises no alert alone. */
const failedAgain = () => logs.failed(220, 900, "carol", "203.0.113.9") + "\n";

/** Waits until a condition is true, for at most 20 seconds. */
async function until(is, why) {
  for (const end = Date.now() + 20_000; Date.now() < end; ) {
    if (await is()) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  assert.fail(why());
}

const tests = [];
const test = (name, run) => tests.push([name, run]);
const shot = (page, name) => page.screenshot({ path: join(shots, `${name}.png`) });
const text = (page, selector) => page.locator(selector).first().innerText();

test("an empty page says what it is, and samples read at a click", async () => {
  const page = await open();
  await shot(page, "empty-1440");
  await page.getByRole("button", { name: "All of them, merged" }).click();
  await page.getByText(/^All is read\./).waitFor({ state: "attached", timeout: 60_000 });
  await page.locator(".win").first().waitFor({ timeout: 30_000 });
  await page.waitForTimeout(300);
  assert.match(await text(page, ".top"), /6 files/);
  assert.ok((await page.locator(".alert").count()) >= 6);
  await shot(page, "samples-1440");
  await page.keyboard.press("i");
  await page.locator(".incident").first().click();
  await page.locator(".story li").first().waitFor();
  await page.waitForTimeout(300);
  await shot(page, "samples-incidents-1440");
  await page.keyboard.press("i");
  await page.emulateMedia({ colorScheme: "dark" });
  await page.waitForTimeout(200);
  await shot(page, "samples-1440-dark");
  for (const [tab, name] of [["2", "events"], ["3", "pairs"], ["4", "near"], ["5", "health"]]) {
    await page.keyboard.press(tab);
    await page.waitForTimeout(400);
    await shot(page, `samples-${name}-1440-dark`);
  }
  await page.context().close();
});

test("alerts, windows and records come from the file", async () => {
  const page = await open();
  await drop(page, [auth]);
  assert.match(await text(page, ".alert.on"), /6 failed logins of carol from 203\.0\.113\.9, then a login/);
  const titles = await page.locator(".alert").allInnerTexts();
  assert.equal(titles.length, 2, titles.join("\n"));
  await page.locator(".win").first().waitFor();
  assert.match(await text(page, ".why"), /^6 of 5 within 15m, then a login 50s after the last, 10m allowed/);
  assert.match(await text(page, ".ev tbody"), /08:00:00[\s\S]*carol[\s\S]*auth\.log:1/);
  await page.keyboard.press("r");
  assert.match(await text(page, "code.block"), /Failed password for carol from 203\.0\.113\.9/);
  await page.keyboard.press("r");
  await page.keyboard.press("w");
  await page.keyboard.press("z");
  assert.match(await text(page, ".ev thead"), /local/i);
  assert.match(await text(page, ".ev tbody"), /03:00:00/, "New York is five hours behind");
  await page.keyboard.press("z");
  await shot(page, "alert-1440");
  await page.context().close();
});

test("an attacker's text is text everywhere", async () => {
  const page = await open();
  await drop(page, [auth]);
  await page.keyboard.press("j");
  assert.ok((await text(page, ".d-head h2")).includes(logs.HOSTILE));
  await page.keyboard.press("e");
  await page.locator(".erow").nth(2).waitFor();
  assert.equal(await page.evaluate(() => window.__hit), undefined);
  assert.equal(await page.locator("img").count(), 0);
  assert.equal(await page.title(), "authsieve");
  assert.equal(await page.evaluate((name) => [...document.querySelectorAll("*")].flatMap((element) => [...element.attributes]).filter((one) => one.value.includes(name)).length, logs.HOSTILE), 0);
  await page.context().close();
});

test("the alerts are those of the command, to the byte", async () => {
  if (!command) return "skipped: no authsieve command was found (set AUTHSIEVE)";
  const page = await open();
  await drop(page, [auth, other]);
  await page.locator(".filters .btn", { hasText: "Gravest" }).click();
  await page.locator(".filters .btn", { hasText: "Newest" }).click();
  const ours = (await saved(page, "Alerts, NDJSON")).trim().split("\n").sort();
  const theirs = execFileSync(command, ["run", "-q", "--format", "json", "auth.log", "db1.log.gz"], { cwd: folder, encoding: "utf8" }).trim().split("\n").sort();
  assert.equal(ours.length, 3);
  assert.deepEqual(ours, theirs);
  await page.context().close();
});

test("alerts in OCSF and ECS are those of the command", async () => {
  if (!command) return "skipped: no authsieve command was found (set AUTHSIEVE)";
  const page = await open();
  await drop(page, [auth, other]);
  for (const [title, format] of [["Alerts, OCSF", "ocsf"], ["Alerts, ECS", "ecs"]]) {
    const ours = parsed(await saved(page, title));
    const theirs = parsed(execFileSync(command, ["run", "-q", "--format", format, "auth.log", "db1.log.gz"], { cwd: folder, encoding: "utf8" }));
    assert.equal(ours.length, 3);
    assert.deepEqual(ours, theirs, format);
  }
  // Only the filtered alerts are saved.
  await page.locator("#search").fill("user:carol");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelectorAll(".alert").length === 1);
  const [one, ...more] = parsed(await saved(page, "Alerts, ECS"));
  assert.deepEqual([one.user.name, more.length], ["carol", 0]);
  await page.context().close();
});

test("text comes with the page; what is packed loads the module for it, once", async () => {
  const page = await open();
  const mine = [];
  page.on("request", (request) => mine.push(request.url()));
  await drop(page, [auth]);
  await page.locator(".win").first().waitFor();
  assert.deepEqual(mine, [], "no request after the page is there");
  await drop(page, [other]);
  assert.match(await text(page, ".alert"), /5 failed logins of backup/);
  assert.deepEqual(mine.map((url) => url.replace(/-[^-]*$/, "")), [`${base}assets/full`]);
  await page.context().close();
});

test("the first load is below 600 KB by brotli", async () => {
  const from = requests.length;
  const page = await open();
  const urls = [...new Set(requests.slice(from))].filter((url) => url.startsWith(base));
  const file = (url) => join(dist, new URL(url).pathname === "/" ? "index.html" : new URL(url).pathname);
  const sizes = urls.map((url) => (existsSync(`${file(url)}.br`) ? statSync(`${file(url)}.br`).size : brotliCompressSync(readFileSync(file(url))).length));
  const kilobytes = Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1000);
  await page.context().close();
  assert.ok(urls.some((url) => url.includes("main-")), "the worker is among them");
  assert.ok(kilobytes < 600, `${kilobytes} KB`);
  return `${kilobytes} KB`;
});

test("the page opens and reads without a network", async () => {
  const page = await open({ offline: true });
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.context().setOffline(true);
  await page.reload();
  await page.getByRole("heading", { name: "Drop a log" }).waitFor();
  await drop(page, [auth, other]);
  assert.equal(await page.locator(".alert").count(), 3);
  await page.context().close();
});

test("a state goes to the command, and comes back", async () => {
  if (!command) return "skipped: no authsieve command was found (set AUTHSIEVE)";
  const lines = logs.auth().split("\n");
  const login = lines.findIndex((line) => line.includes("Accepted password for carol"));
  const page = await open();
  await drop(page, [file("first.log", lines.slice(0, login).join("\n") + "\n")]);
  assert.equal(await page.locator(".alert").count(), 0);
  const state = await saved(page, "State", null);
  assert.ok(state.subarray(0, 18).equals(Buffer.from("authsieve state 1\n")));
  const stateFile = file("first.state", state);
  // The viewer continues from this state.
  await drop(page, [stateFile, file("rest.log", lines.slice(login, login + 1).join("\n") + "\n")]);
  assert.match(await text(page, ".alert"), /6 failed logins of carol/);
  // The command continues from it too, and writes the state again.
  const folderOfState = join(folder, "service");
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const service = spawn(command, ["serve", "--http", `127.0.0.1:${port}`, "--state-dir", folderOfState, "--restore", stateFile, "--alerts", join(folder, "served.ndjson"), "--with-parent"], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  service.stderr.on("data", (data) => (said += data));
  const ended = new Promise((done) => service.on("exit", done));
  try {
    await until(async () => (await fetch(`http://127.0.0.1:${port}/v1/events`, { method: "POST", body: lines[login] + "\n" }).catch(() => null))?.ok, () => said);
    await until(() => existsSync(join(folder, "served.ndjson")) && readFileSync(join(folder, "served.ndjson"), "utf8").includes("\n"), () => said);
    assert.match(readFileSync(join(folder, "served.ndjson"), "utf8"), /6 failed logins of carol/);
  } finally {
    service.kill("SIGTERM");
    await ended;
  }
  execFileSync(command, ["snapshot", "--state-dir", folderOfState, "-o", join(folder, "back.state")]);
  await drop(page, [join(folder, "back.state"), file("none.log", failedAgain())]);
  await page.locator("#tab-events .n", { hasText: "1" }).waitFor();
  await page.context().close();
});

test("a broken file is named, and the others are read", async () => {
  const page = await open();
  await drop(page, [broken, other]);
  const alerts = (await page.locator(".alert").allInnerTexts()).join("\n");
  assert.match(alerts, /5 failed logins of backup[\s\S]*db1\.log\.gz/);
  await page.keyboard.press("5");
  await page.locator(".grid .msg").first().waitFor();
  const files = await text(page, ".grid");
  assert.match(files, /broken\.log\.gz[\s\S]*the packed data end early[\s\S]*records? before it/);
  await shot(page, "broken-1440");
  await page.context().close();
});

test("near misses say how near", async () => {
  const page = await open();
  await drop(page, [auth]);
  await page.keyboard.press("4");
  await page.locator(".near").first().waitFor();
  const list = (await page.locator(".near").allInnerTexts()).join("\n");
  assert.match(list, /3 of 5[\s\S]*dave from 192\.0\.2\.44/);
  assert.match(list, /erin from 192\.0\.2\.61/);
  await page.locator(".near-open").first().click();
  await page.locator(".win").waitFor();
  await shot(page, "near-1440");
  await page.context().close();
});

test("facets, search and the brush filter", async () => {
  const page = await open();
  await drop(page, [auth]);
  await page.keyboard.press("2");
  const total = async () => Number((await text(page, "#tab-events .n")).replace(/\D/g, ""));
  await page.locator(".erow").nth(3).waitFor();
  const all = await total();
  assert.equal(all, logs.auth().trim().split("\n").length);
  await page.locator(".facet", { hasText: "Outcome" }).locator(".facet-value", { hasText: "failure" }).click();
  await page.waitForFunction((n) => Number(document.querySelector("#tab-events .n").textContent) === n, 6 + 3 + 5 + 7 + 1);
  await page.locator(".chip").click();
  await page.keyboard.press("/");
  await page.keyboard.type("user:dave");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector("#tab-events .n").textContent === "4");
  await page.locator("#search").fill("");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  const box = await page.locator(".u-over").boundingBox();
  await page.mouse.move(box.x + 2, box.y + 30);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 3, box.y + 30, { steps: 5 });
  await page.mouse.up();
  await page.waitForFunction((n) => Number(document.querySelector("#tab-events .n").textContent) < n, all);
  await shot(page, "events-1440");
  await page.keyboard.press("0");
  await page.waitForFunction((n) => Number(document.querySelector("#tab-events .n").textContent) === n, all);
  await page.locator(".plot").focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await page.waitForFunction((n) => Number(document.querySelector("#tab-events .n").textContent) < n, all);
  await page.keyboard.press("3");
  await page.locator(".prow").nth(2).waitFor();
  await page.keyboard.press("0");
  await page.waitForTimeout(200);
  assert.match(await text(page, ".prow.phead"), /carol|erin|dave|img/);
  await shot(page, "pairs-1440");
  await page.context().close();
});

test("moving a threshold shows what comes and goes", async () => {
  const page = await open();
  await drop(page, [auth]);
  await page.keyboard.press("t");
  await page.locator(".pick button", { hasText: "AN1276" }).click();
  const slider = page.locator("#knob-min_failures");
  const set = (value) => slider.evaluate((input, value) => { input.value = value; input.dispatchEvent(new Event("input", { bubbles: true })); }, String(value));
  await set(3);
  await page.locator('.diff-n[data-fresh="1"]').waitFor();
  assert.match(await text(page, ".diff ul"), /dave/);
  await set(7);
  await page.locator('.diff-n[data-gone="1"]').waitFor();
  assert.match(await text(page, ".warnbox"), /somebody got in/);
  await page.getByRole("button", { name: "Copy TOML" }).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "[an1276]\nmin_failures = 7\n");
  await page.waitForTimeout(200);
  await shot(page, "tuning-1440");
  await page.getByRole("button", { name: "Use it" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".alert").length === 1);
  await page.context().close();
});

test("cells of CSV that begin a formula are made harmless", async () => {
  const page = await open();
  await drop(page, [auth]);
  const csv = await saved(page, "Events, CSV");
  assert.ok(csv.includes(`"'${logs.FORMULA}"`), csv.slice(0, 2000));
  assert.ok(!csv.split(/[\r\n,]/).some((part) => /^"?[=+@]/.test(part)));
  const report = await saved(page, "Report, HTML");
  assert.ok(report.includes("&lt;img src=x onerror=") && !report.includes("<img"));
  await page.context().close();
});

test("stars and notes stay in this browser", async () => {
  const page = await open();
  await drop(page, [auth]);
  await page.keyboard.press("s");
  await page.keyboard.press("n");
  await page.keyboard.type("asked ops");
  await page.keyboard.press("Tab");
  await page.waitForTimeout(300);
  await page.reload();
  await drop(page, [auth]);
  await until(async () => (await page.locator("#note").inputValue()) === "asked ops", () => "the note is not there");
  assert.equal(await page.locator('[aria-label="Star"]').getAttribute("aria-pressed"), "true");
  // They belong to the file: the same alert of another file has none.
  await drop(page, [file("other.log", logs.auth() + failedAgain())]);
  await page.locator(".alert.on", { hasText: "carol" }).waitFor();
  await page.waitForTimeout(300);
  assert.equal(await page.locator("#note").inputValue(), "");
  await page.context().close();
});

test("times without a zone are read in the zone that is chosen", async () => {
  const page = await open();
  const lines = Array.from({ length: 6 }, (_, i) => `2026-07-04T12:00:0${i} web1 sshd[${200 + i}]: ${i < 5 ? "Failed" : "Accepted"} password for zoe from 203.0.113.5 port 50000 ssh2`);
  await drop(page, [file("zoneless.log", lines.join("\n") + "\n")]);
  assert.match(await text(page, ".alert .sub"), /12:00:05/);
  await page.keyboard.press("5");
  await page.locator(".zone-of select").selectOption("Europe/Berlin");
  await page.locator(".alert .sub", { hasText: "10:00:05" }).waitFor();
  await page.context().close();
});

test("a link carries filters and no data", async () => {
  const page = await open();
  await drop(page, [auth]);
  await page.locator(".facet", { hasText: "Outcome" }).locator(".facet-value", { hasText: "failure" }).click();
  await page.keyboard.press("2");
  await page.keyboard.press("l");
  await page.waitForTimeout(200);
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.ok(link.startsWith(base) && !link.includes("carol"), link);
  await page.goto("about:blank");
  await page.goto(link);
  await drop(page, [auth]);
  await page.waitForFunction((n) => Number(document.querySelector("#tab-events .n").textContent) === n, 6 + 3 + 5 + 7 + 1);
  assert.equal(await page.locator("#tab-events").getAttribute("aria-selected"), "true");
  await page.context().close();
});

test("narrow pages and phones", async () => {
  const narrow = await open({ width: 1024, height: 768 });
  await drop(narrow, [auth]);
  await narrow.locator(".win").first().waitFor();
  await shot(narrow, "alert-1024");
  await narrow.getByRole("button", { name: "Filters", exact: true }).click();
  await narrow.locator(".facets-place.open .facet").first().waitFor();
  await shot(narrow, "filters-1024");
  await narrow.context().close();
  const phone = await open({ width: 390, height: 844, phone: true });
  await shot(phone, "empty-390");
  const chooser = phone.waitForEvent("filechooser");
  await phone.getByRole("button", { name: "Choose files" }).tap();
  await (await chooser).setFiles([auth]);
  await phone.getByText(/^All is read\./).waitFor({ state: "attached", timeout: 60_000 });
  await shot(phone, "list-390");
  await phone.locator(".alert").first().tap();
  await phone.locator(".detail .win").waitFor();
  await shot(phone, "sheet-390");
  assert.equal(await phone.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
  await phone.locator(".detail .d-head").getByRole("button", { name: "Close" }).first().tap();
  await phone.getByRole("button", { name: "Files and export" }).tap();
  await phone.getByRole("button", { name: "Tuning" }).tap();
  const knob = phone.locator("#knob-min_failures");
  await knob.evaluate((input) => { input.value = "3"; input.dispatchEvent(new Event("input", { bubbles: true })); });
  await phone.locator('.diff-n[data-fresh="1"]').waitFor();
  await shot(phone, "tuning-390");
  assert.equal(await phone.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
  await phone.context().close();
});

test("axe finds nothing, in light and dark", async () => {
  const source = readFileSync(join(here, "../node_modules/axe-core/axe.min.js"), "utf8");
  for (const dark of [false, true]) {
    const page = await open({ dark });
    const check = async (where) => {
      // The page's policy forbids foreign scripts, so the test runs this script outside the policy.
      await page.evaluate(source);
      const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
      const list = violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(" | ")}`);
      assert.deepEqual(list, [], `${where}, ${dark ? "dark" : "light"}`);
    };
    await check("empty");
    await drop(page, [auth]);
    for (const tab of ["1", "2", "3", "4", "5"]) {
      await page.keyboard.press(tab);
      await page.waitForTimeout(250);
      await check(`tab ${tab}`);
    }
    await page.keyboard.press("i");
    await page.locator(".incident").first().click();
    await check("incidents");
    await page.locator(".story button").first().click();
    await page.getByRole("button", { name: "Silence…" }).click();
    await check("a new silence");
    await page.locator("#silence-reason").fill("a test");
    await page.locator("#silence .btn-fill").click();
    await page.locator("#silence:not([open])").waitFor({ state: "attached" });
    await page.getByRole("button", { name: "Silenced by s1" }).click();
    await check("silences");
    await page.locator("#desk .btn-fill").click();
    await page.keyboard.press("t");
    await page.waitForTimeout(200);
    await check("tuning");
    await page.getByRole("button", { name: "Table of values" }).click();
    await page.getByRole("button", { name: "Compare" }).click();
    await page.locator(".points tbody tr").first().waitFor();
    await check("table of values");
    await page.context().close();
  }
});

triage({ test, open, drop, file, text, shot, until, command, folder });
speed({ test, open, drop, text, shot, browser, command, folder });

test("no request goes elsewhere, and the console is silent", async () => {
  assert.deepEqual(requests.filter((url) => !url.startsWith(base) && !url.startsWith("blob:") && !url.startsWith("data:")), []);
  assert.deepEqual(troubles, []);
});

mkdirSync(shots, { recursive: true });
const wanted = process.argv[2];
let bad = 0;
for (const [name, run] of tests) {
  if (wanted && !name.match(wanted)) continue;
  const begun = Date.now();
  try {
    const note = await run();
    console.log(`ok    ${name} (${((Date.now() - begun) / 1000).toFixed(1)} s)${note ? `: ${note}` : ""}`);
  } catch (error) {
    bad++;
    console.log(`FAIL  ${name}\n${error.stack ?? error}`);
  }
}
await browser.close();
server.close();
rmSync(folder, { recursive: true, force: true });
console.log(bad ? `${bad} failed` : "all passed");
process.exit(bad ? 1 : 0);

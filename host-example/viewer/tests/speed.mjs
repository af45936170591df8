// Tests time and memory. Other programs on the machine make everything slower, so processor time is compared with
// processor time. `LONG=1` also reads the large files.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import * as logs from "./logs.mjs";

/** The longest task of the page's own thread, in milliseconds of processor time. */
const MOST_TASK = 200;

export function speed({ test, open, drop, text, shot, browser, command, folder }) {
  const long = !!process.env.LONG;

  /** The processor time of all pages, in seconds, and the most memory that one of them had, in megabytes. */
  async function spent() {
    const session = await browser.newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    await session.detach();
    const pages = processInfo.filter(({ type }) => type === "renderer");
    const memory = pages.map(({ id }) => {
      const status = existsSync(`/proc/${id}/status`) ? readFileSync(`/proc/${id}/status`, "utf8") : "";
      return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1000;
    });
    return { seconds: pages.reduce((sum, { cpuTime }) => sum + cpuTime, 0), memory: Math.round(Math.max(0, ...memory)) };
  }

  /** The longest task of the page's own thread, in processor time. */
  async function longest(page, run) {
    await browser.startTracing(page, { categories: ["toplevel", "__metadata"] });
    await run();
    const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
    const main = new Set(traceEvents.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain").map(({ pid, tid }) => `${pid} ${tid}`));
    const tasks = traceEvents.filter(({ ph, pid, tid, tdur }) => ph === "X" && tdur !== undefined && main.has(`${pid} ${tid}`));
    assert.ok(tasks.length > 0, "the browser reports tasks with their processor time");
    return Math.round(Math.max(...tasks.map(({ tdur }) => tdur)) / 1000);
  }

  /** The processor time of the command for the same file, in seconds. */
  function ofCommand(path) {
    const script = 'TIMEFORMAT="%U %S"; time "$0" run -q --format json "$1" > /dev/null';
    const { stderr } = spawnTimed(script, path);
    const [user, system] = stderr.trim().split("\n").at(-1).split(" ").map(Number);
    return user + system;
  }
  function spawnTimed(script, path) {
    const both = execFileSync("bash", ["-c", `{ ${script}; } 2>&1`, command, path], { encoding: "utf8" });
    return { stderr: both };
  }

  /** Reads a log. `again` also moves a slider three times. */
  async function read({ megabytes, share, again = false }) {
    const path = join(folder, `large-${megabytes}-${share}.log`);
    const written = logs.large(path, megabytes, share);
    const bytes = statSync(path).size / 1e6;
    const page = await open();
    const before = await spent();
    let [read, explained, seconds] = [before, before, 0];
    const moves = [];
    const task = await longest(page, async () => {
      const begun = Date.now();
      await drop(page, [path]);
      seconds = (Date.now() - begun) / 1000;
      read = await spent();
      assert.match(await text(page, ".top"), new RegExp(`${written.toLocaleString("en")} records`));
      await page.keyboard.press("4");
      await page.locator(".near, .none").first().waitFor({ timeout: 600_000 });
      explained = await spent();
      await page.keyboard.press("2");
      await page.locator(".erow").nth(5).waitFor();
      await page.locator(".panel .scroll").evaluate((list) => list.scrollTo(0, list.scrollHeight / 2));
      await page.waitForTimeout(500);
      await shot(page, "large-1440");
      if (!again) return;
      // The first move of a slider decodes the records. Later moves only judge.
      await page.keyboard.press("t");
      for (const value of [6, 7, 8]) {
        const from = await spent();
        await page.locator("#knob-min_failures").evaluate((input, value) => { input.value = value; input.dispatchEvent(new Event("input", { bubbles: true })); }, String(value));
        await page.locator(".knob .was").waitFor();
        await page.waitForTimeout(300);
        await page.waitForFunction(() => / s$/.test(document.querySelector(".diff-n .dimmer")?.textContent ?? ""), undefined, { timeout: 600_000 });
        moves.push({ shown: await text(page, ".diff-n .dimmer"), cpu: (await spent()).seconds - from.seconds });
      }
    });
    const { memory } = await spent();
    await page.context().close();
    const compared = command ? ofCommand(path) : null;
    rmSync(path);
    return { bytes, seconds, task, moves, memory, cpu: read.seconds - before.seconds, whole: explained.seconds - before.seconds, compared, written };
  }

  const told = ({ bytes, seconds, cpu, whole, compared, task, moves, memory }) =>
    [
      `${bytes.toFixed(0)} MB in ${seconds.toFixed(1)} s`,
      `processor ${cpu.toFixed(1)} s (${(bytes / cpu).toFixed(0)} MB/s), with windows and near misses ${whole.toFixed(1)} s`,
      compared === null ? "" : `the command needs ${compared.toFixed(1)} s`,
      `longest task ${task} ms`,
      moves.length ? `again in ${moves.map(({ shown, cpu }) => `${shown} (processor ${cpu.toFixed(2)} s)`).join(", ")}` : "",
      `memory ${memory} MB`,
    ].filter(Boolean).join("; ");

  test("a large file: the page stays responsive", async () => {
    const megabytes = Number(process.env.VIEWER_MEGABYTES ?? 24);
    const share = Number(process.env.VIEWER_SHARE ?? 30);
    const found = await read({ megabytes, share, again: true });
    assert.ok(found.task <= MOST_TASK, told(found));
    // The columns, the kept records and the module. The same bound holds for a gigabyte.
    assert.ok(found.memory <= 600, told(found));
    return told(found);
  });

  test("large: 200 MB with 30 % logins costs at most twice the processor time of the command", async () => {
    if (!long) return "skipped: LONG=1 reads it";
    const found = await read({ megabytes: 200, share: 30, again: true });
    assert.ok(found.task <= MOST_TASK, told(found));
    if (found.compared !== null) assert.ok(found.cpu <= 2 * found.compared, told(found));
    return told(found);
  });

  test("large: 1 % logins are read at 400 MB for each second of the processor", async () => {
    if (!long) return "skipped: LONG=1 reads it";
    const found = await read({ megabytes: 200, share: 1 });
    assert.ok(found.bytes / found.cpu >= 400, told(found));
    return told(found);
  });

  test("large: a gigabyte fits into 600 MB of memory", async () => {
    if (!long) return "skipped: LONG=1 reads it";
    const found = await read({ megabytes: 1000, share: 1 });
    assert.ok(found.memory <= 600, told(found));
    return told(found);
  });

  test("large: a slider judges 1,000,000 events within a second", async () => {
    if (!long) return "skipped: LONG=1 reads it";
    const found = await read({ megabytes: 347, share: 30, again: true });
    assert.ok(found.moves.slice(1).every(({ cpu }) => cpu <= 1), told(found));
    return told(found);
  });
}

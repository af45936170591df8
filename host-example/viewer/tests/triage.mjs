// Tests incidents, follow-ups, silences, dispositions and the tuning table.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as logs from "./logs.mjs";

export function triage({ test, open, drop, file, text, shot, until, command, folder }) {
  const incident = file("incident.log", logs.incident());
  const save = async (page, name) => {
    const download = page.waitForEvent("download");
    await page.locator("#desk button", { hasText: name }).click();
    return readFileSync(await (await download).path(), "utf8");
  };
  const desk = async (page) => {
    await page.locator("#export-button").click();
    await page.locator("#export button", { hasText: "Silences and dispositions" }).click();
    await page.locator("#desk[open]").waitFor();
  };
  const silence = async (page, reason) => {
    await page.getByRole("button", { name: "Silence…" }).click();
    await page.locator("#silence-reason").fill(reason);
    await page.locator("#silence .btn-fill").click();
    await page.locator(".group", { hasText: "Silenced" }).waitFor();
  };

  test("an incident tells in order what happened", async () => {
    const page = await open();
    await drop(page, [incident]);
    assert.equal(await page.locator(".alert").count(), 3);
    await page.keyboard.press("i");
    await page.locator(".incident").first().waitFor();
    const rows = await page.locator(".incident").allInnerTexts();
    assert.equal(rows.length, 2, rows.join("\n"));
    assert.match(rows[0], /Somebody got into 2 accounts from 203\.0\.113\.9[\s\S]*2 alerts/);
    assert.match(rows[1], /frank/);
    await page.locator(".incident").first().click();
    const story = await page.locator(".story li").allInnerTexts();
    assert.equal(story.length, 2);
    assert.match(story[0], /^08:03:20[\s\S]*6 failed logins of "?carol/);
    assert.match(story[1], /^08:06:00[\s\S]*2m 40s later[\s\S]*5 failed logins of "?erin/);
    const detail = await text(page, ".detail .d-body");
    assert.match(detail, /Accounts taken\s+2\s+Accounts tried\s+2\s+From\s+203\.0\.113\.9\s+First to last, 4 Mar\s+08:00:00 – /);
    assert.deepEqual(await page.locator("td.fell").allInnerTexts(), ["carol", "erin"]);
    await page.waitForTimeout(200);
    await shot(page, "incident-1440");
    await page.emulateMedia({ colorScheme: "dark" });
    await shot(page, "incident-1440-dark");
    await page.emulateMedia({ colorScheme: "light" });
    // J goes to the next incident, and a line of the story to its alert.
    await page.keyboard.press("j");
    assert.match(await text(page, ".d-head h2"), /frank/);
    await page.keyboard.press("k");
    await page.locator(".story button").nth(1).click();
    assert.match(await text(page, ".d-head h2"), /5 failed logins of "?erin/);
    await page.locator(".went button").click();
    await page.locator(".story").waitFor();
    // The filters hold for incidents too.
    await page.locator("#search").fill("user:frank");
    await page.keyboard.press("Enter");
    await until(async () => (await page.locator(".incident").count()) === 1, () => "the search shows one incident");
    await page.context().close();
  });

  test("an alert tells how the attack went on", async () => {
    const page = await open();
    await drop(page, [incident]);
    await page.locator(".alert", { hasText: "carol" }).click();
    assert.match(await text(page, ".went"), /It went on until 4 Mar 08:08:59: 66 failures in all/);
    await page.context().close();
  });

  test("a silenced alert is kept apart and counted, and the command reads the same files", async () => {
    const page = await open();
    await drop(page, [incident]);
    await page.locator(".alert", { hasText: "carol" }).click();
    await silence(page, "the new key comes on Monday");
    assert.equal(await page.locator(".alert").count(), 2);
    assert.match(await text(page, ".group:has-text('Silenced')"), /Silenced\s*1/);
    assert.match(await text(page, ".decide"), /Silenced by s1/);
    await page.locator(".group button", { hasText: "Silenced" }).click();
    assert.match((await page.locator(".alert").allInnerTexts()).at(-1), /carol[\s\S]*silenced by s1/);
    await shot(page, "silenced-1440");
    // The incidents have only the other alerts.
    await page.keyboard.press("i");
    assert.match((await page.locator(".incident").allInnerTexts()).join("\n"), /Somebody got into erin from 203\.0\.113\.9/);
    await page.keyboard.press("i");
    await page.locator(".alert", { hasText: "erin" }).click();
    await page.keyboard.press("n");
    await page.keyboard.type("a \"penetration\" test");
    await page.keyboard.press("Tab");
    await page.getByRole("button", { name: "Benign" }).click();
    await page.locator(".alert .verdict-benign").waitFor();
    await desk(page);
    await shot(page, "desk-1440");
    const [silences, marks] = [await save(page, "silences.jsonl"), await save(page, "marks.jsonl")];
    const [one] = silences.trim().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual({ ...one, until: "" }, { name: "s1", user: "carol", analytic: "an1276", until: "", reason: "the new key comes on Monday" });
    const mark = JSON.parse(marks);
    assert.deepEqual([mark.is, mark.note], ["benign", 'a "penetration" test']);
    // They stay in this browser.
    await page.waitForTimeout(300);
    await page.reload();
    await drop(page, [incident]);
    await until(async () => (await page.locator(".alert").count()) === 2, () => "the silence holds after a reload");
    await desk(page);
    await page.getByRole("button", { name: "Remove s1" }).click();
    await page.locator("#desk .btn-fill").click();
    assert.equal(await page.locator(".alert").count(), 3);
    await page.context().close();

    // Another browser reads the files. A wrong file is named, and changes nothing.
    const other = await open();
    await drop(other, [incident]);
    await desk(other);
    await other.locator("#desk-input").setInputFiles([file("wrong.jsonl", '{"user":"a","until":"soon"}\n')]);
    assert.match(await text(other, "#desk .err"), /wrong\.jsonl: line 1: `until` is no time/);
    await other.locator("#desk-input").setInputFiles([file("silences.jsonl", silences), file("marks.jsonl", marks)]);
    await other.locator(".silences li", { hasText: "1 alert" }).waitFor();
    assert.equal(await save(other, "silences.jsonl"), silences);
    assert.equal(await save(other, "marks.jsonl"), marks);
    await other.context().close();
    if (!command) return "the command was not asked: no authsieve command was found (set AUTHSIEVE)";
    const own = join(folder, "desk");
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, "silences.jsonl"), silences);
    writeFileSync(join(own, "marks.jsonl"), marks);
    const run = (...more) => execFileSync(command, [...more, "--desk", own], { cwd: folder, encoding: "utf8" });
    assert.match(run("silence", "list"), /^s1  until .*user=carol analytic=an1276  the new key comes on Monday/);
    assert.match(run("mark"), new RegExp(`${mark.alert}  marked as benign: a "penetration" test`));
    const users = run("run", "-q", "--format", "json", "incident.log").trim().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(users.map(({ user }) => user).sort(), ["erin", "frank"]);
    assert.equal(users.find(({ user }) => user === "erin").disposition.is, "benign");
  });

  test("values of an option are compared in one table", async () => {
    const page = await open();
    await drop(page, [incident]);
    await page.keyboard.press("t");
    await page.locator(".pick button", { hasText: "AN1276" }).click();
    await page.getByRole("button", { name: "Table of values" }).click();
    await page.getByLabel("Option", { exact: true }).selectOption("min_failures");
    await page.locator("#grid-values").fill("3..7");
    await page.getByRole("button", { name: "Compare" }).click();
    await page.locator(".points tbody tr").nth(4).waitFor();
    const rows = await page.locator(".points tbody tr").evaluateAll((list) => list.map(({ dataset }) => [dataset.value, dataset.alerts, dataset.keys]));
    assert.deepEqual(rows, [["3", "4", "4"], ["4", "3", "3"], ["5", "3", "3"], ["6", "2", "2"], ["7", "1", "1"]]);
    assert.match(await text(page, ".advice"), /Nothing is recommended: no attack is known/);
    if (command) {
      for (const [value, alerts] of rows) {
        const lines = execFileSync(command, ["run", "-q", "-a", "an1276", "--set", `min_failures=${value}`, "--format", "json", "incident.log"], { cwd: folder, encoding: "utf8" }).trim();
        assert.equal(String(lines ? lines.split("\n").length : 0), alerts, `min_failures = ${value}`);
      }
    }
    // With a known attack, the value with the fewest alerts that keeps it is recommended.
    await page.locator(".alert", { hasText: "frank" }).click();
    await page.getByRole("button", { name: "True", exact: true }).click();
    await page.locator(".points tr.best").waitFor();
    assert.match(await text(page, ".points tr.best"), /^4/);
    assert.match(await text(page, '.points tr[data-value="6"]'), /frank from 198\.51\.100\.20/);
    await shot(page, "table-1440");
    // A value goes to its option.
    await page.locator(".points button", { hasText: "3" }).first().click();
    assert.equal(await page.locator("#knob-min_failures").inputValue(), "3");
    await page.locator("#grid-values").fill("0");
    await page.getByRole("button", { name: "Compare" }).click();
    assert.match(await text(page, ".diff .err"), /min_failures/);
    await page.context().close();
  });

  test("incidents and silences on a narrow page and on a phone", async () => {
    const narrow = await open({ width: 1024, height: 768, dark: true });
    await drop(narrow, [incident]);
    await narrow.keyboard.press("i");
    await narrow.locator(".incident").first().click();
    await narrow.locator(".story li").first().waitFor();
    await shot(narrow, "incident-1024-dark");
    await narrow.context().close();
    const phone = await open({ width: 390, height: 844, phone: true });
    await drop(phone, [incident]);
    await phone.getByRole("button", { name: /^Incidents/ }).tap();
    await phone.locator(".incident").first().waitFor();
    await shot(phone, "incidents-390");
    await phone.locator(".incident").first().tap();
    await phone.locator(".story li").first().waitFor();
    await shot(phone, "incident-390");
    await phone.locator(".story button").first().tap();
    await phone.getByRole("button", { name: "Silence…" }).tap();
    await phone.locator("#silence[open]").waitFor();
    await shot(phone, "silence-390");
    assert.equal(await phone.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
    await phone.context().close();
  });
}

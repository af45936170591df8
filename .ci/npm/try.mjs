// Runs a log through both npm packages, as a user would after installing them, and compares their alerts.
// Usage: node try.mjs LOG
import init, { Detector } from "authsieve-browser/an1276";
import { analytic } from "authsieve-components/an1276";
import { analytic as suite } from "authsieve-components/suite";
import { deepStrictEqual, strictEqual } from "node:assert";
import { readFileSync } from "node:fs";

const log = readFileSync(process.argv[2]);
const received = Date.UTC(2026, 2, 5) * 1000;

await init();
const browser = new Detector("", 7n);
const classes = [...browser.process(log, received, undefined, 1), ...browser.flush()];
const titles = classes.map((alert) => JSON.parse(alert).title);

const run = (detector) => {
  const reading = { received: BigInt(received), first: 1n };
  return [...detector.process(log, reading), ...detector.flush()].map(({ title }) => title);
};
strictEqual(titles.length, 2);
deepStrictEqual(run(analytic.Detector.create("", 7n)), titles);
deepStrictEqual(run(suite.Detector.create('{"analytics":["an1276"]}', 7n)), titles);
console.log(titles.join("\n"));

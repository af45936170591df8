// A host for one analytic: `npx jco transpile an1276.wasm -o an1276`, then `node host.js auth.log`.
import { createReadStream, statSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { analytic } from "./an1276/an1276.js";

const log = process.argv[2];
// A title may contain a name that an attacker chose, so it is escaped for the terminal.
const hex = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
const quoted = (text) => JSON.stringify(text).replace(/[^ -~]/g, hex);
const show = (alerts) =>
  alerts.forEach(({ record, pattern, title }) => console.log(`${log}:${record}`, pattern, quoted(title)));

// The empty configuration means the defaults. The seed should be random. A wrong configuration throws.
const detector = analytic.Detector.create("", randomBytes(8).readBigUInt64LE());
const written = statSync(log, { bigint: true }).mtimeNs / 1000n;
// Record numbers count over the whole input, so an alert names the line that raised it.
const reading = { received: BigInt(Date.now()) * 1000n, written, first: 1n };
let rest = Buffer.alloc(0);
for await (const chunk of createReadStream(log)) {
  const bytes = Buffer.concat([rest, chunk]);
  const end = bytes.lastIndexOf("\n") + 1;
  const lines = bytes.subarray(0, end);
  show(detector.process(lines, reading));
  reading.first += BigInt(lines.filter((byte) => byte === 10).length);
  rest = bytes.subarray(end);
}
show(detector.process(rest, reading));
show(detector.flush());

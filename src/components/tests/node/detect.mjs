// Runs the browser class over a log, and prints each result as one line.
// Usage: node detect.mjs <class.js> <module.wasm> <log> <received>
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [js, wasm, log, received] = process.argv.slice(2);
const { Detector, initSync } = await import(pathToFileURL(js));
initSync({ module: readFileSync(wasm) });

const batch = readFileSync(log);
const now = Number(received);
const thrown = (f) => {
  try {
    return `nothing, but returned ${f()}`;
  } catch (error) {
    return `${error.constructor.name}: ${error.message}`;
  }
};
const hex = (bytes) => Buffer.from(bytes).toString("hex");

console.log(JSON.parse(Detector.describe())[0].config_schema);
const detector = new Detector("", 7n);
console.log(detector.needles().join());
console.log(detector.decode(batch, now).map((event) => JSON.parse(event).outcome).join());
for (const alert of detector.process(batch, now, undefined, 1)) console.log(alert);
for (const alert of detector.elapse(60e6)) console.log(alert);
for (const alert of detector.flush()) console.log(alert);
console.log(JSON.parse(detector.stats()[0]).records);
console.log(hex(detector.snapshot()));
const restored = Detector.restore("", 8n, detector.snapshot());
console.log(restored.notes.length, hex(restored.snapshot()));
console.log(thrown(() => new Detector('{"window":"soon"}', 7n)));
console.log(thrown(() => Detector.restore("", 7n, new Uint8Array([1, 2, 3]))));
console.log(thrown(() => detector.process(batch)).replace(/:.*/, ""));

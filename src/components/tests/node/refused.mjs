// Passes wrong arguments to the browser class, which must refuse each with a TypeError that names the argument.
// Usage: node refused.mjs <class.js>
import { pathToFileURL } from "node:url";

const { default: init, Detector } = await import(pathToFileURL(process.argv[2]));
let early;
try {
  new Detector("", 7n);
} catch (error) {
  early = error;
}
if (!(early instanceof TypeError) || !early.message.includes("await")) throw new Error(`before it is loaded: ${early}`);
// Loads the module without an argument, also in Node.
await init();

const batch = new TextEncoder().encode("a\n");
const now = 1000 * Date.now();
const detector = new Detector("", 7n);
const freed = new Detector("", 7n);
freed.free();
const refused = {
  config: [() => new Detector({ an1276: {} }, 7n), () => new Detector(undefined, 7n), () => Detector.restore(null, 7n, batch)],
  seed: [() => new Detector("", 7), () => new Detector(""), () => new Detector("", -1n), () => new Detector("", 1n << 64n)],
  batch: [() => detector.process("text", now), () => detector.process(batch.buffer, now), () => detector.decode([97], now), () => detector.route(null, now)],
  snapshot: [() => Detector.restore("", 7n, batch.buffer)],
  received: [() => detector.process(batch, Date.now()), () => detector.process(batch, "now"), () => detector.process(batch), () => detector.process(batch, BigInt(now))],
  written: [() => detector.explain(batch, now, new Date())],
  first: [() => detector.process(batch, now, undefined, -1)],
  parts: [() => detector.judge("part", now)],
  idle: [() => detector.elapse(1.5)],
  "this Detector was freed": [() => freed.process(batch, now)],
};
let count = 0;
for (const [name, calls] of Object.entries(refused)) {
  for (const call of calls) {
    let error;
    try {
      call();
    } catch (thrown) {
      error = thrown;
    }
    if (!(error instanceof TypeError) || !error.message.includes(name)) throw new Error(`${name}: ${call} gave ${error}`);
    count++;
  }
}
if (detector.process(batch, now).length !== 0) throw new Error("a right call failed");
console.log(`${count} refused`);


// ---- Checks of arguments. Without them, wasm-bindgen would read a wrong value as memory.

/** A `TypeError` that names the argument, its value and the expected value. */
function wrong(name, value, expected) {
    const kind = value === null ? "null" : Array.isArray(value) ? "an array" : typeof value === "object" ? value.constructor?.name ?? "an object" : typeof value;
    const shown = typeof value === "number" || typeof value === "bigint" ? String(value) : kind;
    return new TypeError(`${name}: ${shown}; expected ${expected}`);
}

/** Loads the module from the folder of this file. Node cannot fetch a file, so it reads the disk. */
async function init(module) {
    if (module === undefined && globalThis.process?.versions?.node) {
        const { readFileSync } = await import(/* webpackIgnore: true */ /* @vite-ignore */ "node:fs");
        return initSync({ module: readFileSync(new URL("ID_browser_bg.wasm", import.meta.url)) });
    }
    return __wbg_init(module);
}

const LATEST = Number.MAX_SAFE_INTEGER;
// In microseconds this is in March 1973. In milliseconds it would be in the year 5138.
const MILLISECONDS = 1e14;

const CHECKS = {
    config(value, name) {
        if (typeof value !== "string") throw wrong(name, value, "a string of JSON, such as JSON.stringify({ … })");
    },
    seed(value, name) {
        if (typeof value !== "bigint") throw wrong(name, value, "a BigInt, such as 7n");
        if (value < 0n || value >= 1n << 64n) throw wrong(name, value, "0n to 2n ** 64n - 1n");
    },
    bytes(value, name) {
        const hint = typeof value === "string" ? ": new TextEncoder().encode(text)" : value instanceof ArrayBuffer ? ": new Uint8Array(buffer)" : "";
        if (!(value instanceof Uint8Array)) throw wrong(name, value, `a Uint8Array${hint}`);
    },
    time(value, name) {
        if (typeof value !== "number" || !Number.isInteger(value) || Math.abs(value) > LATEST) throw wrong(name, value, "a whole number of microseconds since 1970, such as 1000 * Date.now()");
        if (value !== 0 && Math.abs(value) < MILLISECONDS) throw wrong(name, value, "microseconds since 1970, such as 1000 * Date.now(); this looks like milliseconds or seconds");
    },
    timeOrNone(value, name) {
        if (value !== undefined && value !== null) CHECKS.time(value, name);
    },
    count(value, name) {
        if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > LATEST) throw wrong(name, value, "a whole number from 0 on");
    },
    countOrNone(value, name) {
        if (value !== undefined && value !== null) CHECKS.count(value, name);
    },
    parts(value, name) {
        if (!Array.isArray(value) || !value.every((part) => typeof part === "string")) throw wrong(name, value, "an array of strings that route returned");
    },
};

const BATCH = { batch: "bytes", received: "time", written: "timeOrNone", first: "countOrNone" };
const NOTHING = {};
const CONSTRUCTOR = { config: "config", seed: "seed" };
const RESTORE = { ...CONSTRUCTOR, snapshot: "bytes" };
const METHODS = {
    needles: NOTHING,
    process: BATCH,
    decode: BATCH,
    explain: BATCH,
    route: BATCH,
    judge: { parts: "parts", received: "time" },
    elapse: { idle: "count" },
    flush: NOTHING,
    snapshot: NOTHING,
    stats: NOTHING,
    problems: NOTHING,
};

function check(expected, given) {
    if (wasm === undefined) throw new TypeError("the module is not loaded: await the default export, init(), first");
    Object.entries(expected).forEach(([name, kind], at) => CHECKS[kind](given[at], name));
}

for (const [name, expected] of Object.entries(METHODS)) {
    const plain = Detector.prototype[name];
    Detector.prototype[name] = function (...given) {
        if (!(this instanceof Detector) || !this.__wbg_ptr) throw new TypeError(`${name}: this Detector was freed`);
        check(expected, given);
        return plain.apply(this, given);
    };
}
const restore = Detector.restore;
Detector.restore = (...given) => {
    check(RESTORE, given);
    return restore(...given);
};
const describe = Detector.describe;
Detector.describe = () => {
    check(NOTHING, []);
    return describe();
};

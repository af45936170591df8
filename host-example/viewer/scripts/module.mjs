// Builds the modules with cargo and writes them as JavaScript. The page may open no connection, so the bytes come as text,
// one character for each byte, with the alphabet of these characters. There are two modules. `light` comes with the page, and is made for size. `full` also reads
// `.evtx` and all compressed forms, and is made for speed. It is loaded when a file needs it. `AUTHSIEVE_VIEWER_WASM` names
// built modules: LIGHT:FULL.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(dirname(fileURLToPath(import.meta.url)));
const workspace = join(here, "../..");
const folder = join(process.env.CARGO_TARGET_DIR ?? join(workspace, "target"), "viewer");
const given = process.env.AUTHSIEVE_VIEWER_WASM?.split(":") ?? [];

function build({ profile, level, inlining, flags }) {
  const built = spawnSync(
    process.env.CARGO ?? "cargo",
    ["build", "-p", "authsieve-viewer", "--lib", "--locked", "--profile", profile, "--target", "wasm32-unknown-unknown",
      "--target-dir", folder, ...flags],
    {
      cwd: workspace,
      stdio: "inherit",
      env: {
        ...process.env,
        CARGO_PROFILE_WASM_STRIP: "symbols",
        CARGO_PROFILE_WASM_SMALL_STRIP: "symbols",
        CARGO_PROFILE_WASM_SMALL_OPT_LEVEL: level,
        // Functions that need inlining ask for it, as in the components.
        RUSTFLAGS: `-Ctarget-feature=+simd128 -Clink-arg=--compress-relocations -Cllvm-args=-inline-threshold=${inlining} --remap-path-prefix=${workspace}=/authsieve`,
      },
    },
  );
  if (built.status !== 0) process.exit(built.status ?? 1);
  return readFileSync(join(folder, "wasm32-unknown-unknown", profile, "authsieve_viewer.wasm"));
}

/** The code points that JavaScript writes as themselves. Those with one byte in UTF-8 come first, and letters before others. */
const points = (from, to) => Array.from({ length: to - from }, (_, at) => from + at);
const POINTS = [...points(0x20, 0x7f), ...points(1, 7), ...points(0x0e, 0x1b), ...points(0x1c, 0x20), ...points(0x7f, 0x120)].filter((point) => !'"\\'.includes(String.fromCharCode(point)));

/** Writes bytes as text. Frequent bytes get the short code points. Returns the character of each byte, and the text. */
function encode(bytes) {
  const counts = new Uint32Array(256);
  for (const byte of bytes) counts[byte]++;
  const alphabet = new Array(256);
  [...counts.keys()].sort((a, b) => counts[b] - counts[a]).forEach((byte, rank) => (alphabet[byte] = String.fromCharCode(POINTS[rank])));
  return [alphabet.join(""), Array.from(bytes, (byte) => alphabet[byte]).join("")];
}

mkdirSync(join(here, "src/generated"), { recursive: true });
const MODULES = [
  { name: "light", profile: "wasm-small", level: "z", inlining: 8, flags: ["--no-default-features"] },
  { name: "full", profile: "wasm", level: "s", inlining: 8, flags: [] },
];
for (const [at, module] of MODULES.entries()) {
  const { name } = module;
  const bytes = given.length ? readFileSync(given[at] ?? given[0]) : build(module);
  const [alphabet, text] = encode(bytes);
  writeFileSync(join(here, `src/generated/${name}.js`), `export default ["${alphabet}", "${text}"];\n`);
  writeFileSync(join(here, `src/generated/${name}.d.ts`), "declare const module: readonly [alphabet: string, text: string];\nexport default module;\n");
  console.log(`${name}: ${bytes.length} bytes`);
}

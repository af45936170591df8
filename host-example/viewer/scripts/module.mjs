// Builds the modules with cargo and writes them as JavaScript. The page may open no connection, so the bytes come as text,
// one character for each byte. There are two modules. `light` comes with the page. `full` also reads `.evtx` and all
// compressed forms, and is loaded when a file needs it. `AUTHSIEVE_VIEWER_WASM` names built modules: LIGHT:FULL.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(dirname(fileURLToPath(import.meta.url)));
const workspace = join(here, "../..");
const folder = join(process.env.CARGO_TARGET_DIR ?? join(workspace, "target"), "viewer");
const given = process.env.AUTHSIEVE_VIEWER_WASM?.split(":") ?? [];

function build(flags) {
  const built = spawnSync(
    process.env.CARGO ?? "cargo",
    ["build", "-p", "authsieve-viewer", "--lib", "--locked", "--profile", "wasm", "--target", "wasm32-unknown-unknown",
      "--target-dir", folder, ...flags],
    {
      cwd: workspace,
      stdio: "inherit",
      env: {
        ...process.env,
        CARGO_PROFILE_WASM_STRIP: "symbols",
        RUSTFLAGS: `-Ctarget-feature=+simd128 --remap-path-prefix=${workspace}=/authsieve`,
      },
    },
  );
  if (built.status !== 0) process.exit(built.status ?? 1);
  return readFileSync(join(folder, "wasm32-unknown-unknown/wasm/authsieve_viewer.wasm"));
}

const escapes = { "\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\0": "\\x00" };
mkdirSync(join(here, "src/generated"), { recursive: true });
for (const [at, name, flags] of [[0, "light", ["--no-default-features"]], [1, "full", []]]) {
  const bytes = given.length ? readFileSync(given[at] ?? given[0]) : build(flags);
  const text = bytes.toString("latin1").replace(/[\\"\n\r\0]/g, (c) => escapes[c]);
  writeFileSync(join(here, `src/generated/${name}.js`), `export default "${text}";\n`);
  writeFileSync(join(here, `src/generated/${name}.d.ts`), "declare const text: string;\nexport default text;\n");
  console.log(`${name}: ${bytes.length} bytes`);
}

// Builds the module with cargo and writes it as JavaScript. The page may open no connection, so the bytes come as text,
// one character for each byte. `AUTHSIEVE_VIEWER_WASM` names a module that is already built.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(dirname(fileURLToPath(import.meta.url)));
const workspace = join(here, "../..");
const target = process.env.CARGO_TARGET_DIR ?? join(workspace, "target");
let wasm = process.env.AUTHSIEVE_VIEWER_WASM;
if (!wasm) {
  const built = spawnSync(
    process.env.CARGO ?? "cargo",
    ["build", "-p", "authsieve-viewer", "--lib", "--locked", "--profile", "wasm", "--target", "wasm32-unknown-unknown",
      "--target-dir", join(target, "viewer")],
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
  wasm = join(target, "viewer/wasm32-unknown-unknown/wasm/authsieve_viewer.wasm");
}
const bytes = readFileSync(wasm);
const escapes = { "\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\0": "\\x00" };
const text = bytes.toString("latin1").replace(/[\\"\n\r\0]/g, (c) => escapes[c]);
mkdirSync(join(here, "src/generated"), { recursive: true });
writeFileSync(join(here, "src/generated/module.js"), `export default "${text}";\n`);
writeFileSync(join(here, "src/generated/module.d.ts"), "declare const text: string;\nexport default text;\n");
console.log(`module: ${bytes.length} bytes`);

// Runs after the build. Writes the service worker, and a brotli copy next to each file, for servers that send such copies.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";

const here = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(here, "dist");
const files = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && !entry.name.endsWith(".br"))
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
  .sort();
const names = files.map((file) => `./${file.slice(dist.length + 1)}`).filter((name) => name !== "./index.html");
const hash = createHash("sha256");
for (const file of files) hash.update(readFileSync(file));
const worker = readFileSync(join(here, "src/offline.js"), "utf8")
  .replace("__HASH__", hash.digest("hex").slice(0, 16))
  .replace("__FILES__", JSON.stringify(["./", ...names]));
writeFileSync(join(dist, "offline.js"), worker);

/** The smallest of several ways to compress. */
function pack(bytes) {
  const packed = [0, 3].map((postfix) => {
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_NPOSTFIX]: postfix };
    return brotliCompressSync(bytes, { params });
  });
  return packed.reduce((best, other) => (other.length < best.length ? other : best));
}

const sizes = new Map();
for (const file of [...files, join(dist, "offline.js")]) {
  const packed = pack(readFileSync(file));
  sizes.set(file.slice(dist.length + 1), packed.length);
  if (!file.endsWith(".html")) writeFileSync(`${file}.br`, packed);
}
// The files that a first visit loads: the page, its style, its script and the worker with the light module.
const first = [...sizes].filter(([name]) => /index|main-|icon/.test(name)).reduce((sum, [, size]) => sum + size, 0);
console.log(`first load: ${Math.round(first / 1000)} KB by brotli`);

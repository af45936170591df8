// Fails if TypeScript knows what an attack or a record is, because this knowledge belongs in the module. Looks for the codes,
// programs and phrases of records, and for thresholds.
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const src = join(dirname(dirname(fileURLToPath(import.meta.url))), "src");
const RECORDS = /\b(sshd|pam_unix|winlogon|46(24|25|48)|47(68|69|71|76)|50126|50053|50074|500121|failed password|accepted password|invalid user|sign-?in error)\b/i;
const THRESHOLDS = /\b(failure_count|challenge_count|distinct_users|distinct_ips|min_failures|min_challenges)\b[^\n]{0,20}[<>]=?\s*\d/;
let found = 0;
for (const entry of readdirSync(src, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.tsx?$/.test(entry.name) || entry.name === "samples.ts") continue;
  const file = join(entry.parentPath ?? entry.path, entry.name);
  readFileSync(file, "utf8").split("\n").forEach((line, at) => {
    for (const rule of [RECORDS, THRESHOLDS]) {
      const match = rule.exec(line);
      if (!match) continue;
      console.error(`${file}:${at + 1}: "${match[0]}": detection belongs in the module`);
      found++;
    }
  });
}
process.exit(found ? 1 : 0);

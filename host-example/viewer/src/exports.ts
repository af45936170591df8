// Exports: alerts and events as files.

import type { Told } from "./protocol";
import { cell } from "./worker/table";

/** Saves a file. The browser asks for a folder or has one; nothing is sent. */
export function save(name: string, blob: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Alerts in the format of `authsieve run`: the canonical JSON, then `origin`. */
export function ndjson(list: readonly Told[]): string {
  return list.map((told) => `${withOrigin(told)}\n`).join("");
}

function withOrigin({ json, origin, evidence }: Told): string {
  if (!origin && evidence.every((place) => !place)) return json;
  const parts = origin ? [`"file":${JSON.stringify(origin.file)},"line":${origin.line}`] : [];
  const place = (one: (typeof evidence)[number]) => (one ? `{"file":${JSON.stringify(one.file)},"line":${one.line}}` : "null");
  if (evidence.length) parts.push(`"evidence":[${evidence.map(place).join(",")}]`);
  return `${json.slice(0, -1)},"origin":{${parts.join(",")}}}`;
}

const COLUMNS = [
  "time", "severity", "analytic", "pattern", "title", "user", "src_ip", "host", "service", "failure_count", "challenge_count", "first_seen", "last_seen",
] as const;

export function csv(list: readonly Told[]): string {
  const head = [...COLUMNS, "got_in", "users", "addresses", "techniques", "file", "line", "id"];
  const rows = list.map(({ alert, login, origin }) => [
    ...COLUMNS.map((name) => String(alert[name] ?? "")), String(login), (alert.users ?? []).join(" "), (alert.src_ips ?? []).join(" "),
    (alert.techniques ?? []).join(" "), origin?.file ?? "", String(origin?.line ?? ""), alert.id,
  ]);
  return [head, ...rows].map((row) => row.map(cell).join(",") + "\r\n").join("");
}

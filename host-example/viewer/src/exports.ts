// Exports: alerts and events as files, and a report in a single file.

import { instantOf, moment } from "./format";
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

const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]/g;

/** Text for HTML, with invisible characters as code points. */
const html = (text: string): string =>
  text
    .replace(/[&<>"']/g, (c) => ESCAPES[c]!)
    .replace(HIDDEN, (c) => `[U+${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}]`);

/** A page without scripts, links or images. */
export function report(list: readonly Told[], note: (id: string) => string | undefined, zone: string, files: readonly string[]): string {
  const one = ({ alert, login, origin, evidence }: Told): string => `<article>
<h2>${html(alert.title)}</h2>
<p><b class="${html(alert.severity)}">${html(alert.severity)}</b>${login ? " · <b>Got in</b>" : ""} · ${html(alert.analytic)} · ${html(alert.pattern)} · ${html(moment(instantOf(alert.time), zone))} ${html(zone)}${origin ? ` · ${html(origin.file)}:${origin.line}` : ""}</p>
${note(alert.id) ? `<p class="note">${html(note(alert.id)!)}</p>` : ""}
<ul>${(alert.context ?? []).map((text) => `<li>${html(text)}</li>`).join("")}</ul>
<h3>Evidence</h3>${(alert.evidence ?? []).map(({ text }, at) => `<p class="where">${evidence[at] ? `${html(evidence[at]!.file)}:${evidence[at]!.line}` : ""}</p><pre>${html(text)}</pre>`).join("")}
<h3>What to do</h3><ul>${(alert.response ?? []).map((text) => `<li>${html(text)}</li>`).join("")}</ul>
<p class="where">${html((alert.techniques ?? []).join(", "))} · ${html(alert.id)} · configuration ${html(alert.config_digest)}</p>
</article>`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>authsieve report</title><style>
:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
article{border-top:1px solid #8888;padding:1rem 0}h1{font-size:1.5rem}h2{font-size:1.15rem;margin:.25rem 0}h3{font-size:.9rem;margin:.75rem 0 .25rem}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#8882;padding:.5rem;margin:.125rem 0;font-size:.8rem}.where{font-size:.8rem;opacity:.8;margin:.25rem 0 0}
.note{border-inline-start:3px solid;padding-inline-start:.75rem}.critical,.high{color:light-dark(#a01528,#ff9f9a)}
</style></head><body><h1>${list.length} alerts, ${list.filter(({ login }) => login).length} in which somebody got in</h1>
<p>Files: ${files.map(html).join(", ")}</p>
${list.map(one).join("\n")}
</body></html>
`;
}

// The state of the page. Parts read signals, and change them through the functions here.

import { batch, createEffect, createMemo, createSignal, on, untrack } from "solid-js";
import { createStore } from "solid-js/store";
import { Client } from "./client";
import type { Zone } from "./format";
import {
  NO_FILTER, type Analytic, type Choice, type Filter, type Health, type Highest, type Near, type News, type Row,
  type Summary, type Told,
} from "./protocol";

export type Tab = "alerts" | "events" | "pairs" | "near" | "health";
export const TABS: readonly (readonly [Tab, string])[] = [
  ["alerts", "Alerts"],
  ["events", "Events"],
  ["pairs", "Accounts × addresses"],
  ["near", "Near misses"],
  ["health", "Health"],
];
export type Selected =
  | { readonly kind: "alert"; readonly told: Told }
  | { readonly kind: "near"; readonly near: Near }
  | { readonly kind: "event"; readonly row: Row }
  | null;
export type Phase = "empty" | "reading" | "ready" | "failed";
export type Config = Record<string, Record<string, unknown>>;

export interface Reading {
  readonly part: "survey" | "judge";
  readonly at: number;
  readonly of: number;
  readonly records: number;
  readonly bytes: number;
  readonly events: number;
  readonly milliseconds: number;
}

const NOTHING: Reading = { part: "survey", at: 0, of: 0, records: 0, bytes: 0, events: 0, milliseconds: 0 };

export const [phase, setPhase] = createSignal<Phase>("empty");
export const [failure, setFailure] = createSignal("");
export const [files, setFiles] = createSignal<readonly File[]>([]);
export const [reading, setReading] = createSignal<Reading>(NOTHING);
export const [alerts, setAlerts] = createSignal<readonly Told[]>([]);
export const [near, setNear] = createSignal<readonly Near[] | null>(null);
export const [health, setHealth] = createSignal<Health | null>(null);
export const [highest, setHighest] = createSignal<Highest>({});
export const [summary, setSummary] = createSignal<Summary | null>(null);
export const [analytics, setAnalytics] = createSignal<readonly Analytic[]>([]);
export const [filter, setFilter] = createSignal<Filter>(NO_FILTER);
export const [view, setView] = createSignal<readonly [bigint, bigint] | null>(null);
export const [tab, setTab] = createSignal<Tab>("alerts");
export const [selected, setSelected] = createSignal<Selected>(null);
export const [zone, setZone] = createSignal<Zone>("UTC");
export const [tuning, setTuning] = createSignal(false);
export const [facetsOpen, setFacetsOpen] = createSignal(false);
export const [raw, setRaw] = createSignal(false);
export const [said, setSaid] = createSignal("");
export const [version, setVersion] = createSignal(0);
/** The configuration with which the files were read. */
export const [config, setConfig] = createSignal<Config>({});

/** The filter of a link, for the first files. */
export const [pending, setPending] = createSignal<Filter | null>(null);

/** Stars and notes, by the id of the alert. */
export const [marks, setMarks] = createStore<Record<string, { star?: boolean; note?: string; done?: Record<number, boolean> }>>({});

let client = new Client(news);
export const ask: Client["ask"] = (question, given) => client.ask(question, given);
void ask("describe", null).then(setAnalytics, () => undefined);

function news(news: News): void {
  if (news.news === "survey") {
    setReading({ ...NOTHING, at: news.at, of: news.of });
  } else if (news.news === "read") {
    batch(() => {
      const { at, of, records, bytes, events, milliseconds } = news;
      setReading({ part: "judge", at, of, records, bytes, events, milliseconds });
      if (news.alerts.length) setAlerts([...alerts(), ...news.alerts]);
      if (news.done) finished();
      setVersion(version() + 1);
    });
  } else if (news.news === "explained") {
    void ask("near", null).then(setNear, () => undefined);
    void ask("highest", null).then(setHighest, () => undefined);
  } else {
    batch(() => {
      setFailure(news.why);
      setPhase("failed");
    });
  }
}

function finished(): void {
  setPhase("ready");
  void ask("health", null).then(setHealth, () => undefined);
  if (!selected()) {
    const first = ordered()[0];
    if (first && innerWidth > 640) setSelected({ kind: "alert", told: first });
  }
}

/** Reads files, in place of the earlier ones. */
export async function open(list: readonly File[], next: Config = config()): Promise<void> {
  if (!list.length) return;
  if (phase() === "reading" || phase() === "failed") {
    client.end();
    client = new Client(news);
  }
  batch(() => {
    setFiles(list);
    setPhase("reading");
    setReading({ ...NOTHING, of: list.reduce((all, file) => all + file.size, 0) });
    setAlerts([]);
    setNear(null);
    setHealth(null);
    setHighest({});
    setSummary(null);
    setView(null);
    setFilter(pending() ?? NO_FILTER);
    setSelected(null);
    if (!pending()) setTab("alerts");
    setPending(null);
    setConfig(next);
  });
  const text = Object.keys(next).length ? JSON.stringify(next) : "";
  try {
    await ask("open", { files: list, config: text, received: BigInt(Date.now()) * 1000n });
  } catch (error) {
    news({ news: "failed", why: error instanceof Error ? error.message : String(error) });
  }
}

/** Ends reading. The records so far stay. While files are surveyed for their times, there are none. */
export function stop(): void {
  if (reading().part === "judge") return void ask("stop", null);
  client.end();
  client = new Client(news);
  setPhase("empty");
}

export function close(): void {
  client.end();
  client = new Client(news);
  batch(() => {
    setFiles([]);
    setPhase("empty");
    setSelected(null);
    setTuning(false);
  });
}

/** The number of bars in the timeline. */
export const [bars, setBars] = createSignal(96);

let asking = false;
let stale = false;
async function refresh(): Promise<void> {
  if (asking) {
    stale = true;
    return;
  }
  asking = true;
  try {
    const [from, to] = view() ?? [null, null];
    setSummary(await ask("summary", { filter: filter(), bars: bars(), from, to }));
  } catch {
    // Another reading has begun and will ask again.
  }
  asking = false;
  if (stale) {
    stale = false;
    void refresh();
  }
}
createEffect(on([filter, view, version, bars], () => {
  if (untrack(phase) !== "empty") void refresh();
}));

const EMPTY: Choice = { only: [], not: [] };
export const choice = (column: string): Choice => filter().facets[column] ?? EMPTY;

/** Adds a value to the filter or excludes it. A second call undoes this. */
export function choose(column: string, value: string, kind: "only" | "not"): void {
  const { only, not } = choice(column);
  const without = (list: readonly string[]) => list.filter((one) => one !== value);
  const had = (kind === "only" ? only : not).includes(value);
  const next = {
    only: kind === "only" && !had ? [...without(only), value] : without(only),
    not: kind === "not" && !had ? [...without(not), value] : without(not),
  };
  setFilter({ ...filter(), facets: { ...filter().facets, [column]: next } });
}

export function clearFilter(): void {
  setFilter({ ...NO_FILTER, from: filter().from, to: filter().to });
}

export const chosen = createMemo(() =>
  Object.entries(filter().facets).flatMap(([column, { only, not }]) => [
    ...only.map((value) => ({ column, value, kind: "only" as const })),
    ...not.map((value) => ({ column, value, kind: "not" as const })),
  ]),
);
export const filtered = createMemo(() => chosen().length > 0 || filter().words.length > 0);

/** The texts of an alert that a facet compares. */
function values({ alert, origin }: Told, column: string): readonly string[] | null {
  const list = (one: string | undefined, all: readonly string[] | undefined) => [...(one ? [one] : []), ...(all ?? [])];
  switch (column) {
    case "user": return list(alert.user, alert.users);
    case "address": return list(alert.src_ip, alert.src_ips);
    case "host": return list(alert.host, undefined);
    case "service": return list(alert.service, undefined);
    case "analytic": return [alert.analytic.toLowerCase()];
    case "file": return origin ? [origin.file] : [];
    default: return null;
  }
}

function shows(told: Told, { from, to, facets, words }: Filter): boolean {
  if ((from !== null && told.time < from) || (to !== null && told.time >= to)) return false;
  for (const [column, { only, not }] of Object.entries(facets)) {
    const own = values(told, column);
    if (!own) continue;
    if (only.length && !own.some((value) => only.includes(value))) return false;
    if (own.some((value) => not.includes(value))) return false;
  }
  return words.every((asked) => {
    const negated = asked.startsWith("-");
    const plain = (negated ? asked.slice(1) : asked).toLowerCase();
    const colon = plain.indexOf(":");
    const own = colon > 0 ? values(told, plain.slice(0, colon)) : null;
    const hit = own
      ? own.some((value) => value.toLowerCase().includes(plain.slice(colon + 1)))
      : told.json.toLowerCase().includes(plain);
    return hit !== negated;
  });
}

const RANK = { critical: 4, high: 3, medium: 2, low: 1, informational: 0 };
export const [sort, setSort] = createSignal<"gravest" | "newest" | "oldest">("gravest");
export const shownAlerts = createMemo(() => alerts().filter((told) => told.alert.status !== "update" && shows(told, filter())));

const byTime = (a: Told, b: Told) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0);
const orders = {
  gravest: (a: Told, b: Told) => RANK[b.alert.severity] - RANK[a.alert.severity] || byTime(a, b),
  newest: (a: Told, b: Told) => byTime(b, a),
  oldest: byTime,
};
/** The alerts in the order of the list: those with a login come first. */
export const ordered = createMemo(() => {
  const order = orders[sort()];
  const list = shownAlerts();
  return [...list.filter(({ login }) => login).sort(order), ...list.filter(({ login }) => !login).sort(order)];
});

export const shownNear = createMemo(() =>
  (near() ?? []).filter(({ time, user, address, analytic }) => {
    const { from, to, facets } = filter();
    if ((from !== null && time < from) || (to !== null && time >= to)) return false;
    const own: Record<string, string> = { user, address: address ?? "", analytic };
    return Object.entries(facets).every(([column, { only, not }]) => {
      const value = own[column];
      return value === undefined || ((!only.length || only.includes(value)) && !not.includes(value));
    });
  }),
);

/** Announces a short text to screen readers. */
export function say(text: string): void {
  setSaid("");
  queueMicrotask(() => setSaid(text));
}

export function mark(id: string, change: { star?: boolean; note?: string }): void {
  setMarks(id, (old) => ({ ...old, ...change }));
}

/** The options of an analytic with their values, or the defaults of its schema. */
export function option(id: string, name: string, overrides: Config = config()): unknown {
  const own = overrides[id.toLowerCase()]?.[name];
  if (own !== undefined) return own;
  return analytics().find((one) => one.id === id.toLowerCase())?.schema.properties[name]?.default;
}

// The state of the page. Parts read signals, and change them through the functions here.

import { batch, createEffect, createMemo, createSignal, on, untrack } from "solid-js";
import { Client } from "./client";
import type { Zone } from "./format";
import {
  NO_FILTER, type Analytic, type Choice, type Decided, type Filter, type Health, type Highest, type Incident, type Incidents,
  type Mark, type Near, type News, type Row, type Silence, type Summary, type Told,
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
  | { readonly kind: "incident"; readonly incident: Incident }
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

/** The tab of alerts shows single alerts, or the incidents to which they belong. */
export const [grouped, setGrouped] = createSignal(false);
export const [incidents, setIncidents] = createSignal<Incidents | null>(null);
/** The list also shows silenced alerts. */
export const [silencedShown, setSilencedShown] = createSignal(false);

const UNDECIDED: Decided = { silences: [], marks: {}, silenced: {}, files: { silences: "", marks: "" } };
/** Silences and verdicts. The module applies them. */
export const [decided, setDecided] = createSignal<Decided>(UNDECIDED);

/** Stars and notes, by the id of the alert. */
export interface Notes {
  readonly star?: boolean;
  readonly note?: string;
  /** The next steps that are done, by their positions. */
  readonly done?: Readonly<Record<number, boolean>>;
}
export const [marks, setMarks] = createSignal<Readonly<Record<string, Notes>>>({});

let client = new Client(news);

/** A new worker, which gets the silences and verdicts first. */
function renew(): void {
  client.end();
  client = new Client(news);
  const { files } = decided();
  if (files.silences || files.marks) void client.ask("decide", files).catch(() => undefined);
}

export const ask: Client["ask"] = (question, given) => client.ask(question, given);
void ask("describe", null).then(setAnalytics, () => undefined);

function news(news: News): void {
  if (news.news === "survey") {
    setReading({ ...NOTHING, at: news.at, of: news.of });
  } else if (news.news === "read") {
    batch(() => {
      const { at, of, records, bytes, events, milliseconds } = news;
      setReading({ part: "judge", at, of, records, bytes, events, milliseconds });
      if (news.alerts.length) take(news.alerts);
      if (news.done) finished();
      setVersion(version() + 1);
    });
  } else if (news.news === "explained") {
    void ask("near", null).then(setNear, () => undefined);
    void ask("highest", null).then(setHighest, () => undefined);
    // The notes say which events the options leave out.
    void ask("health", null).then(setHealth, () => undefined);
  } else {
    batch(() => {
      setFailure(news.why);
      setPhase("failed");
    });
  }
}

/** Adds alerts. An update changes its alert. */
function take(list: readonly Told[]): void {
  const fresh = list.filter(({ alert }) => alert.status !== "update");
  const updates = new Map(list.filter(({ alert }) => alert.status === "update").map(({ alert }) => [alert.id, alert]));
  const all = [...alerts(), ...fresh];
  setAlerts(updates.size ? all.map((told) => (updates.has(told.alert.id) ? { ...told, update: updates.get(told.alert.id)! } : told)) : all);
  const silenced = Object.fromEntries(fresh.flatMap(({ alert, silence }) => (silence ? [[alert.id, silence]] : [])));
  if (Object.keys(silenced).length) setDecided({ ...decided(), silenced: { ...decided().silenced, ...silenced } });
}

function finished(): void {
  setPhase("ready");
  regroup();
  void ask("health", null).then(setHealth, () => undefined);
  if (!selected()) {
    const first = ordered()[0];
    if (first && innerWidth > 640) setSelected({ kind: "alert", told: first });
  }
}

function regroup(): void {
  void ask("incidents", null).then(setIncidents, () => undefined);
}

/** Applies an answer of the module on silences and verdicts. The incidents have only the alerts that are not silenced. */
function apply(next: Decided): void {
  setDecided(next);
  if (phase() === "ready") regroup();
}

const decide = (answer: Promise<Decided>): Promise<void> => answer.then(apply, (error: unknown) => say(error instanceof Error ? error.message : String(error)));

/** Applies files of the command's desk that this browser has stored. */
export const restore = (files: Decided["files"]): Promise<void> => decide(ask("decide", files));
/** Adds the lines of a file of the command's desk. Rejects if one is wrong. */
export const importDesk = (text: string): Promise<void> => ask("import", { text }).then(apply);
/** Rejects if the module finds the silence wrong. */
export const addSilence = (silence: Silence): Promise<void> => ask("silence", { silence }).then(apply);
export const removeSilence = (name: string): Promise<void> => decide(ask("unsilence", { name }));
/** Sets the verdict on an alert. The same verdict again removes it. */
export function judge(id: string, is: Mark["is"]): Promise<void> {
  const same = decided().marks[id]?.is === is;
  return decide(ask("mark", { alert: id, is: same ? null : is, note: marks()[id]?.note ?? "", at: new Date().toISOString() }));
}

/** Reads files, in place of the earlier ones. */
export async function open(list: readonly File[], next: Config = config()): Promise<void> {
  if (!list.length) return;
  if (phase() === "reading" || phase() === "failed") renew();
  batch(() => {
    setFiles(list);
    setPhase("reading");
    setReading({ ...NOTHING, of: list.reduce((all, file) => all + file.size, 0) });
    setAlerts([]);
    setIncidents(null);
    // Stars and notes belong to a file.
    setMarks({});
    setDecided({ ...decided(), silenced: {} });
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
  renew();
  setPhase("empty");
}

export function close(): void {
  renew();
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
const passing = createMemo(() => alerts().filter((told) => shows(told, filter())));
const isSilenced = ({ alert }: Told): boolean => decided().silenced[alert.id] !== undefined;
export const shownAlerts = createMemo(() => passing().filter((told) => !isSilenced(told)));
/** The silenced alerts that pass the filters. They are kept apart, and never lost. */
export const silencedAlerts = createMemo(() => passing().filter(isSilenced));
/** The alert with an id. */
export const alertOf = (id: string): Told | undefined => byId().get(id);
const byId = createMemo(() => new Map(alerts().map((told) => [told.alert.id, told])));

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

/** The incident of an alert, if it has further alerts. */
export const incidentOf = (id: string): Incident | undefined => incidentsOf().get(id);
const incidentsOf = createMemo(() => new Map((incidents()?.incidents ?? []).filter(({ alerts }) => alerts.length > 1).flatMap((one) => one.alerts.map((id) => [id, one] as const))));

/** The incidents with at least one alert that the filters show. Those with a login come first. */
export const shownIncidents = createMemo(() => {
  const shown = new Set(shownAlerts().map(({ alert }) => alert.id));
  const list = (incidents()?.incidents ?? []).filter(({ alerts }) => alerts.some((id) => shown.has(id)));
  const order = {
    gravest: (a: Incident, b: Incident) => RANK[b.severity] - RANK[a.severity] || (a.first < b.first ? -1 : 1),
    newest: (a: Incident, b: Incident) => (a.first > b.first ? -1 : 1),
    oldest: (a: Incident, b: Incident) => (a.first < b.first ? -1 : 1),
  }[sort()];
  const fell = (one: Incident) => (one.fell.length ? 0 : 1);
  return [...list].sort((a, b) => fell(a) - fell(b) || order(a, b));
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

export function mark(id: string, change: Notes): void {
  setMarks({ ...marks(), [id]: { ...marks()[id], ...change } });
}

/** The options of an analytic with their values, or the defaults of its schema. */
export function option(id: string, name: string, overrides: Config = config()): unknown {
  const own = overrides[id.toLowerCase()]?.[name];
  if (own !== undefined) return own;
  return analytics().find((one) => one.id === id.toLowerCase())?.schema.properties[name]?.default;
}

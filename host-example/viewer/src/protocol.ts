// The messages between page and worker. Times are microseconds since 1970 as bigint, because a number of JavaScript is
// not exact enough.

/** A value of a facet, and the number of events with it. */
export interface Count {
  readonly value: string;
  readonly count: number;
}

/** The values of a column that are wanted, and those that are not. */
export interface Choice {
  readonly only: readonly string[];
  readonly not: readonly string[];
}

/** The filter of the events that are shown. */
export interface Filter {
  readonly from: bigint | null;
  readonly to: bigint | null;
  readonly facets: Readonly<Record<string, Choice>>;
  readonly words: readonly string[];
}

export const NO_FILTER: Filter = { from: null, to: null, facets: {}, words: [] };

/** The text columns that facets show, with their titles. */
export const FACETS: readonly (readonly [string, string])[] = [
  ["outcome", "Outcome"],
  ["user", "User"],
  ["address", "Address"],
  ["host", "Host"],
  ["service", "Service"],
  ["provider", "Source"],
  ["shape", "Shape"],
  ["logon_type", "Logon type"],
  ["reason", "Reason"],
  ["file", "File"],
];

/** The bars of the timeline. `start` is the time of the first bar, `width` the time of each bar. */
export interface Bars {
  readonly start: bigint;
  readonly width: bigint;
  readonly failures: Uint32Array;
  readonly successes: Uint32Array;
  readonly challenges: Uint32Array;
}

export interface Summary {
  /** The first and the last event of all. */
  readonly span: readonly [bigint, bigint] | null;
  readonly bars: Bars | null;
  readonly events: number;
  readonly failures: number;
  readonly successes: number;
  readonly challenges: number;
  readonly facets: Readonly<Record<string, { readonly top: readonly Count[]; readonly more: number }>>;
}

/** One event, with the fields that it has. */
export interface Row {
  readonly row: number;
  readonly time: bigint;
  readonly record: number;
  readonly line: number;
  readonly count: number;
  readonly texts: Readonly<Record<string, string>>;
  readonly analytics: readonly string[];
}

export interface Pair {
  readonly user: string;
  readonly address: string;
  readonly failures: number;
  readonly successes: number;
  readonly challenges: number;
  readonly first: bigint;
  readonly last: bigint;
}

export interface Place {
  readonly file: string;
  readonly line: number;
}

/** An alert in the format of the module. */
export interface Alert {
  readonly id: string;
  readonly analytic: string;
  readonly analytic_version: string;
  readonly config_digest: string;
  readonly pattern: string;
  readonly severity: "informational" | "low" | "medium" | "high" | "critical";
  readonly status?: string;
  readonly title: string;
  readonly record: number;
  readonly time: string;
  readonly first_seen: string;
  readonly last_seen: string;
  readonly user?: string;
  readonly users?: readonly string[];
  readonly src_ip?: string;
  readonly src_ips?: readonly string[];
  readonly host?: string;
  readonly service?: string;
  readonly user_agent?: string;
  readonly application?: string;
  readonly device?: string;
  readonly failure_count?: number;
  readonly challenge_count?: number;
  readonly distinct_users?: number;
  readonly distinct_ips?: number;
  readonly estimated?: readonly string[];
  readonly matched?: readonly string[];
  readonly reasons?: Readonly<Record<string, number>>;
  readonly outcomes?: Readonly<Record<string, number>>;
  readonly related_successes?: readonly string[];
  readonly techniques?: readonly string[];
  readonly context?: readonly string[];
  readonly evidence?: readonly { readonly record: number; readonly text: string }[];
  readonly response?: readonly string[];
}

/** An alert, its canonical JSON, and the module's data on it. */
export interface Told {
  readonly json: string;
  readonly alert: Alert;
  readonly login: boolean;
  /** The number of the alert in the reading. Null if a re-run raised it. */
  readonly number: number | null;
  /** The name of the silence that holds the alert back. */
  readonly silence: string | null;
  readonly origin: Place | null;
  readonly evidence: readonly (Place | null)[];
  readonly time: bigint;
  /** The same alert at the end of the attack, with its final counts. */
  readonly update?: Alert;
}

/** A line of an incident's story: an alert, or several alerts of one login. */
export interface Fact {
  readonly time: bigint;
  readonly severity: Alert["severity"];
  readonly analytic: string;
  readonly alert: string;
  readonly text: string;
  readonly also?: readonly string[];
}

/** Alerts that belong together, as the module describes them. */
export interface Incident {
  readonly incident: string;
  readonly severity: Alert["severity"];
  readonly title: string;
  readonly first: bigint;
  readonly last: bigint;
  readonly lasted: string;
  readonly analytics: readonly string[];
  readonly src_ips: readonly string[];
  readonly fell: readonly { readonly user: string; readonly time: bigint; readonly src_ip: string | null }[];
  readonly tried: readonly string[];
  readonly places: readonly string[];
  readonly reasons: string;
  readonly context: readonly string[];
  readonly techniques: readonly string[];
  readonly alerts: readonly string[];
  readonly story: readonly Fact[];
  readonly left_out?: number;
  readonly second_factor?: boolean;
}

export interface Incidents {
  readonly headline: string;
  readonly incidents: readonly Incident[];
}

/** A silence, in the format of the command. An alert that meets all its conditions is silenced. */
export interface Silence {
  readonly name?: string;
  readonly user?: string;
  readonly ip?: string;
  readonly host?: string;
  readonly analytic?: string;
  readonly pattern?: string;
  readonly until: string;
  readonly reason: string;
}

/** A verdict on an alert, in the format of the command. */
export interface Mark {
  readonly alert: string;
  readonly is: "true" | "false" | "benign";
  readonly note: string;
  readonly at: string;
}

/** All silences and verdicts, and the silenced alerts by their ids. `files` are the files of the command's desk. */
export interface Decided {
  readonly silences: readonly Silence[];
  readonly marks: Readonly<Record<string, Mark>>;
  readonly silenced: Readonly<Record<string, string>>;
  readonly files: { readonly silences: string; readonly marks: string };
}

/** The results of one value of an option. */
export interface GridPoint {
  readonly value: string;
  readonly alerts: number;
  readonly per_day: number;
  readonly keys: number;
  readonly wrong: number;
  readonly loses: readonly string[];
}

export interface Grid {
  readonly option: string;
  readonly points: readonly GridPoint[];
  readonly known: readonly string[];
  /** The position of the recommended value, or the reason why there is none. */
  readonly best: number | null;
  readonly why_not: string | null;
  readonly milliseconds: number;
}

export interface Near {
  readonly analytic: string;
  readonly step: "short" | "too-late" | "silent";
  readonly key: string;
  readonly text: string;
  readonly user: string;
  readonly address: string | null;
  readonly record: number;
  readonly time: bigint;
  readonly count: number;
  readonly needed: number;
  readonly times: number;
}

export interface Point {
  readonly time: bigint;
  readonly record: number;
  readonly count: number;
  readonly needed: number;
  readonly step: string;
  readonly outcome: string;
}

export interface Window {
  readonly key: string;
  readonly points: readonly Point[];
  readonly all: number;
}

export interface RawRecord {
  readonly record: number;
  readonly text: string | null;
  readonly file: string | null;
  readonly line: number | null;
}

export interface Health {
  readonly stats: readonly Readonly<Record<string, number | string>>[];
  readonly readiness: readonly {
    readonly analytic: string;
    readonly name: string;
    readonly can_fire: boolean;
    readonly in_part: boolean;
    readonly events: number;
    readonly needs: readonly { readonly name: string; readonly found: number; readonly whole: number }[];
    readonly why: readonly string[];
  }[];
  readonly problems: readonly {
    readonly kind: string;
    readonly text: string;
    readonly file: string | null;
    readonly line: number | null;
  }[];
  readonly files: readonly {
    readonly name: string;
    readonly records: number;
    readonly events: number;
    readonly first: string | null;
    readonly last: string | null;
    readonly losses: readonly { readonly line: number | null; readonly text: string }[];
    readonly lost: number;
    readonly damaged: boolean;
  }[];
  readonly unlisted: number;
  readonly left_out: number;
  /** Notes on state that a changed configuration dropped. */
  readonly dropped: readonly string[];
}

export interface Schema {
  readonly properties: Readonly<Record<string, Option>>;
}

export interface Option {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly pattern?: string;
  readonly items?: Option;
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Option[];
  readonly oneOf?: readonly Option[];
}

export interface Analytic {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly techniques: readonly string[];
  readonly telemetry: readonly string[];
  readonly false_positives: readonly string[];
  readonly response: readonly string[];
  readonly schema: Schema;
}

/** The number of keys by analytic, kind of key, and highest count. */
export type Highest = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, number>>>>>>;

/** The questions of the page and their answers. */
export interface Questions {
  describe: { ask: null; answer: readonly Analytic[] };
  open: { ask: { files: readonly File[]; config: string; received: bigint }; answer: null };
  stop: { ask: null; answer: null };
  summary: { ask: { filter: Filter; bars: number; from: bigint | null; to: bigint | null }; answer: Summary };
  rows: { ask: { filter: Filter; from: number; to: number; newest: boolean }; answer: { total: number; rows: readonly Row[] } };
  find: { ask: { record: number }; answer: Row | null };
  pairs: { ask: { filter: Filter }; answer: readonly Pair[] };
  values: { ask: { filter: Filter; column: string; part: string }; answer: readonly Count[] };
  near: { ask: null; answer: readonly Near[] };
  windows: { ask: { analytic: string; record: number }; answer: readonly Window[] };
  records: { ask: { records: readonly number[] }; answer: readonly RawRecord[] };
  events: { ask: { records: readonly number[] }; answer: readonly Row[] };
  health: { ask: null; answer: Health };
  highest: { ask: null; answer: Highest };
  again: { ask: { config: string }; answer: { alerts: readonly Told[]; analytics: readonly string[]; milliseconds: number } };
  written: { ask: { layout: "json" | "ocsf" | "ecs"; alerts: readonly number[] }; answer: string };
  incidents: { ask: null; answer: Incidents };
  report: { ask: { title: string; alerts: readonly number[]; notes: Readonly<Record<string, string>>; about: readonly string[] }; answer: string };
  decide: { ask: { silences: string; marks: string }; answer: Decided };
  import: { ask: { text: string }; answer: Decided };
  silence: { ask: { silence: Silence }; answer: Decided };
  unsilence: { ask: { name: string }; answer: Decided };
  mark: { ask: { alert: string; is: Mark["is"] | null; note: string; at: string }; answer: Decided };
  grid: { ask: { config: string; analytic: string; axis: string }; answer: Grid };
  state: { ask: null; answer: Uint8Array<ArrayBuffer> };
  export: { ask: { filter: Filter; format: "csv" | "ndjson" }; answer: Blob };
}

export type Question = keyof Questions;

/** Reports of the worker without a question. */
export type News =
  | { readonly news: "survey"; readonly at: number; readonly of: number }
  | {
      readonly news: "read";
      readonly at: number;
      readonly of: number;
      readonly records: number;
      readonly bytes: number;
      readonly events: number;
      readonly alerts: readonly Told[];
      readonly done: boolean;
      readonly milliseconds: number;
    }
  | { readonly news: "explained" }
  | { readonly news: "failed"; readonly why: string };

export type FromWorker =
  | News
  | { readonly answer: number; readonly value: unknown }
  | { readonly answer: number; readonly error: string };

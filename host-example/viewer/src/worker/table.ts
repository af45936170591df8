// The events as a table: filters, facets, bars, rows. It counts and selects. The module decides what an event means.

import { FACETS, type Bars, type Count, type Filter, type Pair, type Row, type Summary } from "../protocol";
import type { Module } from "./module";

const NONE = 0xffff_ffff;
/** The number of values of a facet that are shown. */
const TOP = 6;
const FAILURE = new Set(["failure"]);
const SUCCESS = new Set(["success", "approved"]);

export class Table {
  readonly #module: Module;
  readonly #texts: readonly string[];
  readonly #numbers: readonly string[];
  readonly #analytics: readonly string[];
  /** The texts of each column by number, as far as they were requested. */
  readonly #dictionaries = new Map<string, string[]>();
  /** The rows in the order of time, and their times: exact below 2^53 microseconds, the year 2255. */
  #order = new Uint32Array(0);
  #times = new Float64Array(0);
  #cached: { key: string; rows: Uint32Array } | undefined;

  constructor(module: Module, texts: readonly string[], numbers: readonly string[], analytics: readonly string[]) {
    this.#module = module;
    this.#texts = texts;
    this.#numbers = numbers;
    this.#analytics = analytics;
  }

  /** Adds the events since the last call. */
  refresh(): void {
    const rows = this.#module.rows;
    if (rows === this.#times.length) return;
    for (const column of this.#texts) this.#dictionary(column);
    const words = new Uint32Array(this.#module.times().slice().buffer);
    const times = new Float64Array(rows);
    let sorted = true;
    for (let row = 0; row < rows; row++) {
      times[row] = (words[2 * row + 1]! | 0) * 4_294_967_296 + words[2 * row]!;
      sorted &&= row === 0 || times[row]! >= times[row - 1]!;
    }
    this.#times = times;
    this.#order = Uint32Array.from({ length: rows }, (_, row) => row);
    if (!sorted) this.#order.sort((a, b) => times[a]! - times[b]! || a - b);
    this.#cached = undefined;
  }

  #dictionary(column: string): string[] {
    let known = this.#dictionaries.get(column);
    if (!known) this.#dictionaries.set(column, (known = []));
    const more = this.#module.ask({ ask: "texts", column, from: known.length }) as string[];
    for (const text of more) known.push(text);
    return known;
  }

  #known(column: string): string[] {
    return this.#dictionaries.get(column) ?? [];
  }

  #column(name: string): Uint32Array {
    const place = this.#texts.indexOf(name);
    return this.#module.column(place >= 0 ? place : this.#texts.length + this.#numbers.indexOf(name));
  }

  /** Decides which numbers of a column a choice allows. The numbers of logon types mean themselves. */
  #allowed(column: string, only: readonly string[], not: readonly string[]): (number: number) => boolean {
    if (this.#numbers.includes(column)) {
      const numbers = (values: readonly string[]) => new Set(values.map((value) => (value === "" ? NONE : Number(value))));
      const [yes, no] = [numbers(only), numbers(not)];
      return (number) => !no.has(number) && (yes.size === 0 || yes.has(number));
    }
    const known = this.#known(column);
    const flags = new Uint8Array(known.length).fill(only.length === 0 ? 1 : 0);
    const [yes, no] = [new Set(only), new Set(not)];
    known.forEach((text, number) => {
      if (yes.has(text)) flags[number] = 1;
      if (no.has(text)) flags[number] = 0;
    });
    return (number) => flags[number] === 1;
  }

  /** A flag for each row that passes the filter, without its time and without the choice of one column. */
  #mask(filter: Filter, without: string | null): Uint8Array {
    const mask = new Uint8Array(this.#times.length).fill(1);
    for (const [column, { only, not }] of Object.entries(filter.facets)) {
      if (column === without || column === "analytic" || only.length + not.length === 0) continue;
      const [values, allowed] = [this.#column(column), this.#allowed(column, only, not)];
      for (let row = 0; row < mask.length; row++) if (!allowed(values[row]!)) mask[row] = 0;
    }
    const analytic = filter.facets["analytic"];
    if (analytic && without !== "analytic" && analytic.only.length + analytic.not.length > 0) {
      const bits = (ids: readonly string[]) => ids.reduce((all, id) => all | (1 << this.#analytics.indexOf(id)), 0);
      const [values, only, not] = [this.#column("analytics"), bits(analytic.only), bits(analytic.not)];
      for (let row = 0; row < mask.length; row++) {
        if ((only && !(values[row]! & only)) || values[row]! & not) mask[row] = 0;
      }
    }
    for (const word of filter.words) this.#search(word, mask);
    return mask;
  }

  /** A word has to be in one of the texts; `column:word` in that column; `-` before it means in none. */
  #search(asked: string, mask: Uint8Array): void {
    const negated = asked.startsWith("-");
    const plain = negated ? asked.slice(1) : asked;
    const colon = plain.indexOf(":");
    const named = colon > 0 && this.#texts.includes(plain.slice(0, colon));
    const columns = named ? [plain.slice(0, colon)] : this.#texts;
    const word = (named ? plain.slice(colon + 1) : plain).toLowerCase();
    if (word === "") return;
    const found = new Uint8Array(mask.length);
    for (const column of columns) {
      const hits = Uint8Array.from(this.#known(column), (text) => (text.toLowerCase().includes(word) ? 1 : 0));
      if (!hits.includes(1)) continue;
      const values = this.#column(column);
      for (let row = 0; row < found.length; row++) found[row]! |= hits[values[row]!]!;
    }
    for (let row = 0; row < mask.length; row++) if ((found[row] === 1) === negated) mask[row] = 0;
  }

  #within(filter: Filter, mask: Uint8Array): void {
    if (filter.from === null && filter.to === null) return;
    const from = filter.from === null ? -Infinity : Number(filter.from);
    const to = filter.to === null ? Infinity : Number(filter.to);
    const times = this.#times;
    for (let row = 0; row < mask.length; row++) if (times[row]! < from || times[row]! >= to) mask[row] = 0;
  }

  /** The outcomes in the colours of the bars: 1 failure, 2 success, 3 all others. */
  #classes(): Uint8Array {
    return Uint8Array.from(this.#known("outcome"), (text) => (FAILURE.has(text) ? 1 : SUCCESS.has(text) ? 2 : 3));
  }

  summary(filter: Filter, bars: number, from: bigint | null, to: bigint | null): Summary {
    this.refresh();
    const rows = this.#times.length;
    const counts = [0, 0, 0, 0];
    const open = this.#mask(filter, null);
    const outcomes = rows ? this.#column("outcome") : new Uint32Array(0);
    const weights = rows ? this.#column("count") : new Uint32Array(0);
    const classes = this.#classes();
    const span: readonly [bigint, bigint] | null = rows
      ? [BigInt(this.#times[this.#order[0]!]!), BigInt(this.#times[this.#order[rows - 1]!]!)]
      : null;
    const drawn = span && this.#bars(open, outcomes, weights, classes, bars, from ?? span[0], to ?? span[1] + 1n);
    const facets: Record<string, { top: Count[]; more: number }> = {};
    for (const [column] of FACETS) {
      const chosen = filter.facets[column];
      let mask = open;
      if (chosen && chosen.only.length + chosen.not.length > 0) mask = this.#mask(filter, column);
      mask = mask.slice();
      this.#within(filter, mask);
      facets[column] = this.#top(column, mask, [...(chosen?.only ?? []), ...(chosen?.not ?? [])]);
    }
    this.#within(filter, open);
    let events = 0;
    for (let row = 0; row < rows; row++) {
      if (open[row]) {
        events++;
        counts[classes[outcomes[row]!]!]! += weights[row]!;
      }
    }
    const [, failures = 0, successes = 0, challenges = 0] = counts;
    return { span, bars: drawn, events, failures, successes, challenges, facets };
  }

  #bars(
    mask: Uint8Array, outcomes: Uint32Array, weights: Uint32Array, classes: Uint8Array, most: number, from: bigint, to: bigint,
  ): Bars {
    const [width, start] = cells(from, to, most);
    const length = Number((to - start + width - 1n) / width) || 1;
    const all = [0, 0, 0].map(() => new Uint32Array(length));
    const [first, step] = [Number(start), Number(width)];
    for (let row = 0; row < mask.length; row++) {
      if (!mask[row]) continue;
      const bar = Math.floor((this.#times[row]! - first) / step);
      if (bar >= 0 && bar < length) all[classes[outcomes[row]!]! - 1]![bar]! += weights[row]!;
    }
    return { start, width, failures: all[0]!, successes: all[1]!, challenges: all[2]! };
  }

  #counts(column: string, mask: Uint8Array): Map<string, number> {
    const values = this.#column(column);
    const named = new Map<string, number>();
    if (this.#numbers.includes(column)) {
      for (let row = 0; row < mask.length; row++) {
        if (!mask[row] || values[row] === NONE) continue;
        const name = String(values[row]);
        named.set(name, (named.get(name) ?? 0) + 1);
      }
      return named;
    }
    const known = this.#known(column);
    const counts = new Uint32Array(known.length);
    for (let row = 0; row < mask.length; row++) if (mask[row]) counts[values[row]!]!++;
    counts.forEach((count, number) => count && number && named.set(known[number]!, count));
    return named;
  }

  #top(column: string, mask: Uint8Array, always: readonly string[]): { top: Count[]; more: number } {
    const counts = mask.length ? this.#counts(column, mask) : new Map<string, number>();
    const list = [...counts].map(([value, count]) => ({ value, count }));
    list.sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
    const top = list.slice(0, TOP);
    for (const value of always) {
      if (!top.some((one) => one.value === value)) top.push({ value, count: counts.get(value) ?? 0 });
    }
    return { top, more: Math.max(0, list.length - top.length) };
  }

  values(filter: Filter, column: string, part: string): Count[] {
    const mask = this.#mask(filter, column);
    this.#within(filter, mask);
    const wanted = part.toLowerCase();
    const list = [...this.#counts(column, mask)].map(([value, count]) => ({ value, count }));
    return list
      .filter(({ value }) => value.toLowerCase().includes(wanted))
      .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
      .slice(0, 500);
  }

  /** The rows that pass a filter, in the order of time. */
  #shown(filter: Filter): Uint32Array {
    this.refresh();
    const key = JSON.stringify(filter, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
    if (this.#cached?.key !== key) {
      const mask = this.#mask(filter, null);
      this.#within(filter, mask);
      this.#cached = { key, rows: this.#order.filter((row) => mask[row] === 1) };
    }
    return this.#cached.rows;
  }

  rows(filter: Filter, from: number, to: number, newest: boolean): { total: number; rows: Row[] } {
    const shown = this.#shown(filter);
    const rows: Row[] = [];
    for (let at = Math.max(0, from); at < Math.min(to, shown.length); at++) {
      rows.push(this.row(shown[newest ? shown.length - 1 - at : at]!));
    }
    return { total: shown.length, rows };
  }

  row(row: number): Row {
    const texts: Record<string, string> = {};
    for (const column of this.#texts) {
      const text = this.#known(column)[this.#column(column)[row]!];
      if (text) texts[column] = text;
    }
    const logon = this.#column("logon_type")[row]!;
    if (logon !== NONE) texts["logon_type"] = String(logon);
    const bits = this.#column("analytics")[row]!;
    return {
      row,
      time: this.#module.times()[row]!,
      record: this.#column("record")[row]!,
      line: this.#column("line")[row]!,
      count: this.#column("count")[row]!,
      texts,
      analytics: this.#analytics.filter((_, place) => bits & (1 << place)),
    };
  }

  /** The events of records, by their numbers. */
  events(records: readonly number[]): Row[] {
    this.refresh();
    const column = this.#column("record");
    return records.flatMap((record) => {
      let [low, high] = [0, column.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (column[middle]! < record) low = middle + 1;
        else high = middle;
      }
      return low < column.length && column[low] === record ? [this.row(low)] : [];
    });
  }

  /** The accounts and addresses with failures and logins. */
  pairs(filter: Filter): Pair[] {
    const shown = this.#shown(filter);
    const [users, addresses, outcomes] = ["user", "address", "outcome"].map((name) => this.#column(name));
    const [weights, classes, times] = [this.#column("count"), this.#classes(), this.#times];
    const pairs = new Map<number, { counts: number[]; first: number; last: number }>();
    for (const row of shown) {
      const key = users![row]! * 4_194_304 + addresses![row]!;
      let pair = pairs.get(key);
      if (!pair) pairs.set(key, (pair = { counts: [0, 0, 0, 0], first: times[row]!, last: times[row]! }));
      pair.counts[classes[outcomes![row]!]!]! += weights[row]!;
      pair.last = times[row]!;
    }
    const list = [...pairs].map(([key, { counts, first, last }]) => ({
      user: this.#known("user")[Math.floor(key / 4_194_304)]!,
      address: this.#known("address")[key % 4_194_304]!,
      failures: counts[1]!,
      successes: counts[2]!,
      challenges: counts[3]!,
      first: BigInt(first),
      last: BigInt(last),
    }));
    const both = (pair: Pair) => (pair.failures && pair.successes ? 1 : 0);
    list.sort((a, b) => both(b) - both(a) || b.failures - a.failures || b.successes - a.successes);
    return list.slice(0, 20_000);
  }

  /** All rows that pass a filter, as parts of a text. */
  *lines(filter: Filter, format: "csv" | "ndjson"): Generator<string> {
    const shown = this.#shown(filter);
    const columns = [...this.#texts.filter((name) => name !== "file"), "logon_type"];
    if (format === "csv") yield [...["time", "count"], ...columns, "analytics", "file", "line"].map(cell).join(",") + "\r\n";
    let part = "";
    for (const number of shown) {
      const row = this.row(number);
      const time = instant(row.time);
      if (format === "csv") {
        const texts = columns.map((name) => row.texts[name] ?? "");
        const place = [row.analytics.join(" "), row.texts["file"] ?? "", String(row.line)];
        part += [time, String(row.count), ...texts, ...place].map(cell).join(",") + "\r\n";
      } else {
        part += JSON.stringify({ time, count: row.count, ...row.texts, analytics: row.analytics, line: row.line }) + "\n";
      }
      if (part.length > 1 << 20) {
        yield part;
        part = "";
      }
    }
    yield part;
  }
}

/** A cell of CSV. A quote goes before `= + - @`, because a spreadsheet reads text that begins so as a formula. */
export function cell(text: string): string {
  const harmless = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) || harmless !== text ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** A time in RFC 3339, in UTC, with its microseconds. */
export function instant(time: bigint): string {
  const second = time / 1_000_000n - (time % 1_000_000n < 0n ? 1n : 0n);
  const date = new Date(Number(second) * 1000);
  if (Number.isNaN(date.getTime())) return String(time);
  const micros = time - second * 1_000_000n;
  const fraction = micros === 0n ? "" : `.${String(micros).padStart(6, "0").replace(/0{3}$/, "")}`;
  return date.toISOString().replace(".000Z", `${fraction}Z`);
}

const SECOND = 1_000_000n;
const WIDTHS = [1n, 2n, 5n, 10n, 15n, 30n, 60n, 120n, 300n, 600n, 900n, 1800n, 3600n, 7200n, 14_400n, 21_600n, 43_200n, 86_400n];

/** A round width of bars, so that there are at most `most`, and the start of the first bar. */
function cells(from: bigint, to: bigint, most: number): [bigint, bigint] {
  const span = to - from;
  const round = WIDTHS.find((width) => span <= width * SECOND * BigInt(most));
  const days = span / (86_400n * SECOND * BigInt(most)) + 1n;
  const width = (round ?? 86_400n * days) * SECOND;
  const rest = ((from % width) + width) % width;
  return [width, from - rest];
}

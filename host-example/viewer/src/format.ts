// Formats times, numbers and sizes for people.

const number = new Intl.NumberFormat("en");

export const count = (value: number): string => number.format(value);

export const plural = (value: number, one: string, many = `${one}s`): string => `${count(value)} ${value === 1 ? one : many}`;

export function size(bytes: number): string {
  const units = ["B", "KB", "MB", "GB"];
  let unit = 0;
  while (bytes >= 1000 && unit < units.length - 1) [bytes, unit] = [bytes / 1000, unit + 1];
  return `${bytes >= 100 || unit === 0 ? Math.round(bytes) : bytes.toFixed(1)} ${units[unit]}`;
}

/** A time zone: `UTC`, `local`, or a name. */
export type Zone = string;

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: Zone, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = zone + JSON.stringify(options);
  let known = formats.get(key);
  if (!known) {
    const timeZone = zone === "local" ? {} : { timeZone: zone };
    formats.set(key, (known = new Intl.DateTimeFormat("en-GB", { ...options, ...timeZone, hourCycle: "h23" })));
  }
  return known;
}

/** Milliseconds since 1970, for dates only. */
export const millis = (time: bigint): number => Number(time / 1000n);

function shown(time: bigint, zone: Zone, options: Intl.DateTimeFormatOptions): string {
  const at = millis(time);
  return Math.abs(at) > 8.64e15 ? String(time) : format(zone, options).format(at);
}

export const clock = (time: bigint, zone: Zone): string =>
  shown(time, zone, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export const hourMinute = (time: bigint, zone: Zone): string => shown(time, zone, { hour: "2-digit", minute: "2-digit" });

export const day = (time: bigint, zone: Zone): string =>
  shown(time, zone, { day: "numeric", month: "short", year: "numeric" });

export const shortDay = (time: bigint, zone: Zone): string => shown(time, zone, { day: "numeric", month: "short" });

/** Day and time. */
export const moment = (time: bigint, zone: Zone): string => `${shortDay(time, zone)} ${clock(time, zone)}`;

/** A span in the format of options: `15m`, `2m 42s`. */
export function span(micros: bigint): string {
  if (micros < 0n) return `-${span(-micros)}`;
  const seconds = micros / 1_000_000n;
  if (seconds === 0n) return `${micros / 1000n}ms`;
  const parts: string[] = [];
  let rest = seconds;
  for (const [unit, length] of [["d", 86_400n], ["h", 3600n], ["m", 60n], ["s", 1n]] as const) {
    if (rest >= length && parts.length < 2) parts.push(`${rest / length}${unit}`);
    else if (parts.length) break;
    rest %= length;
  }
  return parts.join(" ");
}

/** The microseconds of a span in the format of options, for drawing. */
export function micros(text: unknown): bigint | null {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(typeof text === "string" ? text.trim() : "");
  if (!match) return null;
  const unit = { ms: 1e3, s: 1e6, m: 6e7, h: 3.6e9, d: 8.64e10 }[match[2] as "s"];
  return BigInt(Math.round(Number(match[1]) * unit));
}

export const titleCase = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1);

/** The microseconds of a time in the format of alerts. */
export function instantOf(text: string): bigint {
  const match = /^(.*?)(?:\.(\d+))?Z$/.exec(text);
  return BigInt(Date.parse(`${match?.[1]}Z`)) * 1000n + BigInt((match?.[2] ?? "").padEnd(6, "0").slice(0, 6));
}

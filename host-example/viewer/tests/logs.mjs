// The logs of the tests. They are written here, so that each asserted value comes from a file of the test.

import { closeSync, openSync, writeSync } from "node:fs";

const two = (n) => String(n).padStart(2, "0");
const at = (seconds) => `2026-03-04T${two(8 + Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}+00:00`;

/** A line of sshd. */
const line = (seconds, pid, text, host = "web1") => `${at(seconds)} ${host} sshd[${pid}]: ${text}`;
export const failed = (seconds, pid, user, address, host) => line(seconds, pid, `Failed password for ${user} from ${address} port 50000 ssh2`, host);
export const accepted = (seconds, pid, user, address, host) => line(seconds, pid, `Accepted password for ${user} from ${address} port 50000 ssh2`, host);

export const HOSTILE = '<img src=x onerror="window.__hit=1">';
export const FORMULA = "=cmd|'/c calc'!A1";

/** `carol` logs in after six failures, `dave` has three of five failures, `erin` is too late. Some names look like markup. */
export function auth() {
  const lines = [];
  let pid = 100;
  for (let i = 0; i < 6; i++) lines.push(failed(i * 30, pid++, "carol", "203.0.113.9"));
  lines.push(accepted(200, pid++, "carol", "203.0.113.9"));
  for (let i = 0; i < 3; i++) lines.push(failed(400 + i * 10, pid++, "dave", "192.0.2.44"));
  lines.push(accepted(440, pid++, "dave", "192.0.2.44"));
  for (let i = 0; i < 5; i++) lines.push(failed(600 + i * 10, pid++, "erin", "192.0.2.61"));
  lines.push(accepted(640 + 612, pid++, "erin", "192.0.2.61"));
  for (let i = 0; i < 7; i++) lines.push(failed(1500 + i * 5, pid++, HOSTILE, "198.51.100.7"));
  lines.push(accepted(1540, pid++, HOSTILE, "198.51.100.7"));
  lines.push(failed(1600, pid++, FORMULA, "198.51.100.8"));
  for (let i = 0; i < 300; i++) lines.push(accepted(1700 + i * 20, pid++, `user${i % 17}`, `10.0.0.${i % 40}`, `web${i % 5}`));
  return lines.join("\n") + "\n";
}

/**
 * One address gets into the accounts of `carol` and `erin`, and goes on with `carol`. Another address gets in as `frank`.
 * `gina` has three failures and a login.
 */
export function incident() {
  const lines = [];
  let pid = 100;
  const guessed = (from, count, login, user, address) => {
    for (let i = 0; i < count; i++) lines.push(failed(from + i * 20, pid++, user, address));
    lines.push(accepted(login, pid++, user, address));
  };
  guessed(0, 6, 200, "carol", "203.0.113.9");
  guessed(240, 5, 360, "erin", "203.0.113.9");
  for (let i = 0; i < 60; i++) lines.push(failed(480 + i, pid++, "carol", "203.0.113.9"));
  guessed(3600, 5, 3720, "frank", "198.51.100.20");
  guessed(4000, 3, 4080, "gina", "192.0.2.99");
  for (let i = 0; i < 40; i++) lines.push(accepted(5000 + i * 20, pid++, `user${i % 17}`, `10.0.0.${i % 40}`, `web${i % 5}`));
  return lines.join("\n") + "\n";
}

/** The log of another host, whose times overlap with those of `auth`. */
export function other() {
  const lines = [];
  for (let i = 0; i < 5; i++) lines.push(failed(2000 + i * 60, 900 + i, "backup", "203.0.113.77", "db1"));
  lines.push(accepted(2400, 990, "backup", "203.0.113.77", "db1"));
  return lines.join("\n") + "\n";
}

/** Writes many records in pieces. `share` percent of them are from sshd. Returns the number of records. */
export function large(path, megabytes, share) {
  const records = megabytes * 9_600;
  const file = openSync(path, "w");
  let part = [];
  for (let i = 0; i < records; i++) {
    const second = Math.floor((i * 50_000) / records);
    if (i % 100 >= share) part.push(`${at(second)} web1 nginx[7]: 10.0.0.${i % 250} "GET /index.html?page=${i}" 200 ${i % 977} "Mozilla/5.0 (X11; Linux x86_64)"\n`);
    else if (i % 3 === 0) part.push(failed(second, 1000 + (i % 30_000), `user${i % 5000}`, `198.51.${i % 250}.${i % 240}`) + "\n");
    else part.push(accepted(second, 1000 + (i % 30_000), `user${i % 5000}`, `10.1.${i % 250}.${i % 240}`) + "\n");
    if (part.length === 100_000 || i + 1 === records) {
      writeSync(file, part.join(""));
      part = [];
    }
  }
  closeSync(file);
  return records;
}

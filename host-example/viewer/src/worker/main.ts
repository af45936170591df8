// The worker: reads the files in steps, and answers questions of the page between them.

import { instantOf } from "../format";
import type { Alert, Analytic, Decided, Filter, FromWorker, Grid, Incident, Near, News, Place, Point, Question, Questions, Row, Told, Window } from "../protocol";
import light from "../generated/light.js";
import { Module } from "./module";
import { Table } from "./table";

/** The number of bytes of a file that are read at once. */
const AHEAD = 4 << 20;
/** The number of bytes of records that are judged before the page may ask something. */
const STEP = 2 << 20;
/** The shortest time between two reports, in milliseconds. */
const PATIENCE = 100;

interface Progress {
  readonly done: boolean;
  readonly at: number;
  readonly of: number;
  readonly records: number;
  readonly bytes: number;
  readonly events: number;
  readonly alerts: readonly { readonly json: string; readonly login: boolean; readonly number: number | null; readonly silence: string | null; readonly origin: Place | null; readonly evidence: readonly (Place | null)[] }[];
}

const post = (message: FromWorker) => postMessage(message);
const tell = (news: News) => post(news);
const turn = () => new Promise<void>((done) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => done();
  port2.postMessage(null);
});

let files: readonly File[] = [];
let sizes = 0;
let ahead = { file: -1, at: 0, bytes: new Uint8Array(0) };
let passed = 0;
let told = 0;
let reading = false;
let survey = true;

function read(file: number, at: number, length: number): Uint8Array {
  const blob = files[file];
  if (!blob) throw new RangeError("no such file");
  if (file !== ahead.file || at < ahead.at || at >= ahead.at + ahead.bytes.length) {
    const bytes = new Uint8Array(new FileReaderSync().readAsArrayBuffer(blob.slice(at, at + Math.max(AHEAD, length))));
    ahead = { file, at, bytes };
    passed += bytes.length;
    if (survey && performance.now() - told > PATIENCE) {
      told = performance.now();
      tell({ news: "survey", at: Math.min(passed, sizes), of: sizes });
    }
  }
  return ahead.bytes.subarray(at - ahead.at, at - ahead.at + length);
}

let module = new Module(light, read);
let isFull = false;
const { analytics, texts, numbers } = module.ask({ ask: "describe" }) as {
  analytics: (Omit<Analytic, "schema"> & { schema: string })[];
  texts: string[];
  numbers: string[];
};
const described: readonly Analytic[] = analytics.map((one) => ({ ...one, schema: JSON.parse(one.schema) as Analytic["schema"] }));
const fresh = () => new Table(module, texts, numbers, described.map(({ id }) => id));
let table = fresh();

/** True if a file is compressed or is no text. Such files need the full module, because they may hold any format. */
function needsFull(file: File): boolean {
  const head = new Uint8Array(new FileReaderSync().readAsArrayBuffer(file.slice(0, 512)));
  const marks = ["1f8b", "28b52ffd", "425a68", "fd377a58", "504b"];
  const hex = [...head.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return head.includes(0) || marks.some((mark) => hex.startsWith(mark)) || /^5.2a4d18/.test(hex);
}

/** The full module reads faster, which matters for this number of bytes and more. */
const LARGE = 32 << 20;

/** Loads the full module if a file needs it. */
async function fit(): Promise<void> {
  if (isFull || (sizes < LARGE && !files.some(needsFull))) return;
  module = new Module((await import("../generated/full.js")).default, read);
  isFull = true;
  module.ask({ ask: "decide", ...desk });
}

function tellOf({ alerts }: Progress): Told[] {
  return alerts.map(({ json, login, number, silence, origin, evidence }) => {
    const alert = JSON.parse(json) as Alert;
    return { json, alert, login, number, silence, origin, evidence, time: instantOf(alert.time) };
  });
}

/** The files of the desk, for a module that takes the place of another. */
let desk: Decided["files"] = { silences: "", marks: "" };

function decide(question: Record<string, unknown>): Decided {
  const decided = module.ask(question) as Decided;
  desk = decided.files;
  return decided;
}

let run = 0;

async function readAll(mine: number): Promise<void> {
  const begun = performance.now();
  let alerts: Told[] = [];
  for (;;) {
    const progress = module.ask({ ask: reading ? "step" : "end", bytes: STEP }) as Progress;
    survey = false;
    alerts.push(...tellOf(progress));
    if (progress.done || performance.now() - told > PATIENCE) {
      told = performance.now();
      const { at, of, records, bytes, events, done } = progress;
      tell({ news: "read", at, of, records, bytes, events, alerts, done, milliseconds: told - begun });
      alerts = [];
    }
    if (progress.done) break;
    await turn();
    if (mine !== run) return;
  }
  reading = false;
  for (;;) {
    const { done } = module.ask({ ask: "explain", batches: 4 }) as { done: boolean };
    if (done) break;
    await turn();
    if (mine !== run) return;
  }
  tell({ news: "explained" });
}

const bigints = <T extends { time: bigint }>(list: readonly unknown[]): T[] =>
  (list as (Omit<T, "time"> & { time: string })[]).map((one) => ({ ...one, time: BigInt(one.time) }) as unknown as T);

type Answers = { [Q in Question]: (ask: Questions[Q]["ask"]) => Questions[Q]["answer"] | Promise<Questions[Q]["answer"]> };

const answers: Answers = {
  describe: () => described,
  open: async ({ files: given, config, received }) => {
    files = given;
    sizes = files.reduce((all, file) => all + file.size, 0);
    ahead = { file: -1, at: 0, bytes: new Uint8Array(0) };
    [passed, told, survey] = [0, performance.now(), true];
    await fit();
    const seed = [...crypto.getRandomValues(new Uint32Array(2))].map((half) => half.toString(16).padStart(8, "0")).join("");
    module.ask({
      ask: "open",
      files: files.map((file, number) => ({
        number,
        name: file.webkitRelativePath || file.name,
        size: file.size,
        written: file.lastModified ? String(BigInt(file.lastModified) * 1000n) : null,
      })),
      config,
      received: String(received),
      seed,
    });
    table = fresh();
    reading = true;
    const mine = ++run;
    setTimeout(() => readAll(mine).catch(failed), 0);
    return null;
  },
  stop: () => {
    reading = false;
    return null;
  },
  summary: ({ filter, bars, from, to }) => table.summary(filter, bars, from, to),
  rows: ({ filter, from, to, newest }) => table.rows(filter, from, to, newest),
  find: ({ record }) => table.events([record])[0] ?? null,
  events: ({ records }): Row[] => table.events(records),
  pairs: ({ filter }) => table.pairs(filter),
  values: ({ filter, column, part }) => table.values(filter, column, part),
  near: () => bigints<Near>(module.ask({ ask: "near" }) as unknown[]),
  windows: ({ analytic, record }) =>
    (module.ask({ ask: "windows", analytic, record }) as Window[]).map((window) => ({
      ...window,
      points: bigints<Point>(window.points),
    })),
  records: ({ records }) => module.ask({ ask: "records", records }) as Questions["records"]["answer"],
  health: () => module.ask({ ask: "health" }) as Questions["health"]["answer"],
  highest: () => module.ask({ ask: "highest" }) as Questions["highest"]["answer"],
  again: async ({ config }) => {
    const begun = performance.now();
    const { analytics } = module.ask({ ask: "judge_again", config }) as { analytics: string[] };
    const mine = ++again;
    const alerts: Told[] = [];
    for (;;) {
      const progress = module.ask({ ask: "again", batches: 8 }) as Progress;
      alerts.push(...tellOf(progress));
      if (progress.done) return { alerts, analytics, milliseconds: performance.now() - begun };
      await turn();
      if (mine !== again) throw new Error("superseded");
    }
  },
  incidents: () => {
    const { headline, incidents } = module.ask({ ask: "incidents" }) as { headline: string; incidents: Written[] };
    return { headline, incidents: incidents.map(incidentOf) };
  },
  report: ({ title, alerts, notes, about }) => module.ask({ ask: "report", title, alerts, notes, about }) as string,
  decide: ({ silences, marks }) => decide({ ask: "decide", silences, marks }),
  import: ({ text }) => decide({ ask: "import", text }),
  silence: ({ silence }) => decide({ ask: "silence", silence }),
  unsilence: ({ name }) => decide({ ask: "unsilence", name }),
  mark: ({ alert, is, note, at }) => decide({ ask: "mark", alert, is, note, at }),
  grid: async ({ config, analytic, axis }) => {
    const begun = performance.now();
    module.ask({ ask: "judge_grid", config, analytic, axis });
    const mine = ++gridding;
    for (;;) {
      const { done } = module.ask({ ask: "grid", batches: 2 }) as { done: boolean };
      if (done) break;
      await turn();
      if (mine !== gridding) throw new Error("superseded");
    }
    const grid = module.ask({ ask: "table" }) as Grid | null;
    if (!grid) throw new Error("superseded");
    return { ...grid, milliseconds: performance.now() - begun };
  },
  written: ({ layout, alerts }) => module.ask({ ask: "written", layout, alerts }) as string,
  state: () => {
    const hex = module.ask({ ask: "state" }) as string;
    return Uint8Array.from({ length: hex.length / 2 }, (_, at) => parseInt(hex.slice(2 * at, 2 * at + 2), 16));
  },
  export: ({ filter, format }: { filter: Filter; format: "csv" | "ndjson" }) =>
    new Blob([...table.lines(filter, format)], { type: format === "csv" ? "text/csv" : "application/x-ndjson" }),
};

let again = 0;
let gridding = 0;

/** An incident in the format of the module, whose times are texts. */
type Written = Omit<Incident, "first" | "last" | "fell" | "story"> & {
  readonly first_seen: string;
  readonly last_seen: string;
  readonly fell: readonly { readonly user: string; readonly time: string; readonly src_ip: string | null }[];
  readonly story: readonly (Omit<Incident["story"][number], "time"> & { readonly time: string })[];
};

function incidentOf({ first_seen, last_seen, fell, story, ...rest }: Written): Incident {
  return {
    ...rest,
    first: instantOf(first_seen),
    last: instantOf(last_seen),
    fell: fell.map((one) => ({ ...one, time: instantOf(one.time) })),
    story: story.map((one) => ({ ...one, time: instantOf(one.time) })),
  };
}

function failed(error: unknown): void {
  const words = error instanceof Error ? error.message : String(error);
  const trap = error instanceof WebAssembly.RuntimeError;
  tell({ news: "failed", why: trap ? `the module stopped: ${words}` : words });
}

onmessage = async ({ data }: MessageEvent<{ number: number; question: Question; ask: never }>) => {
  const { number, question, ask } = data;
  try {
    post({ answer: number, value: await answers[question](ask) });
  } catch (error) {
    post({ answer: number, error: error instanceof Error ? error.message : String(error) });
  }
};

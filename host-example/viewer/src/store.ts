// Stars and notes, by the hash of the file, and the files of the desk: silences and dispositions. The browser stores them.

import { createEffect, createRoot, on } from "solid-js";
import { alertOf, alerts, decided, files, marks, phase, restore, setMarks, type Notes } from "./state";

type Marks = Readonly<Record<string, Notes>>;

/** A file is known by its size, its first and its last mebibyte. So a file of a gigabyte is known at once. */
const END = 1 << 20;

async function hash(file: File): Promise<string> {
  const ends = new Blob([String(file.size), "\n", file.slice(0, END), file.slice(Math.max(END, file.size - END))]);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await ends.arrayBuffer()));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const hashes = new WeakMap<File, Promise<string>>();

/** The hash of the file of an alert. A file in an archive has the hash of the archive. */
function hashOf(id: string): Promise<string> | null {
  const name = alertOf(id)?.origin?.file ?? "";
  const named = (file: File) => file.webkitRelativePath || file.name;
  const file = files().find((one) => named(one) === name) ?? files().find((one) => name.startsWith(named(one)));
  if (!file) return null;
  let known = hashes.get(file);
  if (!known) hashes.set(file, (known = hash(file)));
  return known;
}

function database(): Promise<IDBDatabase> {
  return new Promise((done, failed) => {
    const request = indexedDB.open("authsieve", 2);
    request.onupgradeneeded = () => {
      const base = request.result;
      for (const name of base.objectStoreNames) base.deleteObjectStore(name);
      base.createObjectStore("notes");
      base.createObjectStore("desk");
    };
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
}

const answered = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });

/** Reads the stored data, and stores changes. Without a database nothing is stored, and all else works. */
export async function keep(): Promise<void> {
  const base = await database().catch(() => null);
  if (!base) return;
  const store = (name: string, mode: IDBTransactionMode) => base.transaction(name, mode).objectStore(name);
  const known = (await answered(store("desk", "readonly").get("files"))) as { silences: string; marks: string } | undefined;
  if (known) await restore(known);
  /** The hashes whose notes were read. Only these are written, so that nothing stored is lost. */
  const read = new Set<string>();
  async function load(): Promise<void> {
    const all = new Set(await Promise.all(alerts().flatMap(({ alert }) => hashOf(alert.id) ?? [])));
    for (const key of all) {
      const notes = (await answered(store("notes", "readonly").get(key))) as Marks | undefined;
      if (notes) setMarks((own) => ({ ...notes, ...own }));
      read.add(key);
    }
  }
  async function save(): Promise<void> {
    const byFile = new Map<string, Marks>();
    for (const [id, mark] of Object.entries(marks())) {
      const key = await hashOf(id);
      if (key && read.has(key)) byFile.set(key, { ...byFile.get(key), [id]: mark });
    }
    for (const [key, notes] of byFile) store("notes", "readwrite").put(notes, key);
  }
  createRoot(() => {
    createEffect(on(files, () => read.clear()));
    createEffect(on(phase, (now) => now === "ready" && void load().catch(() => undefined)));
    createEffect(on(marks, () => void save().catch(() => undefined), { defer: true }));
    createEffect(on(() => decided().files, (texts) => store("desk", "readwrite").put({ ...texts }, "files"), { defer: true }));
  });
}

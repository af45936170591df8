// Stars and notes. The browser stores them by the id of the alert, which is a hash of its content.

import { createEffect, createRoot } from "solid-js";
import { reconcile, unwrap } from "solid-js/store";
import { marks, setMarks } from "./state";

function database(): Promise<IDBDatabase> {
  return new Promise((done, failed) => {
    const request = indexedDB.open("authsieve", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("marks");
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
}

/** Reads the stored data, and stores changes. Without a database nothing is stored, and all else works. */
export async function keep(): Promise<void> {
  const base = await database().catch(() => null);
  if (!base) return;
  const store = (mode: IDBTransactionMode) => base.transaction("marks", mode).objectStore("marks");
  const known = store("readonly").get("all");
  known.onsuccess = () => {
    if (known.result) setMarks(reconcile(known.result as Record<string, object>));
    createRoot(() => {
      createEffect(() => {
        const all = JSON.parse(JSON.stringify(marks)) as typeof marks;
        store("readwrite").put(unwrap(all), "all");
      });
    });
  };
}

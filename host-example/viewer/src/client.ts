// The worker, as functions that return promises.

import type { FromWorker, News, Question, Questions } from "./protocol";

interface Waiting {
  readonly done: (value: never) => void;
  readonly failed: (error: Error) => void;
}

export class Client {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 1;

  constructor(news: (news: News) => void) {
    this.#worker = new Worker(new URL("./worker/main.ts", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if ("news" in data) return news(data);
      const waiting = this.#waiting.get(data.answer);
      this.#waiting.delete(data.answer);
      if ("error" in data) waiting?.failed(new Error(data.error));
      else waiting?.done(data.value as never);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      news({ news: "failed", why: event.message || "the worker could not be started" });
    };
  }

  ask<Q extends Question>(question: Q, ask: Questions[Q]["ask"]): Promise<Questions[Q]["answer"]> {
    const number = this.#next++;
    return new Promise((done, failed) => {
      this.#waiting.set(number, { done, failed });
      this.#worker.postMessage({ number, question, ask });
    });
  }

  /** Ends the worker at once. */
  end(): void {
    this.#worker.terminate();
    for (const { failed } of this.#waiting.values()) failed(new Error("stopped"));
    this.#waiting.clear();
  }
}

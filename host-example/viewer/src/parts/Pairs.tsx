// Accounts × addresses: who failed and who logged in, from where.

import { createEffect, createMemo, createSignal, on, Show, type JSX } from "solid-js";
import { clock, count, moment, plural } from "../format";
import type { Pair } from "../protocol";
import { ask, choose, filter, setTab, summary, version, zone } from "../state";
import { Icon } from "./Icon";
import { Name, Plain } from "./Text";
import { Virtual } from "./Virtual";

type Way = "user" | "address";
type Line = { readonly head: string; readonly pairs: readonly Pair[] } | { readonly pair: Pair };

export function Pairs(): JSX.Element {
  const [pairs, setPairs] = createSignal<readonly Pair[]>([]);
  const [way, setWay] = createSignal<Way>("user");
  createEffect(on([filter, version], () => {
    void ask("pairs", { filter: filter() }).then(setPairs, () => undefined);
  }));
  const lines = createMemo<Line[]>(() => {
    const groups = new Map<string, Pair[]>();
    for (const pair of pairs()) {
      const group = groups.get(pair[way()]);
      if (group) group.push(pair);
      else groups.set(pair[way()], [pair]);
    }
    return [...groups].flatMap(([head, pairs]) => [{ head, pairs }, ...pairs.map((pair) => ({ pair }))]);
  });
  const sum = (pairs: readonly Pair[], what: "failures" | "successes" | "challenges") => pairs.reduce((all, pair) => all + pair[what], 0);
  const time = (at: bigint) => {
    const ends = summary()?.span;
    return ends && ends[1] - ends[0] > 80_000_000_000n ? moment(at, zone()) : clock(at, zone());
  };
  const other = () => (way() === "user" ? "address" : "user");
  const go = (value: string, column: Way) => {
    choose(column, value, "only");
    setTab("events");
  };
  return (
    <>
      <div class="filters">
        <span class="dim cut grow">{plural(pairs().length, "pair")} of account and address. Those that failed and got in come first.</span>
        <span class="seg" role="group" aria-label="Grouped by">
          <button aria-pressed={way() === "user"} onClick={() => setWay("user")}>By account</button>
          <button aria-pressed={way() === "address"} onClick={() => setWay("address")}>By address</button>
        </span>
      </div>
      <div class="prow ehead">
        <span>{way() === "user" ? "Account, from" : "Address, on"}</span><span class="num">Failures</span><span class="num">Got in</span>
        <span class="num hide-s">Challenges</span><span class="hide-s">First</span><span>Last, {zone()}</span>
      </div>
      <Virtual count={lines().length} height={() => 28} label="Accounts and addresses">
        {(at) => {
          const line = lines()[at];
          if (!line) return null;
          if ("head" in line) {
            return (
              <div class="prow phead" role="listitem">
                <button class="cut plain" onClick={() => go(line.head, way())}>
                  <Show when={way() === "user"} fallback={<Plain text={line.head || "no address"} />}><Name text={line.head} none="no account" /></Show>
                  <span class="dimmer"> {count(line.pairs.length)}</span>
                </button>
                <span class="num c-fail b">{some(sum(line.pairs, "failures"))}</span>
                <span class="num c-ok b">{some(sum(line.pairs, "successes"))}</span>
                <span class="num c-chal hide-s">{some(sum(line.pairs, "challenges"))}</span>
                <span class="hide-s" /><span />
              </div>
            );
          }
          const { pair } = line;
          return (
            <div class="prow" role="listitem">
              <button class="cut plain inner" onClick={() => { choose(way(), pair[way()], "only"); go(pair[other()], other()); }}>
                <Show when={way() === "address"} fallback={<Plain text={pair.address || "no address"} />}><Name text={pair.user} none="no account" /></Show>
                <Show when={pair.failures && pair.successes}><span class="got"> <Icon name="got" small /></span></Show>
              </button>
              <span class="num">{some(pair.failures)}</span><span class="num">{some(pair.successes)}</span>
              <span class="num hide-s">{some(pair.challenges)}</span><span class="dim hide-s">{time(pair.first)}</span><span class="dim">{time(pair.last)}</span>
            </div>
          );
        }}
      </Virtual>
    </>
  );
}

const some = (value: number): string => (value ? count(value) : "·");

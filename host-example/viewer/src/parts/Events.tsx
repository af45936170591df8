// All events, row by row. Each cell can be added to the filter, excluded, or shown as a column.

import { createEffect, createSignal, For, on, Show, type JSX } from "solid-js";
import { clock, count, moment, titleCase } from "../format";
import type { Row } from "../protocol";
import { ask, choose, filter, selected, setFilter, setSelected, summary, version, zone } from "../state";
import { Filters } from "./Alerts";
import { Outcome } from "./Badges";
import { Icon } from "./Icon";
import { Name, Plain } from "./Text";
import { Virtual, type Handle } from "./Virtual";

const TITLES: Record<string, string> = {
  user: "User", address: "From", host: "Host", service: "Service", method: "By", reason: "Reason", reason_text: "Why", domain: "Domain",
  user_agent: "User agent", application: "Application", device: "Device", tty: "Terminal", os: "System", shape: "Shape",
  provider: "Source", logon_type: "Logon type",
};
const [columns, setColumns] = createSignal<readonly string[]>(["user", "address", "host", "service", "reason"]);
const PAGE = 100;

export let events: Handle | undefined;

export function Events(): JSX.Element {
  const [total, setTotal] = createSignal(0);
  const [newest, setNewest] = createSignal(false);
  const pages = new Map<number, readonly Row[]>();
  const [loaded, setLoaded] = createSignal(0);
  const asked = new Set<number>();
  let generation = 0;

  async function load(page: number): Promise<void> {
    if (asked.has(page)) return;
    asked.add(page);
    const mine = generation;
    const answer = await ask("rows", { filter: filter(), from: page * PAGE, to: (page + 1) * PAGE, newest: newest() }).catch(() => null);
    if (!answer || mine !== generation) return;
    pages.set(page, answer.rows);
    setTotal(answer.total);
    setLoaded(loaded() + 1);
  }
  createEffect(on([filter, version, newest], () => {
    generation++;
    pages.clear();
    asked.clear();
    void load(0);
  }));
  const row = (at: number): Row | undefined => {
    loaded();
    return pages.get(Math.floor(at / PAGE))?.[at % PAGE];
  };
  const template = () => ({ "grid-template-columns": `${far() ? "112px" : "62px"} 84px ${columns().map((name) => (name === "user" || name === "address" ? "minmax(64px, 1.5fr)" : "minmax(44px, 1fr)")).join(" ")} 62px` });
  const far = () => {
    const ends = summary()?.span;
    return ends && ends[1] - ends[0] > 80_000_000_000n;
  };
  const shows = (row: Row) => (far() ? moment(row.time, zone()) : clock(row.time, zone()));
  return (
    <>
      <Filters />
      <div class="ehead erow" style={template()}>
        <button class="sorter" onClick={() => setNewest(!newest())}>Time, {zone()}<Icon name={newest() ? "down" : "up"} small /></button>
        <span>Outcome</span>
        <For each={columns()}>
          {(name) => (
            <span class="cut">
              {TITLES[name]}
              <button class="mini-x" aria-label={`Take away the column ${TITLES[name]}`} onClick={() => setColumns(columns().filter((one) => one !== name))}><Icon name="x" small /></button>
            </span>
          )}
        </For>
        <span class="num">
          <button class="btn btn-tiny" popovertarget="columns" aria-label="More columns"><Icon name="tune" small />More</button>
        </span>
        <div id="columns" popover class="menu">
          <For each={Object.entries(TITLES)}>
            {([name, title]) => (
              <label class="menu-row">
                <input type="checkbox" checked={columns().includes(name)} onChange={(event) => setColumns(event.currentTarget.checked ? [...columns(), name] : columns().filter((one) => one !== name))} />
                {title}
              </label>
            )}
          </For>
        </div>
      </div>
      <Show when={total() > 0} fallback={<div class="scroll pad"><div class="none"><p class="t-15">No event matches</p><p class="dim">Nothing in the files fits these filters and this time.</p></div></div>}>
        <Virtual
          count={total()} height={() => 28} label={`${count(total())} events`} role="list" handle={(handle) => (events = handle)}
          range={(from, to) => { for (let page = Math.floor(from / PAGE); page <= Math.floor((to - 1) / PAGE); page++) void load(page); }}
        >
          {(at) => (
            <Show when={row(at)} fallback={<div class="erow dimmer" role="listitem">…</div>} keyed>
              {(row) => {
                const on = () => { const current = selected(); return current?.kind === "event" && current.row.row === row.row; };
                return (
                  <div class={`erow ${on() ? "on" : ""}`} role="listitem" style={template()} onClick={() => setSelected({ kind: "event", row })}>
                    <button class="erow-open" aria-label={`Open the event of ${shows(row)}`}>{shows(row)}</button>
                    <Cell column="outcome" value={row.texts["outcome"] ?? ""}><Outcome of={row.texts["outcome"] ?? ""} /></Cell>
                    <For each={columns()}>
                      {(name) => (
                        <Cell column={name} value={row.texts[name] ?? ""}>
                          <Show when={name === "user" || name === "host" || name === "user_agent" || name === "device"} fallback={<Plain text={row.texts[name] ?? ""} />}>
                            <Name text={row.texts[name]} none="" />
                          </Show>
                        </Cell>
                      )}
                    </For>
                    <span class="num mono dimmer cut">:{row.line}</span>
                  </div>
                );
              }}
            </Show>
          )}
        </Virtual>
      </Show>
    </>
  );
}

function Cell(props: { readonly column: string; readonly value: string; readonly children: JSX.Element }): JSX.Element {
  return (
    <span class="ecell">
      <span class="cut">{props.children}</span>
      <Show when={props.value}>
        <span class="pm">
          <button aria-label={`Only this ${titleCase(props.column)}`} onClick={(event) => { event.stopPropagation(); choose(props.column, props.value, "only"); }}><Icon name="plus" small /></button>
          <button aria-label={`Not this ${titleCase(props.column)}`} onClick={(event) => { event.stopPropagation(); choose(props.column, props.value, "not"); }}><Icon name="minus" small /></button>
        </span>
      </Show>
    </span>
  );
}

/** Shows the events around a time, over all sources. */
export function around(time: bigint, minutes: number): void {
  const by = BigInt(minutes) * 60_000_000n;
  setFilter({ from: time - by, to: time + by + 1n, facets: {}, words: [] });
}

// The page: the layout of its parts, and the actions of keys.

import { createEffect, createSignal, For, Match, onCleanup, onMount, Show, Switch, type JSX } from "solid-js";
import { count, plural } from "./format";
import { Alerts } from "./parts/Alerts";
import { DeskDialog, SilenceDialog } from "./parts/Decisions";
import { Detail, eventsOf, setWindowAt, step, windowAt } from "./parts/Detail";
import { choose, Empty, Inputs, Paste } from "./parts/Empty";
import { Events } from "./parts/Events";
import { Facets } from "./parts/Facets";
import { Health, notes } from "./parts/Health";
import { Icon } from "./parts/Icon";
import { NearMisses } from "./parts/NearMisses";
import { Pairs } from "./parts/Pairs";
import { move, reset, Strip, zoom } from "./parts/Strip";
import { Progress, Top } from "./parts/Top";
import { Tuning } from "./parts/Tuning";
import { dropped } from "./dropped";
import { copyLink } from "./link";
import {
  alerts, facetsOpen, files, grouped, mark, marks, near, open, phase, said, say, selected, setFacetsOpen, setGrouped, setRaw, raw, setSelected, setTab, setTuning, setZone,
  shownAlerts, shownNear, summary, tab, TABS, tuning, zone,
} from "./state";

const KEYS: readonly (readonly [string, string])[] = [
  ["J K", "next, previous alert"], ["I", "alerts or incidents"], ["Esc", "close"], ["1 – 5", "tabs"], ["/", "search"], ["F", "filters"], ["S", "star"], ["N", "note"],
  ["R", "raw records"], ["E", "events of the key"], ["W", "the other key of the window"], ["T", "tuning"], ["Z", "time zone"], ["O", "open files"],
  ["X", "export"], ["L", "copy a link to these filters"], ["[ ]", "move the brush, with Shift its end"], ["+ −", "zoom"], ["0", "whole time"], ["← →", "in the timeline: cursor"], ["?", "this map"],
];

function key(event: KeyboardEvent): void {
  const target = event.target as HTMLElement;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    if (target.matches("input, textarea")) return target.blur();
    if (document.querySelector("dialog[open], :popover-open")) return;
    if (facetsOpen()) setFacetsOpen(false);
    else if (tuning()) setTuning(false);
    else setSelected(null);
    return;
  }
  if (target.matches("input, textarea, select") || document.querySelector("dialog[open]")) return;
  const current = selected();
  const told = current?.kind === "alert" ? current.told : null;
  const acts: Record<string, () => void> = {
    o: () => choose(false),
    "?": () => (document.getElementById("keys") as HTMLDialogElement).showModal(),
  };
  if (phase() !== "empty" && phase() !== "failed") {
    Object.assign(acts, {
      j: () => step(1),
      k: () => step(-1),
      "/": () => document.getElementById("search")?.focus(),
      f: () => setFacetsOpen(!facetsOpen()),
      s: () => told && mark(told.alert.id, { star: !marks()[told.alert.id]?.star }),
      n: () => document.getElementById("note")?.focus(),
      r: () => setRaw(!raw()),
      e: () => told && eventsOf(told),
      w: () => setWindowAt(windowAt() + 1),
      i: () => { setTab("alerts"); setGrouped(!grouped()); say(grouped() ? "Incidents" : "Alerts"); },
      t: () => setTuning(!tuning()),
      z: () => { setZone(zone() === "UTC" ? "local" : "UTC"); say(`Time zone ${zone()}`); },
      l: () => void copyLink(),
      x: () => document.getElementById("export")?.showPopover(),
      "[": () => move(-0.5, false),
      "]": () => move(0.5, false),
      "{": () => move(-0.25, true),
      "}": () => move(0.25, true),
      "+": () => zoom(2),
      "=": () => zoom(2),
      "-": () => zoom(0.5),
      "0": reset,
    } satisfies Record<string, () => unknown>);
    TABS.forEach(([name], at) => (acts[String(at + 1)] = () => setTab(name)));
  }
  const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key] ?? acts[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

export function App(): JSX.Element {
  const [over, setOver] = createSignal(false);
  const empty = () => phase() === "empty" || phase() === "failed";
  onMount(() => {
    const drag = (event: DragEvent) => {
      event.preventDefault();
      setOver(event.type === "dragover");
    };
    const drop = (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      if (event.dataTransfer) void dropped(event.dataTransfer).then((files) => open(files));
    };
    addEventListener("keydown", key);
    addEventListener("dragover", drag);
    addEventListener("dragleave", drag);
    addEventListener("drop", drop);
    onCleanup(() => {
      removeEventListener("keydown", key);
      removeEventListener("dragover", drag);
      removeEventListener("dragleave", drag);
      removeEventListener("drop", drop);
    });
  });
  const counts = () => ({
    alerts: phase() === "empty" ? "" : count(shownAlerts().length),
    events: summary() ? count(summary()!.events) : "",
    pairs: "",
    near: near() ? count(shownNear().length) : "",
    health: notes() ? count(notes()) : "",
  });
  createEffect(() => {
    if (phase() === "ready") say(`All is read. ${alerts().length} alerts.`);
  });
  return (
    <div class="app">
      <span id="probe" hidden />
      <div class={`shell ${tuning() ? "tuned" : ""}`}>
        <Top empty={empty()} />
        <Show when={!empty()} fallback={<Empty over={over()} />}>
          <Strip />
          <div class={`facets-place ${facetsOpen() ? "open" : ""}`} onClick={(event) => event.target === event.currentTarget && setFacetsOpen(false)}>
            <Facets />
          </div>
          <main class="main">
            <h1 class="vh">Alerts and events of {plural(files().length, "file")}</h1>
            <Show when={phase() === "reading"}><Progress /></Show>
            <div class="tabs" role="tablist" aria-label="Views">
              <For each={TABS}>
                {([name, title]) => (
                  <button class={`tab tab-${name}`} role="tab" id={`tab-${name}`} aria-selected={tab() === name} aria-controls="panel" onClick={() => setTab(name)}>
                    {title}<Show when={name === "health" && notes()}><span class="c-warn"><Icon name="warn" small /></span></Show><span class="n">{counts()[name]}</span>
                  </button>
                )}
              </For>
            </div>
            <div class="panel" role="tabpanel" id="panel" aria-labelledby={`tab-${tab()}`}>
              <Switch>
                <Match when={tab() === "alerts"}><Alerts /></Match>
                <Match when={tab() === "events"}><Events /></Match>
                <Match when={tab() === "pairs"}><Pairs /></Match>
                <Match when={tab() === "near"}><NearMisses /></Match>
                <Match when={tab() === "health"}><Health /></Match>
              </Switch>
            </div>
          </main>
          <Detail />
          <Tuning />
          <Show when={over()}><div class="over"><span class="t-20">Drop to read these files in place of the others</span></div></Show>
        </Show>
      </div>
      <Inputs />
      <Paste />
      <SilenceDialog />
      <DeskDialog />
      <dialog id="keys" aria-labelledby="keys-title">
        <h2 class="t-15" id="keys-title">Keys</h2>
        <dl class="keymap"><For each={KEYS}>{([keys, about]) => <div><dt><For each={keys.split(" ")}>{(one) => <kbd>{one}</kbd>}</For></dt><dd>{about}</dd></div>}</For></dl>
        <form method="dialog" class="row ends"><button class="btn btn-fill">Close</button></form>
      </dialog>
      <p class="vh" role="status" aria-live="polite">{said()}</p>
    </div>
  );
}

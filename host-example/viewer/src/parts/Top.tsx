// The bar at the top: files, zone, export, theme, keys.

import { createSignal, For, Show, type JSX } from "solid-js";
import { csv, ndjson, save } from "../exports";
import { count, plural, size } from "../format";
import {
  ask, close, files, filter, marks, ordered, phase, reading, say, setTab, setTuning, setZone, silencedAlerts, stop, zone,
} from "../state";
import { openDesk } from "./Decisions";
import { choose } from "./Empty";
import { notes } from "./Health";
import { Icon } from "./Icon";
import { Plain } from "./Text";

export function theme(): void {
  const root = document.documentElement;
  const dark = root.dataset["theme"] ? root.dataset["theme"] === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset["theme"] = dark ? "light" : "dark";
  try {
    localStorage.setItem("theme", root.dataset["theme"]);
  } catch {
    // Without storage the choice is not kept.
  }
}

const json = "application/x-ndjson";
/** The report of the command, from the module. */
async function report(): Promise<string> {
  const alerts = ordered().flatMap(({ number }) => number ?? []);
  const notes = Object.fromEntries(Object.entries(marks()).flatMap(([id, { note }]) => (note ? [[id, note]] : [])));
  const about = files().map((file) => `Read: ${file.webkitRelativePath || file.name}`).slice(0, 200);
  if (silencedAlerts().length) about.push(`${plural(silencedAlerts().length, "alert")} silenced`);
  return ask("report", { title: "authsieve report", alerts, notes, about });
}
const written = (layout: "ocsf" | "ecs") => ask("written", { layout, alerts: ordered().flatMap(({ number }) => number ?? []) });
const EXPORTS: readonly (readonly [string, string, () => Promise<void> | void])[] = [
  ["Alerts, NDJSON", "as authsieve run writes them", () => save("alerts.ndjson", new Blob([ndjson(ordered())], { type: json }))],
  ["Alerts, CSV", "for a spreadsheet", () => save("alerts.csv", new Blob([csv(ordered())], { type: "text/csv" }))],
  ["Alerts, OCSF", "Detection Finding 1.5", async () => save("alerts.ocsf.ndjson", new Blob([await written("ocsf")], { type: json }))],
  ["Alerts, ECS", "Elastic Common Schema 8.17", async () => save("alerts.ecs.ndjson", new Blob([await written("ecs")], { type: json }))],
  ["Report, HTML", "incidents, evidence and notes", async () => save("report.html", new Blob([await report()], { type: "text/html" }))],
  ["Events, NDJSON", "all that the filters show", async () => save("events.ndjson", await ask("export", { filter: filter(), format: "ndjson" }))],
  ["Events, CSV", "all that the filters show", async () => save("events.csv", await ask("export", { filter: filter(), format: "csv" }))],
  ["State", "for authsieve serve --restore", async () => save("authsieve.state", new Blob([await ask("state", null)]))],
];

export function Top(props: { readonly empty: boolean }): JSX.Element {
  const [zones, setZones] = createSignal<readonly string[]>([]);
  const total = () => files().reduce((all, file) => all + file.size, 0);
  return (
    <header class="top">
      <button class="logo plain" onClick={close} aria-label="authsieve, to the start">
        <svg width="20" height="20" viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" aria-hidden="true"><path d="M2 4h16M5 9h10M8 14h4" /><circle cx="10" cy="18" r="1" fill="currentColor" stroke="none" /></svg>
        authsieve
      </button>
      <Show when={!props.empty}>
        <span class="row hide-s">
          <button class="btn btn-line" popovertarget="files"><Icon name="file" />{plural(files().length, "file")}<span class="dim wide">{size(total())}</span><Icon name="down" small /></button>
          <Show when={phase() === "ready"}><span class="t-12 dim wide">{plural(reading().records, "record")} in {(reading().milliseconds / 1000).toFixed(1)} s</span></Show>
          <Show when={notes()}><button class="btn" onClick={() => setTab("health")}><span class="c-warn"><Icon name="warn" /></span>{plural(notes(), "note")}</button></Show>
        </span>
      </Show>
      <span class="grow" />
      <span class="sealed"><Icon name="seal" /><span class="hide-s">Nothing leaves this page</span></span>
      <Show when={!props.empty}>
        <span class="sep hide-s" />
        <span class="row hide-s">
          <span class="seg" role="group" aria-label="Time zone">
            <button aria-pressed={zone() === "UTC"} onClick={() => setZone("UTC")}>UTC</button>
            <button aria-pressed={zone() === "local"} onClick={() => setZone("local")}>Local</button>
            <button aria-label="Another zone" aria-pressed={zone() !== "UTC" && zone() !== "local"} popovertarget="zones" onClick={() => setZones(Intl.supportedValuesOf("timeZone"))}><Icon name="down" small /></button>
          </span>
          <button class="btn btn-line" id="export-button" popovertarget="export"><Icon name="dl" />Export<Icon name="down" small /></button>
        </span>
      </Show>
      <button class="btn btn-i" onClick={theme} aria-label="Light or dark"><Icon name="moon" class="moon" /><Icon name="sun" class="sun" /></button>
      <button class="btn btn-i hide-s" aria-label="Keyboard map" onClick={() => (document.getElementById("keys") as HTMLDialogElement).showModal()}><kbd>?</kbd></button>
      <Show when={!props.empty}><button class="btn btn-i only-phone" aria-label="Files and export" popovertarget="export"><Icon name="drag" /></button></Show>
      <div id="files" popover class="menu">
        <For each={files().slice(0, 200)}>{(file) => <div class="menu-row"><span class="grow cut"><Plain text={file.webkitRelativePath || file.name} /></span><span class="dim">{size(file.size)}</span></div>}</For>
        <button class="menu-row" onClick={() => choose(false)}><Icon name="file" />Open other files<kbd>O</kbd></button>
        <button class="menu-row" onClick={() => choose(true)}><Icon name="folder" />Open a folder</button>
        <button class="menu-row" onClick={close}><Icon name="x" />Close all</button>
      </div>
      <div id="export" popover class="menu">
        <button class="menu-row only-phone" onClick={() => { document.getElementById("export")?.hidePopover(); setTuning(true); }}><Icon name="tune" />Tuning</button>
        <button class="menu-row only-phone" onClick={() => choose(false)}><Icon name="file" />Open other files</button>
        <button class="menu-row only-phone" onClick={close}><Icon name="x" />Close all</button>
        <For each={EXPORTS}>
          {([title, about, run]) => (
            <button class="menu-row" onClick={async () => { try { await run(); } catch (error) { say(error instanceof Error ? error.message : String(error)); return; } document.getElementById("export")?.hidePopover(); say(`${title} saved`); }}><b class="m grow">{title}</b><span class="dim">{about}</span></button>
          )}
        </For>
        <button class="menu-row" onClick={() => { document.getElementById("export")?.hidePopover(); openDesk(); }}><b class="m grow">Silences and dispositions</b><span class="dim">save or read, as the command does</span></button>
      </div>
      <div id="zones" popover class="menu zones">
        <For each={zones()}>{(name) => <button class="menu-row" aria-pressed={zone() === name} onClick={() => { setZone(name); document.getElementById("zones")?.hidePopover(); }}>{name}</button>}</For>
      </div>
    </header>
  );
}

export function Progress(): JSX.Element {
  const share = () => (reading().of ? reading().at / reading().of : 0);
  const speed = () => (reading().milliseconds > 300 ? ` · ${size((reading().at / reading().milliseconds) * 1000)}/s` : "");
  return (
    <div class="progress" role="status">
      <span class="cut">
        <b class="m">{reading().part === "survey" ? "Looking at the times" : "Judging"}</b>{" "}
        <span class="dim">{size(reading().at)} of {size(reading().of)}{reading().part === "judge" ? ` · ${count(reading().records)} records${speed()}` : ""}</span>
      </span>
      <progress max="1" value={share()} aria-label="Read" />
      <button class="btn btn-line" onClick={stop}>Stop</button>
    </div>
  );
}

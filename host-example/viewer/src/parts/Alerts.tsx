// The list of alerts. Those with a login come first.

import { createMemo, For, Show, type JSX } from "solid-js";
import { clock, count, day, moment, plural, span, titleCase } from "../format";
import type { Told } from "../protocol";
import {
  alerts, chosen, choose, clearFilter, decided, filter, filtered, grouped, incidents, marks, near, ordered, phase, reading, selected,
  setFacetsOpen, setFilter, setGrouped, setSelected, setSilencedShown, setSort, setTab, shownAlerts, shownNear, silencedAlerts, silencedShown,
  sort, summary, zone,
} from "../state";
import { Severity } from "./Badges";
import { openDesk } from "./Decisions";
import { Icon } from "./Icon";
import { Incidents } from "./Incidents";
import { Quoted, Sentence } from "./Text";
import { Virtual, type Handle } from "./Virtual";

type Line = { readonly head: "login" | "none" | "silenced"; readonly count: number } | { readonly told: Told };

export let list: Handle | undefined;

export function Filters(props: { readonly sorts?: boolean }): JSX.Element {
  const SORTS = { gravest: "Gravest first", newest: "Newest first", oldest: "Oldest first" } as const;
  const next = () => ({ gravest: "newest", newest: "oldest", oldest: "gravest" }) as const;
  return (
    <div class="filters">
      <button class="btn btn-line only-narrow" onClick={() => setFacetsOpen(true)}><Icon name="filter" />Filters</button>
      <label class="field grow search">
        <Icon name="search" small />
        <input
          id="search" type="search" placeholder="Search, or user:root -host:build7" aria-label="Search" autocomplete="off" spellcheck={false}
          value={filter().words.join(" ")}
          onChange={(event) => setFilter({ ...filter(), words: event.currentTarget.value.split(/\s+/).filter(Boolean) })}
        />
        <kbd>/</kbd>
      </label>
      <For each={chosen()}>
        {({ column, value, kind }) => (
          <button class={`chip hide-s ${kind === "not" ? "chip-not" : ""}`} onClick={() => choose(column, value, kind)} aria-label="Take this filter away">
            {column} {kind === "not" ? <b>is not</b> : "is"} <span class="cut chip-value"><Quoted text={value} /></span>
            <Icon name="x" small />
          </button>
        )}
      </For>
      <Show when={props.sorts}>
        <span class="seg" role="group" aria-label="Alerts or incidents">
          <button aria-pressed={!grouped()} onClick={() => setGrouped(false)}>Alerts</button>
          <button aria-pressed={grouped()} onClick={() => setGrouped(true)}>Incidents<Show when={incidents()}>{(all) => <span class="dimmer">{count(all().incidents.length)}</span>}</Show></button>
        </span>
        <button class="btn hide-s" onClick={() => setSort(next()[sort()])}>{SORTS[sort()]}<Icon name="down" small /></button>
      </Show>
    </div>
  );
}

export function Alerts(): JSX.Element {
  const lines = createMemo<Line[]>(() => {
    const all = ordered();
    const logins = all.filter(({ login }) => login);
    const others = all.filter(({ login }) => !login);
    const lines: Line[] = [];
    if (logins.length) lines.push({ head: "login", count: logins.length }, ...logins.map((told) => ({ told })));
    if (others.length) lines.push({ head: "none", count: others.length }, ...others.map((told) => ({ told })));
    const silenced = silencedAlerts();
    if (silenced.length) lines.push({ head: "silenced", count: silenced.length });
    if (silencedShown()) lines.push(...silenced.map((told) => ({ told })));
    return lines;
  });
  const narrow = matchMedia("(max-width: 640px)");
  return (
    <>
      <Filters sorts />
      <Show when={!grouped()} fallback={<Incidents />}>
      <Show when={lines().length} fallback={<None />}>
        <Virtual
          count={lines().length} height={(at) => ("head" in (lines()[at] ?? {}) ? 28 : narrow.matches ? 68 : 48)} label="Alerts" role="list"
          handle={(handle) => (list = { show: (place) => handle.show(lines().findIndex((line) => "told" in line && line.told === ordered()[place])) })}
        >
          {(at) => {
            const line = lines()[at];
            if (!line) return null;
            if ("head" in line) {
              if (line.head === "silenced") return <SilencedHead count={line.count} />;
              return (
                <div class="group" role="listitem">
                  <Show when={line.head === "login"} fallback={<span class="row"><Icon name="no" />No login seen</span>}>
                    <span class="got"><Icon name="got" />Somebody got in</span>
                  </Show>
                  <span class="dimmer m">{count(line.count)}</span>
                </div>
              );
            }
            return <AlertRow told={line.told} />;
          }}
        </Virtual>
      </Show>
      </Show>
    </>
  );
}

/** Silenced alerts are behind this head. */
function SilencedHead(props: { readonly count: number }): JSX.Element {
  return (
    <div class="group" role="listitem">
      <button class="plain row" aria-expanded={silencedShown()} onClick={() => setSilencedShown(!silencedShown())}>
        <Icon name={silencedShown() ? "down" : "right"} small /><Icon name="mute" />Silenced
      </button>
      <span class="dimmer m">{count(props.count)}</span><span class="grow" />
      <button class="linkish t-12" onClick={openDesk}>Silences</button>
    </div>
  );
}

/** The names of an alert that are in its sentence. */
export const names = ({ alert }: Told): (string | undefined)[] => [alert.user, ...(alert.users ?? [])];

function AlertRow(props: { readonly told: Told }): JSX.Element {
  const alert = () => props.told.alert;
  const on = () => {
    const current = selected();
    return current?.kind === "alert" && current.told.alert.id === alert().id;
  };
  const far = () => {
    const ends = summary()?.span;
    return ends && day(ends[0], zone()) !== day(ends[1], zone());
  };
  return (
    <div role="listitem">
      <button class={`alert ${on() ? "on" : ""}`} aria-current={on() ? "true" : undefined} onClick={() => setSelected({ kind: "alert", told: props.told })}>
        <Severity of={alert().severity} />
        <span class="grow">
          <span class="cut"><Sentence text={alert().title} names={names(props.told)} /></span>
          <span class="sub cut">
            <Show when={decided().silenced[alert().id]}>{(name) => <>silenced by {name()} · </>}</Show>
            {far() ? moment(props.told.time, zone()) : clock(props.told.time, zone())} · {alert().analytic} · {alert().pattern}
            <Show when={props.told.origin}>{(origin) => <span class="hide-s"> · <bdi>{origin().file}</bdi></span>}</Show>
          </span>
        </span>
        <span class="mini row">
          <Show when={decided().marks[alert().id]}>{(mark) => <span class={`verdict verdict-${mark().is}`}>{titleCase(mark().is)}</span>}</Show>
          <Show when={marks()[alert().id]?.note}><Icon name="note" /></Show>
          <Show when={marks()[alert().id]?.star}><span class="c-warn"><Icon name="starf" /></span></Show>
        </span>
      </button>
    </div>
  );
}

function None(): JSX.Element {
  const wide = () => {
    const ends = summary()?.span;
    return ends ? span(ends[1] - ends[0]) : "no time at all";
  };
  return (
    <div class="scroll pad">
      <Show when={phase() !== "reading"} fallback={<Ghost />}>
        <Show
          when={alerts().length > 0}
          fallback={
            <div class="none">
              <p class="t-15">{summary()?.events ? `No alert in ${wide()} of log` : "No login event in these files"}</p>
              <p class="dim">
                {summary()?.events
                  ? `${plural(summary()!.events, "event")} read. ${shownNear().length ? "Some keys came near." : "Nothing came near, either."}`
                  : `${plural(reading().records, "record")} read. Health says what they are, and what each analytic needs.`}
              </p>
              <div class="row">
                <Show when={near()?.length}>
                  <button class="btn btn-line" onClick={() => setTab("near")}>See {plural(near()!.length, "near miss", "near misses")}</button>
                </Show>
                <button class="btn btn-line" onClick={() => setTab("health")}>See Health</button>
              </div>
            </div>
          }
        >
          <div class="none">
            <p class="t-15">{filtered() ? "No alert matches these filters" : "No alert in the selected time"}</p>
            <p class="dim">{plural(alerts().length, "alert")} without them.</p>
            <button class="btn btn-line" onClick={() => { clearFilter(); if (!shownAlerts().length) setFilter({ ...filter(), from: null, to: null }); }}>Clear filters</button>
          </div>
        </Show>
      </Show>
    </div>
  );
}

export function Ghost(): JSX.Element {
  return (
    <div class="ghosts" aria-label="Reading">
      <For each={[0, 1, 2, 3, 4]}>
        {() => (
          <svg class="ghost" viewBox="0 0 600 48" width="100%" height="48" preserveAspectRatio="none" aria-hidden="true">
            <rect x="0" y="12" width="70" height="20" /><rect x="86" y="8" width="380" height="12" /><rect x="86" y="28" width="220" height="10" />
          </svg>
        )}
      </For>
    </div>
  );
}

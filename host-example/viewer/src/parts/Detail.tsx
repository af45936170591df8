// The right side: an alert, a near miss or an event, with its window and its records.

import { createEffect, createResource, createSignal, For, on, Show, type JSX } from "solid-js";
import { clock, count, instantOf, moment, plural, shortDay } from "../format";
import type { Alert, Near, Place, RawRecord, Row, Told, Window } from "../protocol";
import {
  ask, choose, clearFilter, filter, grouped, incidentOf, mark, marks, near, ordered, raw, say, selected, setFilter, setGrouped, setRaw,
  setSelected, setTab, setTuning, shownIncidents, tab, zone,
} from "../state";
import { list as alertList, names } from "./Alerts";
import { GotIn, Outcome, Severity } from "./Badges";
import { Decide } from "./Decisions";
import { around } from "./Events";
import { copyLink } from "../link";
import { Readiness } from "./Health";
import { Icon } from "./Icon";
import { IncidentDetail, list as incidentList } from "./Incidents";
import { Meter } from "./NearMisses";
import { Name, Plain, Quoted, Sentence } from "./Text";
import { Techniques } from "./Techniques";
import { setPicked } from "./Tuning";
import { WindowDrawing } from "./WindowDrawing";

export function Detail(): JSX.Element {
  return (
    <section class={`detail ${selected() ? "open" : ""}`} aria-label="Details">
      <button class="sheet-grip" aria-label="Close" onClick={() => setSelected(null)} />
      <Show when={tab() !== "health" || selected()?.kind === "event"} fallback={<Readiness />}>
        <Show when={selected()} keyed fallback={<div class="pad dimmer nothing">Choose an alert, an event or a near miss.</div>}>
          {(one) => (one.kind === "alert" ? <AlertDetail told={one.told} /> : one.kind === "incident" ? <IncidentDetail of={one.incident} step={step} /> : one.kind === "near" ? <NearDetail near={one.near} /> : <EventDetail row={one.row} />)}
        </Show>
      </Show>
    </section>
  );
}

/** Goes to the alert or incident this many positions further. */
export function step(by: number): void {
  const current = selected();
  if (tab() === "alerts" && grouped()) {
    const all = shownIncidents();
    const at = current?.kind === "incident" ? all.findIndex(({ incident }) => incident === current.incident.incident) : -1;
    const next = all[Math.min(Math.max(0, at + by), all.length - 1)];
    if (next) {
      setSelected({ kind: "incident", incident: next });
      incidentList?.show(all.indexOf(next));
      say(next.title);
    }
    return;
  }
  const all = ordered();
  const at = current?.kind === "alert" ? all.findIndex(({ alert }) => alert.id === current.told.alert.id) : -1;
  const next = all[Math.min(Math.max(0, at + by), all.length - 1)];
  if (next) {
    setSelected({ kind: "alert", told: next });
    alertList?.show(all.indexOf(next));
    say(next.alert.title);
  }
}

const inAll = ({ failure_count: failures, challenge_count: challenges }: Alert): string =>
  [failures && plural(failures, "failure"), challenges && plural(challenges, "challenge")].filter(Boolean).join(" and ") || "more events";

export const [windowAt, setWindowAt] = createSignal(0);

function Windows(props: { readonly analytic: string; readonly record: number; readonly title: string; readonly fired: boolean; readonly first?: string }): JSX.Element {
  const [windows] = createResource(
    () => near() && ([props.analytic, props.record] as const),
    ([analytic, record]) => ask("windows", { analytic, record }).catch((): readonly Window[] => []),
  );
  createEffect(on(() => [props.record, windows()], () => setWindowAt(Math.max(0, windows()?.findIndex(({ key }) => key.split(" ")[0] === props.first) ?? 0))));
  const chosen = () => windows()?.[windowAt() % (windows()?.length || 1)];
  return (
    <section class="sect">
      <header>
        <h3>{props.title}</h3><span class="grow" />
        <Show when={(windows()?.length ?? 0) > 1}>
          <span class="seg" role="group" aria-label="Key">
            <For each={windows()}>
              {(window, at) => <button aria-pressed={chosen() === window} onClick={() => setWindowAt(at())}>{window.key.split(" ")[0]}</button>}
            </For>
          </span>
        </Show>
      </header>
      <Show when={chosen()} keyed fallback={<p class="why">{near() ? "The module says nothing of a window for this record." : "The window is drawn once all is read."}</p>}>
        {(window) => <WindowDrawing analytic={props.analytic} window={window} record={props.record} fired={props.fired} />}
      </Show>
    </section>
  );
}

function AlertDetail(props: { readonly told: Told }): JSX.Element {
  const alert = () => props.told.alert;
  const [first, last] = [() => instantOf(alert().first_seen), () => instantOf(alert().last_seen)];
  const sameDay = () => shortDay(first(), zone()) === shortDay(last(), zone());
  /** The alert at the end of the attack, if it went on. */
  const ended = () => (props.told.update && props.told.update.last_seen !== alert().last_seen ? props.told.update : undefined);
  return (
    <>
      <div class="d-head">
        <div class="bar1">
          <Severity of={alert().severity} />
          <Show when={props.told.login}><GotIn /></Show>
          <span class="dim m">{alert().analytic}</span><span class="dimmer cut hide-s">{alert().pattern}</span><span class="grow" />
          <button class="btn btn-i" aria-label="Star" aria-pressed={!!marks()[alert().id]?.star} onClick={() => mark(alert().id, { star: !marks()[alert().id]?.star })}>
            <Icon name={marks()[alert().id]?.star ? "starf" : "star"} />
          </button>
          <button class="btn btn-i hide-s" aria-label="Copy a link to these filters" onClick={() => void copyLink()}><Icon name="link" /></button>
          <button class="btn btn-i hide-s" aria-label="Previous" onClick={() => step(-1)}><Icon name="up" /></button>
          <button class="btn btn-i hide-s" aria-label="Next" onClick={() => step(1)}><Icon name="down" /></button>
          <button class="btn btn-i" aria-label="Close" onClick={() => setSelected(null)}><Icon name="x" /></button>
        </div>
        <h2 class="t-20"><Sentence text={alert().title} names={names(props.told)} /></h2>
        <Techniques list={alert().techniques} />
      </div>
      <div class="d-body scroll" tabindex="0" role="region" aria-label="The alert">
        <dl class="facts">
          <div><dt>{props.told.login ? "Account taken" : "Account"}</dt><dd><Name text={alert().user} none="unknown" /></dd></div>
          <div><dt>From</dt><dd><Plain text={alert().src_ip ?? "no address"} /></dd></div>
          <div><dt>At</dt><dd><Plain text={[alert().host, alert().service ?? alert().application].filter(Boolean).join(", ") || "–"} /></dd></div>
          <div><dt>First to last, {sameDay() ? shortDay(first(), zone()) : zone()}</dt><dd>{sameDay() ? `${clock(first(), zone())} – ${clock(last(), zone())}` : `${moment(first(), zone())} – ${moment(last(), zone())}`}</dd></div>
        </dl>
        <Show when={ended()}>{(update) => <p class="went"><Icon name="clock" /><span>It went on until {moment(instantOf(update().last_seen), zone())}: {inAll(update())} in all.</span></p>}</Show>
        <Show when={incidentOf(alert().id)}>
          {(incident) => <p class="went"><Icon name="group" /><span>Part of an incident of {plural(incident().alerts.length, "alert")}. <button class="linkish" onClick={() => { setGrouped(true); setTab("alerts"); setSelected({ kind: "incident", incident: incident() }); }}>What happened, in order</button></span></p>}
        </Show>
        <Windows analytic={alert().analytic.toLowerCase()} record={alert().record} title="Why it fired" fired first={alert().pattern} />
        <Show when={alert().context?.length}>
          <section class="sect">
            <header><h3>Why this grave</h3></header>
            <ul class="bullets"><For each={alert().context}>{(text) => <li><Plain text={text} /></li>}</For></ul>
          </section>
        </Show>
        <Evidence told={props.told} />
        <Show when={(alert().users?.length ?? 0) > 1 || (alert().src_ips?.length ?? 0) > 1 || alert().related_successes?.length}>
          <section class="sect">
            <header><h3>Who else</h3></header>
            <Show when={(alert().users?.length ?? 0) > 1}><p class="t-12"><span class="dimmer">{plural(alert().distinct_users ?? alert().users!.length, "account")}: </span><Many list={alert().users!} column="user" /></p></Show>
            <Show when={(alert().src_ips?.length ?? 0) > 1}><p class="t-12"><span class="dimmer">{plural(alert().distinct_ips ?? alert().src_ips!.length, "address", "addresses")}: </span><Many list={alert().src_ips!} column="address" plain /></p></Show>
            <Show when={alert().related_successes?.length}><p class="t-12"><span class="dimmer">Also got in: </span><For each={alert().related_successes}>{(text, at) => <>{at() ? ", " : ""}<Quoted text={text} /></>}</For></p></Show>
          </section>
        </Show>
        <Show when={alert().response?.length}>
          <section class="sect">
            <header><h3>What to do</h3></header>
            <ul class="steps">
              <For each={alert().response}>
                {(text, at) => (
                  <li>
                    <label>
                      <input type="checkbox" checked={!!marks()[alert().id]?.done?.[at()]} onChange={(event) => mark(alert().id, { done: { ...marks()[alert().id]?.done, [at()]: event.currentTarget.checked } })} />
                      {text}
                    </label>
                  </li>
                )}
              </For>
            </ul>
          </section>
        </Show>
      </div>
      <Decide alert={alert()} />
      <Note id={alert().id} />
    </>
  );
}

function Many(props: { readonly list: readonly string[]; readonly column: string; readonly plain?: boolean }): JSX.Element {
  return (
    <For each={props.list.slice(0, 12)}>
      {(value, at) => (
        <>
          {at() ? ", " : ""}
          <button class="linkish" onClick={() => { clearFilter(); choose(props.column, value, "only"); setTab("events"); }}>{props.plain ? <Plain text={value} /> : <Quoted text={value} />}</button>
        </>
      )}
    </For>
  );
}

function Note(props: { readonly id: string }): JSX.Element {
  return (
    <label class="note">
      <Icon name="note" />
      <input class="field note-field" id="note" placeholder="Add a note. It stays in this browser." value={marks()[props.id]?.note ?? ""} onChange={(event) => mark(props.id, { note: event.currentTarget.value })} aria-label="Note" />
      <kbd>N</kbd>
    </label>
  );
}

const where = (place: Place | null | undefined): string => (place ? `${place.file.split("/").at(-1)}:${place.line}` : "");

function Evidence(props: { readonly told: Told }): JSX.Element {
  const pieces = () => props.told.alert.evidence ?? [];
  const [rows] = createResource(() => pieces().map(({ record }) => record), (records) => ask("events", { records }).catch((): readonly Row[] => []));
  const row = (record: number) => rows()?.find((one) => one.record === record);
  return (
    <section class="sect">
      <header>
        <h3>Evidence</h3><span class="dimmer">{plural(pieces().length, "record")}</span><span class="grow" />
        <button class="btn" aria-pressed={raw()} onClick={() => setRaw(!raw())}>Raw<kbd>R</kbd></button>
        <button class="btn" onClick={() => eventsOf(props.told)}>All of this key<kbd>E</kbd></button>
      </header>
      <Show
        when={raw()}
        fallback={
          <table class="ev">
            <thead><tr><th>Time, {zone()}</th><th>Outcome</th><th>User</th><th>From</th><th class="hide-s">By</th><th>Record</th></tr></thead>
            <tbody>
              <For each={pieces()}>
                {(piece, at) => (
                  <Show when={row(piece.record)} fallback={<tr><td colspan="5" class="dimmer">Record {count(piece.record)}</td><td class="mono dimmer">{where(props.told.evidence[at()])}</td></tr>}>
                    {(one) => (
                      <tr>
                        <td>{clock(one().time, zone())}</td><td><Outcome of={one().texts["outcome"] ?? ""} /></td>
                        <td class="cell-cut"><Name text={one().texts["user"]} /></td><td><Plain text={one().texts["address"] ?? "–"} /></td>
                        <td class="hide-s cell-cut"><Plain text={one().texts["method"] ?? one().texts["reason"] ?? ""} /></td>
                        <td><button class="linkish mono" onClick={() => setSelected({ kind: "event", row: one() })}>{where(props.told.evidence[at()])}</button></td>
                      </tr>
                    )}
                  </Show>
                )}
              </For>
            </tbody>
          </table>
        }
      >
        <For each={pieces()}>{(piece, at) => <><p class="t-11 dimmer">{where(props.told.evidence[at()])}</p><code class="block"><Plain text={piece.text} /></code></>}</For>
      </Show>
    </section>
  );
}

/** Shows the events of the account or address of an alert. */
export function eventsOf({ alert }: Told): void {
  const facets: Record<string, { only: string[]; not: string[] }> = {};
  if (alert.src_ip) facets["address"] = { only: [alert.src_ip], not: [] };
  else if (alert.user) facets["user"] = { only: [alert.user], not: [] };
  setFilter({ ...filter(), facets, words: [] });
  setTab("events");
}

function NearDetail(props: { readonly near: Near }): JSX.Element {
  const one = () => props.near;
  const titles = { short: "Too few", "too-late": "Too late", silent: "Held back after an alert" };
  return (
    <>
      <div class="d-head">
        <div class="bar1">
          <span class="c-fail row"><Icon name="clock" /><b>Near miss</b></span><span class="dim m">{one().analytic.toUpperCase()}</span><span class="dimmer">{titles[one().step]}</span><span class="grow" />
          <button class="btn btn-i" aria-label="Close" onClick={() => setSelected(null)}><Icon name="x" /></button>
        </div>
        <h2 class="t-20"><Name text={one().user} none="Nobody" />{one().address ? ` from ${one().address}` : ""}: <Plain text={one().text} /></h2>
      </div>
      <div class="d-body scroll" tabindex="0" role="region" aria-label="The near miss">
        <dl class="facts">
          <div><dt>Reached</dt><dd><Meter near={one()} /></dd></div>
          <div><dt>Key</dt><dd>{one().key.split(" ")[0]}</dd></div>
          <div><dt>Time, {zone()}</dt><dd>{moment(one().time, zone())}</dd></div>
          <div><dt>Came so near</dt><dd>{plural(one().times, "time")}</dd></div>
        </dl>
        <Windows analytic={one().analytic} record={one().record} title="Why it did not fire" fired={false} first={one().key.split(" ")[0]!} />
        <section class="sect">
          <header><h3>What would make it an alert</h3></header>
          <p class="t-12 dim">Move a threshold, and see which other alerts come with it.</p>
          <button class="btn btn-line" onClick={() => { setPicked(one().analytic); setTuning(true); }}><Icon name="tune" />Tune {one().analytic.toUpperCase()}</button>
        </section>
        <Raw records={[one().record]} />
      </div>
    </>
  );
}

function Raw(props: { readonly records: readonly number[] }): JSX.Element {
  const [records] = createResource(() => props.records, (records) => ask("records", { records }).catch((): readonly RawRecord[] => []));
  return (
    <section class="sect">
      <header><h3>{props.records.length === 1 ? "The record" : "The records"}</h3></header>
      <For each={records() ?? []}>
        {(one) => <><p class="t-11 dimmer"><bdi>{one.file}</bdi>:{one.line}</p><code class="block"><Plain text={one.text ?? "It is not held."} /></code></>}
      </For>
    </section>
  );
}

function EventDetail(props: { readonly row: Row }): JSX.Element {
  const row = () => props.row;
  return (
    <>
      <div class="d-head">
        <div class="bar1">
          <Outcome of={row().texts["outcome"] ?? ""} /><span class="dimmer">{row().texts["shape"]}</span><span class="grow" />
          <button class="btn btn-i" aria-label="Close" onClick={() => setSelected(null)}><Icon name="x" /></button>
        </div>
        <h2 class="t-20"><Name text={row().texts["user"]} none="No account" />{row().texts["address"] ? ` from ${row().texts["address"]}` : ""}</h2>
        <p class="dim">{moment(row().time, zone())} {zone()}</p>
      </div>
      <div class="d-body scroll" tabindex="0" role="region" aria-label="The event">
        <section class="sect">
          <header><h3>Around it, in all files</h3><span class="grow" />
            <For each={[1, 5, 30]}>{(minutes) => <button class="btn btn-line" onClick={() => { around(row().time, minutes); setTab("events"); }}>± {minutes}m</button>}</For>
          </header>
        </section>
        <section class="sect">
          <header><h3>What it says</h3></header>
          <table class="ev"><tbody>
            <For each={Object.entries(row().texts)}>
              {([name, text]) => (
                <tr><td class="dimmer">{name}</td><td class="wrap"><Plain text={text} /></td>
                  <td><button class="btn btn-tiny" aria-label={`Only this ${name}`} onClick={() => choose(name, text, "only")}><Icon name="plus" small /></button>
                    <button class="btn btn-tiny" aria-label={`Not this ${name}`} onClick={() => choose(name, text, "not")}><Icon name="minus" small /></button></td></tr>
              )}
            </For>
            <tr><td class="dimmer">read by</td><td>{row().analytics.map((id) => id.toUpperCase()).join(", ") || "no analytic"}</td><td /></tr>
          </tbody></table>
        </section>
        <Raw records={[row().record]} />
      </div>
    </>
  );
}

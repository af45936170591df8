// Incidents: alerts that belong together. The module groups them and tells their story.

import { createMemo, For, Show, type JSX } from "solid-js";
import { clock, count, day, moment, plural, shortDay, span, titleCase } from "../format";
import type { Fact, Incident } from "../protocol";
import {
  alertOf, choose, clearFilter, decided, filtered, incidents, phase, selected, setFilter, filter, setSelected, setTab, shownIncidents, zone,
} from "../state";
import { Ghost } from "./Alerts";
import { GotIn, Severity } from "./Badges";
import { Icon } from "./Icon";
import { Plain, Quoted, Sentence } from "./Text";
import { Techniques } from "./Techniques";
import { Virtual, type Handle } from "./Virtual";

type Line = { readonly head: "login" | "none"; readonly count: number } | { readonly incident: Incident };

export let list: Handle | undefined;

const names = (one: Incident): string[] => [...one.fell.map(({ user }) => user), ...one.tried];

/** The module's sentence. It begins with a capital letter, unless with a name. */
export function Title(props: { readonly of: Incident }): JSX.Element {
  const text = () => (names(props.of).some((name) => props.of.title.startsWith(`${name} `)) ? props.of.title : titleCase(props.of.title));
  return <Sentence text={text()} names={names(props.of)} />;
}

export function Incidents(): JSX.Element {
  const lines = createMemo<Line[]>(() => {
    const all = shownIncidents();
    const [fell, others] = [all.filter(({ fell }) => fell.length), all.filter(({ fell }) => !fell.length)];
    const group = (head: "login" | "none", list: readonly Incident[]): Line[] => (list.length ? [{ head, count: list.length }, ...list.map((incident) => ({ incident }))] : []);
    return [...group("login", fell), ...group("none", others)];
  });
  const narrow = matchMedia("(max-width: 640px)");
  return (
    <Show
      when={lines().length}
      fallback={
        <div class="scroll pad">
          <Show when={phase() !== "reading" && incidents()} fallback={<Ghost />}>
            <div class="none">
              <p class="t-15">{incidents()!.incidents.length ? "No incident matches these filters" : "No incident"}</p>
              <p class="dim">{incidents()!.incidents.length ? `${plural(incidents()!.incidents.length, "incident")} without them.` : "An incident has at least one alert that is not silenced."}</p>
              <Show when={filtered() || filter().from !== null}><button class="btn btn-line" onClick={() => { clearFilter(); setFilter({ ...filter(), from: null, to: null }); }}>Clear filters</button></Show>
            </div>
          </Show>
        </div>
      }
    >
      <Virtual
        count={lines().length} height={(at) => ("head" in (lines()[at] ?? {}) ? 28 : narrow.matches ? 68 : 48)} label="Incidents" role="list"
        handle={(handle) => (list = { show: (place) => handle.show(lines().findIndex((line) => "incident" in line && line.incident === shownIncidents()[place])) })}
      >
        {(at) => {
          const line = lines()[at];
          if (!line) return null;
          if ("head" in line) {
            return (
              <div class="group" role="listitem">
                <Show when={line.head === "login"} fallback={<span class="row"><Icon name="no" />No login seen</span>}>
                  <span class="got"><Icon name="got" />Somebody got in</span>
                </Show>
                <span class="dimmer m">{count(line.count)}</span>
              </div>
            );
          }
          return <IncidentRow of={line.incident} />;
        }}
      </Virtual>
    </Show>
  );
}

function IncidentRow(props: { readonly of: Incident }): JSX.Element {
  const on = () => {
    const current = selected();
    return current?.kind === "incident" && current.incident.incident === props.of.incident;
  };
  return (
    <div role="listitem">
      <button class={`alert incident ${on() ? "on" : ""}`} aria-current={on() ? "true" : undefined} onClick={() => setSelected({ kind: "incident", incident: props.of })}>
        <Severity of={props.of.severity} />
        <span class="grow">
          <span class="cut"><Title of={props.of} /></span>
          <span class="sub cut">
            {moment(props.of.first, zone())} · {props.of.lasted} · {props.of.analytics.join(", ")}
          </span>
        </span>
        <span class="mini">{plural(props.of.alerts.length, "alert")}</span>
      </button>
    </div>
  );
}

const only = (column: string, value: string) => { clearFilter(); choose(column, value, "only"); setTab("events"); };

/** Names that lead to their events. Only the first ones are listed. */
function Names(props: { readonly list: readonly string[]; readonly column: string; readonly plain?: boolean }): JSX.Element {
  return (
    <p class="t-12">
      <For each={props.list.slice(0, 24)}>
        {(value, at) => <>{at() ? ", " : ""}<button class="linkish" onClick={() => only(props.column, value)}>{props.plain ? <Plain text={value} /> : <Quoted text={value} />}</button></>}
      </For>
      <Show when={props.list.length > 24}><span class="dimmer"> and {count(props.list.length - 24)} more</span></Show>
    </p>
  );
}

export function IncidentDetail(props: { readonly of: Incident; readonly step: (by: number) => void }): JSX.Element {
  const one = () => props.of;
  const sameDay = () => day(one().first, zone()) === day(one().last, zone());
  const lost = () => one().alerts.filter((id) => decided().marks[id]).length;
  return (
    <>
      <div class="d-head">
        <div class="bar1">
          <Severity of={one().severity} />
          <Show when={one().fell.length}><GotIn /></Show>
          <span class="dim m">Incident</span><span class="dimmer cut">{plural(one().alerts.length, "alert")}</span><span class="grow" />
          <button class="btn btn-i hide-s" aria-label="Previous" onClick={() => props.step(-1)}><Icon name="up" /></button>
          <button class="btn btn-i hide-s" aria-label="Next" onClick={() => props.step(1)}><Icon name="down" /></button>
          <button class="btn btn-i" aria-label="Close" onClick={() => setSelected(null)}><Icon name="x" /></button>
        </div>
        <h2 class="t-20"><Title of={one()} /></h2>
        <Techniques list={one().techniques} />
      </div>
      <div class="d-body scroll" tabindex="0" role="region" aria-label="The incident">
        <dl class="facts">
          <div><dt>Accounts taken</dt><dd>{one().fell.length ? count(one().fell.length) : "none seen"}</dd></div>
          <div><dt>Accounts tried</dt><dd>{count(one().tried.length)}</dd></div>
          <div><dt>From</dt><dd><Plain text={one().src_ips[0] ?? "no address"} />{one().src_ips.length > 1 ? ` and ${count(one().src_ips.length - 1)} more` : ""}</dd></div>
          <div><dt>First to last, {sameDay() ? shortDay(one().first, zone()) : zone()}</dt><dd>{sameDay() ? `${clock(one().first, zone())} – ${clock(one().last, zone())}` : `${moment(one().first, zone())} – ${moment(one().last, zone())}`}</dd></div>
        </dl>
        <Show when={one().second_factor}>
          <div class="warnbox"><Icon name="warn" /><span class="grow">A password was guessed, and the second factor of the same account was asked from the same address.</span></div>
        </Show>
        <section class="sect">
          <header><h3>What happened</h3><span class="dimmer">in order</span></header>
          <ol class="story">
            <For each={one().story}>{(fact, at) => <Told fact={fact} before={one().story[at() - 1]} sameDay={sameDay()} />}</For>
          </ol>
          <Show when={one().left_out}>{(more) => <p class="t-12 dimmer">{plural(more(), "more alert")} between the first and the last of these.</p>}</Show>
        </section>
        <Show when={one().fell.length}>
          <section class="sect">
            <header><h3>Accounts taken</h3></header>
            <table class="ev"><tbody>
              <For each={one().fell}>
                {(fallen) => <tr><td>{sameDay() ? clock(fallen.time, zone()) : moment(fallen.time, zone())}</td><td class="fell"><button class="linkish" onClick={() => only("user", fallen.user)}><Quoted text={fallen.user} /></button></td><td>{fallen.src_ip ? `from ${fallen.src_ip}` : "from no address"}</td></tr>}
              </For>
            </tbody></table>
          </section>
        </Show>
        <Show when={one().tried.length}>
          <section class="sect"><header><h3>Accounts tried</h3><span class="dimmer">{count(one().tried.length)}</span></header><Names list={one().tried} column="user" /></section>
        </Show>
        <Show when={one().src_ips.length > 1}>
          <section class="sect"><header><h3>Addresses</h3><span class="dimmer">{count(one().src_ips.length)}</span></header><Names list={one().src_ips} column="address" plain /></section>
        </Show>
        <Show when={one().places.length || one().reasons || one().context.length}>
          <section class="sect">
            <header><h3>Context</h3></header>
            <Show when={one().places.length}><p class="t-12"><span class="dimmer">At </span><Plain text={one().places.join(", ")} /></p></Show>
            <Show when={one().reasons}><p class="t-12"><span class="dimmer">Reasons </span><Plain text={one().reasons} /></p></Show>
            <ul class="bullets"><For each={one().context}>{(text) => <li><Plain text={text} /></li>}</For></ul>
          </section>
        </Show>
        <Show when={lost()}><section class="sect"><p class="t-12 dim">{plural(lost(), "alert")} of it {lost() === 1 ? "has" : "have"} a disposition.</p></section></Show>
      </div>
    </>
  );
}

function Told(props: { readonly fact: Fact; readonly before: Fact | undefined; readonly sameDay: boolean }): JSX.Element {
  const told = () => alertOf(props.fact.alert);
  const since = () => props.before && props.fact.time > props.before.time && `${span(props.fact.time - props.before.time)} later`;
  const open = () => { const one = told(); if (one) setSelected({ kind: "alert", told: one }); };
  return (
    <li>
      <span class="when">{props.sameDay ? clock(props.fact.time, zone()) : moment(props.fact.time, zone())}<Show when={since()}>{(text) => <span class="dimmer">{text()}</span>}</Show></span>
      <span class="knot" aria-hidden="true" />
      <span>
        <button class="plain" onClick={open}><Sentence text={props.fact.text} names={[told()?.alert.user, ...(told()?.alert.users ?? [])]} /></button>
        <span class="tail"><Severity of={props.fact.severity} /><Show when={told()?.login}><GotIn /></Show><span class="dimmer">{[props.fact.analytic, ...(props.fact.also ?? [])].join(", ")}</span></span>
      </span>
    </li>
  );
}

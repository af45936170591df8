// The results of reading: what was read, what was not, and which analytics can fire.

import { For, Show, type JSX } from "solid-js";
import { count, moment, plural, size } from "../format";
import { alerts, config, files, health, open, reading, zone } from "../state";
import { transitions } from "../zones";
import { Icon } from "./Icon";
import { Plain, Quoted } from "./Text";

const KINDS: Record<string, string> = {
  unread: "Looks like a login, and is in no form that is known",
  malformed: "Of a known form, and cannot be read",
  undated: "Without a date that can be read",
  oversized: "Too long",
  future: "From the future",
};

export const notes = (): number => {
  const found = health();
  return found ? found.files.filter(({ lost }) => lost > 0).length + found.problems.length + found.readiness.filter(({ can_fire, events }) => !can_fire && events > 0).length : 0;
};

const most = (counter: string) => Math.max(0, ...(health()?.stats ?? []).map((stats) => Number(stats[counter] ?? 0)));

/** The zone of times without one. */
const zoneOf = () => String(config()["timezone"]?.["name"] ?? "UTC");

/** Reads all files again with another zone. */
async function reread(name: string): Promise<void> {
  const { timezone: _, ...others } = config();
  await open(files(), name === "UTC" ? others : { ...others, timezone: transitions(name) });
}

export function Health(): JSX.Element {
  return (
    <div class="scroll" tabindex="0" role="region" aria-label="Health">
      <div class="tiles">
        <Tile icon="file" title="Records read" value={reading().records}>{plural(files().length, "file")}, {size(reading().of)}</Tile>
        <Tile icon="check" title="About a login" value={reading().events}>{share(reading().events, reading().records)} of the records</Tile>
        <Tile icon="clock" title="Without a date" value={most("undated")}>counted, and not judged</Tile>
        <Tile icon="warn" title="Not readable" value={most("malformed") + most("unread")} bad>records that look like a login</Tile>
      </div>
      <div class="group">
        Files<span class="grow" />
        <label class="row zone-of">
          <span class="dim">Times without a zone are in</span>
          <select class="field" value={zoneOf()} onChange={(event) => void reread(event.currentTarget.value)}>
            <For each={["UTC", ...Intl.supportedValuesOf("timeZone").filter((name) => name !== "UTC")]}>{(name) => <option value={name}>{name}</option>}</For>
          </select>
        </label>
      </div>
      <table class="grid">
        <thead><tr><th>File</th><th class="num">Records</th><th class="num">Events</th><th class="hide-s">Span, {zone()}</th></tr></thead>
        <tbody>
          <For each={health()?.files ?? []}>
            {(file) => (
              <>
                <tr class={file.losses.length || file.records === 0 ? "has-msg" : ""}>
                  <td><span class="row">
                    <Show when={file.damaged} fallback={<span class={file.lost ? "c-warn" : "c-good"}><Icon name={file.lost ? "warn" : "succ"} /></span>}><span class="c-bad"><Icon name="critical" /></span></Show>
                    <Quoted text={file.name} />
                  </span></td>
                  <td class="num">{count(file.records)}</td>
                  <td class="num">{count(file.events)}</td>
                  <td class="hide-s">{file.first && file.last ? `${moment(BigInt(file.first), zone())} – ${moment(BigInt(file.last), zone())}` : "–"}</td>
                </tr>
                <For each={file.losses.slice(0, 4)}>
                  {(loss) => (
                    <tr class="msg"><td colspan="4">
                      {loss.line !== null ? `Line ${count(loss.line)}: ` : file.damaged ? "Damaged: " : ""}<Plain text={loss.text} />
                      {file.damaged ? `. The ${plural(file.records, "record")} before it ${file.records === 1 ? "was" : "were"} read.` : ""}
                    </td></tr>
                  )}
                </For>
                <Show when={file.records > 0 && file.events === 0}>
                  <tr class="msg"><td colspan="4">{plural(file.records, "record")}, and none is about a login.</td></tr>
                </Show>
              </>
            )}
          </For>
        </tbody>
      </table>
      <Show when={health()?.problems.length}>
        <div class="group">The first record of each kind of trouble</div>
        <For each={health()!.problems}>
          {(problem) => (
            <div class="trouble">
              <p><b class="m">{KINDS[problem.kind] ?? problem.kind}</b> <span class="dimmer"><Show when={problem.file}><bdi>{problem.file}</bdi>:{problem.line}</Show> · {count(most(problem.kind))} in all</span></p>
              <code class="block"><Plain text={problem.text} /></code>
            </div>
          )}
        </For>
      </Show>
      <For each={health()?.dropped}>{(text) => <p class="pad dim">Of the state: {text}</p>}</For>
      <Show when={(health()?.unlisted ?? 0) > 0}><p class="pad dim">{count(health()!.unlisted)} events were judged, but are too many to be listed.</p></Show>
      <div class="only-small"><Readiness /></div>
    </div>
  );
}

function Tile(props: { readonly icon: "file" | "check" | "clock" | "warn"; readonly title: string; readonly value: number; readonly bad?: boolean; readonly children: JSX.Element }): JSX.Element {
  return (
    <div class="tile">
      <div class={`k ${props.bad && props.value ? "c-bad" : ""}`}><Icon name={props.icon} />{props.title}</div>
      <div class="t-20">{count(props.value)}</div>
      <div class="t-12 dim">{props.children}</div>
    </div>
  );
}

const share = (part: number, whole: number): string => (whole ? `${part && part * 100 < whole ? "under 1" : Math.round((100 * part) / whole)} %` : "0 %");

export function Readiness(): JSX.Element {
  const list = () => health()?.readiness ?? [];
  const can = () => list().filter(({ can_fire }) => can_fire).length;
  const part = () => list().filter(({ in_part }) => in_part).length;
  const of = (id: string) => alerts().filter(({ alert }) => alert.analytic.toLowerCase() === id).length;
  return (
    <>
      <div class="d-head">
        <h2 class="t-20">{can()} of {list().length} analytics can fire{part() ? `; ${part()} of them in part` : ""}</h2>
      </div>
      <div class="d-body scroll" tabindex="0">
        <For each={list()}>
          {(one) => (
            <div class="fire">
              <div class="row">
                <b>{one.analytic.toUpperCase()}</b><span class="dim cut grow">{one.name.replace(/^[^:]*: /, "")}</span>
                <span class="dimmer t-12">{plural(of(one.analytic), "alert")}</span>
                <Show when={one.can_fire} fallback={<span class="state state-no"><Icon name="x" small />Cannot fire</span>}>
                  <Show when={one.in_part} fallback={<span class="state state-ok"><Icon name="check" small />Can fire</span>}>
                    <span class="state state-part"><Icon name="warn" small />In part</span>
                  </Show>
                </Show>
              </div>
              <div class="need">
                <For each={one.needs}>
                  {(need) => <span><span class={need.whole ? "c-good" : "c-bad"}><Icon name={need.whole ? "check" : "x"} small /></span>{count(need.whole)} {need.name}</span>}
                </For>
              </div>
              <For each={one.why}>{(why) => <p>{why}</p>}</For>
            </div>
          )}
        </For>
      </div>
    </>
  );
}

// The near misses, in the words of the module.

import { createMemo, For, Show, type JSX } from "solid-js";
import { clock, count, plural } from "../format";
import type { Near } from "../protocol";
import { near, selected, setSelected, setTuning, shownNear, zone } from "../state";
import { Ghost } from "./Alerts";
import { Icon, type IconName } from "./Icon";
import { Name, Plain } from "./Text";
import { setPicked } from "./Tuning";
import { Virtual } from "./Virtual";

const GROUPS: readonly (readonly [Near["step"], string, IconName])[] = [
  ["too-late", "Too late", "clock"],
  ["short", "Too few", "dash"],
  ["silent", "Held back after an alert", "mute"],
];
type Line = { readonly title: string; readonly icon: IconName; readonly count: number } | { readonly near: Near };

export function NearMisses(): JSX.Element {
  const lines = createMemo<Line[]>(() =>
    GROUPS.flatMap(([step, title, icon]): Line[] => {
      const list = shownNear().filter((one) => one.step === step);
      return list.length ? [{ title, icon, count: list.length }, ...list.map((near) => ({ near }))] : [];
    }),
  );
  const narrow = matchMedia("(max-width: 640px)");
  return (
    <>
      <div class="filters"><span class="dim cut">{near() ? `${plural(shownNear().length, "time")} a count came close and no alert was raised.` : "The analytics are asked why they did not fire."}</span></div>
      <Show when={near()} fallback={<div class="scroll pad"><Ghost /></div>}>
        <Show when={lines().length} fallback={<div class="scroll pad"><div class="none"><p class="t-15">Nothing came near</p><p class="dim">No key reached half of what an analytic needs without raising an alert.</p></div></div>}>
          <Virtual count={lines().length} height={(at) => ("title" in (lines()[at] ?? {}) ? 28 : narrow.matches ? 68 : 48)} label="Near misses">
            {(at) => {
              const line = lines()[at];
              if (!line) return null;
              if ("title" in line) {
                return <div class="group" role="listitem"><Icon name={line.icon} />{line.title}<span class="dimmer m">{count(line.count)}</span></div>;
              }
              return <NearRow near={line.near} />;
            }}
          </Virtual>
        </Show>
      </Show>
    </>
  );
}

export function Meter(props: { readonly near: Near }): JSX.Element {
  const most = () => Math.min(props.near.needed, 10);
  const full = () => Math.min(most(), Math.floor((props.near.count / Math.max(1, props.near.needed)) * most()));
  return (
    <span class="meter">
      <b>{props.near.count} of {props.near.needed}</b>
      <svg viewBox="0 0 110 8" width="110" height="8" aria-hidden="true">
        <For each={Array.from({ length: most() }, (_, at) => at)}>
          {(at) => <rect class={at < full() ? "pip" : "pip no"} x={at * 11 + 0.5} y="1.5" width="8" height="5" rx="1" />}
        </For>
      </svg>
    </span>
  );
}

function NearRow(props: { readonly near: Near }): JSX.Element {
  const one = () => props.near;
  const on = () => { const current = selected(); return current?.kind === "near" && current.near.record === one().record && current.near.key === one().key; };
  return (
    <div class={`near ${on() ? "on" : ""}`} role="listitem">
      <Meter near={one()} />
      <button class="plain grow near-open" aria-current={on() ? "true" : undefined} onClick={() => setSelected({ kind: "near", near: one() })}>
        <span class="cut"><Name text={one().user} none="nobody" />{one().address ? ` from ${one().address}` : ""}: <Plain text={one().text} /></span>
        <span class="sub cut">{clock(one().time, zone())} · {one().analytic.toUpperCase()} · {one().key.split(" ")[0]}{one().times > 1 ? ` · ${count(one().times)} times` : ""}</span>
      </button>
      <Show when={one().step !== "silent"} fallback={<span />}>
        <button class="btn btn-line" onClick={() => { setPicked(one().analytic); setTuning(true); }}><Icon name="tune" />Tune</button>
      </Show>
    </div>
  );
}

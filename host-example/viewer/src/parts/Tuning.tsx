// Tuning: fields from the schema of each analytic, an immediate re-run, and the alerts that appear and disappear.

import { createEffect, createMemo, createSignal, For, on, onCleanup, Show, type JSX } from "solid-js";
import { clock, count, micros, plural, span } from "../format";
import type { Option, Told } from "../protocol";
import { alerts, analytics, ask, config, files, health, highest, open, option, phase, say, setSelected, setTuning, tuning, zone, type Config } from "../state";
import { names } from "./Alerts";
import { GotIn } from "./Badges";
import { Grid } from "./Grid";
import { Icon } from "./Icon";
import { Sentence } from "./Text";
import { toml } from "../toml";

/** Options that are only at the top level, or that nobody changes to see a difference. */
const TOP_LEVEL = new Set(["timezone", "date_order", "max_ahead", "max_record", "trusted_proxies", "undated", "salt", "follow_up"]);
const MEMORY = new Set(["max_keys", "pool_bytes", "sketch_bytes"]);

/** The most new alerts, and the most vanished alerts, that are listed. More would stop the page for a moment. */
const LISTED = 100;

type Kind = "number" | "span" | "flag" | "word" | "list";

function kind(option: Option): Kind | null {
  if (option.$ref) return null;
  if (option.type === "integer") return "number";
  if (option.type === "boolean") return "flag";
  if (option.enum) return "word";
  if (option.type === "string" && option.pattern?.includes("ms|s|m|h|d")) return "span";
  if (option.type === "array" && (option.items?.enum || option.items?.type === "string")) return "list";
  return null;
}

const SPANS = [
  "10s", "30s", "1m", "2m", "3m", "5m", "7m", "10m", "15m", "20m", "30m", "45m", "1h", "90m", "2h", "3h", "4h", "6h", "8h", "12h", "18h",
  "24h", "36h", "2d", "3d", "7d",
];

export const [picked, setPicked] = createSignal("an1276");
const [draft, setDraft] = createSignal<Config>({});
const [more, setMore] = createSignal(false);
const [again, setAgain] = createSignal<{ readonly alerts: readonly Told[]; readonly milliseconds: number } | null>(null);
const [asTable, setAsTable] = createSignal(false);
const [wrong, setWrong] = createSignal("");
const [busy, setBusy] = createSignal(false);

const changed = (id: string) => Object.keys(draft()[id] ?? {}).length;
const anyChanged = () => Object.keys(draft()).some(changed);

function change(name: string, value: unknown): void {
  const id = picked();
  const own = { ...draft()[id] };
  if (JSON.stringify(value) === JSON.stringify(option(id, name))) delete own[name];
  else own[name] = value;
  setDraft({ ...draft(), [id]: own });
}

/** The present configuration with the changed options. */
const merged = (): Config => {
  const all: Config = { ...config() };
  for (const [id, own] of Object.entries(draft())) if (Object.keys(own).length) all[id] = { ...all[id], ...own };
  return all;
};

const value = (name: string): unknown => draft()[picked()]?.[name] ?? option(picked(), name);

export function Tuning(): JSX.Element {
  let timer: ReturnType<typeof setTimeout> | undefined;
  createEffect(on([draft, alerts, phase], () => {
    clearTimeout(timer);
    setWrong("");
    if (!anyChanged() || phase() !== "ready") {
      setAgain(null);
      return;
    }
    timer = setTimeout(() => void run(), 120);
  }));
  onCleanup(() => clearTimeout(timer));
  createEffect(on(files, () => setDraft({}), { defer: true }));
  async function run(): Promise<void> {
    setBusy(true);
    try {
      const answer = await ask("again", { config: JSON.stringify(merged()) });
      const judged = new Set(answer.analytics);
      const others = alerts().filter(({ alert }) => !judged.has(alert.analytic.toLowerCase()));
      setAgain({ alerts: [...others, ...answer.alerts], milliseconds: answer.milliseconds });
      const { fresh, gone } = difference();
      say(`${plural(fresh.length, "alert")} new, ${gone.length} gone`);
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      if (words !== "superseded" && words !== "stopped") setWrong(words);
    }
    setBusy(false);
  }
  // The digest of a configuration is part of its alerts; the id comes from analytic, pattern, key and time.
  const difference = createMemo(() => {
    const other = again()?.alerts;
    if (!other) return { fresh: [], gone: [] };
    const [before, after] = [alerts(), other].map((list) => new Set(list.map(({ alert }) => alert.id)));
    return { fresh: other.filter(({ alert }) => !before!.has(alert.id)), gone: alerts().filter(({ alert }) => !after!.has(alert.id)) };
  });
  const hidden = () => Math.max(0, difference().fresh.length - LISTED) + Math.max(0, difference().gone.length - LISTED);
  const lost = () => difference().gone.filter(({ login }) => login).length;
  const options = createMemo(() => {
    const schema = analytics().find(({ id }) => id === picked())?.schema.properties ?? {};
    return Object.entries(schema).flatMap(([name, option]) => {
      const of = kind(option);
      return of && !TOP_LEVEL.has(name) ? [{ name, option, of }] : [];
    });
  });
  const few = () => options().filter(({ name }) => !MEMORY.has(name)).slice(0, 6);
  const words = () => toml(Object.fromEntries(Object.entries(draft()).filter(([, own]) => Object.keys(own).length)));
  const copy = async () => {
    await navigator.clipboard.writeText(words());
    say("Copied");
  };
  const comparable = () => options().filter(({ of }) => of === "number" || of === "span").map(({ name }) => name);
  const about = (id: string) => (analytics().find((one) => one.id === id)?.name ?? "").replace(/^[^:]*: /, "");
  const fires = (id: string) => health()?.readiness.find(({ analytic }) => analytic === id)?.can_fire ?? true;
  return (
    <footer class="drawer">
      <div class="dbar">
        <Icon name="tune" /><b class="b">Tuning</b>
        <span class="dim cut">{anyChanged() ? Object.entries(draft()).filter(([id]) => changed(id)).map(([id]) => `${id.toUpperCase()}, ${changed(id)} changed`).join("; ") : "Defaults in use"}</span>
        <Show when={!tuning()}><span class="dimmer cut hide-m">Move a threshold and see which alerts come and go.</span></Show>
        <span class="grow" />
        <Show when={tuning()}>
          <button class="btn hide-m" aria-pressed={more()} onClick={() => setMore(!more())}>{more() ? "Fewer options" : `${options().length - few().length} more options`}</button>
          <button class="btn" disabled={!anyChanged()} onClick={() => setDraft({})}>Undo all</button>
        </Show>
        <button class="btn" aria-expanded={tuning()} onClick={() => setTuning(!tuning())}>{tuning() ? "Close" : "Open"}<kbd>T</kbd><Icon name={tuning() ? "down" : "up"} /></button>
      </div>
      <Show when={tuning()}>
        <div class="tune">
          <ul class="pick">
            <For each={analytics()}>
              {({ id }) => (
                <li class={id === picked() ? "on" : ""}>
                  <button class="plain" aria-pressed={id === picked()} onClick={() => setPicked(id)}>
                    <span class="b">{id.toUpperCase()}</span><br /><span class="t-12 dim">{fires(id) ? about(id) : "Cannot fire, see Health"}</span>
                  </button>
                  <Show when={changed(id)}><span class="t-12 c-warn b">{changed(id)} changed</span></Show>
                </li>
              )}
            </For>
          </ul>
          <div class="knobs scroll" tabindex="0" role="region" aria-label="Options">
            <For each={more() ? options() : few()}>{({ name, option, of }) => <Knob name={name} option={option} of={of} />}</For>
          </div>
          <div class="diff">
            <div class="diff-as">
              <span class="seg" role="group" aria-label="What is compared">
                <button aria-pressed={!asTable()} onClick={() => setAsTable(false)}>Difference</button>
                <button aria-pressed={asTable()} onClick={() => setAsTable(true)}>Table of values</button>
              </span>
            </div>
            <Show when={asTable()}>
              <Grid analytic={picked()} options={comparable()} config={() => JSON.stringify(merged())} value={value} use={(name, value) => change(name, /^\d+$/.test(value) ? Number(value) : value)} />
            </Show>
            <Show when={!asTable()}>
            <Show when={!wrong()} fallback={<div class="err m-4" role="alert"><Icon name="critical" /><span>{wrong()}</span><button class="btn btn-line" onClick={() => setDraft({})}>Undo</button></div>}>
              <Show when={again()} fallback={<p class="pad dim">{busy() ? "Judging again…" : phase() === "ready" ? "Move an option: all that was read is judged again." : "The options can be moved once all is read."}</p>} keyed>
                {(answer) => (
                  <>
                    <div class="diff-n" data-fresh={difference().fresh.length} data-gone={difference().gone.length}>
                      <b class="c-good">+{count(difference().fresh.length)}</b><b class="c-bad">−{count(difference().gone.length)}</b><span class="m">alerts</span>
                      <span class="dim">{count(alerts().length)} → {count(answer.alerts.length)}</span><span class="grow" /><span class="t-12 dimmer">{busy() ? "…" : `${(answer.milliseconds / 1000).toFixed(2)} s`}</span>
                    </div>
                    <Show when={lost()}>
                      <div class="warnbox"><Icon name="warn" /><span class="grow">{lost()} of the {difference().gone.length} {lost() === 1 ? "is an alert" : "are alerts"} in which somebody got in.</span></div>
                    </Show>
                    <ul class="scroll" tabindex="0" aria-label="What changes">
                      <Show when={difference().fresh.length}><li class="c-good b"><Icon name="plus" small />New<span>{count(difference().fresh.length)}</span></li></Show>
                      <For each={difference().fresh.slice(0, LISTED)}>{(told) => <Change told={told} fresh />}</For>
                      <Show when={difference().gone.length}><li class="c-bad b"><Icon name="minus" small />Gone<span>{count(difference().gone.length)}</span></li></Show>
                      <For each={[...difference().gone].sort((a, b) => Number(b.login) - Number(a.login)).slice(0, LISTED)}>{(told) => <Change told={told} />}</For>
                      <Show when={hidden()}><li class="dim"><span /><span /><span>{count(hidden())} more are not listed.</span></li></Show>
                    </ul>
                  </>
                )}
              </Show>
            </Show>
            </Show>
            <div class="diff-foot">
              <code class="mono cut grow">{words().trim().replaceAll("\n", "  ") || "no option moved"}</code>
              <button class="btn btn-line" disabled={!anyChanged()} onClick={() => void copy()}><Icon name="copy" />Copy TOML</button>
              <button class="btn btn-line" disabled={!anyChanged() || !!wrong() || !again()} onClick={() => void open(files(), merged())}>Use it</button>
            </div>
          </div>
        </div>
      </Show>
    </footer>
  );
}

function Change(props: { readonly told: Told; readonly fresh?: boolean }): JSX.Element {
  return (
    <li>
      <span class={props.fresh ? "c-good" : "c-bad"}><Icon name={props.fresh ? "plus" : "minus"} small /></span>
      <span>{clock(props.told.time, zone())}</span>
      <button class="plain cut" onClick={() => setSelected({ kind: "alert", told: props.told })}>
        <Show when={props.told.login}><GotIn /> </Show>
        <Sentence text={props.told.alert.title} names={names(props.told)} />
      </button>
    </li>
  );
}

function Knob(props: { readonly name: string; readonly option: Option; readonly of: Kind }): JSX.Element {
  const was = () => option(picked(), props.name);
  const isChanged = () => draft()[picked()]?.[props.name] !== undefined;
  const id = () => `knob-${props.name}`;
  return (
    <div class="knob">
      <label for={id()}>
        <code>{props.name}</code>
        <Show when={isChanged()}><span class="was">was {shown(was())}</span></Show>
        <Show when={props.of === "number" || props.of === "span"}><output>{shown(value(props.name))}</output></Show>
      </label>
      {props.of === "number" ? <NumberKnob id={id()} name={props.name} option={props.option} />
        : props.of === "span" ? <SpanKnob id={id()} name={props.name} />
        : props.of === "flag" ? (
          <span class="seg" role="group" aria-label={props.name}>
            <For each={[true, false]}>{(flag) => <button id={flag ? id() : undefined} aria-pressed={value(props.name) === flag} onClick={() => change(props.name, flag)}>{String(flag)}</button>}</For>
          </span>
        )
        : props.of === "word" ? (
          <select id={id()} class="field" value={String(value(props.name))} onChange={(event) => change(props.name, event.currentTarget.value)}>
            <For each={props.option.enum}>{(word) => <option value={String(word)}>{String(word)}</option>}</For>
          </select>
        )
        : <input id={id()} class="field" spellcheck={false} value={(value(props.name) as readonly string[] | undefined)?.join(", ") ?? ""} placeholder="none"
            onChange={(event) => change(props.name, event.currentTarget.value.split(",").map((part) => part.trim()).filter(Boolean))} />}
      <p>{props.option.description?.replaceAll("`", "")}</p>
    </div>
  );
}

const shown = (value: unknown): string => (Array.isArray(value) ? value.join(", ") || "none" : String(value ?? ""));

function NumberKnob(props: { readonly id: string; readonly name: string; readonly option: Option }): JSX.Element {
  const fallback = () => Number(props.option.default ?? 1);
  const most = () => Math.min(props.option.maximum ?? Infinity, Math.max(fallback() * 4, 25));
  // A threshold of failures or challenges has a histogram of the highest counts of keys.
  const bins = createMemo(() => {
    if (!/^min_(failures|challenges)$/.test(props.name)) return null;
    const bins = new Array<number>(most() + 1).fill(0);
    for (const kinds of Object.values(highest()[picked()] ?? {})) {
      for (const [reached, keys] of Object.entries(kinds)) bins[Math.min(Number(reached), most())]! += keys;
    }
    return bins.some(Boolean) ? bins : null;
  });
  const state = (at: number) => (at >= Number(value(props.name)) ? "keep" : at >= Number(option(picked(), props.name)) ? "lost" : "");
  return (
    <>
      <Show when={bins()}>
        {(list) => {
          const top = () => Math.log1p(Math.max(...list()));
          return (
            <svg class="hist" viewBox={`0 0 ${list().length * 10} 25`} width="100%" height="28" preserveAspectRatio="none" aria-hidden="true">
              <For each={list()}>{(keys, at) => <rect class={state(at())} x={at() * 10} width="8" y={24 - (22 * Math.log1p(keys)) / top()} height={(22 * Math.log1p(keys)) / top()} />}</For>
              <line x1="0" x2={list().length * 10} y1="24.5" y2="24.5" />
            </svg>
          );
        }}
      </Show>
      <input id={props.id} type="range" min={props.option.minimum ?? 0} max={most()} value={Number(value(props.name))} onInput={(event) => change(props.name, event.currentTarget.valueAsNumber)} />
    </>
  );
}

function SpanKnob(props: { readonly id: string; readonly name: string }): JSX.Element {
  const list = () => {
    const own = String(option(picked(), props.name));
    return [...new Set([...SPANS, own, ...(own === "0s" || own === "max" ? ["0s"] : [])])].sort((a, b) => Number((micros(a) ?? 0n) - (micros(b) ?? 0n)));
  };
  const at = () => Math.max(0, list().indexOf(String(value(props.name))));
  return (
    <input id={props.id} type="range" min="0" max={list().length - 1} value={at()} aria-valuetext={span(micros(list()[at()]) ?? 0n)} onInput={(event) => change(props.name, list()[event.currentTarget.valueAsNumber])} />
  );
}

// The tuning table: several values of one option, judged together. The module compares them with the dispositions.

import { createEffect, createSignal, For, on, Show, type JSX } from "solid-js";
import { count, plural } from "../format";
import type { Grid as Table, GridPoint } from "../protocol";
import { ask, decided, phase, say } from "../state";
import { Icon } from "./Icon";
import { Plain } from "./Text";

export function Grid(props: {
  readonly analytic: string;
  readonly options: readonly string[];
  readonly config: () => string;
  readonly value: (name: string) => unknown;
  readonly use: (name: string, value: string) => void;
}): JSX.Element {
  const [option, setOption] = createSignal("");
  const [values, setValues] = createSignal("");
  const [table, setTable] = createSignal<Table | null>(null);
  const [wrong, setWrong] = createSignal("");
  const [busy, setBusy] = createSignal(false);
  const name = () => (props.options.includes(option()) ? option() : (props.options[0] ?? ""));
  createEffect(on(() => props.analytic, () => { setTable(null); setWrong(""); setValues(""); }));
  async function run(): Promise<void> {
    setBusy(true);
    setWrong("");
    try {
      const axis = values().trim() ? `${name()}=${values()}` : name();
      const next = await ask("grid", { config: props.config(), analytic: props.analytic, axis });
      setTable(next);
      setValues(next.points.map(({ value }) => value).join(", "));
      say(`${plural(next.points.length, "value")} judged`);
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      if (words !== "superseded" && words !== "stopped") setWrong(words);
    }
    setBusy(false);
  }
  // A disposition changes what each value loses.
  createEffect(on(() => decided().marks, () => table() && void run(), { defer: true }));
  return (
    <>
      <form class="grid-form" onSubmit={(event) => { event.preventDefault(); void run(); }}>
        <select class="field" aria-label="Option" value={name()} onChange={(event) => { setOption(event.currentTarget.value); setValues(""); setTable(null); }}>
          <For each={props.options}>{(one) => <option value={one}>{one}</option>}</For>
        </select>
        <input class="field grow" aria-label="Values" id="grid-values" spellcheck={false} autocomplete="off" placeholder="3..10 or 5m, 15m, 1h; empty: around the default" value={values()} onInput={(event) => setValues(event.currentTarget.value)} />
        <button class="btn btn-fill" disabled={busy() || phase() !== "ready" || !name()}>{busy() ? "Judging…" : "Compare"}</button>
      </form>
      <Show when={wrong()}><div class="err m-4" role="alert"><Icon name="critical" /><span>{wrong()}</span></div></Show>
      <Show when={table()} fallback={<Show when={!wrong()}><p class="pad dim">All values are judged together, and each record is decoded once. Alerts marked as true are the attacks that must not be lost.</p></Show>}>
        {(all) => (
          <>
            <div class="scroll" tabindex="0" role="region" aria-label="Values compared">
              <table class="ev points">
                <thead><tr><th>{all().option}</th><th class="num">alerts</th><td /><th class="num">a day</th><th class="num">keys</th><th class="num">known false</th><th>loses</th></tr></thead>
                <tbody>
                  <For each={all().points}>
                    {(point, at) => <Row point={point} of={all()} best={at() === all().best} now={String(props.value(all().option)) === point.value} use={() => props.use(all().option, point.value)} />}
                  </For>
                </tbody>
              </table>
            </div>
            <p class="advice t-12">
              <span class="grow">
                <Show when={all().best !== null} fallback={<span class="dim">Nothing is recommended: <Plain text={all().why_not ?? ""} />.</span>}>
                  <b>Recommended: {all().option} = {all().points[all().best!]!.value}</b>, the fewest alerts that keep {plural(all().known.length, "known attack")}.
                </Show>
              </span>
              <span class="dimmer">{(all().milliseconds / 1000).toFixed(2)} s</span>
            </p>
          </>
        )}
      </Show>
    </>
  );
}

function Row(props: { readonly point: GridPoint; readonly of: Table; readonly best: boolean; readonly now: boolean; readonly use: () => void }): JSX.Element {
  const most = () => Math.max(1, ...props.of.points.map(({ alerts }) => alerts));
  const perDay = () => (props.point.per_day >= 100 ? count(Math.round(props.point.per_day)) : props.point.per_day.toFixed(1));
  return (
    <tr class={props.best ? "best" : ""} data-value={props.point.value} data-alerts={props.point.alerts} data-keys={props.point.keys}>
      <td class="row"><button class="linkish b" onClick={props.use}>{props.point.value}</button><Show when={props.now}> <span class="dimmer">now</span></Show><Show when={props.best}> <span class="c-good"><Icon name="check" small /></span></Show></td>
      <td class="num b">{count(props.point.alerts)}</td>
      <td class="bar-of"><svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" height="8" width="100%" aria-hidden="true"><rect width={(100 * props.point.alerts) / most()} height="8" /></svg></td>
      <td class="num">{perDay()}</td>
      <td class="num">{count(props.point.keys)}</td>
      <td class="num">{count(props.point.wrong)}</td>
      <td class="loses"><Show when={props.point.loses.length} fallback={<span class="dimmer">none</span>}><Plain text={props.point.loses.slice(0, 3).join(", ")} />{props.point.loses.length > 3 ? ` and ${props.point.loses.length - 3} more` : ""}</Show></td>
    </tr>
  );
}

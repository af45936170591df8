// The facets: values with counts for the selected time. Each value can be chosen or excluded.

import { createSignal, For, Show, type JSX } from "solid-js";
import { count } from "../format";
import { FACETS, type Count } from "../protocol";
import { alerts, analytics, ask, choice, choose, filter, shownAlerts, summary } from "../state";
import { Icon } from "./Icon";
import { Quoted } from "./Text";

/** The columns whose values an attacker chooses. */
const NAMES = new Set(["user", "host", "file", "service", "reason"]);
/** The facets that are open at the start. */
const OPEN = new Set(["outcome", "user", "address", "host"]);

export function Facets(): JSX.Element {
  const byAnalytic = (): Count[] => {
    const counts = new Map<string, number>(analytics().map(({ id }) => [id, 0]));
    const { only, not } = choice("analytic");
    const list = only.length + not.length ? alerts() : shownAlerts();
    for (const { alert } of list) counts.set(alert.analytic.toLowerCase(), (counts.get(alert.analytic.toLowerCase()) ?? 0) + 1);
    return [...counts].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count);
  };
  const name = (id: string) => (analytics().find((one) => one.id === id)?.name ?? id).replace(":", "");
  return (
    <aside class="facets" aria-label="Filters">
      <Facet column="outcome" title="Outcome" values={summary()?.facets["outcome"]?.top ?? []} more={0} />
      <Facet column="analytic" title="Alerts of" values={byAnalytic()} more={0} shown={name} />
      <For each={FACETS.slice(1)}>
        {([column, title]) => (
          <Show when={(summary()?.facets[column]?.top.length ?? 0) > 0}>
            <Facet column={column} title={title} values={summary()!.facets[column]!.top} more={summary()!.facets[column]!.more} />
          </Show>
        )}
      </For>
    </aside>
  );
}

function Facet(props: {
  readonly column: string;
  readonly title: string;
  readonly values: readonly Count[];
  readonly more: number;
  readonly shown?: (value: string) => string;
}): JSX.Element {
  const [part, setPart] = createSignal<string | null>(null);
  const [found, setFound] = createSignal<readonly Count[] | null>(null);
  const list = () => found() ?? props.values;
  const most = () => Math.max(1, ...list().map(({ count }) => count));
  const search = async (text: string) => {
    setPart(text);
    const values = await ask("values", { filter: filter(), column: props.column, part: text }).catch(() => []);
    if (part() === text) setFound(values.slice(0, 50));
  };
  return (
    <details class="facet" open={OPEN.has(props.column) || props.column === "analytic"}>
      <summary>
        <Icon name="right" small class="turn" />
        {props.title}
      </summary>
      <Show when={part() !== null}>
        <input
          class="field facet-find" type="search" aria-label={`Find in ${props.title}`} placeholder="Find"
          onInput={(event) => void search(event.currentTarget.value)}
          ref={(input) => queueMicrotask(() => input.focus())}
        />
      </Show>
      <ul>
        <For each={list()}>
          {({ value, count: n }) => {
            const only = () => choice(props.column).only.includes(value);
            const not = () => choice(props.column).not.includes(value);
            return (
              <li class={only() ? "in" : not() ? "ex" : ""}>
                <span class="tick" aria-hidden="true">
                  <Show when={only()}><Icon name="check" small /></Show>
                  <Show when={not()}><Icon name="dash" small /></Show>
                </span>
                <button class="cut facet-value" aria-pressed={only()} onClick={() => choose(props.column, value, "only")}>
                  <Show when={NAMES.has(props.column)} fallback={props.shown?.(value) ?? value}>
                    <Quoted text={value} />
                  </Show>
                </button>
                <span class="n">{count(n)}</span>
                <span class="pm">
                  <button aria-label="Only this value" aria-pressed={only()} onClick={() => choose(props.column, value, "only")}><Icon name="plus" small /></button>
                  <button aria-label="Not this value" aria-pressed={not()} onClick={() => choose(props.column, value, "not")}><Icon name="minus" small /></button>
                </span>
                <svg class="bar" viewBox="0 0 100 20" preserveAspectRatio="none" aria-hidden="true">
                  <rect width={(100 * n) / most()} height="20" />
                </svg>
              </li>
            );
          }}
        </For>
        <Show when={props.more > 0 && part() === null}>
          <li class="dimmer"><span /><button class="facet-more" onClick={() => void search("")}>{count(props.more)} more…</button></li>
        </Show>
      </ul>
    </details>
  );
}

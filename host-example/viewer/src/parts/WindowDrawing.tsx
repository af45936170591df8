// Draws the window of an alert or a near miss over the events of its key, in order. The counts come from the module,
// and the lengths from the options.

import { createMemo, For, Show, type JSX } from "solid-js";
import { hourMinute, clock, micros, span } from "../format";
import type { Window } from "../protocol";
import { option, zone } from "../state";

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BASE] = [512, 178, 52, 8, 26, 112];
const LOGIN = new Set(["success", "approved"]);

interface Drawing {
  readonly x: (time: bigint) => number;
  readonly from: bigint;
  readonly to: bigint;
  readonly open: bigint | null;
  readonly full: bigint | null;
  readonly grace: bigint | null;
}

export function WindowDrawing(props: { readonly analytic: string; readonly window: Window; readonly record: number; readonly fired: boolean }): JSX.Element {
  const points = () => props.window.points;
  const at = () => Math.max(0, points().findLastIndex(({ record }) => record === props.record));
  const needed = () => points()[at()]?.needed || points().find(({ needed }) => needed)?.needed || 0;
  const slow = () => needed() > 0 && option(props.analytic, "window") !== undefined && [option(props.analytic, "slow_min_failures"), option(props.analytic, "slow_min_challenges")].includes(needed());
  const length = () => micros(option(props.analytic, slow() ? "slow_window" : "window")) ?? 900_000_000n;
  const within = () => micros(option(props.analytic, "success_within"));
  /** The last point, at or before the record, that adds to the count. The window ends there. */
  const last = createMemo(() => {
    for (let place = at(); place >= 0; place--) {
      const point = points()[place]!;
      if (point.step !== "alert" && !LOGIN.has(point.outcome)) return place;
    }
    return at();
  });
  const drawing = createMemo<Drawing>(() => {
    const full = points()[last()]?.time ?? null;
    const open = full === null ? null : full - length();
    const grace = full === null || within() === null ? null : full + within()!;
    const here = points()[at()]?.time ?? 0n;
    let [from, to] = [open ?? here, here];
    if (grace !== null && grace > to) to = grace;
    // One event before the window shows an event that was too old.
    const before = points().findLast(({ time }) => open !== null && time < open);
    if (before && open !== null && open - before.time < length()) from = before.time;
    if (to <= from) to = from + 1_000_000n;
    const [wide, margin] = [to - from, (to - from) / 14n];
    const scale = (WIDTH - LEFT - RIGHT) / Number(wide + 2n * margin);
    return { x: (time) => LEFT + Number(time - from + margin) * scale, from: from - margin, to: to + margin, open, full, grace };
  });
  const seen = createMemo(() => {
    const { from, to } = drawing();
    const list = points().filter(({ time }) => time >= from && time <= to);
    // An alert and the event that was counted for it are drawn once.
    return list.filter(({ step, record }) => step !== "alert" || !list.some((other) => other.record === record && other.step !== "alert"));
  });
  const top = () => Math.max(needed(), ...seen().map(({ count }) => count), 1);
  const y = (count: number) => BASE - ((BASE - TOP - 12) * Math.min(count, top())) / top();
  const path = createMemo(() => {
    const { x, from } = drawing();
    let [line, level] = [`M${x(from).toFixed(1)} ${BASE}`, 0];
    for (const { time, count, outcome } of seen()) {
      if (LOGIN.has(outcome)) continue;
      // Events have left the window in between, so the count falls before it rises.
      if (count <= level && count > 0) line += `H${(x(time) - 1).toFixed(1)}V${y(count - 1).toFixed(1)}`;
      line += `H${x(time).toFixed(1)}V${y(count).toFixed(1)}`;
      level = count;
    }
    return line + `H${x(points()[at()]?.time ?? from).toFixed(1)}`;
  });
  const ticks = createMemo(() => {
    const { from, to } = drawing();
    const steps = [1n, 5n, 10n, 30n, 60n, 300n, 600n, 1800n, 3600n, 14_400n, 43_200n, 86_400n, 604_800n].map((step) => step * 1_000_000n);
    const step = steps.find((step) => (to - from) / step <= 7n) ?? steps.at(-1)!;
    const list: bigint[] = [];
    for (let time = from - (from % step) + step; time < to && list.length < 10; time += step) list.push(time);
    return { list, short: step < 60_000_000n };
  });
  const levels = () => {
    const step = Math.max(1, Math.ceil(top() / 5));
    return Array.from({ length: Math.floor(top() / step) + 1 }, (_, n) => n * step);
  };
  const rows = () => ({ failures: BASE + 17, logins: BASE + 34 });
  const login = () => points()[at()] && LOGIN.has(points()[at()]!.outcome) ? points()[at()]! : null;
  const late = (time: bigint) => drawing().x(time) > WIDTH - 84;
  const count = () => points()[last()]?.count ?? 0;
  const words = () => {
    const parts = [`${count()} of ${needed()} within ${span(length())}`];
    const one = login();
    const full = drawing().full;
    if (one && full !== null) parts.push(`then a login ${span(one.time - full)} after the last${within() ? `, ${span(within()!)} allowed` : ""}`);
    const old = seen().filter(({ time, outcome }) => !LOGIN.has(outcome) && drawing().open !== null && time < drawing().open!).length;
    if (old) parts.push(`${old} too old`);
    return `${parts.join(", ")}.`;
  };
  return (
    <figure>
      <svg class="win" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={words()}>
        <Show when={drawing().open !== null}>
          <rect class="wb" x={drawing().x(drawing().open!)} y={TOP - 8} width={drawing().x(drawing().full!) - drawing().x(drawing().open!)} height={rows().logins - TOP + 16} />
          <path class="wl" d={`M${drawing().x(drawing().open!)} ${TOP - 2}v-6H${drawing().x(drawing().full!)}v6`} />
          <text class="lbl" x={(drawing().x(drawing().open!) + drawing().x(drawing().full!)) / 2} y={TOP - 13} text-anchor="middle">window {span(length())}</text>
        </Show>
        <Show when={drawing().grace !== null}>
          <rect class="gb" x={drawing().x(drawing().full!)} y={TOP - 8} width={Math.max(0, drawing().x(drawing().grace!) - drawing().x(drawing().full!))} height={rows().logins - TOP + 16} />
          <path class="gl" d={`M${drawing().x(drawing().full!)} ${TOP - 8}H${drawing().x(drawing().grace!)}V${rows().logins + 8}`} />
          <Show when={drawing().x(drawing().grace!) - drawing().x(drawing().full!) > 90}>
            <text class="lbl" x={(drawing().x(drawing().full!) + drawing().x(drawing().grace!)) / 2} y={TOP - 13} text-anchor="middle">a login within {span(within()!)}</text>
          </Show>
        </Show>
        <For each={levels()}>
          {(level) => (
            <>
              <line class="wv" x1={LEFT} x2={WIDTH - RIGHT} y1={y(level)} y2={y(level)} />
              <text x={LEFT - 8} y={y(level) + 4} text-anchor="end">{level}</text>
            </>
          )}
        </For>
        <path class="stepf" d={`${path()}V${BASE}Z`} />
        <path class="step" d={path()} />
        <Show when={needed()}>
          <line class="thr" x1={LEFT} x2={WIDTH - RIGHT} y1={y(needed())} y2={y(needed())} />
          <text class="lbl" x={LEFT + 4} y={y(needed()) - 4}>{needed()} needed</text>
        </Show>
        <text x="0" y={rows().failures + 4}>Counted</text>
        <text x="0" y={rows().logins + 4}>Logins</text>
        <For each={seen()}>
          {(point) => {
            const x = () => drawing().x(point.time);
            const old = () => drawing().open !== null && point.time < drawing().open!;
            return (
              <Show
                when={LOGIN.has(point.outcome)}
                fallback={<path class={`xf ${old() ? "old" : ""}`} d={`m${x() - 4} ${rows().failures - 4} 8 8m0 -8 -8 8`}><title>{clock(point.time, zone())}, {point.count}</title></path>}
              >
                <g>
                  <line class="okl" x1={x()} x2={x()} y1={y(point.record === props.record ? count() : 0)} y2={rows().logins} />
                  <circle class="okm" cx={x()} cy={rows().logins} r="6" />
                  <path class="okm-c" d={`m${x() - 3} ${rows().logins + 0.2} 2.1 2 3.9 -4.2`} />
                </g>
              </Show>
            );
          }}
        </For>
        <Show when={needed() && drawing().full !== null}>
          <circle class="bx" cx={drawing().x(drawing().full!)} cy={y(count())} r="4" stroke-width="2" />
          <rect class="bx" x={drawing().x(drawing().full!) - 66} y={y(count()) + 5} width="58" height="18" rx="4" />
          <text class="strong" x={drawing().x(drawing().full!) - 37} y={y(count()) + 18} text-anchor="middle">{count()} of {needed()}</text>
        </Show>
        <Show when={login()} keyed>
          {(point) => (
            <text class="strong" x={drawing().x(point.time) + (late(point.time) ? -11 : 11)} y={rows().logins + 4} text-anchor={late(point.time) ? "end" : "start"}>{drawing().full === null ? "" : span(point.time - drawing().full!)} later</text>
          )}
        </Show>
        <For each={ticks().list}>
          {(time) => <text x={drawing().x(time)} y={HEIGHT - 6} text-anchor="middle">{ticks().short ? clock(time, zone()) : hourMinute(time, zone())}</text>}
        </For>
      </svg>
      <figcaption class="why">{words()}</figcaption>
    </figure>
  );
}

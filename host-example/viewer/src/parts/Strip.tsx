// The timeline: bars by uPlot, a brush for mouse, touch and keys, and the same numbers as a table for screen readers.

import uPlot from "uplot";
import { createEffect, createSignal, For, on, onCleanup, onMount, Show, type JSX } from "solid-js";
import { clock, count, day, hourMinute, moment, plural, shortDay, span } from "../format";
import type { Bars } from "../protocol";
import { filter, say, selected, setBars, setFilter, setView, shownAlerts, summary, view, zone, alerts } from "../state";
import { Icon } from "./Icon";

const MARKS: Record<string, string> = { critical: "--critical", high: "--high", medium: "--medium", low: "--low", informational: "--low" };
const ORDER = ["informational", "low", "medium", "high", "critical"];

function colour(name: string): string {
  // The browser resolves `light-dark()` where it is used, so a hidden element gives the colour.
  const probe = document.getElementById("probe")!;
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

function hatch(paint: string): CanvasPattern | string {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 6;
  const draw = tile.getContext("2d");
  if (!draw) return paint;
  draw.strokeStyle = paint;
  draw.lineWidth = 2;
  for (const x of [-3, 3, 9]) {
    draw.beginPath();
    draw.moveTo(x, 6);
    draw.lineTo(x + 6, 0);
    draw.stroke();
  }
  return draw.createPattern(tile, "repeat") ?? paint;
}

const seconds = (time: bigint) => Number(time) / 1e6;
const micros = (second: number) => BigInt(Math.round(second * 1e6));

export function Strip(): JSX.Element {
  let place!: HTMLDivElement;
  let plot: uPlot | undefined;
  const [cursor, setCursor] = createSignal<number | null>(null);
  const [width, setWidth] = createSignal(0);
  const bars = () => summary()?.bars ?? null;
  const edges = () => {
    const drawn = bars();
    return drawn ? ([drawn.start, drawn.start + drawn.width * BigInt(drawn.failures.length)] as const) : null;
  };

  const data = (drawn: Bars): uPlot.AlignedData => {
    const xs = Array.from(drawn.failures, (_, at) => seconds(drawn.start) + (at + 0.5) * seconds(drawn.width));
    const low = Array.from(drawn.successes);
    const middle = low.map((n, at) => n + drawn.challenges[at]!);
    const high = middle.map((n, at) => n + drawn.failures[at]!);
    // The tallest bars come first, and the others are drawn over them.
    return [xs, high, middle, low];
  };

  function draw(): void {
    plot?.destroy();
    plot = undefined;
    const drawn = bars();
    if (!drawn || width() < 50) return;
    const paints = ["--failure-soft", "--challenge-soft", "--success-soft"].map(colour);
    const surface = colour("--surface");
    const fills = [paints[0]!, hatch(paints[1]!), paints[2]!];
    const columns = uPlot.paths.bars!({ size: [0.86, 40, 1], align: 0 });
    const timeZone = zone();
    const tz = timeZone === "local" ? Intl.DateTimeFormat().resolvedOptions().timeZone : timeZone;
    const height = place.clientHeight || 78;
    plot = new uPlot(
      {
        width: width(),
        height,
        padding: [14, 6, 0, 6],
        tzDate: (at) => uPlot.tzDate(new Date(at * 1e3), tz),
        legend: { show: false },
        scales: {
          x: { range: () => { const [from, to] = edges()!; return [seconds(from), seconds(to)]; } },
          y: { range: (_, __, max) => [0, Math.max(1, max)] },
        },
        axes: [
          {
            size: 16, gap: 0, font: "11px system-ui", stroke: colour("--text-3"), grid: { show: false }, ticks: { show: false }, space: 76,
            values: (_, splits) => labels(splits, timeZone),
          },
          { show: false },
        ],
        cursor: { x: false, y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
        series: [
          {},
          ...fills.map((fill, at) => ({
            fill: () => fill as string,
            stroke: paints[at]!, width: 0, paths: columns, points: { show: false },
          })),
        ],
        hooks: {
          drawClear: [(self) => shade(self, colour("--selected"))],
          draw: [(self) => { fade(self, surface); symbols(self); }],
          setSelect: [(self) => {
            const { left, width: wide } = self.select;
            if (wide > 3) brush(micros(self.posToVal(left, "x")), micros(self.posToVal(left + wide, "x")));
            self.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
          }],
        },
      },
      data(drawn),
      place,
    );
  }

  /** The background of the brush. */
  function shade(self: uPlot, paint: string): void {
    const { from, to } = filter();
    if (from === null || to === null) return;
    const { left, top, height } = self.bbox;
    const [a, b] = [from, to].map((time) => self.valToPos(seconds(time), "x", true)) as [number, number];
    self.ctx.fillStyle = paint;
    self.ctx.fillRect(Math.max(a, left), top - 14 * devicePixelRatio, b - Math.max(a, left), height + 14 * devicePixelRatio);
  }

  /** Dims everything outside of the brush. */
  function fade(self: uPlot, paint: string): void {
    const { from, to } = filter();
    if (from === null || to === null) return;
    const { left, top, width: wide, height } = self.bbox;
    const [a, b] = [from, to].map((time) => Math.min(Math.max(self.valToPos(seconds(time), "x", true), left), left + wide)) as [number, number];
    const { ctx } = self;
    ctx.save();
    ctx.globalAlpha = 0.6;
    ctx.fillStyle = paint;
    ctx.fillRect(left, top, a - left, height);
    ctx.fillRect(b, top, left + wide - b, height);
    ctx.restore();
  }

  /** One symbol for the most severe alert within a few pixels. */
  function symbols(self: uPlot): void {
    const { ctx, bbox } = self;
    const scale = devicePixelRatio;
    const cells = new Map<number, string>();
    const current = selected();
    for (const { time, alert } of shownAlerts()) {
      const x = self.valToPos(seconds(time), "x", true);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      const cell = Math.round(x / (9 * scale));
      const known = cells.get(cell);
      if (!known || ORDER.indexOf(alert.severity) > ORDER.indexOf(known)) cells.set(cell, alert.severity);
    }
    ctx.save();
    const y = bbox.top - 7 * scale;
    if (current?.kind === "alert" || current?.kind === "near") {
      const time = current.kind === "alert" ? current.told.time : current.near.time;
      const x = self.valToPos(seconds(time), "x", true);
      ctx.strokeStyle = colour("--text");
      ctx.lineWidth = scale;
      ctx.beginPath();
      ctx.moveTo(x, y);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
    const surface = colour("--surface");
    for (const [cell, severity] of cells) {
      const [x, r] = [cell * 9 * scale, 4.5 * scale];
      const paint = colour(MARKS[severity]!);
      ctx.beginPath();
      if (severity === "critical") polygon(ctx, x, y, r, 8, Math.PI / 8);
      else if (severity === "high") polygon(ctx, x, y + r / 4, r, 3, -Math.PI / 2);
      else if (severity === "medium") polygon(ctx, x, y, r, 4, 0);
      else ctx.arc(x, y, r * 0.85, 0, 7);
      ctx.closePath();
      const solid = severity === "critical" || severity === "high";
      ctx.fillStyle = solid ? paint : surface;
      ctx.strokeStyle = paint;
      ctx.lineWidth = 1.5 * scale;
      ctx.fill();
      ctx.stroke();
    }
    ctx.restore();
  }

  /** The labels of the axis. No label is cut off. */
  function labels(splits: number[], zone: string): string[] {
    const wide = edges();
    const long = wide && wide[1] - wide[0] > 172_800_000_000n;
    if (!wide) return [];
    const [from, to] = [seconds(wide[0]), seconds(wide[1])];
    return splits.map((at) => {
      const x = ((at - from) / (to - from)) * width();
      if (x < 14 || x > width() - 14) return "";
      return long ? shortDay(micros(at), zone) : hourMinute(micros(at), zone);
    });
  }

  const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.floor(entry.contentRect.width)));
  onMount(() => {
    observer.observe(place);
    const themes = new MutationObserver(draw);
    themes.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", draw);
    onCleanup(() => {
      observer.disconnect();
      themes.disconnect();
      scheme.removeEventListener("change", draw);
      plot?.destroy();
    });
  });
  createEffect(on(width, (wide) => wide && setBars(Math.max(24, Math.floor(wide / 6.5)))));
  createEffect(on([bars, width, zone, alerts], draw));
  createEffect(on([filter, selected], () => plot?.redraw(false), { defer: true }));

  const barNow = () => {
    const [drawn, at] = [bars(), cursor()];
    if (!drawn || at === null || at >= drawn.failures.length) return null;
    const from = drawn.start + BigInt(at) * drawn.width;
    return { from, to: from + drawn.width, failures: drawn.failures[at]!, successes: drawn.successes[at]!, challenges: drawn.challenges[at]! };
  };
  const words = (bar: NonNullable<ReturnType<typeof barNow>>) =>
    `${moment(bar.from, zone())}: ${plural(bar.failures, "failure")}, ${plural(bar.successes, "success", "successes")}, ${plural(bar.challenges, "challenge")}`;

  function keys(event: KeyboardEvent): void {
    const drawn = bars();
    if (!drawn || event.ctrlKey || event.metaKey || event.altKey) return;
    const length = drawn.failures.length;
    const at = cursor() ?? 0;
    const moves: Record<string, number> = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: length - 1, PageUp: at - 10, PageDown: at + 10 };
    const to = moves[event.key];
    if (to !== undefined) {
      setCursor(Math.min(Math.max(0, to), length - 1));
      const bar = barNow();
      if (bar) say(words(bar));
      if (event.shiftKey && bar) {
        const { from, to: end } = filter();
        brush(from !== null && from < bar.from ? from : bar.from, end !== null && end > bar.to && event.key !== "ArrowLeft" ? end : bar.to);
      }
    } else if (event.key === "Enter" || event.key === " ") {
      const bar = barNow();
      if (bar) brush(bar.from, bar.to);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  const whole = () => filter().from === null && view() === null;
  return (
    <section class="strip" aria-label="Timeline">
      <ul class="legend">
        <li class="head"><span>{filter().from === null ? "In the whole time" : "In the selected time"}</span></li>
        <li><span class="c-fail"><Icon name="fail" /></span>Failures<span>{count(summary()?.failures ?? 0)}</span></li>
        <li><span class="c-ok"><Icon name="succ" /></span>Successes<span>{count(summary()?.successes ?? 0)}</span></li>
        <li><span class="c-chal"><Icon name="chal" /></span>Challenges<span>{count(summary()?.challenges ?? 0)}</span></li>
        <li><span class="dim"><Icon name="high" /></span>Alerts<span class="b">{count(shownAlerts().length)}</span></li>
      </ul>
      <div class="chart">
        <div class="chart-head">
          <Show when={summary()?.span} fallback={<span class="dimmer">No events yet</span>}>
            {(ends) => <span class="m">{dates(view() ?? ends(), zone())}</span>}
          </Show>
          <Show when={bars()}>{(drawn) => <span class="hide-s dimmer">{span(drawn().width)} a bar</span>}</Show>
          <span class="grow" />
          <Show when={barNow()} keyed>{(bar) => <span class="dim hide-s cut">{words(bar)}</span>}</Show>
          <Show when={filter().from !== null && filter().to !== null}>
            <span class="m c-acc">{range(filter().from!, filter().to!, zone())}</span>
          </Show>
          <button class="btn" aria-label="Zoom out" disabled={view() === null} onClick={() => zoom(0.5)}><Icon name="minus" small /></button>
          <button class="btn" aria-label="Zoom in" disabled={!bars()} onClick={() => zoom(2)}><Icon name="plus" small /></button>
          <button class="btn hide-s" disabled={whole()} onClick={reset}>Whole time<kbd>0</kbd></button>
        </div>
        <div
          class="plot" ref={place} tabindex="0" role="group" aria-roledescription="timeline" onKeyDown={keys} onBlur={() => setCursor(null)}
          aria-label="Login events over time. Arrow keys move the cursor, Enter selects a bar, Shift widens the selection. A table with the same numbers follows."
          onDblClick={reset}
        >
          <Show when={barNow() && bars()}>
            {(drawn) => <span class="plot-cursor" style={{ left: `${((cursor()! + 0.5) / drawn().failures.length) * 100}%` }} />}
          </Show>
        </div>
        <table class="vh">
          <caption>Login events by time, {zone()}</caption>
          <thead><tr><th>From</th><th>Failures</th><th>Successes</th><th>Challenges</th></tr></thead>
          <tbody>
            <For each={rows(bars())}>
              {(bar) => <tr><td>{moment(bar.from, zone())}</td><td>{bar.failures}</td><td>{bar.successes}</td><td>{bar.challenges}</td></tr>}
            </For>
          </tbody>
        </table>
      </div>
    </section>
  );
}

function polygon(ctx: CanvasRenderingContext2D, x: number, y: number, r: number, corners: number, turn: number): void {
  for (let at = 0; at < corners; at++) {
    const angle = turn + (2 * Math.PI * at) / corners;
    ctx.lineTo(x + r * 1.1 * Math.cos(angle), y + r * 1.1 * Math.sin(angle));
  }
}

function rows(bars: Bars | null) {
  if (!bars) return [];
  const all = Array.from(bars.failures, (failures, at) => ({
    from: bars.start + BigInt(at) * bars.width, failures, successes: bars.successes[at]!, challenges: bars.challenges[at]!,
  }));
  return all.filter(({ failures, successes, challenges }) => failures + successes + challenges > 0);
}

function dates([from, to]: readonly [bigint, bigint], zone: string): string {
  const [a, b] = [day(from, zone), day(to, zone)];
  return a === b ? a : `${a} – ${b}`;
}

function range(from: bigint, to: bigint, zone: string): string {
  return day(from, zone) === day(to, zone)
    ? `${clock(from, zone)} – ${clock(to, zone)}`
    : `${moment(from, zone)} – ${moment(to, zone)}`;
}

export function brush(from: bigint, to: bigint): void {
  setFilter({ ...filter(), from, to });
}

export function reset(): void {
  setFilter({ ...filter(), from: null, to: null });
  setView(null);
}

/** Moves the brush by a part of its length, or only its end. */
export function move(part: number, end: boolean): void {
  const { from, to } = filter();
  if (from === null || to === null) return;
  const by = ((to - from) * BigInt(Math.round(part * 100))) / 100n;
  if (to + by > from) brush(end ? from : from + by, to + by);
}

export function zoom(factor: number): void {
  const all = summary()?.span;
  if (!all) return;
  const [start, end] = [all[0], all[1] + 1n];
  const [a, b] = view() ?? [start, end];
  const { from, to } = filter();
  const middle = from !== null && to !== null ? (from + to) / 2n : (a + b) / 2n;
  const half = BigInt(Math.round(Number(b - a) / factor / 2));
  if (half < 2_000_000n) return;
  const [left, right] = [middle - half < start ? start : middle - half, middle + half > end ? end : middle + half];
  setView(left === start && right === end ? null : [left, right]);
}

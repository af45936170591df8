// A long list. Only the visible rows are in the page.

import { createEffect, createMemo, createSignal, For, onCleanup, onMount, type JSX } from "solid-js";

/** The rows above and below the visible ones that are in the page too. */
const AROUND = 8;

export interface Handle {
  /** Scrolls to a row. */
  show(index: number): void;
}

export function Virtual(props: {
  readonly count: number;
  readonly height: (index: number) => number;
  readonly label: string;
  readonly role?: "grid" | "list" | "listbox";
  readonly handle?: (handle: Handle) => void;
  readonly range?: (from: number, to: number) => void;
  readonly children: (index: number) => JSX.Element;
}): JSX.Element {
  let scroll!: HTMLDivElement;
  const [top, setTop] = createSignal(0);
  const [height, setHeight] = createSignal(0);
  /** The position of each row, and the end of the last one. */
  const starts = createMemo(() => {
    const list = new Float64Array(props.count + 1);
    for (let row = 0; row < props.count; row++) list[row + 1] = list[row]! + props.height(row);
    return list;
  });
  const total = () => starts()[props.count] ?? 0;
  /** The row at a position. */
  const rowAt = (position: number): number => {
    let [low, high] = [0, Math.max(0, props.count - 1)];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts()[middle]! <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const from = createMemo(() => Math.max(0, rowAt(top()) - AROUND));
  const to = createMemo(() => Math.min(props.count, rowAt(top() + height()) + 1 + AROUND));
  const keys = createMemo(() => Array.from({ length: Math.max(0, to() - from()) }, (_, at) => `${from() + at} ${starts()[from() + at]}`));
  onMount(() => {
    const resized = new ResizeObserver(() => setHeight(scroll.clientHeight));
    resized.observe(scroll);
    onCleanup(() => resized.disconnect());
    setHeight(scroll.clientHeight);
    createEffect(() => to() > from() && props.range?.(from(), to()));
    props.handle?.({
      show: (row) => {
        const [start, end] = [starts()[row] ?? 0, starts()[row + 1] ?? 0];
        if (start < scroll.scrollTop) scroll.scrollTop = start;
        else if (end > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = end - scroll.clientHeight;
      },
    });
  });
  return (
    <div class="scroll" ref={scroll} role={props.role ?? "list"} aria-label={props.label} aria-rowcount={props.role === "grid" ? props.count : undefined} tabindex="0" onScroll={() => setTop(scroll.scrollTop)}>
      <div class="virtual" role="presentation" style={{ height: `${total()}px` }}>
        <For each={keys()}>
          {(key) => {
            const [index, start] = key.split(" ").map(Number) as [number, number];
            return (
              <div class="virtual-row" role="presentation" style={{ transform: `translateY(${start}px)` }}>
                {props.children(index)}
              </div>
            );
          }}
        </For>
      </div>
    </div>
  );
}

// A long list. Only the visible rows are in the page.

import {
  elementScroll, observeElementOffset, observeElementRect, Virtualizer, type VirtualItem,
} from "@tanstack/virtual-core";
import { createEffect, createSignal, For, onCleanup, onMount, type JSX } from "solid-js";

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
  const [items, setItems] = createSignal<VirtualItem[]>([], { equals: false });
  const [total, setTotal] = createSignal(0);
  onMount(() => {
    const options = () => ({
      count: props.count,
      getScrollElement: () => scroll,
      estimateSize: props.height,
      overscan: 8,
      observeElementRect,
      observeElementOffset,
      scrollToFn: elementScroll,
      onChange: () => update(),
    });
    const virtualizer = new Virtualizer<HTMLDivElement, Element>(options());
    const update = () => {
      const list = virtualizer.getVirtualItems();
      setItems(list);
      setTotal(virtualizer.getTotalSize());
      if (list.length) props.range?.(list[0]!.index, list.at(-1)!.index + 1);
    };
    onCleanup(virtualizer._didMount());
    createEffect(() => {
      virtualizer.setOptions(options());
      virtualizer.measure();
      virtualizer._willUpdate();
      update();
    });
    props.handle?.({ show: (index) => virtualizer.scrollToIndex(index, { align: "auto" }) });
  });
  return (
    <div class="scroll" ref={scroll} role={props.role ?? "list"} aria-label={props.label} aria-rowcount={props.role === "grid" ? props.count : undefined} tabindex="0">
      <div class="virtual" role="presentation" style={{ height: `${total()}px` }}>
        <For each={items().map(({ index, start }) => `${index} ${start}`)}>
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

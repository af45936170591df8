// The icons: 16 by 16, drawn with strokes. They are our own markup and contain no text of a log.

import type { JSX } from "solid-js";

const PATHS = {
  critical: '<path d="M5.2 1.5h5.6l3.7 3.7v5.6l-3.7 3.7H5.2l-3.7-3.7V5.2z" fill="currentColor"/><path d="M8 4.5v4M8 11.2v.1" stroke="var(--cut, var(--surface))" stroke-width="2"/>',
  high: '<path d="M8 2 14.6 13.8H1.4z" fill="currentColor"/><path d="M8 6.3v3.2M8 11.6v.1" stroke="var(--cut, var(--surface))" stroke-width="1.75"/>',
  medium: '<path d="M8 1.8 14.2 8 8 14.2 1.8 8z"/><path d="M8 1.8v12.4L1.8 8z" fill="currentColor" stroke="none"/>',
  low: '<circle cx="8" cy="8" r="5.5"/>',
  fail: '<path d="m4 4 8 8M12 4l-8 8" stroke-width="2"/>',
  succ: '<circle cx="8" cy="8" r="6.5" fill="currentColor"/><path d="m5 8.2 2.1 2L11 6.2" stroke="var(--surface)" stroke-width="1.75"/>',
  chal: '<rect x="3" y="3" width="10" height="10" fill="none" stroke-width="2"/><path d="M8 6v2.5M8 10.4v.1"/>',
  got: '<path d="M9 2.5h3.5v11H9M2.5 8h7M6.5 4.8 9.7 8l-3.2 3.2"/>',
  star: '<path d="m8 1.8 1.9 4 4.3.5-3.2 3 .9 4.3L8 11.5l-3.9 2.1.9-4.3-3.2-3 4.3-.5z"/>',
  starf: '<path d="m8 1.8 1.9 4 4.3.5-3.2 3 .9 4.3L8 11.5l-3.9 2.1.9-4.3-3.2-3 4.3-.5z" fill="currentColor"/>',
  note: '<path d="M3 2.5h10v8l-3 3H3zM10 13.5v-3h3M5.5 6h5M5.5 8.5h3"/>',
  link: '<path d="M6.5 9.5l3-3M7 4.5l1.5-1.5a2.8 2.8 0 0 1 4 4L11 8.5M9 11.5 7.5 13a2.8 2.8 0 0 1-4-4L5 7.5"/>',
  x: '<path d="m4 4 8 8M12 4l-8 8"/>',
  up: '<path d="m4 10 4-4 4 4"/>',
  down: '<path d="m4 6 4 4 4-4"/>',
  right: '<path d="m6 4 4 4-4 4"/>',
  search: '<circle cx="7" cy="7" r="4.5"/><path d="m10.5 10.5 3 3"/>',
  dl: '<path d="M8 2v8M4.5 7 8 10.5 11.5 7M2.5 13.5h11"/>',
  moon: '<path d="M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7z"/>',
  sun: '<circle cx="8" cy="8" r="3"/><path d="M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1"/>',
  seal: '<path d="M8 1.5 13.5 3.5v4c0 3.5-2.3 5.8-5.5 7-3.2-1.2-5.5-3.5-5.5-7v-4z"/><path d="m5.5 8 1.8 1.8L10.7 6.3"/>',
  file: '<path d="M3.5 1.5h6l3 3v10h-9zM9.5 1.5v3h3"/>',
  folder: '<path d="M1.5 3.5h4.5l1.5 2h7v8h-13z"/>',
  paste: '<path d="M4.5 3h-1.5v11.5h10V3h-1.5M5.5 1.5h5v3h-5z"/>',
  upl: '<path d="M8 10.5V2.5M4.5 5.5 8 2l3.5 3.5M2 10v3.5h12V10"/>',
  copy: '<path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3"/>',
  check: '<path d="m3 8.5 3.2 3L13 4.5" stroke-width="2"/>',
  warn: '<path d="M8 2 14.6 13.8H1.4zM8 6.5v3.2M8 11.7v.1"/>',
  clock: '<circle cx="8" cy="8" r="6"/><path d="M8 4.5V8l2.5 1.5"/>',
  plus: '<path d="M8 3v10M3 8h10" stroke-width="2"/>',
  minus: '<path d="M3 8h10" stroke-width="2"/>',
  tune: '<path d="M2 5h7M13 5h1M2 11h1M7 11h7"/><circle cx="11" cy="5" r="2"/><circle cx="5" cy="11" r="2"/>',
  filter: '<path d="M2 4h12M4.5 8h7M7 12h2"/>',
  no: '<circle cx="8" cy="8" r="6"/><path d="m4 4 8 8"/>',
  dash: '<path d="M4 8h8" stroke-width="2"/>',
  mute: '<path d="M2 6v4h2.5L8 13V3L4.5 6zM10.5 6.2l3.6 3.6M14.1 6.2l-3.6 3.6"/>',
  group: '<rect x="2" y="2.5" width="12" height="4" rx="1"/><rect x="2" y="9.5" width="12" height="4" rx="1"/><path d="M8 6.5v3"/>',
  drag: '<path d="M5 4h6M5 8h6M5 12h6"/>',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon(props: { readonly name: IconName; readonly small?: boolean; readonly class?: string }): JSX.Element {
  return (
    <svg class={`i ${props.small ? "i-s" : ""} ${props.class ?? ""}`} viewBox="0 0 16 16" aria-hidden="true" innerHTML={PATHS[props.name]} />
  );
}

// Severity, outcome and "Got in", as a shape and a word, never as colour alone.

import type { JSX } from "solid-js";
import { titleCase } from "../format";
import { Icon, type IconName } from "./Icon";

const SEVERITIES: Record<string, [string, IconName]> = {
  critical: ["critical", "critical"],
  high: ["high", "high"],
  medium: ["medium", "medium"],
  low: ["low", "low"],
  informational: ["low", "low"],
};

export function Severity(props: { readonly of: string }): JSX.Element {
  const [kind, icon] = SEVERITIES[props.of] ?? ["low", "low"];
  return (
    <span class={`sev sev-${kind}`}>
      <Icon name={icon} />
      <span>{titleCase(props.of)}</span>
    </span>
  );
}

const OUTCOMES: Record<string, [string, IconName]> = {
  failure: ["c-fail", "fail"],
  success: ["c-ok", "succ"],
  approved: ["c-ok", "succ"],
  challenge: ["c-chal", "chal"],
  denied: ["c-chal", "no"],
  timeout: ["c-chal", "clock"],
  stopped: ["c-warn", "no"],
  changed: ["dim", "dash"],
};

export function Outcome(props: { readonly of: string }): JSX.Element {
  const [colour, icon] = OUTCOMES[props.of] ?? ["dim", "dash"];
  return (
    <span class={`oc ${colour}`}>
      <Icon name={icon} />
      {props.of}
    </span>
  );
}

export function GotIn(): JSX.Element {
  return (
    <span class="got">
      <Icon name="got" />
      Got in
    </span>
  );
}

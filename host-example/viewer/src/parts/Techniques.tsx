// The techniques of MITRE ATT&CK, with their names.

import { For, type JSX } from "solid-js";

const NAMES: Record<string, string> = {
  "T1078": "Valid accounts", "T1110": "Brute force", "T1110.001": "Password guessing", "T1110.002": "Password cracking",
  "T1110.003": "Password spraying", "T1110.004": "Credential stuffing", "T1621": "MFA requests", "T1556": "Modify authentication",
};

export function Techniques(props: { readonly list: readonly string[] | undefined }): JSX.Element {
  return (
    <div class="att">
      <For each={props.list}>{(id) => <span class="tech"><span class="mono">{id}</span>{NAMES[id] ?? ""}</span>}</For>
    </div>
  );
}

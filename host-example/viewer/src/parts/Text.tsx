// Text that may come from an attacker. It is always a text node, and never markup, an attribute, a style or the title.

import { For, Show, type JSX } from "solid-js";

// Control characters, characters that change the direction of text, invisible characters, and lone surrogates.
const ACTS = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Cs}/gu;
const NAMES: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0" };

function pieces(text: string): (string | { readonly code: string })[] {
  const list: (string | { readonly code: string })[] = [];
  let done = 0;
  for (const match of text.matchAll(ACTS)) {
    if (match.index > done) list.push(text.slice(done, match.index));
    const code = match[0].codePointAt(0) ?? 0;
    list.push({ code: NAMES[match[0]] ?? `U+${code.toString(16).toUpperCase().padStart(4, "0")}` });
    done = match.index + match[0].length;
  }
  if (done < text.length) list.push(text.slice(done));
  return list;
}

/** Text without quotation marks. Invisible characters appear as boxed code points. */
export function Plain(props: { readonly text: string }): JSX.Element {
  return (
    <For each={pieces(props.text)}>
      {(piece) => (typeof piece === "string" ? piece : <span class="esc">{piece.code}</span>)}
    </For>
  );
}

/** A name in quotation marks. Its direction does not affect the sentence. */
export function Quoted(props: { readonly text: string }): JSX.Element {
  return (
    <bdi class="q">
      <Plain text={props.text} />
    </bdi>
  );
}

/** A sentence of the module. The names in it get quotation marks. */
export function Sentence(props: { readonly text: string; readonly names: readonly (string | undefined)[] }): JSX.Element {
  const parts = () => {
    const names = [...new Set(props.names.filter((name): name is string => !!name))].sort((a, b) => b.length - a.length);
    const list: { readonly text: string; readonly name: boolean }[] = [];
    let [rest, plain] = [props.text, ""];
    while (rest) {
      // A name begins and ends at a word boundary.
      const before = plain.at(-1) ?? " ";
      const name = /[\s"(:]/.test(before)
        ? names.find((one) => rest.startsWith(one) && /^($|[\s,.:;")])/.test(rest.slice(one.length)))
        : undefined;
      if (name) {
        if (plain) list.push({ text: plain, name: false });
        list.push({ text: name, name: true });
        [plain, rest] = ["", rest.slice(name.length)];
        if (rest) [plain, rest] = [rest.slice(0, 1), rest.slice(1)];
      } else {
        [plain, rest] = [plain + rest.slice(0, 1), rest.slice(1)];
      }
    }
    if (plain) list.push({ text: plain, name: false });
    return list;
  };
  return (
    <For each={parts()}>
      {(part) => (
        <Show when={part.name} fallback={<Plain text={part.text} />}>
          <Quoted text={part.text} />
        </Show>
      )}
    </For>
  );
}

/** A name, or words that say that there is none. */
export function Name(props: { readonly text: string | undefined; readonly none?: string }): JSX.Element {
  return (
    <Show when={props.text} fallback={<span class="dimmer">{props.none ?? "–"}</span>}>
      {(text) => <Quoted text={text()} />}
    </Show>
  );
}

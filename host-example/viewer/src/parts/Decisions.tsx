// Decisions of people: the disposition of an alert, and silences. The module applies them, as the command does.

import { createSignal, For, Show, type JSX } from "solid-js";
import { save } from "../exports";
import { count, plural } from "../format";
import type { Alert, Mark, Silence } from "../protocol";
import { addSilence, decided, importDesk, judge, removeSilence, say } from "../state";
import { Icon } from "./Icon";
import { Plain } from "./Text";

const DISPOSITIONS: readonly (readonly [Mark["is"], string, string])[] = [
  ["true", "True", "An attack"],
  ["false", "False", "No attack: the analytic was wrong"],
  ["benign", "Benign", "The analytic is right, but the events were allowed"],
];

const CONDITIONS = ["user", "ip", "host", "analytic", "pattern"] as const;
type Condition = (typeof CONDITIONS)[number];

const dialog = (id: string) => document.getElementById(id) as HTMLDialogElement;
export const openDesk = (): void => dialog("desk").showModal();

const [draft, setDraft] = createSignal<Readonly<Partial<Record<Condition, string>>>>({});
const [chosen, setChosen] = createSignal<ReadonlySet<Condition>>(new Set());
const [until, setUntil] = createSignal("");
const [reason, setReason] = createSignal("");
const [wrong, setWrong] = createSignal("");

const DAY = 86_400_000;

/** Opens the dialog for a silence of alerts like this one. */
export function silence(alert: Alert): void {
  setDraft({ user: alert.user, ip: alert.src_ip, host: alert.host, analytic: alert.analytic.toLowerCase(), pattern: alert.pattern } as ReturnType<typeof draft>);
  setChosen(new Set<Condition>(alert.user ? ["user", "analytic"] : alert.src_ip ? ["ip", "analytic"] : ["analytic"]));
  // The time of an alert decides, so the end has to be after it.
  setUntil(new Date(Math.max(Date.now(), Date.parse(alert.time)) + 30 * DAY).toISOString().slice(0, 10));
  setReason("");
  setWrong("");
  dialog("silence").showModal();
}

/** The disposition of an alert, and the button for a silence. */
export function Decide(props: { readonly alert: Alert }): JSX.Element {
  const mark = () => decided().marks[props.alert.id];
  const silenced = () => decided().silences.find(({ name }) => name === decided().silenced[props.alert.id]);
  return (
    <div class="decide">
      <span class="seg" role="group" aria-label="Disposition">
        <For each={DISPOSITIONS}>
          {([is, title, about]) => <button aria-pressed={mark()?.is === is} title={about} onClick={() => void judge(props.alert.id, is)}>{title}</button>}
        </For>
      </span>
      <span class="grow cut t-12 dim">{DISPOSITIONS.find(([is]) => is === mark()?.is)?.[2] ?? "Was it an attack?"}</span>
      <Show when={silenced()} fallback={<button class="btn btn-line" onClick={() => silence(props.alert)}><Icon name="mute" />Silence…</button>}>
        {(one) => <button class="btn btn-line" onClick={openDesk}><Icon name="mute" />Silenced by {one().name}</button>}
      </Show>
    </div>
  );
}

export function SilenceDialog(): JSX.Element {
  const pick = (name: Condition, on: boolean) => setChosen((old) => new Set([...old].filter((one) => one !== name).concat(on ? [name] : [])));
  async function add(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const conditions = Object.fromEntries(CONDITIONS.filter((name) => chosen().has(name)).map((name) => [name, draft()[name] ?? ""]));
    try {
      await addSilence({ ...conditions, until: `${until()}T00:00:00Z`, reason: reason() } as Silence);
      dialog("silence").close();
      say(`${plural(Object.keys(decided().silenced).length, "alert")} silenced`);
    } catch (error) {
      setWrong(error instanceof Error ? error.message : String(error));
    }
  }
  return (
    <dialog id="silence" class="decisions" aria-labelledby="silence-title">
      <h2 class="t-15" id="silence-title">Silence alerts like this one</h2>
      <p class="t-12 dim">An alert is silenced if it meets all chosen conditions. It is kept apart and counted, never lost.</p>
      <form onSubmit={(event) => void add(event)}>
        <For each={CONDITIONS}>
          {(name) => (
            <div class="condition">
              <label class="row"><input type="checkbox" checked={chosen().has(name)} onChange={(event) => pick(name, event.currentTarget.checked)} /><code>{name}</code></label>
              <input class="field" aria-label={`Value of ${name}`} spellcheck={false} autocomplete="off" value={draft()[name] ?? ""} onInput={(event) => { setDraft({ ...draft(), [name]: event.currentTarget.value }); pick(name, event.currentTarget.value !== ""); }} />
            </div>
          )}
        </For>
        <label class="condition"><span>For alerts before</span><input class="field" type="date" required value={until()} onInput={(event) => setUntil(event.currentTarget.value)} /></label>
        <label class="condition"><span>Reason</span><input class="field" required id="silence-reason" value={reason()} placeholder="the new key comes on Monday" onInput={(event) => setReason(event.currentTarget.value)} /></label>
        <Show when={wrong()}><p class="err" role="alert"><Icon name="critical" /><span>{wrong()}</span></p></Show>
        <div class="row ends">
          <button type="button" class="btn btn-line" onClick={() => dialog("silence").close()}>Cancel</button>
          <button class="btn btn-fill">Silence</button>
        </div>
      </form>
    </dialog>
  );
}

const conditions = (silence: Silence): string => CONDITIONS.flatMap((name) => (silence[name] ? [`${name}=${silence[name]}`] : [])).join(" ");

/** All silences and dispositions, as files that the command reads. */
export function DeskDialog(): JSX.Element {
  const [trouble, setTrouble] = createSignal("");
  let input!: HTMLInputElement;
  const silencedBy = (name?: string) => Object.values(decided().silenced).filter((other) => other === name).length;
  const file = (name: "silences" | "marks") => save(`${name}.jsonl`, new Blob([decided().files[name]], { type: "application/x-ndjson" }));
  async function read(list: FileList | null): Promise<void> {
    setTrouble("");
    for (const one of list ?? []) {
      try {
        await importDesk(await one.text());
        say(`${one.name} read`);
      } catch (error) {
        setTrouble(`${one.name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    input.value = "";
  }
  return (
    <dialog id="desk" class="decisions" aria-labelledby="desk-title">
      <h2 class="t-15" id="desk-title">Silences and dispositions</h2>
      <p class="t-12 dim">They stay in this browser. <code>authsieve --desk DIR</code> reads and writes the same files.</p>
      <Show when={decided().silences.length} fallback={<p class="none t-12">No alert is silenced. An alert has a button for this.</p>}>
        <ul class="silences">
          <For each={decided().silences}>
            {(one) => (
              <li>
                <b>{one.name}</b>
                <span><code><Plain text={conditions(one)} /></code><br /><span class="dim"><Plain text={one.reason} /></span></span>
                <span class="dim">before {one.until.slice(0, 10)}<br />{plural(silencedBy(one.name), "alert")}</span>
                <button class="btn" aria-label={`Remove ${one.name}`} onClick={() => void removeSilence(one.name ?? "")}><Icon name="x" /></button>
              </li>
            )}
          </For>
        </ul>
      </Show>
      <p class="t-12">
        <For each={DISPOSITIONS}>{([is, title], at) => <>{at() ? " · " : ""}{count(Object.values(decided().marks).filter((mark) => mark.is === is).length)} {title.toLowerCase()}</>}</For>
      </p>
      <Show when={trouble()}><p class="err" role="alert"><Icon name="critical" /><span><Plain text={trouble()} /></span></p></Show>
      <input hidden type="file" id="desk-input" multiple ref={input} onChange={(event) => void read(event.currentTarget.files)} />
      <div class="row wraps">
        <button class="btn btn-line" disabled={!decided().files.silences} onClick={() => file("silences")}><Icon name="dl" />silences.jsonl</button>
        <button class="btn btn-line" disabled={!decided().files.marks} onClick={() => file("marks")}><Icon name="dl" />marks.jsonl</button>
        <button class="btn btn-line" onClick={() => input.click()}><Icon name="upl" />Read such a file</button>
        <span class="grow" />
        <button class="btn btn-fill" onClick={() => dialog("desk").close()}>Close</button>
      </div>
    </dialog>
  );
}

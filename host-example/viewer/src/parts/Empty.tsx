// The page before the first file: what it is, where to drop a file, and logs to try.

import { For, Show, type JSX } from "solid-js";
import { failure, open, phase, setPhase } from "../state";
import { load, SAMPLES, type Sample } from "../samples";
import { Icon } from "./Icon";
import { Plain } from "./Text";

export function choose(folder: boolean): void {
  document.getElementById(folder ? "folder-input" : "file-input")?.click();
}

/** The inputs behind the buttons for files and folders. */
export function Inputs(): JSX.Element {
  const chosen = (event: { currentTarget: HTMLInputElement }) => {
    void open([...(event.currentTarget.files ?? [])]);
    // Allows choosing the same file again.
    event.currentTarget.value = "";
  };
  return (
    <div hidden>
      <input type="file" id="file-input" multiple onChange={chosen} />
      <input type="file" id="folder-input" multiple ref={(input) => (input.webkitdirectory = true)} onChange={chosen} />
    </div>
  );
}

export async function paste(): Promise<void> {
  (document.getElementById("paste") as HTMLDialogElement).showModal();
}

const sample = async (list: readonly Sample[]) => open(await load(list));

export function Empty(props: { readonly over: boolean }): JSX.Element {
  return (
    <main class="empty" tabindex="-1">
      <div class="hero">
        <div>
          <h1>Drop a log. See who got in.</h1>
          <p>authsieve finds password guessing, stuffing and MFA bombing, shows why each alert fired, and what nearly did.</p>
        </div>
        <Show when={phase() === "failed"}>
          <div class="err" role="alert"><Icon name="critical" /><span>The files could not be read: <Plain text={failure()} /></span><button class="btn btn-line" onClick={() => setPhase("empty")}>Close</button></div>
        </Show>
        <div class={`drop ${props.over ? "is-over" : ""}`}>
          <Icon name="upl" class="big" />
          <p class="t-15">Drop files or a whole folder here</p>
          <p class="dim">Several at once are merged by time. A gigabyte is fine.</p>
          <div class="acts">
            <button class="btn btn-fill" onClick={() => choose(false)}><Icon name="file" />Choose files<kbd>O</kbd></button>
            <button class="btn btn-line" onClick={() => choose(true)}><Icon name="folder" />Choose a folder</button>
            <button class="btn btn-line" onClick={() => void paste()}><Icon name="paste" />Paste text</button>
          </div>
          <p class="t-12 dimmer">Syslog, journal, auditd, .evtx, JSON of any layout, CSV, XML, W3C; also .gz, .zst, .bz2, .xz, .zip, .tar. Told by content, not by name.</p>
        </div>
        <div class="sealbox">
          <Icon name="seal" />
          <div>
            <h2 class="t-15">Nothing leaves this page</h2>
            <ul>
              <li>The browser reads the file here. There is no upload and no account.</li>
              <li>The page is forbidden to open any connection: <code>connect-src 'none'</code>.</li>
              <li>See for yourself: turn the network off. It works all the same.</li>
            </ul>
          </div>
        </div>
        <div>
          <div class="row"><h2 class="t-15 grow">No log at hand? Try one of ours</h2><button class="btn" onClick={() => void sample(SAMPLES)}>All of them, merged</button></div>
          <div class="samples">
            <For each={SAMPLES}>
              {(one) => (
                <button class="sample" onClick={() => void sample([one])}>
                  <span class="row"><b class="mono">{one.name}</b><span class="grow" /><span class="t-12 dimmer">{one.kind}</span></span>
                  <span class="about">{one.about}</span>
                </button>
              )}
            </For>
          </div>
        </div>
      </div>
    </main>
  );
}

export function Paste(): JSX.Element {
  let dialog!: HTMLDialogElement;
  let area!: HTMLTextAreaElement;
  const read = () => {
    const text = area.value;
    area.value = "";
    dialog.close();
    if (text.trim()) void open([new File([text], "pasted.log")]);
  };
  return (
    <dialog id="paste" ref={dialog} aria-labelledby="paste-title">
      <h2 class="t-15" id="paste-title">Paste a log</h2>
      <textarea ref={area} rows="12" cols="80" class="mono" spellcheck={false} aria-label="The log" />
      <div class="row ends"><button class="btn" onClick={() => dialog.close()}>Cancel</button><button class="btn btn-fill" onClick={read}>Read it</button></div>
    </dialog>
  );
}

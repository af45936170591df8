// The files of `authsieve view FILE…`. Only a page that this command serves knows of them, and may connect to it.

import { open } from "./state";

export async function served(): Promise<void> {
  const list = document.querySelector('meta[name="files"]')?.getAttribute("content");
  // Empty if the command serves the page without files.
  if (!list) return;
  const named = (await (await fetch(list)).json()) as readonly { name: string; modified: number | null }[];
  const files = named.map(async ({ name, modified }, number) => {
    const bytes = await (await fetch(`files/${number}`)).blob();
    return new File([bytes], name, modified === null ? {} : { lastModified: modified });
  });
  await open(await Promise.all(files));
}

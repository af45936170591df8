// The files of a drop, including those in folders.

const MOST = 10_000;

export async function dropped(data: DataTransfer): Promise<File[]> {
  // Entries must be read before the first await.
  const entries = [...data.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  if (!entries.length) return [...data.files];
  const files: File[] = [];
  for (const entry of entries) await walk(entry, "", files);
  return files;
}

async function walk(entry: FileSystemEntry, path: string, files: File[]): Promise<void> {
  if (files.length >= MOST || entry.name.startsWith(".")) return;
  if (entry.isFile) {
    const file = await new Promise<File>((done, failed) => (entry as FileSystemFileEntry).file(done, failed));
    files.push(path ? named(file, path + entry.name) : file);
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((done, failed) => reader.readEntries(done, failed));
    if (!some.length) return;
    some.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const one of some) await walk(one, `${path}${entry.name}/`, files);
  }
}

/** The same bytes, under a name with its folders. */
const named = (file: File, name: string): File => new File([file], name, { lastModified: file.lastModified });

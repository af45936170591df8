// Writes a configuration as TOML, for the other hosts.

const string = (text: string): string =>
  JSON.stringify(text).replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);

function value(of: unknown): string {
  if (typeof of === "string") return string(of);
  if (Array.isArray(of)) return `[${of.map(value).join(", ")}]`;
  return String(of);
}

export function toml(tables: Readonly<Record<string, Readonly<Record<string, unknown>>>>): string {
  const lines = Object.entries(tables).map(([name, options]) => {
    const own = Object.entries(options).map(([key, option]) => `${key} = ${value(option)}\n`);
    return `[${name}]\n${own.join("")}`;
  });
  return lines.join("\n");
}

// A link with settings and filters. Of a log it contains only the values that the filters ask for.

import { NO_FILTER, type Filter } from "./protocol";
import { config, filter, say, setConfig, setPending, setTab, setZone, tab, TABS, zone, type Config } from "./state";

interface Carried {
  readonly tab: string;
  readonly zone: string;
  readonly config: Config;
  readonly filter: Omit<Filter, "from" | "to"> & { readonly from: string | null; readonly to: string | null };
}

export async function copyLink(): Promise<void> {
  const { from, to, facets, words } = filter();
  const text = (time: bigint | null) => (time === null ? null : String(time));
  const carried: Carried = { tab: tab(), zone: zone(), config: config(), filter: { from: text(from), to: text(to), facets, words } };
  const address = new URL(location.href);
  address.hash = encodeURIComponent(JSON.stringify(carried));
  await navigator.clipboard.writeText(address.href);
  say("Link copied. It carries settings and filters, no data.");
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const strings = (value: unknown): string[] => (Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : []);
const time = (value: unknown): bigint | null => (typeof value === "string" && /^-?\d{1,19}$/.test(value) ? BigInt(value) : null);

/** Applies the settings of the address. The filters wait for the first files. An invalid link changes nothing. */
export function fromLink(): void {
  let carried: unknown;
  try {
    carried = JSON.parse(decodeURIComponent(location.hash.slice(1)));
  } catch {
    return;
  }
  if (!isRecord(carried)) return;
  const known = TABS.find(([name]) => name === carried.tab);
  if (known) setTab(known[0]);
  if (typeof carried["zone"] === "string" && (carried["zone"] === "local" || Intl.supportedValuesOf("timeZone").includes(carried["zone"]))) setZone(carried["zone"]);
  if (isRecord(carried["config"])) setConfig(carried["config"] as Config);
  const own = carried["filter"];
  if (!isRecord(own)) return;
  const facets = isRecord(own["facets"]) ? own["facets"] : {};
  setPending({
    ...NO_FILTER,
    from: time(own["from"]),
    to: time(own["to"]),
    words: strings(own["words"]),
    facets: Object.fromEntries(
      Object.entries(facets).flatMap(([column, choice]) => (isRecord(choice) ? [[column, { only: strings(choice["only"]), not: strings(choice["not"]) }]] : [])),
    ),
  });
}

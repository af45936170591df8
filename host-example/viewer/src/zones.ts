// Converts a time zone name to the list of transitions that the analytics accept. The browser knows the zones.

/** 1970 to 2100, in seconds. */
const END = 4_102_444_800;
const STEP = 20 * 86_400;

export function transitions(name: string): { name: string; transitions: [number, number][] } {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: name, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
  });
  const offset = (second: number): number => {
    const part: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(second * 1000)) part[type] = Number(value);
    return Date.UTC(part["year"]!, part["month"]! - 1, part["day"]!, part["hour"]!, part["minute"]!, part["second"]!) / 1000 - second;
  };
  const list: [number, number][] = [[0, offset(0)]];
  for (let from = 0; from < END && list.length < 1000; from += STEP) {
    let [low, high] = [from, from + STEP];
    const [before, after] = [offset(low), offset(high)];
    if (before === after) continue;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (offset(middle) === before) low = middle;
      else high = middle;
    }
    list.push([high, after]);
  }
  return { name, transitions: list };
}

/** Numbers and times as a chart says them: enough digits to tell two values apart, and no more. */

/**
 * A value with about six digits: `0.034512`, `12,345.7`, `3.2e-9`.
 *
 * @param {number | string | null} value
 * @returns {string}
 */
export function valueText(value) {
  if (value === null) return "–";
  if (typeof value === "string") return { Infinity: "∞", "-Infinity": "−∞" }[value] ?? value;
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e9 || size < 1e-4) return signed(value.toExponential(4).replace(/\.?0+e/, "e").replace("e+", "e"));
  const digits = size >= 1e5 ? 1 : Math.max(0, 5 - Math.floor(Math.log10(size)));
  return signed(value.toLocaleString("en", { maximumFractionDigits: Math.min(9, digits) }));
}

/**
 * The ticks of an axis, all with the digits that the distance between them asks for.
 *
 * @param {readonly number[]} ticks
 * @returns {string[]}
 */
export function tickTexts(ticks) {
  const size = Math.max(...ticks.map(Math.abs));
  if (size === 0) return ticks.map(() => "0");
  const step = Math.min(...ticks.slice(1).map((tick, i) => Math.abs(tick - /** @type {number} */ (ticks[i]))).filter((gap) => gap > 0), size);
  if (size >= 1e7 || size < 1e-4) {
    const digits = Math.max(0, Math.min(4, Math.floor(Math.log10(size)) - Math.floor(Math.log10(step))));
    return ticks.map((tick) => (tick === 0 ? "0" : signed(tick.toExponential(digits).replace("e+", "e"))));
  }
  const digits = Math.max(0, Math.min(9, Math.ceil(-Math.log10(step) - 1e-9)));
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return ticks.map((tick) => signed(tick.toLocaleString("en", options)));
}

/**
 * Where a logarithmic axis has its lines: 1, 2, 3 … 9 of each power of ten, powers alone over many
 * of them, and even steps where the axis shows less than that.
 *
 * @param {number} low Above 0.
 * @param {number} high
 * @returns {number[]}
 */
export function logTicks(low, high) {
  const decades = Math.log10(high / low);
  /** @type {number[]} */
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += Math.max(1, Math.ceil(decades / 8))) {
    for (let leading = 1; leading <= (decades > 5 ? 1 : 9); leading += 1) {
      const tick = Number(`${leading}e${power}`);
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  }
  if (ticks.length >= 3) return ticks;
  const step = niceStep((high - low) / 4);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/**
 * Their texts; of many only those that begin with 1, 2 or 5.
 *
 * @param {readonly number[]} ticks
 * @returns {(string | null)[]}
 */
export function logTickTexts(ticks) {
  return ticks.map((tick) => (ticks.length <= 6 || /^[125]e/.test(tick.toExponential()) ? valueText(tick) : null));
}

/** @param {number} rough */
function niceStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  const leading = rough / power;
  return (leading > 5 ? 10 : leading > 2 ? 5 : leading > 1 ? 2 : 1) * power;
}

/** @param {number} at_ms */
export function clockText(at_ms) {
  return new Date(at_ms).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

/**
 * With a real minus, which is as wide as a digit.
 *
 * @param {string} text
 */
function signed(text) {
  return text.replace(/^-/, "−");
}

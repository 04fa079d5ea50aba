/** One uPlot instance: made for an element, fed with points, gone when told. Knows nothing of preact. */

import uPlot from "../vendor/uplot/uplot.js";
import { clockText, logTicks, logTickTexts, tickTexts } from "./format.js";
import { lonePlaces, seriesOf } from "./series.js";
import { resolvedColour, token, watchTheme } from "./theme.js";

/** @typedef {import("./series.js").Point} Point */
/** @typedef {import("./series.js").Series} Series */

/**
 * @typedef {object} PlotOptions
 * @property {import("./series.js").XAxis} x
 * @property {boolean} log
 * @property {number} height
 * @property {number} colour Which of the series' colours, from 1.
 * @property {string | null} syncKey Plots of one key show their cursors at the same x.
 * @property {(index: number | null) => void} onCursor The index of the point under the cursor.
 * @property {(zoomed: boolean) => void} onZoom
 */

/** What the letters of an axis take, in pixels: they are 11 pixels high and of one width. */
const LETTER_PX = 6.7;
const FONT_PX = 11;

/** Distances between the ticks of steps: half a step is none, unless steps are fractions. */
const STEPS = Array.from({ length: 25 }, (_, power) => [1, 2, 5].map((leading) => Number(`${leading}e${power - 9}`))).flat();

export class Plot {
  /**
   * @param {HTMLElement} element
   * @param {PlotOptions} options
   */
  constructor(element, options) {
    this.element = element;
    this.options = options;
    /** @type {Series} */
    this.series = { x: [], raw: [], smooth: null, order: [] };
    this.zoomed = false;
    this.colours = this.readColours();
    this.font = `${FONT_PX}px ${token(element, "--font-mono") || "monospace"}`;
    this.width = Math.max(50, Math.floor(element.clientWidth));
    this.uplot = new uPlot(this.uplotOptions(), [[], [], []], element);
    this.uplot.over.addEventListener("dblclick", () => this.setZoomed(false));
    this.observer = new ResizeObserver(() => this.fit());
    this.observer.observe(element);
    this.unwatch = watchTheme(() => {
      this.colours = this.readColours();
      this.uplot.redraw(false, true);
    });
  }

  /**
   * @param {readonly Point[]} points
   * @param {number} smoothing
   */
  setPoints(points, smoothing) {
    this.series = seriesOf(points, { x: this.options.x, log: this.options.log, smoothing });
    const { x, raw, smooth } = this.series;
    const line = /** @type {uPlot.Series} */ (this.uplot.series[1]);
    line.alpha = smooth ? 0.3 : 1;
    this.uplot.setData([x, raw, smooth ?? raw.map(() => null)], !this.zoomed);
    // While one looks at a part, new points come in without moving it.
    if (this.zoomed) this.uplot.redraw(true, true);
  }

  resetZoom() {
    this.setZoomed(false);
    this.uplot.setData(this.uplot.data, true);
  }

  /** @param {boolean} zoomed */
  setZoomed(zoomed) {
    if (this.zoomed === zoomed) return;
    this.zoomed = zoomed;
    this.options.onZoom(zoomed);
  }

  /**
   * Move the cursor to a point, as the arrow keys do.
   *
   * @param {(place: number, last: number) => number | null} to From the present place, -1 for none, to the new
   *   one; null hides it.
   */
  moveCursor(to) {
    const last = this.series.x.length - 1;
    const now = this.uplot.cursor.idx ?? -1;
    const place = to(this.uplot.cursor.left !== undefined && this.uplot.cursor.left >= 0 ? now : -1, last);
    if (place === null || last < 0) {
      this.uplot.setCursor({ left: -10, top: -10 });
      return;
    }
    const x = this.series.x[Math.max(0, Math.min(last, place))];
    this.uplot.setCursor({ left: this.uplot.valToPos(/** @type {number} */ (x), "x"), top: 10 });
  }

  /** @returns {HTMLCanvasElement} */
  canvas() {
    return this.uplot.ctx.canvas;
  }

  destroy() {
    this.observer.disconnect();
    this.unwatch();
    this.uplot.destroy();
  }

  fit() {
    const width = Math.floor(this.element.clientWidth);
    // An element that is hidden has no width; the chart keeps the one it had.
    if (width < 50 || width === this.width) return;
    this.width = width;
    this.uplot.setSize({ width, height: this.options.height });
  }

  readColours() {
    return {
      line: resolvedColour(this.element, `--series-${this.options.colour}`),
      muted: resolvedColour(this.element, "--text-muted"),
      grid: resolvedColour(this.element, "--border"),
      surface: resolvedColour(this.element, "--surface-1"),
    };
  }

  /** @returns {uPlot.Options} */
  uplotOptions() {
    const { x, log, height, syncKey, onCursor } = this.options;
    const lineColour = () => this.colours.line;
    /** @type {uPlot.Axis} */
    const axis = {
      stroke: () => this.colours.muted,
      font: this.font,
      grid: { stroke: () => this.colours.grid, width: 1 },
      ticks: { stroke: () => this.colours.grid, width: 1, size: 4 },
      gap: 4,
    };
    return {
      width: this.width,
      height,
      padding: [10, 12, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        points: { size: 7, width: 2, stroke: () => this.colours.surface, fill: lineColour },
        drag: { x: true, y: false },
        ...(syncKey ? { sync: { key: `${syncKey}-${x}`, scales: ["x", null] } } : {}),
      },
      scales: {
        x: { time: x === "time", range: (_, low, high) => this.xRange(low, high) },
        y: { distr: log ? 3 : 1, range: (_, low, high) => valueRange(low, high, log) },
      },
      axes: [
        {
          ...axis,
          size: 26,
          space: 60,
          ...(x === "step" ? { incrs: (_, __, low, high) => (high - low >= 2 ? STEPS.filter((step) => step >= 1) : STEPS) } : {}),
          values: x === "time" ? (_, ticks, __, ___, step) => ticks.map((tick) => timeTick(tick, step)) : (_, ticks) => tickTexts(ticks),
        },
        {
          ...axis,
          space: 28,
          ...(log ? { splits: (_, __, low, high) => logTicks(low, high), filter: (_, ticks) => ticks } : {}),
          values: (_, ticks) => (log ? logTickTexts(ticks) : tickTexts(ticks)),
          size: (_, texts) => Math.max(34, 10 + LETTER_PX * Math.max(0, ...(texts ?? []).map((text) => (text ?? "").length))),
        },
      ],
      series: [
        {},
        { stroke: lineColour, width: 1.5, spanGaps: false, points: this.pointsOf(lineColour) },
        { stroke: lineColour, width: 1.5, spanGaps: false, points: { show: false } },
      ],
      hooks: {
        setCursor: [(uplot) => onCursor(cursorIndex(uplot, this.series))],
        setSelect: [(uplot) => uplot.select.width > 0 && this.setZoomed(true)],
      },
    };
  }

  /**
   * @param {number | null} low
   * @param {number | null} high
   * @returns {uPlot.Range.MinMax}
   */
  xRange(low, high) {
    const first = this.series.x[0];
    if (low === null || high === null || first === undefined) return [0, 1];
    // Of points at one place uPlot makes a range of its own, from there on to the right.
    const room = this.options.x === "time" ? 30 : 1;
    return first === this.series.x[this.series.x.length - 1] ? [first - room, first + room] : [low, high];
  }

  /**
   * Dots where there are few points, and for each that no line reaches.
   *
   * @param {() => string} colour
   * @returns {uPlot.Series.Points}
   */
  pointsOf(colour) {
    return {
      size: 5,
      stroke: colour,
      fill: colour,
      filter: (uplot, index, show) => {
        if (show) return null;
        const [from, to] = /** @type {uPlot.Series} */ (uplot.series[index]).idxs ?? [0, -1];
        return lonePlaces(/** @type {(number | null)[]} */ (uplot.data[index] ?? []), from, to);
      },
    };
  }
}

/**
 * @param {uPlot} uplot
 * @param {Series} series
 * @returns {number | null}
 */
function cursorIndex(uplot, series) {
  const { idx, left } = uplot.cursor;
  if (idx === null || idx === undefined || left === undefined || left < 0) return null;
  return series.order[idx] ?? null;
}

/**
 * @param {number | null} low
 * @param {number | null} high
 * @param {boolean} log
 * @returns {uPlot.Range.MinMax}
 */
function valueRange(low, high, log) {
  if (low === null || high === null) return log ? [1, 10] : [0, 1];
  if (log) {
    const room = Math.max(0.05, Math.log10(high / low) * 0.06);
    return [10 ** (Math.log10(low) - room), 10 ** (Math.log10(high) + room)];
  }
  if (low === high) {
    const room = Math.abs(low) * 0.1 || 1;
    return [low - room, high + room];
  }
  const room = (high - low) * 0.06;
  return [low - room, high + room];
}

/**
 * @param {number} second
 * @param {number} step The distance of ticks in seconds.
 */
function timeTick(second, step) {
  const date = new Date(second * 1000);
  if (step >= 86_400) return date.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  const clock = clockText(second * 1000);
  if (step >= 60) return clock.slice(0, 5);
  return step >= 1 ? clock : `${clock}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** A metric over steps or time: the line, what it says now, and the ways to look at it. */

import { html, useEffect, useMemo, useRef, useState } from "../lib/preact.js";
import { downloadCsv, downloadPng } from "./download.js";
import { clockText, valueText } from "./format.js";
import { Plot } from "./plot.js";
import { summaryOf } from "./series.js";
import { resolvedColour, token } from "./theme.js";

/** @typedef {import("./series.js").Point} Point */
/** @typedef {import("./series.js").Summary} Summary */

/**
 * @typedef {object} ChartSettings
 * @property {import("./series.js").XAxis} x
 * @property {boolean} log Whether the y axis is logarithmic.
 * @property {number} smoothing From 0 to 0.99.
 */

/**
 * @typedef {object} MetricChartProps
 * @property {string} name
 * @property {readonly Point[]} points `[step, value, at_ms]` in the order they were emitted. A new list for each
 *   change: one that was added to in place is not seen.
 * @property {number} [height] Of the drawing, in pixels.
 * @property {number} [colour] Which of `--series-1` to `--series-8`.
 * @property {string} [syncKey] Charts of one key show their cursors at the same place.
 * @property {ChartSettings} [settings] To rule several charts from outside; without it each has its own.
 * @property {(settings: ChartSettings) => void} [onSettings]
 */

/** @type {ChartSettings} */
const FIRST_SETTINGS = { x: "step", log: false, smoothing: 0 };

let nextChart = 1;

/** @param {MetricChartProps} props */
export function MetricChart({ name, points, height = 180, colour = 1, syncKey, settings: given, onSettings }) {
  const [id] = useState(() => `chart-${nextChart++}`);
  const [own, setOwn] = useState(FIRST_SETTINGS);
  const settings = given ?? own;
  const summary = useMemo(() => summaryOf(points), [points]);
  const positive = summary.count - summary.notFinite - summary.notPositive > 0;
  const log = settings.log && positive;
  const [cursor, setCursor] = useState(/** @type {number | null} */ (null));
  const [zoomed, setZoomed] = useState(false);
  const [spoken, setSpoken] = useState(false);
  /** @type {{current: HTMLElement | null}} */
  const element = useRef(null);
  /** @type {{current: Plot | null}} */
  const plot = useRef(null);
  const newest = useRef({ points, smoothing: settings.smoothing });
  newest.current = { points, smoothing: settings.smoothing };

  useEffect(() => {
    if (!element.current) return undefined;
    setZoomed(false);
    const made = new Plot(element.current, { x: settings.x, log, height, colour, syncKey: syncKey ?? null, onCursor: setCursor, onZoom: setZoomed });
    made.setPoints(newest.current.points, newest.current.smoothing);
    plot.current = made;
    return () => {
      plot.current = null;
      made.destroy();
    };
  }, [settings.x, log, height, colour, syncKey]);

  useEffect(() => {
    // However many points come in between two frames, one drawing shows them all.
    const frame = requestAnimationFrame(() => plot.current?.setPoints(points, settings.smoothing));
    return () => cancelAnimationFrame(frame);
  }, [points, settings.smoothing]);

  /** @param {Partial<ChartSettings>} change */
  const change = (change) => {
    const next = { ...settings, ...change };
    if (given === undefined) setOwn(next);
    onSettings?.(next);
  };
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const to = CURSOR_KEYS[event.key];
    if (!to || !plot.current) return;
    event.preventDefault();
    setSpoken(true);
    plot.current.moveCursor(to);
  };
  const savePng = () => {
    if (!plot.current || !element.current) return;
    downloadPng(name, plot.current.canvas(), {
      surface: resolvedColour(element.current, "--surface-1"),
      text: resolvedColour(element.current, "--text"),
      font: token(element.current, "--font-mono") || "monospace",
    });
  };

  const at = cursor === null ? null : (points[cursor] ?? null);
  return html`<section class="chart" aria-label=${`Metric ${name}`}>
    <div class="chart-head">
      <h3 class="chart-name" title=${name}>${name}</h3>
      <${Tools} id=${id} name=${name} settings=${settings} log=${log} positive=${positive} onChange=${change}>
        ${zoomed && html`<button type="button" class="chart-button" onClick=${() => plot.current?.resetZoom()}>Whole range</button>`}
        <button type="button" class="chart-button" aria-label=${`Download ${name} as CSV`} onClick=${() => downloadCsv(name, points)}>CSV</button>
        <button type="button" class="chart-button" aria-label=${`Download ${name} as image`} onClick=${savePng}>PNG</button>
      <//>
    </div>
    <div class="chart-readout">
      <${Stat} name="last" value=${valueText(summary.last)} strong=${true} />
      <${Stat} name="min" value=${valueText(summary.minimum)} />
      <${Stat} name="max" value=${valueText(summary.maximum)} />
      <${Stat} name="points" value=${summary.count.toLocaleString("en")} />
      <span class="chart-cursor" aria-live=${spoken ? "polite" : "off"}>${at && cursorText(at, /** @type {number} */ (cursor))}</span>
    </div>
    <div
      class="chart-plot"
      ref=${element}
      role="img"
      tabindex="0"
      aria-label=${spokenSummary(name, points, summary)}
      style=${{ height: `${height}px` }}
      onKeyDown=${onKeyDown}
      onBlur=${() => {
        if (spoken) plot.current?.moveCursor(() => null);
        setSpoken(false);
      }}
    ></div>
    <p class="chart-note">${noteText(summary, log)}</p>
  </section>`;
}

/** @type {Record<string, (place: number, last: number) => number | null>} */
const CURSOR_KEYS = {
  ArrowLeft: (place, last) => (place < 0 ? last : Math.max(0, place - 1)),
  ArrowRight: (place, last) => (place < 0 ? 0 : Math.min(last, place + 1)),
  PageUp: (place, last) => (place < 0 ? last : Math.max(0, place - Math.ceil(last / 10))),
  PageDown: (place, last) => (place < 0 ? 0 : Math.min(last, place + Math.ceil(last / 10))),
  Home: () => 0,
  End: (_, last) => last,
  Escape: () => null,
};

/**
 * @param {{id: string, name: string, settings: ChartSettings, log: boolean, positive: boolean,
 *   onChange: (change: Partial<ChartSettings>) => void, children?: any}} props
 */
function Tools({ id, name, settings, log, positive, onChange, children }) {
  return html`<div class="chart-tools" role="group" aria-label=${`Display of ${name}`}>
    <span class="chart-options" role="radiogroup" aria-label="Horizontal axis">
      ${/** @type {const} */ (["step", "time"]).map((axis) =>
        html`<label class="chart-option" key=${axis}>
          <input type="radio" name=${`${id}-x`} checked=${settings.x === axis} onChange=${() => onChange({ x: axis })} />
          <span>${axis}</span>
        </label>`
      )}
    </span>
    <button
      type="button"
      class="chart-button"
      aria-pressed=${log ? "true" : "false"}
      disabled=${!positive}
      title=${positive ? "Logarithmic vertical axis" : "There is no value above 0 to show on a logarithmic axis"}
      onClick=${() => onChange({ log: !log })}
    >
      log
    </button>
    <label class="chart-smoothing" title="Exponential moving average">
      <span>smooth</span>
      <input
        type="range"
        min="0"
        max="0.99"
        step="0.01"
        value=${String(settings.smoothing)}
        aria-label=${`Smoothing of ${name}`}
        onInput=${(/** @type {any} */ event) => onChange({ smoothing: Number(event.currentTarget.value) })}
      />
      <span class="chart-smoothing-value">${settings.smoothing === 0 ? "off" : settings.smoothing.toFixed(2)}</span>
    </label>
    ${children}
  </div>`;
}

/** @param {{name: string, value: string, strong?: boolean}} props */
function Stat({ name, value, strong = false }) {
  return html`<span class="chart-stat" data-strong=${strong ? "true" : undefined}><span class="chart-stat-name">${name} </span>${value}</span>`;
}

/**
 * @param {Point} point
 * @param {number} index
 */
function cursorText([step, value, at], index) {
  return `${step === null ? `point ${(index + 1).toLocaleString("en")}` : `step ${step.toLocaleString("en")}`} · ${valueText(value)} · ${clockText(at)}`;
}

/**
 * @param {string} name
 * @param {readonly Point[]} points
 * @param {Summary} summary
 */
function spokenSummary(name, points, summary) {
  const last = points[points.length - 1];
  if (!last) return `${name}: no points yet`;
  const step = last[0] === null ? "" : ` at step ${last[0]}`;
  const count = `${summary.count} ${summary.count === 1 ? "point" : "points"}`;
  return `${name}: last ${valueText(summary.last)}${step}, minimum ${valueText(summary.minimum)}, maximum ${valueText(summary.maximum)}, ${count}`;
}

/**
 * What is not in the picture.
 *
 * @param {Summary} summary
 * @param {boolean} log
 */
function noteText(summary, log) {
  const parts = [];
  if (summary.count === 0) parts.push("No points yet");
  if (summary.notFinite > 0) parts.push(`${summary.notFinite.toLocaleString("en")} not finite (NaN, ∞), left as ${summary.notFinite === 1 ? "a gap" : "gaps"}`);
  if (log && summary.notPositive > 0) parts.push(`${summary.notPositive.toLocaleString("en")} at or below 0, not on a logarithmic axis`);
  return parts.join(" · ");
}

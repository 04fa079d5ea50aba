/** A metric as a file: its points as CSV, its picture as PNG. */

/** @typedef {import("./series.js").Point} Point */

/**
 * All points, in the order they were emitted.
 *
 * @param {readonly Point[]} points
 * @returns {string} `step,value,at` with times in ISO 8601.
 */
export function csvText(points) {
  const lines = points.map(([step, value, at]) => `${step ?? ""},${value},${new Date(at).toISOString()}`);
  return `step,value,at\n${lines.join("\n")}${lines.length > 0 ? "\n" : ""}`;
}

/**
 * @param {string} name
 * @param {readonly Point[]} points
 */
export function downloadCsv(name, points) {
  save(fileName(name, "csv"), new Blob([csvText(points)], { type: "text/csv;charset=utf-8" }));
}

/**
 * The chart as it is seen, on its surface and with its name.
 *
 * @param {string} name
 * @param {HTMLCanvasElement} canvas
 * @param {{surface: string, text: string, font: string}} look
 */
export function downloadPng(name, canvas, { surface, text, font }) {
  const ratio = window.devicePixelRatio || 1;
  const header = Math.round(32 * ratio);
  const margin = Math.round(12 * ratio);
  const picture = document.createElement("canvas");
  picture.width = canvas.width + 2 * margin;
  picture.height = canvas.height + header + margin;
  const context = picture.getContext("2d");
  if (!context) return;
  context.fillStyle = surface;
  context.fillRect(0, 0, picture.width, picture.height);
  context.fillStyle = text;
  context.font = `600 ${Math.round(13 * ratio)}px ${font}`;
  context.textBaseline = "middle";
  context.fillText(name, margin, header / 2 + margin / 4, picture.width - 2 * margin);
  context.drawImage(canvas, margin, header);
  picture.toBlob((blob) => blob && save(fileName(name, "png"), blob), "image/png");
}

/**
 * @param {string} name
 * @param {string} ending
 */
function fileName(name, ending) {
  const safe = name.replaceAll(/[^\p{L}\p{N}._-]+/gu, "_").slice(0, 80);
  return `${safe || "metric"}.${ending}`;
}

/**
 * @param {string} name
 * @param {Blob} blob
 */
function save(name, blob) {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  // The browser has taken hold of the blob once the click is through.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Puts one component on the page and lets a test drive it: `window.harness`. */

import { html, render, useState } from "/static/lib/preact.js";
import { MetricChart } from "/static/chart/metric-chart.js";
import { parseJson, RawNumber, sameJson, stringifyJson } from "/static/form/lossless-json.js";
import { defaultsFor, SchemaForm } from "/static/form/schema-form.js";
import { stepped } from "/static/form/decimal.js";
import { seriesOf, smoothed } from "/static/chart/series.js";
import { csvText } from "/static/chart/download.js";
import { tickTexts, valueText } from "/static/chart/format.js";
import { summarise, ValueTree } from "/static/tree/value-tree.js";

const stage = document.getElementById("stage");
const state = { value: undefined, changes: 0, unparsed: 0, setErrors: null, setValue: null, setPoints: null };
let mounts = 0;

function clear() {
  render(null, stage);
  mounts += 1;
}

/** After the components have drawn what changed, and what that changed in turn. */
async function settled() {
  for (let i = 0; i < 3; i += 1) {
    await new Promise((resolve) => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => (channel.port1.close(), resolve());
      channel.port2.postMessage(null);
    });
  }
}

/** After the next frame, so that effects have run too. */
async function framed() {
  for (let i = 0; i < 2; i += 1) await new Promise((resolve) => requestAnimationFrame(() => resolve()));
  await settled();
}

function FormPage({ schema, initial, errors, disabled }) {
  const [value, setValue] = useState(initial);
  const [shown, setErrors] = useState(errors);
  state.value = value;
  state.setErrors = setErrors;
  state.setValue = setValue;
  return html`<${SchemaForm}
    schema=${schema}
    value=${value}
    onChange=${(next) => {
      state.changes += 1;
      setValue(next);
    }}
    errors=${shown}
    disabled=${disabled}
    onUnparsed=${(count) => (state.unparsed = count)}
  />`;
}

function ChartPage({ name, initial, options }) {
  const [points, setPoints] = useState(initial);
  state.points = points;
  state.setPoints = setPoints;
  return html`<${MetricChart} name=${name} points=${points} ...${options} />`;
}

async function openFolds() {
  for (;;) {
    const folds = stage.querySelectorAll(".form-fold[aria-expanded=false]");
    if (folds.length === 0) return;
    for (const fold of folds) fold.click();
    await settled();
  }
}

/** What stands in each control is typed into it again: emptied, then put back. */
async function retypeAll() {
  await openFolds();
  const controls = [...stage.querySelectorAll(".form-fields :is(input, textarea, select)")];
  let count = 0;
  for (const control of controls) {
    if (!control.isConnected || control.disabled || control.closest("[hidden]")) continue;
    if (control.type === "radio") {
      if (!control.checked) continue;
      control.dispatchEvent(new Event("change", { bubbles: true }));
    } else if (control.tagName === "SELECT") {
      control.dispatchEvent(new Event("change", { bubbles: true }));
    } else if (control.type === "checkbox") {
      if (control.closest(".form-none") || control.indeterminate) continue;
      control.click();
      await settled();
      control.click();
    } else {
      const text = control.value;
      control.focus();
      control.value = "";
      control.dispatchEvent(new InputEvent("input", { bubbles: true }));
      await settled();
      if (!control.isConnected) throw new Error(`the control of ${control.id} went away while it was empty`);
      control.value = text;
      control.dispatchEvent(new InputEvent("input", { bubbles: true }));
    }
    count += 1;
    await settled();
  }
  document.activeElement?.blur();
  await settled();
  return count;
}

window.harness = {
  parseJson, stringifyJson, RawNumber, sameJson, stepped, defaultsFor, seriesOf, smoothed, csvText, valueText, tickTexts,
  summarise, settled, framed, openFolds, retypeAll,
  async form(schemaText, valueText, { errors = [], disabled = false } = {}) {
    clear();
    state.changes = 0;
    const schema = parseJson(schemaText);
    const initial = valueText === null ? defaultsFor(schema) : parseJson(valueText);
    render(html`<${FormPage} key=${mounts} schema=${schema} initial=${initial} errors=${errors} disabled=${disabled} />`, stage);
    await framed();
  },
  async errors(errors) {
    state.setErrors(errors);
    await framed();
  },
  async setValue(text) {
    state.setValue(parseJson(text));
    await framed();
  },
  value: () => stringifyJson(state.value),
  changes: () => state.changes,
  unparsed: () => state.unparsed,
  async tree(value, options = {}) {
    clear();
    render(html`<${ValueTree} key=${mounts} value=${value} ...${options} />`, stage);
    await framed();
  },
  async chart(name, points, options = {}) {
    clear();
    render(html`<${ChartPage} key=${mounts} name=${name} initial=${points} options=${options} />`, stage);
    await framed();
  },
  async push(...points) {
    state.setPoints((old) => [...old, ...points]);
    await framed();
  },
  clear,
};
window.dispatchEvent(new Event("harness-ready"));

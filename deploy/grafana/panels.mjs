// Runs the query of every panel against a Prometheus, with the variables filled in as Grafana would, and wants series:
//   node panels.mjs http://127.0.0.1:9090 [--lab SLUG] [--but WORD,WORD]
// A variable takes the first value of its label (--lab for the lab), one that allows all takes all. --but names metrics
// that this installation has not: queries with these words may be empty, and are counted aloud.
import { readFileSync, readdirSync } from "node:fs";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { lab: { type: "string" }, but: { type: "string", default: "" } },
});
const [prometheus] = positionals;
const excused = values.but.split(",").filter(Boolean);

async function ask(path, parameters) {
  const answer = await fetch(`${prometheus}/api/v1/${path}?${new URLSearchParams(parameters)}`);
  const body = await answer.json();
  if (body.status !== "success") throw new Error(body.error);
  return body.data;
}

/** Asks again for a while: a scrape that came late on a busy machine is not an empty panel. */
async function numbers(target, query) {
  for (let attempt = 0; ; attempt += 1) {
    const now = Date.now() / 1000;
    const { result } = target.instant
      ? await ask("query", { query })
      : await ask("query_range", { query, start: now - 600, end: now, step: 5 });
    const found = result.flatMap((series) => series.values ?? [series.value]).filter(([, value]) => value !== "NaN");
    if (found.length > 0 || attempt === 4 || excused.some((word) => query.includes(word))) return found;
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}

const fill = (text, chosen) => text.replace(/\$\{?(\w+)\}?/g, (whole, name) => chosen[name] ?? whole);

/** The value of a template variable, from its label. */
async function choose(variable, chosen) {
  if (variable.name === "lab" && values.lab) return values.lab;
  const [, selector, label] = /^label_values\((.*), (\w+)\)$/.exec(fill(variable.query.query, chosen));
  const found = (await ask("series", { "match[]": selector })).map((series) => series[label]).filter(Boolean).sort();
  if (variable.includeAll) return variable.allValue;
  if (found.length === 0) throw new Error(`variable ${variable.name}: ${selector} has no label ${label}`);
  return found[0];
}

const empty = [];
const allowed = [];
let asked = 0;
const folder = new URL("dashboards/", import.meta.url);
for (const file of readdirSync(folder).sort()) {
  const dashboard = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
  const chosen = {};
  for (const variable of dashboard.templating.list) {
    try {
      chosen[variable.name] = await choose(variable, chosen);
    } catch (error) {
      empty.push(`${file}: ${error.message}`);
    }
  }
  for (const panel of dashboard.panels) {
    for (const target of panel.targets ?? []) {
      asked += 1;
      const where = `${file}: ${panel.title} (${target.refId})`;
      const query = fill(target.expr, chosen);
      if (/\$\w/.test(query)) {
        empty.push(`${where}: a variable is left over: ${query}`);
        continue;
      }
      try {
        const found = await numbers(target, query);
        if (found.length === 0) (excused.some((word) => query.includes(word)) ? allowed : empty).push(`${where}: no series: ${query}`);
      } catch (error) {
        empty.push(`${where}: ${error.message}: ${query}`);
      }
    }
  }
}
for (const line of allowed) console.log(`  not here  ${line}`);
for (const line of empty) console.error(`  EMPTY     ${line}`);
console.log(`${asked} queries of panels: ${asked - empty.length - allowed.length} with series, ${empty.length} without, ${allowed.length} not expected here`);
process.exitCode = empty.length > 0 ? 1 : 0;

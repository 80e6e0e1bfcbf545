// The four dashboards, from this small source:  node dashboards.mjs  writes dashboards/*.json, which are committed;
// with --check it says whether they are what it would write. Grafana's JSON is mostly repetition: here is what differs.

import { readFileSync, writeFileSync } from "node:fs";

const PROMETHEUS = { type: "prometheus", uid: "pglab-prometheus" };
const WIDTH = 24;

/** One query. `instant` gives the last value, for tables and bars. */
const query = (expr, legend, { instant = false } = {}) => ({ expr, legend, instant });

const steps = (...pairs) => ({
  mode: "absolute",
  steps: pairs.map(([value, color]) => ({ value, color })),
});
const CALM = steps([null, "text"]);

function panel(type, title, { description, unit = "short", w, h, queries, min, max, thresholds = CALM, options, custom, transformations, overrides = [], mappings, decimals, noValue }) {
  return {
    type,
    title,
    ...(description && { description }),
    datasource: PROMETHEUS,
    gridPos: { x: 0, y: 0, w, h },
    targets: queries.map(({ expr, legend, instant }, index) => ({
      datasource: PROMETHEUS,
      refId: String.fromCharCode(65 + index),
      expr,
      legendFormat: legend ?? "__auto",
      instant,
      range: !instant,
      ...(type === "table" && { format: "table" }),
    })),
    fieldConfig: {
      defaults: {
        unit,
        color: { mode: type === "timeseries" ? "palette-classic" : "thresholds" },
        thresholds,
        ...(min !== undefined && { min }),
        ...(max !== undefined && { max }),
        ...(mappings && { mappings }),
        ...(decimals !== undefined && { decimals }),
        ...(noValue && { noValue }),
        ...(custom && { custom }),
      },
      overrides,
    },
    options,
    ...(transformations && { transformations }),
  };
}

/** One number. */
const stat = (title, expr, more = {}) =>
  panel("stat", title, {
    w: 4, h: 4,
    queries: [query(expr, undefined, { instant: true })],
    options: {
      colorMode: "value", graphMode: "none", justifyMode: "auto", orientation: "auto", textMode: "auto",
      wideLayout: true, showPercentChange: false, percentChangeColorMode: "standard",
      reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
    },
    ...more,
  });

/** Lines over time. */
const lines = (title, queries, more = {}) =>
  panel("timeseries", title, {
    w: 12, h: 8, queries,
    custom: { drawStyle: "line", lineWidth: 1, fillOpacity: more.stack ? 30 : 0, showPoints: "never", ...(more.stack && { stacking: { mode: "normal", group: "A" } }) },
    options: {
      legend: { displayMode: "list", placement: "bottom", showLegend: true, calcs: [] },
      tooltip: { mode: "multi", sort: "desc" },
    },
    ...more,
  });

/** One bar for each series. */
const bars = (title, queries, more = {}) =>
  panel("bargauge", title, {
    w: 12, h: 10, queries,
    options: {
      displayMode: "basic", orientation: "horizontal", valueMode: "color", namePlacement: "auto", sizing: "auto",
      showUnfilled: true, minVizHeight: 12, minVizWidth: 8, maxVizHeight: 300,
      reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
      legend: { displayMode: "list", placement: "bottom", showLegend: false, calcs: [] },
    },
    ...more,
  });

/** A row for each `key`, a column for each query: [heading, expression, unit]. */
const table = (title, key, columns, more = {}) =>
  panel("table", title, {
    w: 24, h: 10,
    queries: columns.map(([, expr]) => query(expr, undefined, { instant: true })),
    custom: { align: "auto", inspect: false, cellOptions: { type: "auto" } },
    options: { frameIndex: 0, showHeader: true, cellHeight: "sm" },
    transformations: [
      { id: "joinByField", options: { byField: key, mode: "outer" } },
      { id: "filterFieldsByName", options: { include: { pattern: `^(${key}|title|Value.*)$` } } },
      { id: "organize", options: { excludeByName: {}, indexByName: {}, renameByName: Object.fromEntries(columns.map(([heading], index) => [`Value #${String.fromCharCode(65 + index)}`, heading])) } },
    ],
    overrides: columns.filter(([, , unit]) => unit).map(([heading, , unit]) => ({
      matcher: { id: "byName", options: heading },
      properties: [{ id: "unit", value: unit }],
    })),
    ...more,
  });

const row = (title) => ({ type: "row", title, collapsed: false, panels: [], gridPos: { x: 0, y: 0, w: WIDTH, h: 1 } });

/** Left to right, then down; ids by position. */
function placed(panels) {
  let x = 0;
  let y = 0;
  let tallest = 0;
  return panels.map((panel, index) => {
    const { w, h } = panel.gridPos;
    if (x + w > WIDTH) {
      x = 0;
      y += tallest;
      tallest = 0;
    }
    const gridPos = { x, y, w, h };
    x += w;
    tallest = Math.max(tallest, h);
    return { id: index + 1, ...panel, gridPos };
  });
}

/** A choice that is filled from a label. */
const variable = (name, label, definition, { all = false } = {}) => ({
  type: "query",
  name,
  label,
  datasource: PROMETHEUS,
  query: { query: definition, refId: `variable-${name}` },
  refresh: 2,
  sort: 1,
  includeAll: all,
  multi: all,
  ...(all && { allValue: ".*" }),
  current: all ? { text: "All", value: "$__all" } : { text: "", value: "" },
  options: [],
});

const LAB = variable("lab", "Lab", "label_values(pglab_lab_info, lab)");
const CLUSTER = variable("cluster", "Cluster", "label_values(pglab_node_up, cluster)");

const dashboard = (uid, title, description, variables, panels) => ({
  uid,
  title,
  description,
  tags: ["pglab"],
  schemaVersion: 41,
  version: 1,
  editable: true,
  graphTooltip: 1,
  timezone: "browser",
  refresh: "10s",
  time: { from: "now-2h", to: "now" },
  timepicker: {},
  annotations: { list: [] },
  links: [{
    type: "dashboards", title: "pglab", tags: ["pglab"], asDropdown: false, icon: "external link", includeVars: true,
    keepTime: true, targetBlank: false, tooltip: "", url: "",
  }],
  templating: { list: variables },
  panels: placed(panels),
});

const YES_NO = [{ type: "value", options: { 0: { text: "no", index: 0 }, 1: { text: "yes", index: 1 } } }];
const BAD_WHEN_NOT_ONE = steps([null, "red"], [1, "green"]);
const BAD_WHEN_ANY = steps([null, "green"], [1, "red"]);

// ---- the class

const SECTION = '{lab="$lab", section=~"$section"}';
const classDashboard = dashboard("pglab-class", "pglab: class", "How far a class is, who needs help, and how fast it goes.", [
  LAB,
  variable("section", "Section", 'label_values(pglab_student_points{lab="$lab"}, section)', { all: true }),
], [
  stat("Students", `count(pglab_student_points${SECTION})`),
  stat("Connected", `sum(pglab_student_connected${SECTION})`),
  stat("Hands up", `sum(pglab_student_hand_raised${SECTION})`, { thresholds: steps([null, "text"], [1, "orange"]) }),
  stat("The class has", `sum(pglab_student_points${SECTION}) / (count(pglab_student_points${SECTION}) * max(pglab_lab_max_points{lab="$lab"}))`, { unit: "percentunit", description: "Of all the points that it could have.", decimals: 0 }),
  stat("Pace", 'lab:points_per_student_hour:avg15m{lab="$lab"}', { description: "Points that one student earns in an hour, seen over the last quarter of an hour.", decimals: 1 }),
  stat("Errors per minute", 'lab:errors_per_minute:rate5m{lab="$lab"}', { decimals: 1 }),
  lines("Points", [
    query('lab:student_points:quantile75{lab="$lab"}', "upper quarter"),
    query('lab:student_points:median{lab="$lab"}', "median"),
    query('lab:student_points:quantile25{lab="$lab"}', "lower quarter"),
  ], { min: 0 }),
  lines("Progress by section", [query('lab_section:points_ratio:avg{lab="$lab", section=~"$section"}', "section {{section}}")], { unit: "percentunit", min: 0, max: 1 }),
  table("Who needs help", "student", [
    ["need", `topk(15, pglab_student_need_score${SECTION})`],
    ["points", `pglab_student_points${SECTION} and topk(15, pglab_student_need_score${SECTION})`],
    ["connected", `pglab_student_connected${SECTION} and topk(15, pglab_student_need_score${SECTION})`],
    ["hand up", `pglab_student_hand_raised${SECTION} and topk(15, pglab_student_need_score${SECTION})`],
    ["without progress", `lab_student:idle_seconds:last${SECTION} and topk(15, pglab_student_need_score${SECTION})`, "s"],
    ["errors", `pglab_student_errors_total${SECTION} and topk(15, pglab_student_need_score${SECTION})`],
  ], { description: "The same score as on pglab's board: time without progress against the class, repeated errors, no connection yet, a raised hand." }),
  bars("Done, by task", [query('sort_desc(lab_task:completion:ratio{lab="$lab"})', "{{task}}", { instant: true })], { unit: "percentunit", min: 0, max: 1, thresholds: steps([null, "blue"]) }),
  lines("Connected, and hands up", [
    query('lab:students_connected:sum{lab="$lab"}', "connected"),
    query('lab:hands_raised:sum{lab="$lab"}', "hands up"),
  ], { min: 0, h: 10 }),
  lines("Errors per minute", [query(`60 * sum by (section) (rate(pglab_student_errors_total${SECTION}[5m]))`, "section {{section}}")], { min: 0 }),
  lines("Databases by state", [query('sum by (state) (pglab_instances{lab="$lab"})', "{{state}}")], { min: 0, stack: true }),
]);

// ---- one student

const ME = '{lab="$lab", student="$student"}';
const studentDashboard = dashboard("pglab-student", "pglab: student", "One student: points against the class, tasks, errors, the database.", [
  LAB,
  variable("student", "Student", 'label_values(pglab_student_points{lab="$lab"}, student)'),
], [
  stat("Points", `pglab_student_points${ME}`, { description: "Earned and kept." }),
  stat("Of", 'max(pglab_lab_max_points{lab="$lab"})'),
  stat("Place", `1 + count(pglab_student_points{lab="$lab"} > scalar(pglab_student_points${ME})) or vector(1)`, { description: "In the class, by points." }),
  stat("Need for help", `pglab_student_need_score${ME}`, { decimals: 0 }),
  stat("Connected", `pglab_student_connected${ME}`, { mappings: YES_NO }),
  stat("Hand up", `pglab_student_hand_raised${ME}`, { mappings: YES_NO, thresholds: steps([null, "text"], [1, "orange"]) }),
  lines("Points", [
    query(`pglab_student_points${ME}`, "earned"),
    query(`pglab_student_now_points${ME}`, "what the database deserves now"),
    query('lab:student_points:median{lab="$lab"}', "median of the class"),
  ], { min: 0 }),
  lines("Errors per minute", [
    query(`60 * rate(pglab_student_errors_total${ME}[5m])`, "$student"),
    query('lab:errors_per_minute:rate5m{lab="$lab"} / on (lab) lab:students:sum', "average of the class"),
  ], { min: 0 }),
  bars("Tasks", [query(`pglab_student_task_points${ME} / on (lab, task) group_left () (pglab_task_max_points{lab="$lab"} > 0)`, "{{task}}", { instant: true })], { unit: "percentunit", min: 0, max: 1, h: 14, thresholds: steps([null, "orange"], [0.999, "green"]) }),
  lines("Checks that pass, without pglab", [
    query(`sum(sql_pglab_check_passed${ME})`, "passed, as the SQL exporter sees it"),
    query(`count(sql_pglab_check_passed${ME})`, "of"),
  ], { min: 0, h: 7, description: "Asked of the database by the SQL exporter, without pglab: the same queries that pglab's checks are, as far as one query can say them." }),
  lines("Without progress", [query(`lab_student:idle_seconds:last${ME} or 0 * pglab_student_points${ME}`, "$student")], { unit: "s", min: 0, h: 7 }),
  lines("Size of the database", [
    query(`pglab_student_database_bytes${ME}`, "used"),
    query('max(pglab_lab_quota_bytes{lab="$lab"})', "quota"),
  ], { unit: "bytes", min: 0, h: 7 }),
]);

// ---- the tasks

const TASK = '{lab="$lab", task=~"$task"}';
const taskDashboard = dashboard("pglab-tasks", "pglab: task difficulty", "Which tasks are done, where people hang, and what broke again.", [
  LAB,
  variable("task", "Task", 'label_values(pglab_task_info{lab="$lab"}, task)', { all: true }),
], [
  stat("Tasks", 'count(pglab_task_info{lab="$lab"})', { w: 6 }),
  stat("Hardest so far", `bottomk(1, lab_task:completion:ratio${TASK})`, { w: 6, unit: "percentunit", decimals: 0, queries: [query(`bottomk(1, lab_task:completion:ratio${TASK})`, "{{task}}", { instant: true })] }),
  stat("Most people are at", `topk(1, lab_task:under_way:ratio${TASK})`, { w: 6, unit: "percentunit", decimals: 0, queries: [query(`topk(1, lab_task:under_way:ratio${TASK})`, "{{task}}", { instant: true })] }),
  stat("Broken again", `sum(pglab_task_students{lab="$lab", task=~"$task", state="broken_again"}) or vector(0)`, { w: 6, description: "Tasks that were done and no longer are, over all students.", thresholds: steps([null, "text"], [1, "orange"]) }),
  bars("Done", [query(`sort_desc(lab_task:completion:ratio${TASK})`, "{{task}}", { instant: true })], { unit: "percentunit", min: 0, max: 1, h: 14, thresholds: steps([null, "green"]) }),
  bars("Begun and not finished", [query(`sort_desc(lab_task:under_way:ratio${TASK})`, "{{task}}", { instant: true })], { unit: "percentunit", min: 0, max: 1, h: 14, thresholds: steps([null, "orange"]) }),
  table("Every task", "task", [
    ["done", `lab_task:completion:ratio${TASK} * on (lab, task) group_left (title) pglab_task_info`, "percentunit"],
    ["under way", `lab_task:under_way:ratio${TASK}`, "percentunit"],
    ["points, average", `avg by (lab, task) (pglab_student_task_points${TASK})`],
    ["points, at most", `pglab_task_max_points${TASK}`],
  ], { h: 12 }),
  lines("Done, over time", [query(`lab_task:completion:ratio${TASK}`, "{{task}}")], { unit: "percentunit", min: 0, max: 1 }),
  lines("Students by state", [query(`sum by (state) (pglab_task_students${TASK})`, "{{state}}")], { min: 0, stack: true, description: "Summed over the tasks that are chosen." }),
]);

// ---- PostgreSQL

const NODES = '{cluster="$cluster", node=~"$node"}';
const sql = (name, labels = "") => `sql_pg_${name}{${labels}}`;
const healthDashboard = dashboard("pglab-postgresql", "pglab: PostgreSQL health", "The servers that students work on, and pglab's own work there.", [
  CLUSTER,
  variable("node", "Node", 'label_values(pglab_node_up{cluster="$cluster"}, node)', { all: true }),
  variable("database", "Database", 'label_values(sql_pg_sessions, datname)', { all: true }),
], [
  stat("Nodes up", `sum(pglab_node_up${NODES}) / count(pglab_node_up${NODES})`, { unit: "percentunit", decimals: 0, thresholds: BAD_WHEN_NOT_ONE }),
  stat("Primaries", 'sum(pglab_node_primary{cluster="$cluster"})', { thresholds: steps([null, "red"], [1, "green"], [2, "red"]) }),
  stat("Connections taken", `max(node:connections:ratio${NODES})`, { unit: "percentunit", decimals: 0, thresholds: steps([null, "green"], [0.75, "orange"], [0.9, "red"]) }),
  stat("Standbys behind", 'max(pglab_node_replication_lag_bytes{cluster="$cluster"}) or max(0 * pglab_node_primary{cluster="$cluster"})', { unit: "bytes", description: "The one that is furthest behind. 0 without standbys." }),
  stat("Disk free", "min(path:disk_free:ratio)", { unit: "percentunit", decimals: 0, thresholds: steps([null, "red"], [0.1, "orange"], [0.2, "green"]) }),
  stat("Waiting for locks", sql("blocked_sessions"), { thresholds: BAD_WHEN_ANY }),
  row("The servers"),
  lines("Connections", [
    query(`pglab_node_connections${NODES}`, "{{node}}"),
    query(`max(pglab_node_max_connections${NODES})`, "at most"),
  ], { min: 0 }),
  lines("Sessions of a database", [query(`topk(10, sum by (datname) (sql_pg_sessions{datname=~"$database"}))`, "{{datname}}")], { min: 0, description: "The ten with the most." }),
  lines("Transactions per second", [query(`rate(${sql("transactions")}[2m])`, "{{outcome}}")], { min: 0 }),
  lines("Rows changed per second", [query(`rate(${sql("tuples")}[2m])`, "{{operation}}")], { min: 0 }),
  lines("Found in memory", [query(`sum(rate(${sql("blocks", 'from="memory"')}[5m])) / (sum(rate(${sql("blocks")}[5m])) > 0)`, "hit ratio")], { unit: "percentunit", max: 1 }),
  lines("Oldest open transaction", [query(sql("oldest_transaction_seconds"), "age")], { unit: "s", min: 0 }),
  lines("Write-ahead log", [query(`rate(${sql("wal_bytes")}[2m])`, "written")], { unit: "Bps", min: 0 }),
  lines("Deadlocks, conflicts and temporary files", [query(`rate(${sql("troubles")}[5m])`, "{{kind}}")], { min: 0, description: "Per second; temporary files in bytes." }),
  lines("Size of all databases", [query(sql("databases", 'col="bytes"'), "bytes")], { unit: "bytes", min: 0 }),
  lines("Databases", [query(`pglab_node_databases${NODES}`, "{{node}}")], { min: 0 }),
  row("pglab's work"),
  lines("Checks", [
    query('cluster:check_duration_seconds:p99{cluster="$cluster"}', "99 of 100 are faster"),
    query('cluster:check_duration_seconds:p50{cluster="$cluster"}', "half are faster"),
    query('cluster:sweep_duration_seconds:p99{cluster="$cluster"}', "sweep, 99 of 100"),
  ], { unit: "s", min: 0 }),
  lines("Checks per second, by outcome", [query('sum by (outcome) (rate(pglab_checks_total{cluster="$cluster"}[2m]))', "{{outcome}}")], { min: 0 }),
  lines("Waiting to be checked", [
    query('pglab_check_queue_length{cluster="$cluster"}', "databases that wait"),
    query('pglab_check_connections{cluster="$cluster"}', "connections of the checker"),
  ], { min: 0 }),
  lines("Workers: time since the last success", [query("time() - pglab_worker_last_success_timestamp_seconds", "{{worker}}")], { unit: "s", min: 0 }),
  lines("Requests", [query("sum by (status) (rate(pglab_http_requests_total[2m]))", "{{status}}")], { unit: "reqps", min: 0 }),
  lines("Requests: 99 of 100 are faster", [query("histogram_quantile(0.99, sum by (le) (rate(pglab_http_request_duration_seconds_bucket[5m])))", "all routes")], { unit: "s", min: 0 }),
  lines("Memory of pglab", [query('process_resident_memory_bytes{job="pglab"}', "resident")], { unit: "bytes", min: 0 }),
  lines("CPU of pglab", [query('rate(process_cpu_seconds_total{job="pglab"}[2m])', "cores")], { min: 0 }),
]);

let stale = false;
for (const [file, content] of Object.entries({
  class: classDashboard,
  student: studentDashboard,
  tasks: taskDashboard,
  postgresql: healthDashboard,
})) {
  const path = new URL(`dashboards/${file}.json`, import.meta.url);
  const text = `${JSON.stringify(content, null, 2)}\n`;
  if (!process.argv.includes("--check")) {
    writeFileSync(path, text);
  } else if (readFileSync(path, "utf8") !== text) {
    console.error(`dashboards/${file}.json is not what dashboards.mjs writes: run node deploy/grafana/dashboards.mjs`);
    stale = true;
  }
}
process.exitCode = stale ? 1 : 0;

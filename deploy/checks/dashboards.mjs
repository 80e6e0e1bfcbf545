// Checks ../grafana/dashboards/*.json against the dashboard types of @grafana/schema (the version in package.json), panel options
// included, and against what provisioning asks for:  npm ci && node dashboards.mjs
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import Ajv from "ajv";
import { createGenerator } from "ts-json-schema-generator";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const version = createRequire(import.meta.url)("@grafana/schema/package.json").version;
const schema = createGenerator({
  path: here("dashboard-types.ts"),
  tsconfig: here("tsconfig.json"),
  type: "Dashboard",
  additionalProperties: false,
  expose: "none",
  skipTypeCheck: true,
  strictTuples: true,
}).createSchema("Dashboard");

const validate = new Ajv({ allErrors: true, strict: false, discriminator: false }).compile(schema);
const problems = [];
const uids = new Set();
const datasources = new Set(
  [...readFileSync(here("../grafana/provisioning/datasources/pglab.yml"), "utf8").matchAll(/^ +uid: (.+)$/gm)].map(([, uid]) => uid),
);

for (const file of readdirSync(here("../grafana/dashboards")).filter((name) => name.endsWith(".json"))) {
  const dashboard = JSON.parse(readFileSync(here(`../grafana/dashboards/${file}`), "utf8"));
  const wrong = (what) => problems.push(`${file}: ${what}`);
  if (!validate(dashboard)) {
    // Of the alternatives of a panel, those of another type say nothing.
    for (const { instancePath, message, params } of validate.errors) wrong(`${instancePath} ${message} ${JSON.stringify(params)}`);
  }
  if (dashboard.id != null) wrong("has a numeric id of its own");
  if (uids.has(dashboard.uid)) wrong(`uid ${dashboard.uid} is taken`);
  uids.add(dashboard.uid);
  JSON.stringify(dashboard, (key, value) => {
    if (key === "datasource" && !datasources.has(value?.uid)) wrong(`names a data source that is not provisioned: ${JSON.stringify(value)}`);
    return value;
  });
  const ids = dashboard.panels.map(({ id }) => id);
  if (new Set(ids).size !== ids.length) wrong("two panels have one id");
}
if (problems.length > 0) {
  console.error(problems.slice(0, 40).join("\n"));
  process.exit(1);
}
console.log(`${uids.size} dashboards fit @grafana/schema ${version}`);

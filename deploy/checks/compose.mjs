// compose.yaml against the schema of the compose specification, for machines without `docker compose`.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import Ajv from "ajv";
import { parse } from "yaml";

const file = fileURLToPath(new URL("../compose/compose.yaml", import.meta.url));
const compose = parse(readFileSync(file, "utf8"), { merge: true });
// The specification's schema, as the package dclint carries it.
const packaged = new URL("schemas/compose.schema.json", import.meta.resolve("dclint/package.json"));
const { $schema: _, ...schema } = JSON.parse(readFileSync(packaged, "utf8"));
const validate = new Ajv({ allErrors: true, strict: false, validateFormats: false }).compile(schema);
const wrong = validate(compose) ? [] : validate.errors.map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`);

// Nothing but the two doors.
const open = Object.values(compose.services).flatMap(({ ports = [] }) => ports);
if (open.length !== 2) wrong.push(`open ports: ${open.join(", ")}`);
for (const [name, service] of Object.entries(compose.services)) {
  if (!service.deploy?.resources?.limits?.memory) wrong.push(`${name} has no limit of memory`);
  if (!service.healthcheck && name !== "prepare") wrong.push(`${name} has no health check`);
  if (!/:.+/.test(service.image)) wrong.push(`${name}: the image has no tag`);
}
if (wrong.length > 0) {
  console.error(wrong.join("\n"));
  process.exit(1);
}
console.log(`compose.yaml: ${Object.keys(compose.services).length} services fit the specification`);

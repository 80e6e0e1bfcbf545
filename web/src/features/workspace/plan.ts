// What EXPLAIN (FORMAT JSON) says, as lines of a tree with what matters: where the time goes, and where PostgreSQL
// guessed wrong. Pure.

export interface PlanNode {
  depth: number
  /** `Seq Scan`. */
  title: string
  /** `on album a`, `using album_pkey`. */
  on: string
  /** Conditions and keys, as sentences. */
  details: string[]
  estimatedRows: number
  /** Per loop; null where it was not run. */
  rows: number | null
  loops: number
  /** Milliseconds in all loops, children included; null without ANALYZE. */
  ms: number | null
  /** Without its children: milliseconds, or cost where there are none. */
  own: number
  /** The part of the whole that is its own, 0 to 1. */
  share: number
  cost: number
  /** How far the guess was off, where by ten times or more. */
  misjudged: number | null
  removedRows: number
  neverRun: boolean
}

export interface Plan {
  nodes: PlanNode[]
  analyzed: boolean
  planningMs: number | null
  executionMs: number | null
  cost: number
}

type Json = Record<string, unknown>

const num = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null)
const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)
const list = (value: unknown): string | null =>
  Array.isArray(value) && value.length > 0 ? value.map(String).join(', ') : null

const DETAILS: [key: string, label: string][] = [
  ['Index Cond', 'index'],
  ['Recheck Cond', 'recheck'],
  ['Hash Cond', 'joins on'],
  ['Merge Cond', 'joins on'],
  ['Join Filter', 'join filter'],
  ['Filter', 'filter'],
  ['One-Time Filter', 'once'],
  ['TID Cond', 'row'],
]
const LISTS: [key: string, label: string][] = [
  ['Sort Key', 'sorts by'],
  ['Group Key', 'groups by'],
  ['Presorted Key', 'sorted already by'],
]

/** `null` for what is no plan. */
export function readPlan(json: string): Plan | null {
  let parsed: unknown
  try {
    parsed = JSON.parse(json)
  } catch {
    return null
  }
  const top = Array.isArray(parsed) ? (parsed[0] as Json | undefined) : undefined
  const root = top?.Plan as Json | undefined
  if (!top || typeof root !== 'object' || root === null || !text(root['Node Type'])) return null
  const analyzed = root['Actual Loops'] !== undefined
  const nodes: PlanNode[] = []
  const whole = analyzed ? total(root) ?? 0 : num(root['Total Cost']) ?? 0
  walk(root, 0, analyzed, whole, nodes)
  return {
    nodes,
    analyzed,
    planningMs: num(top['Planning Time']),
    executionMs: num(top['Execution Time']),
    cost: num(root['Total Cost']) ?? 0,
  }
}

function children(node: Json): Json[] {
  return Array.isArray(node.Plans) ? (node.Plans as Json[]) : []
}

/** All loops together; with parallel workers loops run side by side, so this is work rather than waiting. */
function total(node: Json): number | null {
  const each = num(node['Actual Total Time'])
  return each === null ? null : each * (num(node['Actual Loops']) ?? 1)
}

function walk(node: Json, depth: number, analyzed: boolean, whole: number, into: PlanNode[]) {
  const ms = analyzed ? total(node) ?? 0 : null
  const cost = num(node['Total Cost']) ?? 0
  // What InitPlans cost is not part of what their parent adds up.
  const below = children(node)
    .filter((child) => child['Parent Relationship'] !== 'InitPlan')
    .reduce((sum, child) => sum + (analyzed ? total(child) ?? 0 : num(child['Total Cost']) ?? 0), 0)
  const own = Math.max(0, (analyzed ? ms ?? 0 : cost) - below)
  const estimatedRows = num(node['Plan Rows']) ?? 0
  const loops = num(node['Actual Loops']) ?? 0
  const rows = analyzed ? num(node['Actual Rows']) : null
  const neverRun = analyzed && loops === 0
  const off = rows === null || neverRun ? 1 : Math.max(1, rows, 1) / Math.max(1, estimatedRows)
  const misjudged = off >= 10 ? off : off <= 0.1 ? 1 / off : null
  into.push({
    depth,
    title: title(node),
    on: on(node),
    details: details(node),
    estimatedRows,
    rows,
    loops,
    ms,
    own,
    share: whole > 0 ? Math.min(1, own / whole) : 0,
    cost,
    misjudged: misjudged === null ? null : Math.round(misjudged),
    removedRows: (num(node['Rows Removed by Filter']) ?? 0) + (num(node['Rows Removed by Join Filter']) ?? 0),
    neverRun,
  })
  for (const child of children(node)) walk(child, depth + 1, analyzed, whole, into)
}

function title(node: Json): string {
  const type = String(node['Node Type'])
  const join = text(node['Join Type'])
  const parts = [
    node['Parallel Aware'] === true ? 'Parallel' : null,
    type === 'Aggregate' && text(node.Strategy) && node.Strategy !== 'Plain' && node.Strategy !== 'Sorted'
      ? `${String(node.Strategy)} Aggregate`
      : type === 'ModifyTable'
        ? text(node.Operation) ?? type
        : join && join !== 'Inner'
          ? `${type} (${join})`
          : type,
    node['Scan Direction'] === 'Backward' ? 'backward' : null,
  ]
  return parts.filter(Boolean).join(' ')
}

function on(node: Json): string {
  const relation = text(node['Relation Name'])
  const alias = text(node.Alias)
  const parts = []
  if (relation) parts.push(`on ${relation}${alias && alias !== relation ? ` ${alias}` : ''}`)
  else if (text(node['CTE Name'])) parts.push(`of ${String(node['CTE Name'])}`)
  else if (text(node['Function Name'])) parts.push(`of ${String(node['Function Name'])}()`)
  if (text(node['Index Name'])) parts.push(`using ${String(node['Index Name'])}`)
  const plan = text(node['Subplan Name'])
  if (plan) parts.push(`for ${plan}`)
  return parts.join(' ')
}

function details(node: Json): string[] {
  const found: string[] = []
  for (const [key, label] of DETAILS) {
    const value = text(node[key])
    if (value) found.push(`${label} ${value}`)
  }
  for (const [key, label] of LISTS) {
    const value = list(node[key])
    if (value) found.push(`${label} ${value}`)
  }
  const method = text(node['Sort Method'])
  if (method) {
    const space = num(node['Sort Space Used'])
    found.push(`${method}${space === null ? '' : `, ${space} kB ${String(node['Sort Space Type'] ?? '').toLowerCase()}`}`)
  }
  const batches = num(node['Hash Batches'])
  if (batches !== null && batches > 1) found.push(`${batches} batches: it did not fit into memory`)
  const read = num(node['Shared Read Blocks'])
  const hit = num(node['Shared Hit Blocks'])
  if ((read ?? 0) + (hit ?? 0) > 0) found.push(`pages: ${hit ?? 0} in memory, ${read ?? 0} read`)
  return found
}

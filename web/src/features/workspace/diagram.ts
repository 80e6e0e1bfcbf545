// Where tables stand in the diagram: who is referenced by others stands to the left of them, and lines cross as little
// as a few sweeps can bring about. Pure.

import type { Catalog, CatalogTable } from './catalog'

export const BOX = { width: 210, head: 26, row: 19, gapX: 90, gapY: 26, pad: 16 }

export interface Box {
  key: string
  table: CatalogTable
  x: number
  y: number
  height: number
}
export interface Line {
  key: string
  from: string
  to: string
  /** A path from the referencing column to the referenced one. */
  path: string
}
export interface Diagram {
  boxes: Box[]
  lines: Line[]
  width: number
  height: number
}

const keyOf = (schema: string, name: string) => `${schema}.${name}`

export function layOut(catalog: Catalog): Diagram {
  const tables = catalog.tables.filter((table) => table.kind === 'table')
  const byKey = new Map(tables.map((table) => [keyOf(table.schema, table.name), table]))
  const references = new Map<string, string[]>()
  for (const [key, table] of byKey) {
    const targets = table.keys
      .filter((each) => each.kind === 'foreign' && each.ref_table !== null)
      .map((each) => keyOf(each.ref_schema ?? '', each.ref_table ?? ''))
      .filter((target) => target !== key && byKey.has(target))
    references.set(key, [...new Set(targets)])
  }
  const layers = inLayers([...byKey.keys()], references)
  untangle(layers, references)

  const boxes = new Map<string, Box>()
  let x = BOX.pad
  let height = 0
  for (const layer of layers) {
    let y = BOX.pad
    for (const key of layer) {
      const table = byKey.get(key)
      if (!table) continue
      const tall = BOX.head + table.columns.length * BOX.row + 6
      boxes.set(key, { key, table, x, y, height: tall })
      y += tall + BOX.gapY
    }
    height = Math.max(height, y - BOX.gapY + BOX.pad)
    x += BOX.width + BOX.gapX
  }
  const lines: Line[] = []
  for (const [key, table] of byKey) {
    const from = boxes.get(key)
    for (const each of table.keys) {
      const target = keyOf(each.ref_schema ?? '', each.ref_table ?? '')
      const to = boxes.get(target)
      if (each.kind !== 'foreign' || !from || !to) continue
      lines.push({
        key: `${key}.${each.name}`,
        from: key,
        to: target,
        path: path(from, rowOf(table, each.columns[0]), to, rowOf(to.table, each.ref_columns?.[0])),
      })
    }
  }
  return { boxes: [...boxes.values()], lines, width: Math.max(0, x - BOX.gapX + BOX.pad), height }
}

function rowOf(table: CatalogTable, column: string | undefined): number {
  return Math.max(0, table.columns.findIndex((each) => each.name === column))
}

function path(from: Box, fromRow: number, to: Box, toRow: number): string {
  const y1 = from.y + BOX.head + (fromRow + 0.5) * BOX.row
  const y2 = to.y + BOX.head + (toRow + 0.5) * BOX.row
  if (from.x === to.x) {
    // Side by side or itself: round the right edge.
    const x = from.x + BOX.width
    return `M${x},${y1} C${x + 40},${y1} ${x + 40},${y2} ${x},${y2}`
  }
  const leftward = to.x < from.x
  const x1 = leftward ? from.x : from.x + BOX.width
  const x2 = leftward ? to.x + BOX.width : to.x
  const bend = Math.max(36, Math.abs(x1 - x2) / 2) * (leftward ? -1 : 1)
  return `M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`
}

/** The longest way to a table that references nothing; who closes a circle counts as if it did not. */
function inLayers(keys: string[], references: Map<string, string[]>): string[][] {
  const depth = new Map<string, number>()
  const onTheWay = new Set<string>()
  const measure = (key: string): number => {
    const known = depth.get(key)
    if (known !== undefined) return known
    if (onTheWay.has(key)) return -1
    onTheWay.add(key)
    const below = (references.get(key) ?? []).map(measure)
    onTheWay.delete(key)
    const found = Math.max(-1, ...below) + 1
    depth.set(key, found)
    return found
  }
  const layers: string[][] = []
  const linked = new Set([...references].flatMap(([key, targets]) => (targets.length > 0 ? [key, ...targets] : [])))
  const alone: string[] = []
  for (const key of keys) {
    if (!linked.has(key)) {
      alone.push(key)
      continue
    }
    const at = measure(key)
    while (layers.length <= at) layers.push([])
    layers[at]?.push(key)
  }
  // Tables without any line fill columns of their own.
  const column = Math.max(6, Math.ceil(Math.sqrt(alone.length)))
  for (let i = 0; i < alone.length; i += column) layers.push(alone.slice(i, i + column))
  return layers
}

/** Each table moves to the middle of those that it is linked with, to and fro. */
function untangle(layers: string[][], references: Map<string, string[]>) {
  const linked = new Map<string, string[]>()
  for (const [key, targets] of references) {
    for (const target of targets) {
      linked.set(key, [...(linked.get(key) ?? []), target])
      linked.set(target, [...(linked.get(target) ?? []), key])
    }
  }
  for (let sweep = 0; sweep < 4; sweep += 1) {
    const place = new Map<string, number>()
    for (const layer of layers) layer.forEach((key, i) => place.set(key, layer.length > 1 ? i / (layer.length - 1) : 0.5))
    for (const layer of layers) {
      const middle = new Map(
        layer.map((key) => {
          const others = (linked.get(key) ?? []).map((other) => place.get(other) ?? 0.5)
          return [key, others.length > 0 ? others.reduce((a, b) => a + b, 0) / others.length : (place.get(key) ?? 0.5)]
        }),
      )
      layer.sort((a, b) => (middle.get(a) ?? 0) - (middle.get(b) ?? 0))
    }
  }
}

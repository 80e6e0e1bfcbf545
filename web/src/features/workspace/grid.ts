// The arithmetic of a grid that draws only what is in view. Pure.

import type { Cell } from './session'

export const ROW_PX = 25
const BEYOND = 12

/** Which rows to draw for a view of this height: from, and up to but without. */
export function rowsInView(scrolled: number, height: number, n: number): { from: number; to: number } {
  const first = Math.floor(Math.max(0, scrolled) / ROW_PX)
  const shown = Math.ceil(Math.max(0, height) / ROW_PX)
  const from = Math.max(0, Math.min(first, n) - BEYOND)
  return { from, to: Math.min(n, first + shown + BEYOND) }
}

const LEAST = 5
const MOST = 42
const SAMPLED = 200

/** The width of every column in letters, from its name and some of its rows. */
export function columnWidths(names: string[], rows: Cell[][]): number[] {
  const widths = names.map((name) => Math.max(LEAST, Math.min(MOST, name.length)))
  const step = Math.max(1, Math.floor(rows.length / SAMPLED))
  // From the end, because what is counted is longest there.
  for (let at = rows.length - 1; at >= 0; at -= step) {
    rows[at]?.forEach((cell, i) => {
      const length = cell === null ? 4 : Math.min(MOST, cell.length)
      if (length > (widths[i] ?? MOST)) widths[i] = length
    })
  }
  return widths
}

/** What a cell shows on one line. */
export function shownCell(cell: string): string {
  const cut = cell.length > 300 ? `${cell.slice(0, 300)}…` : cell
  return cut.replace(/\r?\n/g, ' ⏎ ')
}

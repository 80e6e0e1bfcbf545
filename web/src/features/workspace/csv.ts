// Rows as CSV for a spreadsheet: RFC 4180, UTF-8 with a mark, and nothing that a spreadsheet would run as a formula.

import type { Cell } from './session'

/** NULL is an empty cell, an empty text is quoted. */
export function csvCell(cell: Cell): string {
  if (cell === null) return ''
  // A number may begin with a sign; what else does could be a formula.
  const risky = /^[=+\-@\t\r]/.test(cell) && !/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(cell)
  const text = risky ? `'${cell}` : cell
  return text === '' || /[",\r\n]/.test(text) || /^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

export function csv(columns: string[], rows: Cell[][]): string {
  const lines = [columns.map(csvCell).join(','), ...rows.map((row) => row.map(csvCell).join(','))]
  return `\uFEFF${lines.join('\r\n')}\r\n`
}

// Moving about the board with the keyboard. Pure: a key and where one is give where one goes.

export interface Cursor {
  row: number
  /** -1 is the name. */
  col: number
}

export interface Grid {
  rows: number
  cols: number
  /** Rows that Page Up and Page Down skip. */
  page: number
}

const clamp = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value))

/** Where `key` leads from `at`; null when the key moves nothing. */
export function moveCursor(at: Cursor | null, key: string, grid: Grid, ctrl = false): Cursor | null {
  if (grid.rows === 0) return null
  const from = at ?? { row: -1, col: -1 }
  const to = (row: number, col: number): Cursor => ({
    row: clamp(row, 0, grid.rows - 1),
    col: clamp(col, -1, grid.cols - 1),
  })
  switch (key) {
    case 'ArrowDown':
    case 'j':
      return to(from.row + 1, from.col)
    case 'ArrowUp':
    case 'k':
      return to(from.row - 1, from.col)
    case 'ArrowRight':
    case 'l':
      return to(from.row, from.col + 1)
    case 'ArrowLeft':
    case 'h':
      return to(from.row, from.col - 1)
    case 'Home':
      return ctrl ? to(0, -1) : to(from.row, -1)
    case 'End':
      return ctrl ? to(grid.rows - 1, grid.cols - 1) : to(from.row, grid.cols - 1)
    case 'PageDown':
      return to(from.row + grid.page, from.col)
    case 'PageUp':
      return to(from.row - grid.page, from.col)
    default:
      return null
  }
}

import { describe, expect, it } from 'vitest'
import { moveCursor } from './keys'

const grid = { rows: 30, cols: 5, page: 10 }

describe('moveCursor', () => {
  it('starts at the first row', () => {
    expect(moveCursor(null, 'ArrowDown', grid)).toEqual({ row: 0, col: -1 })
    expect(moveCursor(null, 'ArrowRight', grid)).toEqual({ row: 0, col: 0 })
  })
  it.each([
    ['ArrowDown', { row: 4, col: 2 }],
    ['j', { row: 4, col: 2 }],
    ['ArrowUp', { row: 2, col: 2 }],
    ['k', { row: 2, col: 2 }],
    ['ArrowLeft', { row: 3, col: 1 }],
    ['ArrowRight', { row: 3, col: 3 }],
    ['Home', { row: 3, col: -1 }],
    ['End', { row: 3, col: 4 }],
    ['PageDown', { row: 13, col: 2 }],
    ['PageUp', { row: 0, col: 2 }],
  ])('%s', (key, to) => {
    expect(moveCursor({ row: 3, col: 2 }, key, grid)).toEqual(to)
  })
  it('jumps to the corners with Ctrl', () => {
    expect(moveCursor({ row: 3, col: 2 }, 'Home', grid, true)).toEqual({ row: 0, col: -1 })
    expect(moveCursor({ row: 3, col: 2 }, 'End', grid, true)).toEqual({ row: 29, col: 4 })
  })
  it('stays inside', () => {
    expect(moveCursor({ row: 29, col: 4 }, 'ArrowDown', grid)).toEqual({ row: 29, col: 4 })
    expect(moveCursor({ row: 0, col: -1 }, 'ArrowLeft', grid)).toEqual({ row: 0, col: -1 })
  })
  it('leaves other keys and an empty board alone', () => {
    expect(moveCursor({ row: 3, col: 2 }, 'x', grid)).toBeNull()
    expect(moveCursor(null, 'ArrowDown', { ...grid, rows: 0 })).toBeNull()
  })
})

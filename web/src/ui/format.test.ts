import { describe, expect, it } from 'vitest'
import { ago, bytes, duration, initials, percent, plural, points, slugFrom, slugProblem } from './format'
import { sector } from './Glyphs'
import { cellLabel, shortTitle } from './words'

it('writes points with one decimal at most', () => {
  expect([0, 6, 6.25, 6.666, 1200].map(points)).toEqual(['0', '6', '6.3', '6.7', '1,200'])
})

it('says 100 % only for all and 0 % only for nothing', () => {
  expect(percent(999.9, 1000)).toBe(99)
  expect(percent(0.01, 1000)).toBe(1)
  expect(percent(1000, 1000)).toBe(100)
  expect(percent(0, 1000)).toBe(0)
  expect(percent(1, 0)).toBe(0)
})

it('writes sizes', () => {
  expect([0, 1, 999, 1000, 184_320, 1_073_741_824].map(bytes)).toEqual(['0 bytes', '1 byte', '999 bytes', '1.0 kB', '184 kB', '1.1 GB'])
})

describe('times', () => {
  const now = Date.parse('2026-01-01T12:00:00Z')
  it('are told relative to now', () => {
    expect(ago('2026-01-01T11:59:58Z', now)).toBe('just now')
    expect(ago('2026-01-01T11:59:15Z', now)).toBe('45 s ago')
    expect(ago('2026-01-01T09:55:00Z', now)).toBe('2 h 5 min ago')
    expect(ago('2026-01-04T12:00:00Z', now)).toBe('in 3 d')
    expect(ago('nonsense', now)).toBe('')
  })
  it('have durations', () => {
    expect([0, 59.6, 61, 3600, 90_000].map(duration)).toEqual(['0 s', '1 min', '1 min', '1 h', '1 d'])
  })
})

it('counts', () => {
  expect(plural(1, 'person', 'people')).toBe('1 person')
  expect(plural(1234, 'row')).toBe('1,234 rows')
})

it('shortens names', () => {
  expect(['Ada Lovelace', 'Plato', 'Jan van den Berg', ''].map(initials)).toEqual(['AL', 'P', 'JB', ''])
})

describe('slugs', () => {
  it('come from titles', () => {
    expect(slugFrom('  Build the Music-Shop! ')).toBe('build-the-music-shop')
    expect(slugFrom('Éléments de SQL')).toBe('elements-de-sql')
    expect(slugFrom('x'.repeat(39) + ' y')).toBe('x'.repeat(39))
  })
  it('follow the rule', () => {
    expect(['a', 'a-b', '1'].map(slugProblem)).toEqual([null, null, null])
    for (const bad of ['', '-a', 'a-', 'A', 'a_b', 'a'.repeat(41)]) expect(slugProblem(bad)).not.toBeNull()
  })
})

it('says a cell aloud', () => {
  const cell = { title: 'Table album', state: 'partly', now: 6, max_score: 10 } as const
  expect(cellLabel('ada', cell)).toBe('ada, Table album: partly, 6 of 10 points')
  expect(cellLabel('ada', { ...cell, stale: true })).toMatch(/out of date$/)
})

it('shortens titles for headers', () => {
  expect(shortTitle('Table `album`')).toBe('album')
  expect(shortTitle('The view album_length')).toBe('album_length')
  expect(shortTitle('Tableware')).toBe('Tableware')
})

it('draws a sector that is never nothing and never all', () => {
  expect(sector(0.5, 4)).toBe('M8 8V4A4 4 0 0 1 8.00 12.00Z')
  expect(sector(0.75, 4)).toContain('0 1 1 4.00 8.00')
  expect(sector(0, 4)).toBe(sector(0.01, 4))
})

import { describe, expect, test } from 'vitest'
import type { HistoryPoint } from '@/api/types'
import { graphs, inWords, missing, shares, timeline } from './series'

const point = (seconds: number, more: Partial<HistoryPoint> = {}): HistoryPoint => ({
  at: new Date(seconds * 1000).toISOString(),
  completions: 1,
  connected: 2,
  errors: 0,
  hands: 0,
  points: 10,
  seconds_per_task: 90,
  ...more,
})

describe('the history of a lab', () => {
  test('a pause is a gap and not a line', () => {
    const { at, of } = timeline([point(0), point(15), point(300)], 15)
    expect(at).toEqual([0, 15, 30, 300])
    expect(of.map((one) => one === null)).toEqual([false, false, true, false])
  })

  test('graphs keep gaps, and pace is in minutes', () => {
    const drawn = graphs([point(0), null, point(30, { seconds_per_task: null, completions: 5 })])
    expect(drawn.map((graph) => graph.values)).toEqual([
      [1, null, 5],
      [2, null, 2],
      [0, null, 0],
      [1.5, null, null],
    ])
    expect(inWords(drawn[0]!)).toBe('Tasks done: 5 now, at most 5')
    expect(inWords({ title: 'Errors', unit: '', values: [null] })).toBe('Errors: nothing yet')
  })

  test('shares of the class, where there is one', () => {
    const now = [point(0), point(15, { completions: 7, connected: 3 })]
    expect(shares(now, 4, 5).map(({ value, of }) => [value, of])).toEqual([
      [7, 20],
      [3, 4],
    ])
    expect(shares(now, 4, 0)).toHaveLength(1)
    expect(shares(now, 0, 5)).toEqual([])
    expect(shares([], 4, 5)).toEqual([])
  })

  test('what is not named is said', () => {
    const program = (kind: 'exporter' | 'prometheus' | 'target') => ({ kind, name: 'x', up: true, detail: '', checked_at: null })
    expect(missing([program('exporter'), program('prometheus')])).toEqual([])
    expect(missing([program('exporter')])).toHaveLength(1)
    expect(missing([program('prometheus'), program('target')])[0]).toContain('monitoring.exporters')
  })
})

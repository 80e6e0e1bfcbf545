import { expect, test } from 'vitest'
import { bracket, changes, curves, scrolled, sectionsOf, solvers, type StandingsRow } from './curve'

const minute = (n: number) => new Date(Date.UTC(2026, 10, 20, 9, n)).toISOString()
const at = (n: number) => Date.parse(minute(n)) / 1000

function row(login: string, rank: number, done: [string, number, number][], more: Partial<StandingsRow> = {}): StandingsRow {
  const points = done.reduce((sum, [, worth]) => sum + worth, 0)
  const last = done.at(-1)
  return {
    rank,
    section_rank: rank,
    id: `of-${login}`,
    login,
    name: login.toUpperCase(),
    points,
    ...(last && { reached_at: minute(last[2]) }),
    done: done.map(([task, worth, when]) => ({ task, points: worth, at: minute(when) })),
    ...more,
  }
}

test('points add up, and what is no completion is in the last of them', () => {
  expect(changes(row('ada', 1, [['a', 5, 1], ['b', 10, 3]]))).toEqual([
    { at: at(1), points: 5 },
    { at: at(3), points: 15 },
  ])
  const awarded = row('ada', 1, [['a', 5, 1]], { points: 12, reached_at: minute(9) })
  expect(changes(awarded).at(-1)).toEqual({ at: at(9), points: 12 })
})

test('curves share their moments, begin at 0 and end now', () => {
  const { at: moments, lines } = curves([row('ada', 1, [['a', 5, 1], ['b', 5, 4]]), row('bob', 2, [['a', 5, 2]])], 'bob', at(10) * 1000)
  expect(moments).toHaveLength(5)
  expect(moments.at(-1)).toBe(at(10))
  expect(lines.map((line) => line.values)).toEqual([
    [0, 5, 5, 10, 10],
    [0, 0, 5, 5, 5],
  ])
  expect(lines.map((line) => line.own)).toEqual([false, true])
})

test('the first few are drawn, and oneself in place of the last of them', () => {
  const rows = Array.from({ length: 12 }, (_, n) => row(`m${n}`, n + 1, [['a', 50 - n, n]]))
  expect(curves(rows, 'm10', 0, 3).lines.map((line) => line.login)).toEqual(['m0', 'm1', 'm10'])
  expect(curves(rows, 'm1', 0, 3).lines.map((line) => line.login)).toEqual(['m0', 'm1', 'm2'])
  expect(curves(rows, undefined, 0, 3).lines).toHaveLength(3)
})

test('a team is oneself to each of its members', () => {
  const team = row('reds', 1, [['a', 5, 1]], { team: ['ada', 'bob'] })
  expect(curves([team], 'bob', 0).lines[0]?.own).toBe(true)
  expect(curves([team], 'eve', 0).lines[0]?.own).toBe(false)
})

test('who has no points is not drawn, and nobody is no chart', () => {
  expect(curves([row('ada', 1, [])], undefined, at(10) * 1000)).toEqual({ at: [], lines: [] })
  expect(curves([row('ada', 1, [])], 'ada', at(10) * 1000).at).toEqual([])
})

test('a bracket has its own ranks', () => {
  const rows = [row('ada', 1, [], { section: 'B' }), row('bob', 2, [], { section: 'A', section_rank: 1 }), row('eve', 3, [])]
  expect(sectionsOf(rows)).toEqual(['A', 'B'])
  expect(bracket(rows, 'A').map((each) => [each.login, each.rank])).toEqual([['bob', 1]])
  expect(bracket(rows, undefined)).toHaveLength(3)
})

test('solvers are counted, and the first of them is known', () => {
  const found = solvers([row('ada', 1, [['a', 5, 4]]), row('bob', 2, [['a', 5, 2], ['b', 1, 3]])])
  expect(found.get('a')).toEqual({ n: 2, first: 'bob' })
  expect(found.get('b')).toEqual({ n: 1, first: 'bob' })
  expect(found.get('c')).toBeUndefined()
})

test('a screen rests at the top, goes down, rests at the end and begins anew', () => {
  expect(scrolled(3, 100, 50)).toBe(0)
  expect(scrolled(7, 100, 50)).toBe(50)
  expect(scrolled(10, 100, 50)).toBe(100)
  expect(scrolled(15, 100, 50)).toBe(0)
  expect(scrolled(99, 0, 50)).toBe(0)
  expect(scrolled(99, -20, 50)).toBe(0)
})

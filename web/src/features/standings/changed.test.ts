import { expect, test } from 'vitest'
import type { Standings } from '@/api/types'
import { changed } from './changed'

const row = (login: string, rank: number, points: number) => ({
  rank,
  section_rank: rank,
  id: `of-${login}`,
  login,
  name: login.toUpperCase(),
  points,
  done: [],
})

test('rows are replaced, moved, added and taken out, and stand in order', () => {
  const before: Standings = {
    lab: 'race',
    title: 'Race',
    revealed: true,
    tasks: [],
    rows: [row('ada', 1, 30), row('bob', 2, 20), row('cy', 3, 10)],
    computed_at: '2026-11-20T09:00:00Z',
  }
  const after = changed(before, {
    rows: [row('bob', 1, 40), row('dee', 3, 5)],
    moved: [{ id: 'of-ada', rank: 2, section_rank: 2 }],
    gone: ['of-cy'],
    computed_at: '2026-11-20T09:01:00Z',
  })
  expect(after.rows.map(({ rank, login, points }) => `${rank} ${login} ${points}`)).toEqual(['1 bob 40', '2 ada 30', '3 dee 5'])
  expect(after.computed_at).toBe('2026-11-20T09:01:00Z')
  expect(before.rows[0]?.rank).toBe(1)
})

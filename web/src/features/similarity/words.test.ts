import { expect, test } from 'vitest'
import { reasons } from './words'

const at = '2026-11-20T10:00:00Z'

test('only what there is, is a reason', () => {
  expect(reasons({ answers: [], flags: [], same_minute: [] })).toEqual([])
  expect(
    reasons({
      answers: [{ task: 't', title: 'T', distance: 0, n_tokens: 20, n_same: 2, at: [at, at], answers: ['a', 'a'] }],
      flags: [{ task: 't', title: 'T', login: 'ada', flag_of: 'bob', at }],
      same_minute: [],
    }),
  ).toEqual(['1 flag of the other', '1 answer alike'])
})

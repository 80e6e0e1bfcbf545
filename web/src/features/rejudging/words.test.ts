import { expect, test } from 'vitest'
import { byLoss, change, difference } from './words'

const member = (login: string, before?: number, after?: number) => ({
  login,
  n_counted: 0,
  ...(before !== undefined && { points_before: before }),
  ...(after !== undefined && { points_after: after }),
})

test('a change is told with what was and what will be', () => {
  expect(change(member('ada', undefined, 10))).toBe('– → 10')
  expect(change(member('ada', 10, 8.5))).toBe('10 → 8.5')
  expect(difference(member('ada', 10))).toBe(-10)
})

test('who loses comes first', () => {
  const members = [member('c', 5, 5), member('b', undefined, 10), member('a', 10, 0), member('d', 10)]
  expect(byLoss(members).map((each) => each.login)).toEqual(['a', 'd', 'b', 'c'])
})

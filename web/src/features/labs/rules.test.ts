import { expect, test } from 'vitest'
import { localMoment, momentOf } from './rules'

test('a moment survives the field, to the minute', () => {
  const iso = new Date(2026, 10, 5, 9, 7).toISOString()
  expect(localMoment(iso)).toBe('2026-11-05T09:07')
  expect(momentOf(localMoment(iso))).toBe(iso)
})

test('no moment is an empty field, and nonsense is no moment', () => {
  expect(localMoment(null)).toBe('')
  expect(localMoment('soon')).toBe('')
  expect(momentOf('')).toBeNull()
  expect(momentOf('soon')).toBeNull()
})

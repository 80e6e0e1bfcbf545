import { expect, test } from 'vitest'
import type { ActivityEntry } from '@/api/types'
import { detail, joined, passes, spoken } from './words'

const entry = (id: string, more: Partial<ActivityEntry> = {}): ActivityEntry => ({
  id,
  at: '2026-11-20T10:00:00Z',
  event: 'USER_LOGGED_IN',
  severity: 'INFO',
  is_reported: false,
  metadata: {},
  ...more,
})

test('words and details are read by people', () => {
  expect(spoken('CHALLENGE_COMPLETED')).toBe('challenge completed')
  expect(detail({ points: 10, access_code: 'ABC', nothing: null, why: '', list: [1] })).toBe('points: 10, access code: ABC, list: [1]')
  expect(detail(null)).toBe('')
})

test('what happens now is filtered as what has happened', () => {
  const one = entry('1', { login: 'ada' })
  expect(passes(one, {})).toBe(true)
  expect(passes(one, { login: 'bob' })).toBe(false)
  expect(passes(one, { event: 'USER_LOGGED_IN', severity: 'INFO', login: 'ada' })).toBe(true)
  expect(passes(one, { severity: 'ERROR' })).toBe(false)
})

test('what was seen live and read again is shown once, newest first', () => {
  expect(joined([entry('3'), entry('2')], [entry('2'), entry('1')]).map((each) => each.id)).toEqual(['3', '2', '1'])
})

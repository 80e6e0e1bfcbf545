import { expect, test } from 'vitest'
import type { AnswerAttempt } from '@/api/types'
import { isSql, outcomes, shown } from './attempts'

const attempt = (id: string, outcome: string, more: Partial<AnswerAttempt> = {}): AnswerAttempt => ({
  id,
  login: 'ada',
  task: 't',
  title: 'T',
  at: '2026-11-20T10:00:00Z',
  answer: 'x',
  outcome,
  message: '',
  ...more,
})

test('an answer is shown as it was sent', () => {
  expect(shown('x')).toBe('x')
  expect(shown(['a', 'b'])).toBe('a · b')
  expect(shown(null)).toBe('looked at the database')
})

test('SQL is known by how it begins', () => {
  expect(isSql(' select 1')).toBe(true)
  expect(isSql('WITH a AS (SELECT 1) TABLE a')).toBe(true)
  expect(isSql('selection')).toBe(false)
  expect(isSql(['select 1'])).toBe(false)
})

test('attempts of an outcome, and flags of others', () => {
  const all = [attempt('1', 'right'), attempt('2', 'wrong', { flag_of: 'bob' }), attempt('3', 'wrong')]
  expect(outcomes(all, 'wrong').map((each) => each.id)).toEqual(['2', '3'])
  expect(outcomes(all, 'foreign').map((each) => each.id)).toEqual(['2'])
  expect(outcomes(all, undefined)).toHaveLength(3)
})

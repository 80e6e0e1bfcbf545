// Attempts as a page shows them: which of them, and their answer as text. Pure.

import type { AnswerAttempt } from '@/api/types'

export function shown(answer: AnswerAttempt['answer']): string {
  if (answer === null || answer === undefined) return 'looked at the database'
  return Array.isArray(answer) ? answer.join(' · ') : answer
}

export function isSql(answer: AnswerAttempt['answer']): boolean {
  return typeof answer === 'string' && /^\s*(select|with|values|table|insert|update|delete)\b/i.test(answer)
}

/** Of this outcome; `foreign` are flags of somebody else. */
export function outcomes(all: readonly AnswerAttempt[], wanted: string | undefined): AnswerAttempt[] {
  if (wanted === undefined) return [...all]
  return all.filter((each) => (wanted === 'foreign' ? each.flag_of != null : each.outcome === wanted))
}

// What a rejudging changes for a member, in words. Pure.

import type { Rejudging } from '@/api/types'
import { points } from '@/ui/format'

type Member = Rejudging['members'][number]

/** `0 → 10`, with `–` where the task is not done. */
export function change(member: Member): string {
  const told = (value: number | null | undefined) => (value == null ? '–' : points(value))
  return `${told(member.points_before)} → ${told(member.points_after)}`
}

/** Above zero gains, below zero loses. */
export const difference = (member: Member) => (member.points_after ?? 0) - (member.points_before ?? 0)

/** Those who lose first, then those who gain, then the rest. */
export function byLoss(members: readonly Member[]): Member[] {
  const rank = (member: Member) => {
    const by = difference(member)
    return by < 0 ? 0 : by > 0 ? 1 : 2
  }
  return [...members].sort((a, b) => rank(a) - rank(b) || a.login.localeCompare(b.login))
}

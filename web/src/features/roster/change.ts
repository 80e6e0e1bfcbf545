// What a person changed in the form of a member: only that is sent, so that two people who change different things at the
// same time do not undo each other.

import type { Member, MemberRole } from '@/api/types'

export interface Place {
  section: string
  seat: string
  role: MemberRole
}

export const placeOf = (member: Pick<Member, 'section' | 'seat' | 'role'>): Place => ({
  section: member.section ?? '',
  seat: member.seat ?? '',
  role: member.role,
})

/** `null` when nothing is another than it was. An empty text clears. */
export function changeOf(was: Place, is: Place): Partial<Place> | null {
  const change: Partial<Place> = {}
  if (is.section.trim() !== was.section) change.section = is.section.trim()
  if (is.seat.trim() !== was.seat) change.seat = is.seat.trim()
  if (is.role !== was.role) change.role = is.role
  return Object.keys(change).length > 0 ? change : null
}

/** What another role means, for the person who is about to give it. */
export function roleSentence(was: MemberRole, is: MemberRole): string | null {
  if (was === is) return null
  if (was === 'student') return 'They leave the board and the results, and can no longer connect; their database is kept until the lab is archived.'
  if (is === 'student') return 'They lose the pages of the staff, and get a database of their own like every student.'
  return is === 'instructor'
    ? 'They may change the lab, its roster and its settings.'
    : 'They see the board and help students, and can no longer change the lab.'
}

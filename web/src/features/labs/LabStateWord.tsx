// The state of a lab as shape and word.

import type { LabState } from '@/api/types'
import { StateWord } from '@/ui/Blocks'
import { LAB_STATE } from '@/ui/words'

const TONE = { draft: 'quiet', open: 'good', closed: 'going', archived: 'quiet' } as const

export function LabStateWord({ state }: { state: LabState }) {
  return <StateWord tone={TONE[state]}>{LAB_STATE[state] ?? state}</StateWord>
}

// Why two members stand in the list, in words. Pure.

import type { SimilarPair } from '@/api/types'
import { plural } from '@/ui/format'

export function reasons(pair: Pick<SimilarPair, 'answers' | 'flags' | 'same_minute'>): string[] {
  return [
    pair.flags.length > 0 && `${plural(pair.flags.length, 'flag')} of the other`,
    pair.answers.length > 0 && `${plural(pair.answers.length, 'answer')} alike`,
    pair.same_minute.length > 0 && `${plural(pair.same_minute.length, 'task')} in the same minute`,
  ].filter((each) => each !== false)
}

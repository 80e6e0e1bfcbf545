// Searching the library: by words, pack, difficulty and kind of task; and what a choice of challenges makes possible. Pure.

import type { LibraryChallenge } from '@/api/types'

export interface LibrarySearch {
  q?: string | undefined
  pack?: string | undefined
  difficulty?: string | undefined
  kind?: string | undefined
}

export const DIFFICULTY: Record<string, string> = { EASY: 'easy', MEDIUM: 'medium', HARD: 'hard', EXPERT: 'expert' }

export const KIND: Record<string, string> = {
  state: 'state of the database',
  query: 'query',
  assert: 'assertion',
  behaviour: 'behaviour',
  plan: 'plan',
  text: 'text',
  choice: 'choice',
  checkboxes: 'checkboxes',
  flag: 'flag',
}

const plain = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()

/** Every word of `q` is somewhere in what a challenge says of itself. */
export function found(all: readonly LibraryChallenge[], search: LibrarySearch): LibraryChallenge[] {
  const words = plain(search.q ?? '').split(/\s+/).filter(Boolean)
  return all.filter((one) => {
    if (search.pack && one.pack !== search.pack) return false
    if (search.difficulty && one.difficulty !== search.difficulty) return false
    if (search.kind && !one.kinds.includes(search.kind)) return false
    const text = plain([one.name, one.key, one.pack, one.pack_name, one.description, one.challenge_type, ...one.tags].join(' '))
    return words.every((word) => text.includes(word))
  })
}

/** By which a challenge is known on the page. */
export const idOf = (one: Pick<LibraryChallenge, 'pack' | 'key'>) => `${one.pack}/${one.key}`

/** The pack of what is chosen; several are undefined, because a lab is made of one. */
export function packOf(chosen: readonly string[]): string | undefined {
  const packs = new Set(chosen.map((id) => id.slice(0, id.indexOf('/'))))
  return packs.size === 1 ? [...packs][0] : undefined
}

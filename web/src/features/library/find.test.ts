import { expect, test } from 'vitest'
import type { LibraryChallenge } from '@/api/types'
import { found, idOf, packOf } from './find'

const one = (pack: string, key: string, more: Partial<LibraryChallenge> = {}): LibraryChallenge => ({
  pack,
  pack_name: pack,
  pack_version: '1.0.0',
  key,
  name: key,
  challenge_type: 'sql-lab',
  difficulty: 'EASY',
  description: '',
  tags: [],
  n_tasks: 1,
  points: 10,
  kinds: ['query'],
  labs: [],
  ...more,
})
const ALL = [
  one('sql', 'joins', { description: 'Ships at Björnnäs', tags: ['join'] }),
  one('sql', 'windows', { difficulty: 'EXPERT' }),
  one('night', 'amber', { kinds: ['query', 'flag'], difficulty: 'HARD' }),
]
const names = (search: Parameters<typeof found>[1]) => found(ALL, search).map((each) => each.key)

test('words are found anywhere, whatever their accents', () => {
  expect(names({ q: 'bjornnas JOIN' })).toEqual(['joins'])
  expect(names({ q: 'amber joins' })).toEqual([])
  expect(names({})).toHaveLength(3)
})

test('filters hold together', () => {
  expect(names({ pack: 'sql' })).toEqual(['joins', 'windows'])
  expect(names({ pack: 'sql', difficulty: 'EXPERT' })).toEqual(['windows'])
  expect(names({ kind: 'flag' })).toEqual(['amber'])
})

test('a lab is made of one pack', () => {
  expect(packOf(ALL.slice(0, 2).map(idOf))).toBe('sql')
  expect(packOf(ALL.map(idOf))).toBeUndefined()
  expect(packOf([])).toBeUndefined()
})

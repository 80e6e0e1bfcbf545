import { expect, it } from 'vitest'
import { whereFromUri } from '@/features/credentials/where'
import { safeNext } from './next'
import { boardSearch } from './search'

it('reads the board’s search with care', () => {
  expect(boardSearch({ sort: 'progress', section: 'A', projector: 1, anon: '1', member: 7, junk: 1 })).toEqual({
    sort: 'progress',
    section: 'A',
    projector: 1,
    anon: 1,
    member: '7',
  })
  expect(boardSearch({ sort: 'sideways', section: '', projector: true, q: { $ne: 1 } })).toEqual({})
})

it('goes on only to pages of ours after signing in', () => {
  expect(safeNext('/labs/harbour/board?sort=name')).toBe('/labs/harbour/board?sort=name')
  for (const bad of ['//evil.example', '/\\evil.example', 'https://evil.example', 'labs', '', 7, undefined]) {
    expect(safeNext(bad)).toBeUndefined()
  }
})

it('finds host and port in a URI, also with several hosts', () => {
  expect(whereFromUri('postgresql://ada@10.0.0.1:5433/db?target_session_attrs=read-write')).toEqual({
    host: '10.0.0.1',
    port: '5433',
  })
  expect(whereFromUri('postgresql://ada@a:5432,b:5433/db')).toEqual({ host: 'a, b', port: '5432, 5433' })
  expect(whereFromUri('postgresql://ada@[::1]:5433/db')).toEqual({ host: '::1', port: '5433' })
  expect(whereFromUri(null)).toEqual({ host: '', port: '' })
})

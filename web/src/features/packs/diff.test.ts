import { expect, test } from 'vitest'
import type { PackDiff } from '@/api/types'
import { isDowngrade, sentencesOf } from './diff'

const NOTHING: PackDiff = {
  old_version: '1.0.0',
  new_version: '1.0.1',
  manifest: [],
  added: [],
  removed: [],
  changed: [],
  files_added: [],
  files_removed: [],
  files_changed: [],
}

test('versions are compared by their numbers', () => {
  const down = (old_version: string, new_version: string) => isDowngrade({ old_version, new_version })
  expect(down('1.9.0', '1.10.0')).toBe(false)
  expect(down('1.10.0', '1.9.9')).toBe(true)
  expect(down('2.0.0', '2.0.0')).toBe(false)
  expect(down('1.0.0', '1.0.0-rc.1')).toBe(false)
})

test('only what differs is said', () => {
  expect(sentencesOf(NOTHING)).toEqual([])
  const diff: PackDiff = {
    ...NOTHING,
    added: ['night-watch', 'day'],
    changed: [{ key: 'yard', tasks_added: ['shift'], tasks_removed: [], tasks_changed: ['keys'], rest_changed: true }],
    files_changed: ['shared_resources/yard.sql'],
  }
  expect(sentencesOf(diff)).toEqual([
    ['New challenges', 'night-watch, day'],
    ['yard: new tasks', 'shift'],
    ['yard: changed tasks', 'keys'],
    ['yard: also changed', 'its description, databases or other parts'],
    ['Changed files', 'shared_resources/yard.sql'],
  ])
})

// What differs between two versions of a pack, in lines for people. Pure.

import type { PackDiff } from '@/api/types'

const numbers = (version: string) => (version.split(/[-+]/)[0] ?? '').split('.').map(Number)

/** By the three numbers; what stands behind them decides nothing here. */
export function isDowngrade(diff: Pick<PackDiff, 'old_version' | 'new_version'>): boolean {
  const [before, after] = [numbers(diff.old_version), numbers(diff.new_version)]
  for (let at = 0; at < 3; at += 1) {
    const [a, b] = [before[at] ?? 0, after[at] ?? 0]
    if (a !== b) return b < a
  }
  return false
}

/** What, and which: `Tasks of yard that are new`, `night-shift, keys`. */
export function sentencesOf(diff: PackDiff): [string, string][] {
  const lines: [string, readonly string[]][] = [
    ['New challenges', diff.added],
    ['Challenges that go', diff.removed],
    ...diff.changed.flatMap((one): [string, readonly string[]][] => [
      [`${one.key}: new tasks`, one.tasks_added],
      [`${one.key}: tasks that go`, one.tasks_removed],
      [`${one.key}: changed tasks`, one.tasks_changed],
      [`${one.key}: also changed`, one.rest_changed ? ['its description, databases or other parts'] : []],
    ]),
    ['New files', diff.files_added],
    ['Files that go', diff.files_removed],
    ['Changed files', diff.files_changed],
    ['In pack.json', diff.manifest],
  ]
  return lines.filter(([, which]) => which.length > 0).map(([what, which]) => [what, which.join(', ')])
}

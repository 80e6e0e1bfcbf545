// Reordering and reweighing tasks. Pure.

/** `items` with the one at `from` moved to `to`. */
export function moved<T>(items: readonly T[], from: number, to: number): T[] {
  const next = [...items]
  const [item] = next.splice(from, 1)
  if (item !== undefined) next.splice(Math.max(0, Math.min(next.length, to)), 0, item)
  return next
}

/** How many of a task's points one check is worth, by its weight. */
export function checkPoints(points: number, weight: number, weights: readonly number[]): number {
  const total = weights.reduce((sum, each) => sum + each, 0)
  return total > 0 ? (points * weight) / total : 0
}

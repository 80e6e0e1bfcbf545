// A moment, told relative to now with the exact time on hover. One clock ticks for all of them.

import { useSyncExternalStore } from 'react'
import { ago } from './format'

let now = Date.now()
const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

function subscribe(listener: () => void) {
  if (listeners.size === 0) {
    now = Date.now()
    timer = setInterval(() => {
      now = Date.now()
      for (const each of listeners) each()
    }, 10_000)
  }
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) clearInterval(timer)
  }
}

/** The present, in milliseconds, refreshed every ten seconds. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now)
}

const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })

export function exact(time: string): string {
  const at = new Date(time)
  return Number.isNaN(at.getTime()) ? time : EXACT.format(at)
}

export function Time({ at }: { at: string | null | undefined }) {
  const present = useNow()
  if (!at) return <span className="faint">never</span>
  return (
    <time dateTime={at} title={exact(at)} className="nowrap">
      {ago(at, Math.max(present, Date.now() - 10_000))}
    </time>
  )
}

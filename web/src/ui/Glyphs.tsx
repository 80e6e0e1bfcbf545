// States as shapes that read without colour: how a task stands, what a member's connections do, what a verdict said.
// Drawing only; the words for screen readers are in words.ts.

import { memo } from 'react'

export type TaskGlyphState = 'not_started' | 'working' | 'partly' | 'done' | 'broken_again'

/** The sector of a disc from twelve o'clock clockwise. */
export function sector(share: number, r: number): string {
  const s = Math.min(0.999, Math.max(0.06, share))
  const angle = 2 * Math.PI * s
  const x = 8 + r * Math.sin(angle)
  const y = 8 - r * Math.cos(angle)
  return `M8 8V${8 - r}A${r} ${r} 0 ${s > 0.5 ? 1 : 0} 1 ${x.toFixed(2)} ${y.toFixed(2)}Z`
}

export const TaskGlyph = memo(function TaskGlyph({
  state,
  share = 0,
  size = 16,
}: {
  state: TaskGlyphState
  share?: number
  size?: number
}) {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" style={{ flex: 'none', display: 'block' }}>
      {state === 'not_started' && <circle cx="8" cy="8" r="1.6" fill="var(--mark)" />}
      {state === 'working' && (
        <circle cx="8" cy="8" r="5.2" fill="none" stroke="var(--working)" strokeWidth="1.5" strokeDasharray="2.7 1.380" />
      )}
      {state === 'partly' && (
        <>
          <circle cx="8" cy="8" r="5.7" fill="none" stroke="var(--accent)" strokeWidth="1.5" />
          <path d={sector(share, 3.8)} fill="var(--accent)" />
        </>
      )}
      {state === 'done' && (
        <>
          <circle cx="8" cy="8" r="6.5" fill="var(--done)" />
          <path d="m5 8.3 2.1 2.100L11.1 6" fill="none" stroke="var(--bg)" strokeWidth="1.7" strokeLinecap="round" strokeLinejoin="round" />
        </>
      )}
      {state === 'broken_again' && (
        <>
          <path d="M8 1.8 14.8 13.600H1.200Z" fill="var(--broken)" stroke="var(--broken)" strokeLinejoin="round" />
          <path d="M8 6v3.600M8 11.600v.1" fill="none" stroke="var(--bg)" strokeWidth="1.7" strokeLinecap="round" />
        </>
      )}
    </svg>
  )
})

export type ActivityGlyphState = 'none' | 'idle' | 'active' | 'idle_in_transaction' | 'blocked'

export const ActivityGlyph = memo(function ActivityGlyph({
  state,
  size = 12,
}: {
  state: ActivityGlyphState
  size?: number
}) {
  return (
    <svg width={size} height={size} viewBox="0 0 12 12" aria-hidden="true" style={{ flex: 'none', display: 'block' }}>
      {state === 'none' && <path d="M3 6h6" stroke="var(--mark)" strokeWidth="1.5" strokeLinecap="round" />}
      {state === 'idle' && <circle cx="6" cy="6" r="3.5" fill="none" stroke="var(--text-faint)" strokeWidth="1.5" />}
      {state === 'active' && <circle cx="6" cy="6" r="4" fill="var(--done)" />}
      {state === 'idle_in_transaction' && (
        <>
          <circle cx="6" cy="6" r="3.5" fill="none" stroke="var(--hand)" strokeWidth="1.5" />
          <path d="M6 2.500a3.5 3.5 0 0 1 0 7Z" fill="var(--hand)" />
        </>
      )}
      {state === 'blocked' && (
        <>
          <rect x="1.5" y="1.5" width="9" height="9" rx="1.5" fill="var(--broken)" />
          <path d="M4 6h4" stroke="var(--bg)" strokeWidth="1.7" strokeLinecap="round" />
        </>
      )}
    </svg>
  )
})

export type VerdictGlyphState = 'passed' | 'failed' | 'not_yet' | 'error'

export function VerdictGlyph({ state, size = 14 }: { state: VerdictGlyphState; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" style={{ flex: 'none' }}>
      {state === 'passed' && (
        <path d="m3 8.5 3.2 3.200L13 4.8" fill="none" stroke="var(--done)" strokeWidth="2" strokeLinecap="round" strokeLinejoin="round" />
      )}
      {state === 'failed' && (
        <path d="m4 4 8 8M12 4l-8 8" fill="none" stroke="var(--broken)" strokeWidth="2" strokeLinecap="round" />
      )}
      {state === 'not_yet' && <circle cx="8" cy="8" r="1.8" fill="var(--mark)" />}
      {state === 'error' && (
        <path d="M8 3v6M8 12.500v.1" fill="none" stroke="var(--hand)" strokeWidth="2.2" strokeLinecap="round" />
      )}
    </svg>
  )
}

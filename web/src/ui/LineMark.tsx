// How the live line is: connected, connecting, cut. By shape and word.

import classes from './LineMark.module.css'

const WORDS = { live: 'Live', connecting: 'Connecting', reconnecting: 'Reconnecting' } as const

export function LineMark({ state }: { state: keyof typeof WORDS }) {
  return (
    <span
      className={`${classes.mark} ${classes[state]}`}
      role="status"
      title={
        state === 'live'
          ? 'Changes appear here as they happen'
          : 'The line to pglab is cut; what you see may be out of date. The page tries again by itself.'
      }
    >
      <svg width="9" height="9" viewBox="0 0 10 10" aria-hidden="true">
        {state === 'live' ? (
          <circle cx="5" cy="5" r="4" fill="currentColor" />
        ) : (
          <path d="M2 2l6 6M8 2 2 8" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" />
        )}
      </svg>
      {WORDS[state]}
    </span>
  )
}

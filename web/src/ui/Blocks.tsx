// Plain building blocks of pages: the page itself, its sections, empty states, notices, labelled values.

import { Alert } from '@mantine/core'
import type { ReactNode } from 'react'
import classes from './Blocks.module.css'

export function Page({ children, width = 'wide' }: { children: ReactNode; width?: 'wide' | 'text' | 'narrow' }) {
  return <div className={`${classes.page} ${classes[width]}`}>{children}</div>
}

export function PageHead({ title, children, lead }: { title: ReactNode; children?: ReactNode; lead?: ReactNode }) {
  return (
    <header className={classes.head}>
      <div className={classes.headText}>
        <h1>{title}</h1>
        {lead && <p className="dim">{lead}</p>}
      </div>
      {children && <div className="row">{children}</div>}
    </header>
  )
}

export function Section({
  title,
  lead,
  actions,
  children,
}: {
  title: ReactNode
  lead?: ReactNode
  actions?: ReactNode
  children: ReactNode
}) {
  return (
    <section className={classes.section}>
      <div className="row-between">
        <div className={classes.headText}>
          <h2>{title}</h2>
          {lead && <p className={`dim ${classes.lead}`}>{lead}</p>}
        </div>
        {actions && <div className="row">{actions}</div>}
      </div>
      {children}
    </section>
  )
}

/** Says what is not here, and what to do next. */
export function EmptyState({ title, children, actions }: { title: string; children?: ReactNode; actions?: ReactNode }) {
  return (
    <div className={classes.empty}>
      <h2>{title}</h2>
      {children && <div className={`dim ${classes.emptyText}`}>{children}</div>}
      {actions && <div className="row">{actions}</div>}
    </div>
  )
}

const TONE = { info: 'accent', warning: 'yellow', error: 'orange', done: 'green' } as const

export function Notice({
  tone = 'info',
  title,
  children,
}: {
  tone?: keyof typeof TONE
  title?: ReactNode
  children?: ReactNode
}) {
  return (
    <Alert
      color={TONE[tone]}
      variant="default"
      className={`${classes.notice} ${classes[tone]}`}
      title={title}
      role={tone === 'error' ? 'alert' : 'status'}
    >
      {children}
    </Alert>
  )
}

export function Facts({ children }: { children: ReactNode }) {
  return <dl className={classes.facts}>{children}</dl>
}
export function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className={classes.fact}>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  )
}

/** A state in words with a shape before it: hollow, half, full, crossed. */
export function StateWord({
  tone,
  children,
}: {
  tone: 'quiet' | 'going' | 'good' | 'bad'
  children: ReactNode
}) {
  return (
    <span className={`${classes.state} ${classes[tone]}`}>
      <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
        {tone === 'quiet' && <circle cx="5" cy="5" r="3.5" fill="none" stroke="currentColor" strokeWidth="1.3" />}
        {tone === 'going' && (
          <>
            <circle cx="5" cy="5" r="3.5" fill="none" stroke="currentColor" strokeWidth="1.3" />
            <path d="M5 1.500a3.5 3.5 0 0 1 0 7Z" fill="currentColor" />
          </>
        )}
        {tone === 'good' && <circle cx="5" cy="5" r="4" fill="currentColor" />}
        {tone === 'bad' && <path d="M5 .8 9.5 9H.5Z" fill="currentColor" />}
      </svg>
      {children}
    </span>
  )
}

/** A share of a whole as a thin line, labelled for screen readers. Without a whole, it only says that something goes on. */
export function Bar({ value, of, label, tone = 'accent' }: { value: number; of: number; label: string; tone?: 'accent' | 'done' }) {
  const share = of > 0 ? Math.min(1, Math.max(0, value / of)) : 0
  return (
    <div
      className={classes.bar}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={of}
      aria-valuenow={of > 0 ? value : undefined}
    >
      {of > 0 ? (
        <div style={{ width: `${share * 100}%`, background: `var(--${tone})` }} />
      ) : (
        <div className={classes.unknown} />
      )}
    </div>
  )
}

// How loading the example goes: progress, what was found, warnings, or where it failed and what PostgreSQL said.

import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { BASE } from '@/api/client'
import { openEvents } from '@/api/events'
import type { Example } from '@/api/types'
import { Bar, Fact, Facts, Notice } from '@/ui/Blocks'
import { bytes, percent, plural } from '@/ui/format'
import { Sql } from '@/ui/Sql'
import { Time } from '@/ui/Time'
import classes from './Example.module.css'

const PHASE = {
  upload: 'Uploading',
  load: 'Loading into PostgreSQL',
  introspect: 'Reading what it holds',
  templates: 'Making the templates',
} as const

/** The example as it is now: what came with the lab, then what the event stream tells while it is loading. */
export function useExample(slug: string, initial: Example | null | undefined): Example | null {
  const [live, setLive] = useState<Example | null>(null)
  const client = useQueryClient()
  const loading = (live ?? initial)?.state === 'loading'
  useEffect(() => {
    setLive(null)
  }, [initial])
  useEffect(() => {
    if (!loading) return
    const update = (data: unknown) => {
      const next = data as Example
      setLive(next)
      if (next.state !== 'loading') void client.invalidateQueries({ queryKey: ['lab', slug] })
    }
    const events = openEvents(
      `${BASE}/labs/${encodeURIComponent(slug)}/example/events`,
      { example: update, message: update },
      () => undefined,
    )
    return () => events.close()
  }, [client, loading, slug])
  return live ?? initial ?? null
}

export function LoadProgress({ phase, done, total }: { phase: keyof typeof PHASE; done: number; total: number }) {
  return (
    <div className={classes.progress}>
      <div className="row-between">
        <span>{PHASE[phase]}</span>
        <span className="dim num">
          {total > 0 ? `${bytes(done)} of ${bytes(total)}, ${percent(done, total)} %` : ''}
        </span>
      </div>
      <Bar value={done} of={total} label={PHASE[phase]} />
    </div>
  )
}

export function ExampleStatus({ example }: { example: Example }) {
  if (example.state === 'loading') {
    const progress = example.progress
    if (example.waits_for) {
      return (
        <Notice tone="warning" title="Loading is put off">
          <p>{example.waits_for}. It is tried again every few seconds.</p>
        </Notice>
      )
    }
    return (
      <LoadProgress phase={progress?.phase ?? 'load'} done={progress?.done_bytes ?? 0} total={progress?.total_bytes ?? 0} />
    )
  }
  return (
    <div className="stack">
      {example.state === 'failed' && example.error ? (
        <Notice
          tone="error"
          title={
            example.error.line
              ? `${example.error.file ?? example.name} could not be loaded: line ${example.error.line.toLocaleString('en')}`
              : `${example.error.file ?? example.name} could not be loaded`
          }
        >
          <div className="stack">
            <p>
              PostgreSQL said: <b>{example.error.message}</b>
              {example.error.sqlstate && <span className="dim"> ({example.error.sqlstate})</span>}
            </p>
            {example.error.hint && <p>Hint: {example.error.hint}</p>}
            {example.error.statement && <Sql text={example.error.statement} />}
            <p className="dim">Nothing of it was kept. Correct the file and load it again.</p>
          </div>
        </Notice>
      ) : (
        <Facts>
          <Fact label={example.source === 'uri' ? 'Live database' : 'Dump'}>
            <code>{example.name}</code>
          </Fact>
          {example.size_bytes ? <Fact label="Size">{bytes(example.size_bytes)}</Fact> : null}
          {Object.entries(example.summary ?? {})
            .filter(([, n]) => n > 0)
            .map(([what, n]) => (
              <Fact key={what} label={`${what[0]?.toUpperCase() ?? ''}${what.slice(1).replaceAll('_', ' ')}`}>
                {n.toLocaleString('en')}
              </Fact>
            ))}
          {example.loaded_at && (
            <Fact label="Loaded">
              <Time at={example.loaded_at} />
            </Fact>
          )}
        </Facts>
      )}
      {example.warnings.length > 0 && (
        <details>
          <summary className="dim">{plural(example.warnings.length, 'warning')} while loading</summary>
          <ul className={classes.warnings}>
            {example.warnings.slice(0, 300).map((warning) => (
              <li key={`${warning.file ?? ''}${warning.line}${warning.message}`}>
                <span className="faint num">
                  {[warning.file, warning.line && `line ${warning.line}`].filter(Boolean).join(', ')}
                </span>
                <span>{warning.message}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  )
}

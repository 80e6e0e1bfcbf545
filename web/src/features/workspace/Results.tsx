// What a run said: its statements one after the other, the rows of one of them, notices, the error with its hint.

import { Button } from '@mantine/core'
import { useState } from 'react'
import type { ConsoleComplaint } from '@/api/types'
import { points } from '@/ui/format'
import { csv } from './csv'
import { readPlan } from './plan'
import { PlanTree } from './PlanTree'
import { ResultGrid } from './ResultGrid'
import classes from './Results.module.css'
import { type Result, resultTitle, type Run, took } from './session'

export function Results({ run, running, onGoTo }: { run: Run; running: boolean; onGoTo: (at: number) => void }) {
  const [picked, setPicked] = useState<{ run: number; index: number } | null>(null)
  const { results } = run
  // The newest with something to see, until somebody picks another.
  const latest = Math.max(
    0,
    results.findLastIndex((result) => result.error !== null || result.columns !== null),
  )
  const index = picked?.run === run.id ? Math.min(picked.index, results.length - 1) : latest
  const result = results[index]
  return (
    <div className={classes.results}>
      {results.length > 1 && (
        <div className={classes.tabs} role="tablist" aria-label="Statements">
          {results.map((each, i) => (
            <button
              key={i}
              type="button"
              role="tab"
              aria-selected={i === index}
              className={each.error ? classes.tabFailed : classes.tab}
              title={run.sql.slice(each.from - run.offset, each.to - run.offset).slice(0, 300)}
              onClick={() => setPicked({ run: run.id, index: i })}
            >
              {i + 1} <span className="clip">{resultTitle(each)}</span>
            </button>
          ))}
        </div>
      )}
      <Notices run={run} />
      {run.lost !== null && <p className={classes.lost}>{run.lost}</p>}
      {result ? <One key={`${run.id}.${index}`} result={result} running={running && index === results.length - 1} onGoTo={onGoTo} /> : null}
      {!result && !running && run.lost === null && <p className={`dim ${classes.pad}`}>There is no statement in it.</p>}
      {run.heard.length > 0 && (
        <ul className={classes.heard}>
          {run.heard.map((each, i) => (
            <li key={i}>
              Notification on <b>{each.channel}</b>
              {each.payload && <>: {each.payload}</>}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

/** Of all statements, whichever is looked at: a warning of the first is no less true at the third. */
function Notices({ run }: { run: Run }) {
  const said = run.results.flatMap((result, i) => result.notices.map((notice) => ({ notice, n: i + 1 })))
  if (said.length === 0) return null
  return (
    // Scrolled by keys too.
    <ul className={classes.notices} aria-label="Notices" tabIndex={0}>
      {said.map(({ notice, n }, i) => (
        <li key={i}>
          {run.results.length > 1 && <span className="faint num">{n}</span>}
          <b className={notice.severity === 'WARNING' ? classes.warning : undefined}>{notice.severity}</b>
          <span>
            {notice.message}
            {notice.detail && <span className="dim"> {notice.detail}</span>}
            {notice.hint && <span className="dim"> Hint: {notice.hint}</span>}
          </span>
        </li>
      ))}
    </ul>
  )
}

function One({ result, running, onGoTo }: { result: Result; running: boolean; onGoTo: (at: number) => void }) {
  const plan = planOf(result)
  const [raw, setRaw] = useState(false)
  return (
    <>
      {result.error && <Failed error={result.error} from={result.from} onGoTo={onGoTo} />}
      {plan && !raw ? (
        <PlanTree plan={plan} />
      ) : (
        result.columns && <ResultGrid columns={result.columns} rows={result.rows} n={result.rows.length} />
      )}
      <div className={classes.foot}>
        <span className="num" role="status">
          {running ? 'running…' : result.error ? 'failed' : said(result)}
          {result.ms !== null && <span className="faint"> · {took(result.ms)}</span>}
        </span>
        {result.cut && (
          <span className={classes.cut}>
            {result.cut === 'rows'
              ? `Only the first ${points(result.rows.length)} rows are shown; there are more.`
              : `Only the first ${points(result.rows.length)} rows are shown: the result is too large.`}
          </span>
        )}
        {result.nCellsCut > 0 && <span className={classes.cut}>{points(result.nCellsCut)} long values are cut off.</span>}
        <span className="spacer" />
        {plan && (
          <Button size="compact-xs" onClick={() => setRaw(!raw)}>
            {raw ? 'As a tree' : 'As JSON'}
          </Button>
        )}
        {result.columns && result.rows.length > 0 && !running && (
          <Button size="compact-xs" onClick={() => download(result)}>
            Download CSV
          </Button>
        )}
      </div>
    </>
  )
}

function Failed({ error, from, onGoTo }: { error: ConsoleComplaint; from: number; onGoTo: (at: number) => void }) {
  return (
    <div className={classes.error} role="alert">
      <p>
        <b>
          {error.severity} {error.code}
        </b>{' '}
        {error.message}
      </p>
      {error.detail && <p>{error.detail}</p>}
      {error.hint && (
        <p>
          <b>Hint</b> {error.hint}
        </p>
      )}
      {error.context && <pre className="dim">{error.context}</pre>}
      {error.internal_query && <pre className="dim">in: {error.internal_query}</pre>}
      <button type="button" className={classes.goTo} onClick={() => onGoTo(from)}>
        Go to the place
      </button>
    </div>
  )
}

function said(result: Result): string {
  if (result.columns && result.cut === null && /^SELECT \d+$/.test(result.tag ?? '')) {
    return result.rows.length === 1 ? '1 row' : `${points(result.rows.length)} rows`
  }
  return resultTitle(result)
}

function planOf(result: Result) {
  const only = result.columns?.length === 1 && result.columns[0]?.name === 'QUERY PLAN'
  const text = only && result.columns?.[0]?.type === 'json' && result.rows.length === 1 ? result.rows[0]?.[0] : null
  return text ? readPlan(text) : null
}

function download(result: Result) {
  const names = result.columns?.map((column) => column.name) ?? []
  const url = URL.createObjectURL(new Blob([csv(names, result.rows)], { type: 'text/csv;charset=utf-8' }))
  const link = document.createElement('a')
  link.href = url
  link.download = 'result.csv'
  link.click()
  // The download has begun by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

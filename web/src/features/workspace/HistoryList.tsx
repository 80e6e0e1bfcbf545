// What was run in this browser, to be run again or changed.

import { Time } from '@/ui/Time'
import type { Past } from './history'
import classes from './HistoryList.module.css'
import { took } from './session'

export function HistoryList({ history, onPick, onForget }: { history: Past[]; onPick: (sql: string) => void; onForget: () => void }) {
  if (history.length === 0) {
    return <p className="dim">What you run is kept here, in this browser only.</p>
  }
  return (
    <div className="stack">
      <ul className={classes.history}>
        {history.map((past) => (
          <li key={`${past.at}${past.sql}`}>
            <button type="button" onClick={() => onPick(past.sql)} title="Write it into the editor">
              <pre>{past.sql.length > 240 ? `${past.sql.slice(0, 240)}…` : past.sql}</pre>
              <span className={past.ok ? 'faint' : classes.failed}>
                {past.ok ? '' : 'failed · '}
                <Time at={new Date(past.at).toISOString()} />
                {past.ms !== null && <> · {took(past.ms)}</>}
              </span>
            </button>
          </li>
        ))}
      </ul>
      <button type="button" className={classes.forget} onClick={onForget}>
        Forget all of it
      </button>
    </div>
  )
}

// What an import would do: who is new, changed, gone; and every line that can't be read, with its number.

import type { RosterEntry, RosterReport } from '@/api/types'
import { plural } from '@/ui/format'
import { StateWord } from '@/ui/Blocks'
import classes from './Roster.module.css'

const FORMAT: Record<RosterReport['format'], string> = {
  plain: 'a plain CSV',
  logins: 'a list of logins',
  moodle: 'Moodle’s upload file',
  canvas: 'Canvas’ gradebook',
  canvas_sis: 'Canvas’ users.csv',
}

export function Report({ report }: { report: RosterReport }) {
  return (
    <div className={classes.report} data-testid="roster-report">
      <p>
        Read as <b>{FORMAT[report.format] ?? report.format}</b>: {report.new.length} new, {report.changed.length} changed,{' '}
        {report.gone.length} gone, {report.unchanged} as before.
      </p>
      {report.problems.length > 0 && (
        <table className="table">
          <thead>
            <tr>
              <th className="right">Line</th>
              <th>Problem</th>
              <th>Text</th>
            </tr>
          </thead>
          <tbody>
            {report.problems.map((problem) => (
              <tr key={`${problem.line}${problem.message}`}>
                <td className="right num">{problem.line}</td>
                <td>
                  <StateWord tone={problem.severity === 'error' ? 'bad' : 'going'}>
                    {problem.severity === 'error' ? 'Error' : 'Warning'}
                  </StateWord>{' '}
                  {problem.message}
                </td>
                <td className="dim mono">{problem.text}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <Entries sign="+" label="New" entries={report.new} />
      {report.changed.length > 0 && (
        <details open={report.changed.length <= 20}>
          <summary>{plural(report.changed.length, 'change')}</summary>
          <ul className={classes.entries}>
            {report.changed.map((change) => (
              <li key={change.login}>
                <code>{change.login}</code>
                <span>
                  {Object.entries(change.fields)
                    .map(([field, [was, is]]) => `${field}: ${was ?? 'nothing'} → ${is ?? 'nothing'}`)
                    .join('; ')}
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
      <Entries sign="−" label="Gone: access is closed, the database is kept" entries={report.gone} />
    </div>
  )
}

function Entries({ sign, label, entries }: { sign: string; label: string; entries: RosterEntry[] }) {
  if (entries.length === 0) return null
  return (
    <details open={entries.length <= 20}>
      <summary>
        {sign} {label} ({entries.length})
      </summary>
      <ul className={classes.entries}>
        {entries.map((entry) => (
          <li key={entry.login}>
            <code>{entry.login}</code>
            <span>
              {entry.name}
              {[entry.email, entry.section, entry.seat && `seat ${entry.seat}`].filter(Boolean).map((part) => (
                <span key={String(part)} className="dim">
                  {' '}
                  · {part}
                </span>
              ))}
            </span>
          </li>
        ))}
      </ul>
    </details>
  )
}

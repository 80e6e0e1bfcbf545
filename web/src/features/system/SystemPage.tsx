// How pglab itself is: versions, and what each reconciler did last.

import { useSuspenseQuery } from '@tanstack/react-query'
import { systemQuery } from '@/api/queries'
import { Fact, Facts, Page, PageHead, Section, StateWord } from '@/ui/Blocks'
import { duration } from '@/ui/format'
import { Time } from '@/ui/Time'

/** What the server tells of a thing, shown as it comes: names and plain values. */
function plain(value: unknown): [string, string][] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).map(([key, each]) => [
    key.replaceAll('_', ' '),
    Array.isArray(each)
      ? each.map((item) => (typeof item === 'object' ? JSON.stringify(item) : String(item))).join(', ') || '–'
      : typeof each === 'object' && each !== null
        ? Object.entries(each)
            .map(([name, item]) => `${name} ${String(item)}`)
            .join(', ')
        : String(each ?? '–'),
  ])
}

export function SystemPage() {
  const { data: system } = useSuspenseQuery(systemQuery)
  return (
    <Page>
      <PageHead title="System" />
      <Section title="Versions">
        <Facts>
          <Fact label="pglab">{system.version}</Fact>
          {plain(system.postgres).map(([key, value]) => (
            <Fact key={key} label={key === 'version' ? 'PostgreSQL' : key}>
              {value}
            </Fact>
          ))}
        </Facts>
      </Section>
      <Section title="Reconcilers" lead="Each makes the world match what is wanted, when something changes and once a period.">
        <div className="table-wrap">
          <table className="table">
            <thead>
              <tr>
                <th>Name</th>
                <th>Last run</th>
                <th>Result</th>
                <th className="right">Period</th>
              </tr>
            </thead>
            <tbody>
              {system.reconcilers.map((each) => (
                <tr key={each.name}>
                  <td>
                    <code>{each.name}</code>
                  </td>
                  <td className="dim">
                    <Time at={each.last_run_at} />
                  </td>
                  <td>
                    <StateWord
                      tone={!each.last_run_at ? 'quiet' : /error|fail/i.test(each.last_result ?? '') ? 'bad' : 'good'}
                    >
                      <span style={{ whiteSpace: 'normal', minWidth: 180 }}>{each.last_result ?? 'not yet'}</span>
                    </StateWord>
                  </td>
                  <td className="right num dim">{each.period_s ? duration(each.period_s) : '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Section>
      {plain(system.workers).length > 0 && (
        <Section title="Workers">
          <Facts>
            {plain(system.workers).map(([key, value]) => (
              <Fact key={key} label={key}>
                {value}
              </Fact>
            ))}
          </Facts>
        </Section>
      )}
      <p>
        <a href="/api/docs/" className="link">
          The API, to read and to try
        </a>
      </p>
    </Page>
  )
}

// How pglab itself is: versions, the students' PostgreSQL, and what each reconciler did last.

import { useSuspenseQuery } from '@tanstack/react-query'
import { systemQuery } from '@/api/queries'
import type { Postgres, Reconciler, SystemInfo } from '@/api/types'
import { Fact, Facts, Notice, Page, PageHead, Section, StateWord } from '@/ui/Blocks'
import { duration } from '@/ui/format'
import { Time } from '@/ui/Time'
import { IdentitySection } from './IdentitySection'

export function SystemPage() {
  const { data: system } = useSuspenseQuery(systemQuery)
  return (
    <Page>
      <PageHead title="System" />
      <Section title="pglab">
        <Facts>
          <Fact label="Version">{system.version}</Fact>
          <Fact label="Started">
            <Time at={system.started_at} />
          </Fact>
          {system.live && (
            <>
              <Fact label="Databases watched">{system.live.n_databases}</Fact>
              <Fact label="Being looked at">{system.live.n_looking}</Fact>
              <Fact label="Waiting for a look">{system.live.n_waiting}</Fact>
            </>
          )}
          <Fact label="Boards in memory">{system.n_boards}</Fact>
          <Fact label="Pages that follow them">{system.n_readers}</Fact>
        </Facts>
      </Section>
      <Section title="PostgreSQL">
        {system.postgres ? (
          <Server postgres={system.postgres} />
        ) : (
          <Notice tone="error" title="The students’ PostgreSQL does not answer">
            {system.postgres_error}
          </Notice>
        )}
      </Section>
      <IdentitySection />
      <Section title="Reconcilers" lead="Each makes the world match what is wanted, when something changes and once a period.">
        {!system.leader && (
          <Notice tone="info" title="Another process works">
            This one only answers requests, and knows nothing of what that one did.
          </Notice>
        )}
        <Reconcilers system={system} />
      </Section>
      <p>
        <a href="/api/docs/" className="link">
          The API, to read and to try
        </a>
      </p>
    </Page>
  )
}

function Server({ postgres }: { postgres: Postgres }) {
  const open = postgres.open_databases
  return (
    <>
      <Facts>
        <Fact label="Version">{postgres.version}</Fact>
        <Fact label="Connections">
          {postgres.connections} <span className="dim">of {postgres.max_connections}</span>
        </Fact>
        <Fact label="Works as">
          <code>{postgres.role}</code>
          {postgres.superuser && <span className="dim"> · superuser</span>}
        </Fact>
        <Fact label="Log">{postgres.logging_collector ? postgres.log_destination : 'not collected'}</Fact>
      </Facts>
      {postgres.in_recovery && (
        <Notice tone="error" title="The server is a standby">
          It takes no changes: nothing can be prepared there.
        </Notice>
      )}
      {!postgres.logging_collector && (
        <Notice tone="warning" title="The server collects no log">
          The board shows no errors of students. Set <code>logging_collector</code> and <code>log_destination</code>.
        </Notice>
      )}
      {!postgres.may_end_sessions && (
        <Notice tone="warning" title="What runs too long can’t be ended">
          Make <code>{postgres.role}</code> a member of <code>pg_signal_backend</code>.
        </Notice>
      )}
      {open.length > 0 && (
        <Notice tone="warning" title={open.length === 1 ? 'A database is open to everybody' : 'Databases are open to everybody'}>
          Students can connect to <code>{open.join(', ')}</code>. Where that is not meant, revoke CONNECT from PUBLIC.
        </Notice>
      )}
    </>
  )
}

function Reconcilers({ system }: { system: SystemInfo }) {
  return (
    <div className="table-wrap" tabIndex={0} role="region" aria-label="Background work">
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
              <td title={`${each.about}.`}>{each.name}</td>
              <td className="dim nowrap">
                <Time at={each.last_run_at} />
              </td>
              <td>
                <Result of={each} />
              </td>
              <td className="right num dim nowrap">{each.period_s < 1 ? `${each.period_s} s` : duration(each.period_s)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Result({ of: each }: { of: Reconciler }) {
  return (
    <StateWord tone={each.last_error ? 'bad' : each.last_run_at ? 'good' : 'quiet'}>
      <span style={{ whiteSpace: 'normal', minWidth: 180 }}>
        {each.last_error ?? each.last_result ?? 'not yet'}
        {each.failing_since && (
          <span className="dim">
            {' '}
            · fails since <Time at={each.failing_since} />
          </span>
        )}
      </span>
    </StateWord>
  )
}

// The monitoring of a lab: how it went, files for the SQL exporters, and how the programs beside pglab are.

import { Button } from '@mantine/core'
import { useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { lazy, Suspense, useMemo } from 'react'
import { exportersUrl } from '@/api/calls'
import { historyQuery, labQuery, monitoringQuery } from '@/api/queries'
import type { MonitoredProgram } from '@/api/types'
import { mayCredentials } from '@/features/labs/may'
import { EmptyState, Page, Section } from '@/ui/Blocks'
import { DownloadIcon } from '@/ui/icons'
import classes from './MonitoringPage.module.css'
import { graphs, timeline } from './series'

const Chart = lazy(() => import('./Chart').then((module) => ({ default: module.Chart })))

export function MonitoringPage({ slug }: { slug: string }) {
  const { data: history } = useSuspenseQuery(historyQuery(slug))
  const { data: lab } = useSuspenseQuery(labQuery(slug))
  const { data: state } = useQuery(monitoringQuery)
  const drawn = useMemo(() => {
    const { at, of } = timeline(history.points, history.step_seconds)
    return { at, graphs: graphs(of) }
  }, [history])
  return (
    <Page>
      <Section title="Since the lab was opened" lead="Written every 15 s while it is open.">
        {history.points.length === 0 ? (
          <EmptyState title="Nothing yet">
            <p>The graphs begin when the lab is opened.</p>
          </EmptyState>
        ) : (
          <Suspense fallback={<p className="dim">Drawing…</p>}>
            <div className={classes.graphs}>
              {drawn.graphs.map((graph) => (
                <Chart key={graph.title} at={drawn.at} graph={graph} />
              ))}
            </div>
          </Suspense>
        )}
      </Section>
      <Section
        title="Prometheus and Grafana"
        lead="pglab tells its numbers at /metrics, to an admin’s token with the scope “metrics”. An SQL exporter can report what the databases hold without pglab."
        actions={
          mayCredentials(lab) && (
            <Button component="a" href={exportersUrl(slug)} download={`${slug}-exporters.zip`} leftSection={<DownloadIcon size={14} />}>
              SQL exporter files
            </Button>
          )
        }
      >
        {mayCredentials(lab) && (
          <p className="dim">
            The files are for both products of this name, and hold the passwords of the checkers’ roles: let only the exporter’s
            account read them.
          </p>
        )}
        {state && state.programs.length > 0 && <Programs programs={state.programs} />}
        {state && state.programs.length === 0 && (
          <p className="dim">
            No exporter and no Prometheus is named in <code>[monitoring]</code> of pglab.toml.
          </p>
        )}
      </Section>
    </Page>
  )
}

const KINDS = { exporter: 'SQL exporter', prometheus: 'Prometheus', target: 'Target' } as const

function Programs({ programs }: { programs: MonitoredProgram[] }) {
  return (
    <div className="table-wrap">
      <table className="table">
        <thead>
          <tr>
            <th>State</th>
            <th>Program</th>
            <th>Where</th>
            <th>What it says</th>
          </tr>
        </thead>
        <tbody>
          {programs.map((program) => (
            <tr key={`${program.kind} ${program.name}`}>
              <td className="nowrap">{program.up ? '● up' : '○ down'}</td>
              <td className="nowrap">{KINDS[program.kind]}</td>
              <td>
                <code>{program.name}</code>
              </td>
              <td className="dim">{program.detail}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

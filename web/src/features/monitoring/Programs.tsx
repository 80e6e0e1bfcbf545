// How the programs beside pglab are: SQL exporters, Prometheus and its targets, as pglab sees them from where it runs.

import { useQuery } from '@tanstack/react-query'
import { sentence } from '@/api/client'
import { monitoringQuery } from '@/api/queries'
import type { MonitoredProgram } from '@/api/types'
import { Bar, EmptyState, Notice, Section, StateWord } from '@/ui/Blocks'
import { Time } from '@/ui/Time'
import classes from './MonitoringPage.module.css'
import { missing } from './series'

const KINDS = { exporter: 'SQL exporter', prometheus: 'Prometheus', target: 'Target' } as const

export function ProgramsSection() {
  const { data: state, error, dataUpdatedAt } = useQuery(monitoringQuery)
  return (
    <Section title="Programs beside pglab" lead="Asked by pglab every 15 s while this page is open.">
      {error && (
        <Notice tone="error" title="Their state is not known">
          {sentence(error)}
        </Notice>
      )}
      {!state && !error && <Bar value={0} of={0} label="Asking the exporters and Prometheus" />}
      {state && <Programs programs={state.programs} asked={new Date(dataUpdatedAt).toISOString()} />}
    </Section>
  )
}

/** `asked` is when pglab looked; Prometheus asks its targets by itself. */
export function Programs({ programs, asked }: { programs: MonitoredProgram[]; asked: string }) {
  if (programs.length === 0) {
    return (
      <EmptyState title="None is named">
        <p>
          pglab needs neither. Name those that run under <code>[monitoring]</code> in pglab.toml, and their state is shown here:
        </p>
        <pre className={classes.setting}>
          {'[monitoring]\nexporters = ["127.0.0.1:9237"]\nprometheus = "127.0.0.1:9090"'}
        </pre>
      </EmptyState>
    )
  }
  const up = programs.filter((program) => program.up).length
  return (
    <>
      <div className={classes.share}>
        <Bar value={up} of={programs.length} label="Programs that are up" tone="done" />
        <span className="num">
          <b>{up}</b> of {programs.length} up
        </span>
      </div>
      <div className="table-wrap" tabIndex={0} role="region" aria-label="Programs">
        <table className={`table ${classes.programs}`}>
          <thead>
            <tr>
              <th>State</th>
              <th>Program</th>
              <th>What it says</th>
              <th>Last asked</th>
            </tr>
          </thead>
          <tbody>
            {programs.map((program) => (
              <tr key={`${program.kind} ${program.name}`}>
                <td className="nowrap">
                  <StateWord tone={program.up ? 'good' : 'bad'}>{program.up ? 'up' : 'down'}</StateWord>
                </td>
                <td>
                  <div className="dim">{KINDS[program.kind]}</div>
                  <code>{program.name}</code>
                </td>
                <td className={program.up ? 'dim' : undefined}>{program.detail}</td>
                <td className="dim">
                  <Time at={program.kind === 'target' ? program.checked_at : asked} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {missing(programs).map((line) => (
        <p className="dim" key={line}>
          {line}
        </p>
      ))}
    </>
  )
}

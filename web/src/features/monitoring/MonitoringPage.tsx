// The monitoring of a lab: how it went, how the programs beside pglab are, and the files for them.

import { useSuspenseQuery } from '@tanstack/react-query'
import { lazy, Suspense, useMemo } from 'react'
import { historyQuery, labQuery } from '@/api/queries'
import { mayCredentials } from '@/features/labs/may'
import { Bar, EmptyState, Page, Section } from '@/ui/Blocks'
import { FilesSection } from './Files'
import classes from './MonitoringPage.module.css'
import { ProgramsSection } from './Programs'
import { graphs, shares, timeline } from './series'

const Chart = lazy(() => import('./Chart').then((module) => ({ default: module.Chart })))

export function MonitoringPage({ slug }: { slug: string }) {
  const { data: history } = useSuspenseQuery(historyQuery(slug))
  const { data: lab } = useSuspenseQuery(labQuery(slug))
  const drawn = useMemo(() => {
    const { at, of } = timeline(history.points, history.step_seconds)
    return { at, graphs: graphs(of) }
  }, [history])
  return (
    <Page>
      <Section title="Since the lab was opened" lead="Written every 15 s while it is open.">
        {history.points.length === 0 ? (
          <EmptyState title="Nothing yet">
            <p>{lab.opened_at ? 'The first point comes within 15 s.' : 'The graphs begin when the lab is opened.'}</p>
          </EmptyState>
        ) : (
          <>
            {shares(history.points, lab.n_members, lab.tasks.length).map((share) => (
              <div className={classes.share} key={share.title}>
                <Bar value={share.value} of={share.of} label={share.title} tone="done" />
                <span className="num">
                  <b>{share.value}</b> of {share.of} {share.unit}
                </span>
              </div>
            ))}
            <Suspense fallback={<p className="dim">Drawing…</p>}>
              <div className={classes.graphs}>
                {drawn.graphs.map((graph) => (
                  <Chart key={graph.title} at={drawn.at} graph={graph} />
                ))}
              </div>
            </Suspense>
          </>
        )}
      </Section>
      <ProgramsSection />
      <FilesSection slug={slug} mayExport={mayCredentials(lab)} />
    </Page>
  )
}

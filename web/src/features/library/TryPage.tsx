// A lab's tasks as a student meets them, for its staff: answers are judged as theirs are, and nothing is counted.

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { sentence } from '@/api/client'
import { answerTasksQuery } from '@/api/queries'
import { Question } from '@/features/student/OwnTasks'
import { EmptyState, Page, Section } from '@/ui/Blocks'
import { points } from '@/ui/format'
import { KIND } from './find'
import classes from './Library.module.css'

export function TryPage({ slug }: { slug: string }) {
  const query = useQuery(answerTasksQuery(slug))
  const tasks = query.data?.items ?? []
  return (
    <Page width="text">
      <Section
        title="Try as a student"
        lead="Answers are judged as a student’s are, on the start and on hidden datasets. Nothing is counted or kept."
        actions={
          <Link to="/labs/$lab/challenges" params={{ lab: slug }} className="link">
            Challenges
          </Link>
        }
      >
        {query.isLoading && <p className="dim">Reading…</p>}
        {query.isError && <p className="dim">{sentence(query.error)}</p>}
        {query.isSuccess && tasks.length === 0 && (
          <EmptyState title="Nothing to answer here">
            <p>The tasks of this lab turn by themselves, as the databases are.</p>
          </EmptyState>
        )}
        <ol className={classes.tasks}>
          {tasks.map((task) => (
            <li key={task.id} className={classes.task}>
              <div className="row-between">
                <h3>{task.title}</h3>
                <span className="dim num">
                  {KIND[task.kind] ?? task.kind} · {points(task.points)} points
                </span>
              </div>
              <Question slug={slug} task={task} open trial />
            </li>
          ))}
        </ol>
      </Section>
    </Page>
  )
}

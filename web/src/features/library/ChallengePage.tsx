// One challenge of the library, as a student would meet it: its tasks with their forms, which send nothing here, hints and
// what is explained at the end.

import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { sentence } from '@/api/client'
import { challengeQuery } from '@/api/queries'
import type { ChallengePreview } from '@/api/types'
import { AnswerFields } from '@/features/student/AnswerFields'
import { EmptyState, Fact, Facts, Page, PageHead, Section } from '@/ui/Blocks'
import { plural, points } from '@/ui/format'
import { DIFFICULTY, KIND } from './find'
import classes from './Library.module.css'

type Task = ChallengePreview['tasks'][number]

export function ChallengePage({ pack, challenge }: { pack: string; challenge: string }) {
  const query = useQuery(challengeQuery(pack, challenge))
  const one = query.data
  if (!one) {
    return (
      <Page width="text">
        {query.isError ? (
          <EmptyState
            title="No such challenge"
            actions={
              <Link to="/library" className="link">
                To the library
              </Link>
            }
          >
            <p>{sentence(query.error)}</p>
          </EmptyState>
        ) : (
          <p className="dim">Reading…</p>
        )}
      </Page>
    )
  }
  return (
    <Page width="text">
      <PageHead title={one.name} lead={one.description || undefined}>
        <Link to="/library" search={{ pack: one.pack }} className="link">
          ← {one.pack_name}
        </Link>
      </PageHead>
      <Facts>
        <Fact label="Difficulty">{one.difficulty ? (DIFFICULTY[one.difficulty] ?? one.difficulty) : '–'}</Fact>
        <Fact label="Tasks">{one.n_tasks}</Fact>
        <Fact label="Points">{points(one.points)}</Fact>
        {one.estimated_time != null && <Fact label="Time">{plural(one.estimated_time, 'minute')}</Fact>}
        <Fact label="Type">{one.challenge_type}</Fact>
        {one.n_hidden_datasets != null && <Fact label="Hidden datasets">{one.n_hidden_datasets}</Fact>}
        {one.author && <Fact label="Author">{one.author}</Fact>}
        {one.license && <Fact label="Licence">{one.license}</Fact>}
        {one.prerequisites.length > 0 && <Fact label="After">{one.prerequisites.join(', ')}</Fact>}
        {one.labs.length > 0 && (
          <Fact label="Labs of its pack">
            {one.labs.map((slug) => (
              <Link key={slug} to="/labs/$lab" params={{ lab: slug }} style={{ marginRight: 8 }}>
                {slug}
              </Link>
            ))}
          </Fact>
        )}
      </Facts>
      {one.learning_objectives.length > 0 && (
        <Section title="What is learned">
          <ul className={classes.problems}>
            {one.learning_objectives.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        </Section>
      )}
      <Section title="As a student meets it" lead="Nothing is sent from here. In a lab, “Try as a student” judges what you answer.">
        <ol className={classes.tasks}>
          {one.tasks.map((task) => (
            <PreviewOf key={task.component} task={task} />
          ))}
        </ol>
      </Section>
    </Page>
  )
}

function PreviewOf({ task }: { task: Task }) {
  const [text, setText] = useState('')
  const [ticked, setTicked] = useState<string[]>([])
  const title = task.title || task.component
  return (
    <li className={classes.task}>
      <div className="row-between">
        <h3>{title}</h3>
        <span className="dim num">
          {KIND[task.kind] ?? task.kind} · {points(task.points)} points
          {task.attempts != null && ` · ${plural(task.attempts, 'attempt')}`}
        </span>
      </div>
      <p className={classes.text}>{task.text}</p>
      {task.kind === 'state' ? (
        <p className="dim">Nothing to send: it turns by itself when the database is as it should be.</p>
      ) : (
        <>
          <AnswerFields task={{ ...task, title }} text={text} onText={setText} ticked={ticked} onTicked={setTicked} />
          <div className="row">
            <Button disabled>{task.is_answered ? 'Answer' : 'Look at my database'}</Button>
          </div>
        </>
      )}
      {(task.hints.length > 0 || task.explanation) && (
        <details>
          <summary className="dim">
            {[task.hints.length > 0 && plural(task.hints.length, 'hint'), task.explanation && 'what is explained at the end']
              .filter(Boolean)
              .join(', and ')}
          </summary>
          <ul className={classes.problems}>
            {task.hints.map((hint) => (
              <li key={hint.number}>
                {hint.text} <span className="dim">({hint.price > 0 ? `−${points(hint.price)} points` : 'free'})</span>
              </li>
            ))}
            {task.explanation && <li>{task.explanation}</li>}
          </ul>
        </details>
      )}
    </li>
  )
}

// What was answered in a lab, for its staff: the latest first, with what was said of it and whose flag it was.

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { sentence } from '@/api/client'
import { attemptsQuery } from '@/api/queries'
import type { AnswerAttempt } from '@/api/types'
import { EmptyState, Page, Section, StateWord } from '@/ui/Blocks'
import { Time } from '@/ui/Time'
import classes from './Standings.module.css'

const TONE: Record<string, 'good' | 'bad' | 'quiet' | 'going'> = { right: 'good', wrong: 'bad', unfit: 'quiet', judging: 'going' }
const WORD: Record<string, string> = { right: 'right', wrong: 'wrong', unfit: 'not counted', judging: 'being judged' }

export function AttemptsPage({ slug }: { slug: string }) {
  const query = useQuery(attemptsQuery(slug))
  const attempts = query.data?.items ?? []
  return (
    <Page>
      <Section
        title="Attempts"
        lead="Every answer that was sent, the latest first."
        actions={
          <Link to="/labs/$lab/standings" params={{ lab: slug }} className="link">
            Standings
          </Link>
        }
      >
        {query.isError && <p className="dim">{sentence(query.error)}</p>}
        {query.isSuccess && attempts.length === 0 && (
          <EmptyState title="Nobody has answered anything yet">
            <p>Answers to the tasks of challenges appear here as they come.</p>
          </EmptyState>
        )}
        {attempts.length > 0 && (
          <div className={classes.scroll}>
            <table className={classes.table}>
              <thead>
                <tr>
                  <th scope="col">When</th>
                  <th scope="col">Who</th>
                  <th scope="col">Task</th>
                  <th scope="col">Verdict</th>
                  <th scope="col">Answer</th>
                </tr>
              </thead>
              <tbody>
                {attempts.map((attempt) => (
                  <tr key={attempt.id}>
                    <td className="dim nowrap">
                      <Time at={attempt.at} />
                    </td>
                    <td>{attempt.login}</td>
                    <td>{attempt.title}</td>
                    <td title={attempt.message}>
                      <StateWord tone={TONE[attempt.outcome] ?? 'quiet'}>{WORD[attempt.outcome] ?? attempt.outcome}</StateWord>
                      {attempt.flag_of && <span className="dim"> the flag of {attempt.flag_of}</span>}
                    </td>
                    <td>
                      <div className={classes.answer} title={shown(attempt)}>
                        {shown(attempt)}
                      </div>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Section>
    </Page>
  )
}

function shown(attempt: AnswerAttempt): string {
  const answer = attempt.answer
  if (answer === null || answer === undefined) return '–'
  return Array.isArray(answer) ? answer.join(' · ') : answer
}

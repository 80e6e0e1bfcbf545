// Pairs of members whose answers are alike, for a lab's staff: near-identical SQL side by side, flags of each other, tasks
// done in the same minute. A reason to talk to them, and no proof.

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { sentence } from '@/api/client'
import { similarityQuery } from '@/api/queries'
import type { SimilarPair } from '@/api/types'
import { EmptyState, Notice, Page, Section } from '@/ui/Blocks'
import { plural, points } from '@/ui/format'
import { ChevronIcon } from '@/ui/icons'
import { Sql } from '@/ui/Sql'
import { Time } from '@/ui/Time'
import { reasons } from './words'
import classes from './Similarity.module.css'

export function SimilarityPage({ slug }: { slug: string }) {
  const query = useQuery(similarityQuery(slug))
  const pairs = query.data?.items ?? []
  const [open, setOpen] = useState<string | null>(null)
  return (
    <Page>
      <Section
        title="Alike"
        lead="Pairs with answers in common that they hardly came to alone, the most conspicuous first. A reason to talk to them, not a proof."
        actions={
          <Link to="/labs/$lab/attempts" params={{ lab: slug }} className="link">
            Attempts
          </Link>
        }
      >
        {query.isError && <Notice tone="error">{sentence(query.error)}</Notice>}
        {query.isLoading && <p className="dim">Comparing…</p>}
        {query.isSuccess && pairs.length === 0 && (
          <EmptyState title="Nobody’s answers are conspicuously alike">
            <p>Short answers and those that many have count for nothing here.</p>
          </EmptyState>
        )}
        <ul className={classes.pairs}>
          {pairs.map((pair) => {
            const key = pair.members.map((each) => each.login).join('/')
            return <Pair key={key} slug={slug} pair={pair} open={open === key} onToggle={() => setOpen(open === key ? null : key)} />
          })}
        </ul>
      </Section>
    </Page>
  )
}

function Pair({ slug, pair, open, onToggle }: { slug: string; pair: SimilarPair; open: boolean; onToggle: () => void }) {
  const [one, other] = pair.members
  return (
    <li className={classes.pair}>
      <button type="button" className={classes.head} aria-expanded={open} onClick={onToggle}>
        <span className={open ? classes.turned : classes.chevron}>
          <ChevronIcon size={13} />
        </span>
        <b className={classes.names}>
          {one?.name} and {other?.name}
        </b>
        <span className="dim">{reasons(pair).join(', ')}</span>
        <span className="spacer" />
        <span className="num dim" title="How conspicuous">
          {points(pair.score)}
        </span>
      </button>
      {open && (
        <div className={classes.body}>
          <p>
            {pair.members.map((each) => (
              <Link
                key={each.login}
                to="/labs/$lab/attempts"
                params={{ lab: slug }}
                search={{ login: each.login }}
                style={{ marginRight: 14 }}
              >
                Attempts of {each.login}
              </Link>
            ))}
          </p>
          {pair.flags.map((flag) => (
            <p key={`${flag.task}${flag.login}`}>
              <b>{flag.login}</b> sent the flag of <b>{flag.flag_of}</b> for {flag.title}{' '}
              <span className="dim">
                <Time at={flag.at} />
              </span>
            </p>
          ))}
          {pair.answers.map((alike) => (
            <div key={alike.task} className="stack-tight">
              <h3>
                {alike.title}{' '}
                <span className="dim num">
                  {alike.distance === 0
                    ? 'only spaces, comments and capitals differ'
                    : `${plural(alike.distance, 'word or sign', 'words and signs')} of ${alike.n_tokens} differ`}
                  {alike.n_same > 2 && `; ${alike.n_same} have this answer`}
                </span>
              </h3>
              <div className={classes.two}>
                {alike.answers.map((text, at) => (
                  <div key={at} className={classes.answer}>
                    <div className="dim">
                      {pair.members[at]?.login} <Time at={alike.at[at]} />
                    </div>
                    <Sql text={text} />
                  </div>
                ))}
              </div>
            </div>
          ))}
          {pair.same_minute.length > 0 && (
            <p className="dim">Done in the same minute: {pair.same_minute.map((each) => each.title).join(', ')}.</p>
          )}
        </div>
      )}
    </li>
  )
}

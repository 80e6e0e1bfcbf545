// What a lab of a pack is made of: its challenges, ordered by dragging or by keys, taken out, and put in from the rest of the
// pack. Each change is saved at once.

import { ActionIcon, Button } from '@mantine/core'
import { useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type KeyboardEvent, useRef, useState } from 'react'
import * as calls from '@/api/calls'
import { sentence } from '@/api/client'
import { labChallengesQuery, labQuery, libraryQuery } from '@/api/queries'
import type { LabChallenges, LibraryChallenge } from '@/api/types'
import { mayManage } from '@/features/labs/may'
import { moved } from '@/features/tasks/order'
import { EmptyState, Page, Section } from '@/ui/Blocks'
import { plural, points } from '@/ui/format'
import { DownIcon, GripIcon, PlusIcon, TrashIcon, UpIcon } from '@/ui/icons'
import { failed } from '@/ui/toast'
import { DIFFICULTY } from './find'
import classes from './Library.module.css'

export function LabChallengesPage({ slug }: { slug: string }) {
  const { data: lab } = useSuspenseQuery(labQuery(slug))
  const query = useQuery(labChallengesQuery(slug))
  const library = useQuery(libraryQuery).data?.items ?? []
  const client = useQueryClient()
  const [said, setSaid] = useState('')
  const [dragged, setDragged] = useState<number | null>(null)
  /** Null before anything was changed. */
  const [saving, setSaving] = useState<boolean | null>(null)
  const queue = useRef<Promise<unknown>>(Promise.resolve())
  const nth = useRef(0)
  const edits = mayManage(lab)
  const made = query.data
  if (!made) {
    return (
      <Page>
        {query.isError ? (
          <EmptyState title="This lab is made of no pack">
            <p>{sentence(query.error)}</p>
          </EmptyState>
        ) : (
          <p className="dim">Reading…</p>
        )}
      </Page>
    )
  }
  const about = (key: string) => library.find((one) => one.pack === made.pack && one.key === key)
  const name = (key: string) => about(key)?.name ?? key
  const set = (chosen: string[], what: string) => {
    const key = labChallengesQuery(slug).queryKey
    const everything = new Set([...made.chosen, ...made.others])
    client.setQueryData<LabChallenges>(key, {
      ...made,
      chosen,
      others: [...everything].filter((each) => !chosen.includes(each)),
    })
    setSaid(what)
    setSaving(true)
    // One after the other, and only the last has something to say of what is shown.
    const mine = (nth.current += 1)
    const isLast = () => nth.current === mine
    queue.current = queue.current
      .then(() => calls.labChallengesSet(slug, chosen))
      .then((next) => {
        if (!isLast()) return undefined
        client.setQueryData(key, next)
        return client.invalidateQueries({ queryKey: labQuery(slug).queryKey, exact: true })
      })
      .catch((error: unknown) => {
        failed(error)
        return isLast() ? client.invalidateQueries({ queryKey: key }) : undefined
      })
      .finally(() => isLast() && setSaving(false))
  }
  const move = (from: number, to: number) => {
    const key = made.chosen[from]
    if (key === undefined || from === to || to < 0 || to >= made.chosen.length) return
    set(moved(made.chosen, from, to), `${name(key)} is now number ${to + 1} of ${made.chosen.length}`)
  }
  const onKey = (event: KeyboardEvent, at: number) => {
    if (!edits || !event.altKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return
    event.preventDefault()
    move(at, at + (event.key === 'ArrowUp' ? -1 : 1))
  }
  return (
    <Page>
      <Section
        title={`${plural(made.chosen.length, 'challenge')} of ${made.pack} ${made.pack_version}`}
        lead={
          edits
            ? 'In the order in which students meet them: drag a line, use its arrows, or Alt with the arrow keys. What people earned stays when a challenge is taken out, and counts again when it comes back.'
            : 'In the order in which students meet them.'
        }
        actions={
          <>
            {saving !== null && (
              <span className="dim" role="status">
                {saving ? 'Saving…' : 'Saved'}
              </span>
            )}
            <Button component={Link} to="/labs/$lab/try" params={{ lab: slug } as never}>
              Try as a student
            </Button>
          </>
        }
      >
        <ol className={classes.list}>
          {made.chosen.map((key, at) => (
            <li
              key={key}
              className={`${classes.item} ${dragged !== null && dragged !== at ? classes.target : ''}`}
              onKeyDown={(event) => onKey(event, at)}
              onDragOver={(event) => dragged !== null && event.preventDefault()}
              onDrop={() => {
                if (dragged !== null) move(dragged, at)
                setDragged(null)
              }}
            >
              {edits && (
                <span
                  className={classes.grip}
                  draggable
                  onDragStart={() => setDragged(at)}
                  onDragEnd={() => setDragged(null)}
                  title="Drag to move; or Alt and the arrow keys"
                >
                  <GripIcon size={14} />
                </span>
              )}
              <span className={`num ${classes.number}`}>{at + 1}</span>
              <Name pack={made.pack} challenge={key} about={about(key)} />
              {edits && (
                <span className="row" style={{ flexWrap: 'nowrap' }}>
                  <ActionIcon size="sm" aria-label={`Move ${name(key)} up`} disabled={at === 0} onClick={() => move(at, at - 1)}>
                    <UpIcon size={13} />
                  </ActionIcon>
                  <ActionIcon
                    size="sm"
                    aria-label={`Move ${name(key)} down`}
                    disabled={at === made.chosen.length - 1}
                    onClick={() => move(at, at + 1)}
                  >
                    <DownIcon size={13} />
                  </ActionIcon>
                  <ActionIcon
                    size="sm"
                    aria-label={`Take ${name(key)} out`}
                    disabled={made.chosen.length === 1}
                    onClick={() => set(made.chosen.filter((each) => each !== key), `${name(key)} is taken out`)}
                  >
                    <TrashIcon size={13} />
                  </ActionIcon>
                </span>
              )}
            </li>
          ))}
        </ol>
        <div className="sr-only" role="status">
          {said}
        </div>
      </Section>
      {edits && made.others.length > 0 && (
        <Section title="More of the pack" lead="They begin with the same database, or need none.">
          <ul className={classes.list}>
            {made.others.map((key) => (
              <li key={key} className={classes.item}>
                <Name pack={made.pack} challenge={key} about={about(key)} />
                <Button
                  size="compact-sm"
                  leftSection={<PlusIcon size={13} />}
                  aria-label={`Put in ${name(key)}`}
                  onClick={() => set([...made.chosen, key], `${name(key)} is number ${made.chosen.length + 1}`)}
                >
                  Put in
                </Button>
              </li>
            ))}
          </ul>
        </Section>
      )}
    </Page>
  )
}

function Name({ pack, challenge, about }: { pack: string; challenge: string; about: LibraryChallenge | undefined }) {
  return (
    <span className={classes.name}>
      <Link to="/library/$pack/$challenge" params={{ pack, challenge }} className="link">
        {about?.name ?? challenge}
      </Link>
      {about && (
        <span className="dim num">
          {plural(about.n_tasks, 'task')} · {points(about.points)} points
          {about.difficulty && ` · ${DIFFICULTY[about.difficulty] ?? about.difficulty}`}
        </span>
      )}
    </span>
  )
}

// The head of a lab: title, state, what may be done with it, preparation under way, and its tabs.

import { Button, Menu, Modal } from '@mantine/core'
import { useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import * as calls from '@/api/calls'
import { labQuery, preparationQuery } from '@/api/queries'
import type { Lab } from '@/api/types'
import { MoreIcon } from '@/ui/icons'
import { plural } from '@/ui/format'
import { failed, told } from '@/ui/toast'
import classes from './LabFrame.module.css'
import { mayCredentials, mayManage } from './may'
import { LabStateWord } from './LabStateWord'
import { PreparationLine, usePreparation } from './Preparation'

const TABS = [
  ['board', 'Board'],
  ['challenges', 'Challenges'],
  ['tasks', 'Tasks'],
  ['roster', 'Roster'],
  ['credentials', 'Credentials'],
  ['settings', 'Settings'],
  ['results', 'Results'],
  ['standings', 'Standings'],
  ['attempts', 'Attempts'],
  ['activity', 'Activity'],
  ['monitoring', 'Monitoring'],
] as const

export function LabFrame({ slug, children }: { slug: string; children: ReactNode }) {
  const { data: lab } = useSuspenseQuery(labQuery(slug))
  const client = useQueryClient()
  const preparation = usePreparation(slug)
  const [asking, setAsking] = useState<'close' | 'archive' | null>(null)
  const [busy, setBusy] = useState<string | null>(null)
  const may = (what: string) => lab.may.includes(what)

  const move = (what: 'open' | 'close' | 'archive') => {
    setBusy(what)
    calls
      .labMove(slug, what)
      .then((next) => {
        client.setQueryData(labQuery(slug).queryKey, next)
        void client.invalidateQueries({ queryKey: ['labs'] })
        void client.invalidateQueries({ queryKey: ['lab', slug] })
        told(what === 'open' ? 'Open: students can connect now.' : what === 'close' ? 'Closed.' : 'Being archived.')
        setAsking(null)
      })
      .catch(failed)
      .finally(() => setBusy(null))
  }
  const prepare = () => {
    setBusy('prepare')
    calls
      .prepare(slug)
      .then((next) => {
        client.setQueryData(preparationQuery(slug).queryKey, next)
        void client.invalidateQueries({ queryKey: ['lab', slug] })
      })
      .catch(failed)
      .finally(() => setBusy(null))
  }
  const ready = preparation !== null && preparation.total > 0 && preparation.ready >= preparation.total
  const running = preparation?.state === 'running'
  const archiving = lab.archive_wanted_at && lab.state !== 'archived'
  // The step that comes next is the one filled button.
  const next =
    !ready && lab.n_members > 0 && !running ? 'prepare' : lab.state !== 'open' && ready && lab.tasks.length > 0 ? 'open' : null

  return (
    <div className={classes.frame}>
      <header className={classes.head}>
        <div className={classes.line}>
        <nav className={classes.tabs} aria-label="Lab">
            {TABS.filter(([tab]) => visible(lab, tab)).map(([tab, label]) => (
              <Link
                key={tab}
                to={`/labs/$lab/${tab}`}
                params={{ lab: slug }}
                className={classes.tab}
                activeProps={{ 'aria-current': 'page' }}
                activeOptions={{ includeSearch: false }}
                preload={tab === 'credentials' ? false : 'intent'}
              >
                {label}
              </Link>
            ))}
          </nav>
          <div className={classes.state}>
            <LabStateWord state={lab.state} />
            <span className={`dim num ${classes.count}`}>
              {plural(lab.n_members, 'member')} · {plural(lab.tasks.length, 'task')} · {lab.max_score} points
            </span>
            <div className={classes.actions}>
              {may('prepare') && lab.n_members > 0 && !ready && (
                <Button
                  onClick={prepare}
                  loading={busy === 'prepare' || running}
                  variant={next === 'prepare' ? 'filled' : 'default'}
                >
                  Prepare
                </Button>
              )}
              {may('open') && (
                <Button onClick={() => move('open')} loading={busy === 'open'} variant={next === 'open' ? 'filled' : 'default'}>
                  {lab.state === 'closed' ? 'Open again' : 'Open'}
                </Button>
              )}
              {may('close') && <Button onClick={() => setAsking('close')}>Close</Button>}
              {may('archive') && (
                <Menu position="bottom-end">
                  <Menu.Target>
                    <Button px={8} aria-label="More">
                      <MoreIcon />
                    </Button>
                  </Menu.Target>
                  <Menu.Dropdown>
                    <Menu.Item onClick={() => setAsking('archive')}>Archive…</Menu.Item>
                  </Menu.Dropdown>
                </Menu>
              )}
            </div>
          </div>
        </div>
        {preparation && <PreparationLine preparation={preparation} />}
        {archiving && (
          <p className={classes.archiving}>
            Being archived: dumps are written first, then the databases are dropped.{' '}
            {lab.archiving && (
              <span className="num">
                {lab.archiving.n_dumped} of {lab.archiving.n_databases} dumps written, {lab.archiving.n_dropped} databases
                dropped.{' '}
              </span>
            )}
            {lab.trouble && <b>It does not get on: {lab.trouble}</b>}
          </p>
        )}
      </header>
      <div className={classes.body}>{children}</div>

      <Modal opened={asking === 'close'} onClose={() => setAsking(null)} title={<b>Close {lab.title}?</b>}>
        <div className="stack">
          <p>
            {plural(lab.n_members, 'member')} are disconnected and can’t connect until it is opened again. Databases and results
            stay as they are.
          </p>
          <div className="row" style={{ justifyContent: 'flex-end' }}>
            <Button onClick={() => setAsking(null)}>Cancel</Button>
            <Button variant="filled" loading={busy === 'close'} onClick={() => move('close')}>
              Close the lab
            </Button>
          </div>
        </div>
      </Modal>
      <Modal opened={asking === 'archive'} onClose={() => setAsking(null)} title={<b>Archive {lab.title}?</b>}>
        <div className="stack">
          <p>
            A dump of each of the {plural(lab.n_members, 'database')} is written, then the databases themselves are dropped.
            Results stay. The lab can’t be opened again.
          </p>
          <div className="row" style={{ justifyContent: 'flex-end' }}>
            <Button onClick={() => setAsking(null)}>Cancel</Button>
            <Button variant="filled" color="orange.9" loading={busy === 'archive'} onClick={() => move('archive')}>
              Dump and drop {plural(lab.n_members, 'database')}
            </Button>
          </div>
        </div>
      </Modal>
    </div>
  )
}

/** Assistants see the class; only who manages the lab sees passwords and settings. */
function visible(lab: Lab, tab: string): boolean {
  if (tab === 'credentials') return mayCredentials(lab)
  if (tab === 'settings') return mayManage(lab)
  if (tab === 'attempts' || tab === 'standings' || tab === 'challenges') return lab.tasks.some((task) => task.key.startsWith('pack:'))
  return true
}

// The packs that are installed: put in by a zip that is looked at first, updated, exported, taken away.

import { Button, Modal } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import * as calls from '@/api/calls'
import { sentence } from '@/api/client'
import { packsQuery } from '@/api/queries'
import type { Pack } from '@/api/types'
import { EmptyState, Notice, Page, PageHead } from '@/ui/Blocks'
import { bytes, plural } from '@/ui/format'
import { Time } from '@/ui/Time'
import { failed, told } from '@/ui/toast'
import { PackUpload } from './PackUpload'

export function PacksPage() {
  const query = useQuery(packsQuery)
  const client = useQueryClient()
  const packs = query.data?.items ?? []
  const reread = () =>
    Promise.all([
      client.invalidateQueries({ queryKey: packsQuery.queryKey }),
      client.invalidateQueries({ queryKey: ['library'] }),
    ])
  return (
    <Page>
      <PageHead title="Packs" lead="Versioned sets of challenges, each a zip. What people earned stays through updates and removals.">
        <Link to="/library" className="link">
          Challenges
        </Link>
      </PageHead>
      <PackUpload installed={packs} onDone={() => void reread()} />
      {query.isError && <Notice tone="error">{sentence(query.error)}</Notice>}
      {query.isLoading && <p className="dim">Reading…</p>}
      {query.isSuccess && packs.length === 0 && (
        <EmptyState title="No pack is installed yet">
          <p>
            Drop one above, or use <code>pglab pack install</code>. The three in examples/packs show what a pack can be;{' '}
            <code>pglab pack new</code> begins one.
          </p>
        </EmptyState>
      )}
      {packs.length > 0 && (
        <div className="table-wrap">
          <table className="table">
            <thead>
              <tr>
                <th>Pack</th>
                <th>Version</th>
                <th className="wide-only">Challenges</th>
                <th className="wide-only">Labs</th>
                <th className="wide-only right">Size</th>
                <th className="wide-only">Changed</th>
                <th aria-label="What to do" />
              </tr>
            </thead>
            <tbody>
              {packs.map((pack) => (
                <Row key={pack.id} pack={pack} onRemoved={() => void reread()} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Page>
  )
}

function Row({ pack, onRemoved }: { pack: Pack; onRemoved: () => void }) {
  const [asking, setAsking] = useState(false)
  const [busy, setBusy] = useState(false)
  const n = pack.challenges.reduce((sum, each) => sum + each.n_tasks, 0)
  const remove = () => {
    setBusy(true)
    calls
      .packRemove(pack.id)
      .then(({ n_challenges_kept }) => {
        told(
          n_challenges_kept > 0
            ? `${pack.name} is gone; ${plural(n_challenges_kept, 'challenge')} of archived labs stay with their results.`
            : `${pack.name} is gone.`,
        )
        setAsking(false)
        onRemoved()
      })
      .catch(failed)
      .finally(() => setBusy(false))
  }
  return (
    <tr>
      <td>
        <Link to="/library" search={{ pack: pack.id }} className="link">
          <b>{pack.name}</b>
        </Link>
        <div className="faint">
          <code>{pack.id}</code>
        </div>
        {pack.description && (
          <div className="dim" style={{ maxWidth: '60ch' }}>
            {pack.description}
          </div>
        )}
      </td>
      <td className="num nowrap">{pack.version}</td>
      <td className="wide-only num nowrap">
        {pack.challenges.length} <span className="dim">with {plural(n, 'task')}</span>
      </td>
      <td className="wide-only">
        {pack.labs.length === 0 ? (
          <span className="faint">none</span>
        ) : (
          pack.labs.map((slug) => (
            <Link key={slug} to="/labs/$lab" params={{ lab: slug }} className="link" style={{ marginRight: 8 }}>
              {slug}
            </Link>
          ))
        )}
      </td>
      <td className="wide-only right num nowrap">{bytes(pack.size_bytes)}</td>
      <td className="wide-only dim nowrap">
        <Time at={pack.updated_at} />
      </td>
      <td className="right">
        <div className="row" style={{ justifyContent: 'flex-end' }}>
          <a href={calls.packUrl(pack.id)} className="link" download aria-label={`Export ${pack.name}`}>
            Export
          </a>
          <Button size="compact-xs" onClick={() => setAsking(true)} aria-label={`Remove ${pack.name}`}>
            Remove…
          </Button>
        </div>
        <Modal opened={asking} onClose={() => setAsking(false)} title={<b>Remove {pack.name}?</b>}>
          <div className="stack" style={{ textAlign: 'left' }}>
            {pack.labs.length > 0 ? (
              <p>
                {plural(pack.labs.length, 'lab')} {pack.labs.length === 1 ? 'was' : 'were'} made of it: {pack.labs.join(', ')}.
                Archive or delete {pack.labs.length === 1 ? 'it' : 'them'} first.
              </p>
            ) : (
              <p>
                {plural(pack.challenges.length, 'challenge')} with {plural(n, 'task')} can no longer be chosen. What people earned
                with them in archived labs stays. Export it first if there is no other copy.
              </p>
            )}
            <div className="row" style={{ justifyContent: 'flex-end' }}>
              <Button onClick={() => setAsking(false)}>Cancel</Button>
              <Button variant="filled" color="orange.9" loading={busy} disabled={pack.labs.length > 0} onClick={remove}>
                Remove version {pack.version}
              </Button>
            </div>
          </div>
        </Modal>
      </td>
    </tr>
  )
}

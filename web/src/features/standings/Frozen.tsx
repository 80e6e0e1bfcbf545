// What is frozen of the standings, in a sentence; for those who run the lab with the buttons to freeze and to reveal.

import { Button, Modal } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import * as calls from '@/api/calls'
import { labQuery, rulesQuery, standingsQuery } from '@/api/queries'
import type { LabRules, Standings } from '@/api/types'
import { mayManage } from '@/features/labs/may'
import { Notice } from '@/ui/Blocks'
import { Time } from '@/ui/Time'
import { failed, told } from '@/ui/toast'

/** Nothing where nothing is frozen. */
export function FrozenSentence({ standings, now }: { standings: Standings; now: number }) {
  const at = standings.frozen_at
  if (!at) return null
  if (Date.parse(at) > now) {
    return (
      <>
        The standings freeze <Time at={at} />.
      </>
    )
  }
  return (
    <>
      {standings.revealed ? 'Frozen: students see the standings as they were ' : 'Frozen: these are the standings as they were '}
      <Time at={at} />
      {standings.revealed ? '. You see them as they are.' : '. What has happened since is shown at the end.'}
    </>
  )
}

/** For who may edit the lab. */
export function FreezeControl({ slug, standings, now }: { slug: string; standings: Standings; now: number }) {
  const client = useQueryClient()
  const lab = useQuery({ ...labQuery(slug), enabled: standings.revealed }).data
  const [asking, setAsking] = useState(false)
  const [busy, setBusy] = useState(false)
  if (!standings.revealed || !lab || !mayManage(lab)) return null
  const change = (patch: (now: Date) => Partial<LabRules>, said: string) => {
    setBusy(true)
    // The rules are set as a whole: they are read anew, so that nothing is put back that somebody else has changed.
    client
      .fetchQuery({ ...rulesQuery(slug), staleTime: 0 })
      .then((rules) => calls.rulesSet(slug, { ...rules, ...patch(new Date()) }))
      .then((rules) => {
        client.setQueryData(rulesQuery(slug).queryKey, rules)
        told(said)
        setAsking(false)
        return client.invalidateQueries({ queryKey: standingsQuery(slug).queryKey })
      })
      .catch(failed)
      .finally(() => setBusy(false))
  }
  const frozen = standings.frozen_at != null && Date.parse(standings.frozen_at) <= now
  return (
    <>
      {frozen ? (
        <Button variant="filled" onClick={() => setAsking(true)}>
          Reveal…
        </Button>
      ) : (
        <Button
          loading={busy}
          onClick={() => change((at) => ({ frozen_at: at.toISOString() }), 'Frozen: students see the standings as they are now.')}
        >
          Freeze
        </Button>
      )}
      <Modal opened={asking} onClose={() => setAsking(false)} title={<b>Reveal the standings?</b>}>
        <div className="stack">
          <p>Everybody who looks sees at once what has happened since they were frozen. It can’t be taken back.</p>
          <div className="row" style={{ justifyContent: 'flex-end' }}>
            <Button onClick={() => setAsking(false)}>Cancel</Button>
            <Button variant="filled" loading={busy} onClick={() => change(() => ({ frozen_at: null }), 'Revealed.')}>
              Reveal
            </Button>
          </div>
        </div>
      </Modal>
    </>
  )
}

export function FrozenNotice({ standings, now }: { standings: Standings; now: number }) {
  if (!standings.frozen_at) return null
  return (
    <Notice tone="info">
      <FrozenSentence standings={standings} now={now} />
    </Notice>
  )
}

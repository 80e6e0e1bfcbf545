// A claim link: shows one student their kit with the initial password, once.

import { Button } from '@mantine/core'
import { useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import * as calls from '@/api/calls'
import { isApiError, sentence } from '@/api/client'
import { claimQuery } from '@/api/queries'
import type { Kit } from '@/api/types'
import { Mark } from '@/features/shell/Shell'
import { KitPanel } from '@/features/kit/KitPanel'
import { CopyField } from '@/ui/Copy'
import { EmptyState, Notice, Page, PageHead, Section } from '@/ui/Blocks'

export function ClaimPage({ token }: { token: string }) {
  const { data: claim } = useSuspenseQuery(claimQuery(token))
  const client = useQueryClient()
  const [kit, setKit] = useState<Kit | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)

  if (!kit && (claim.state !== 'fresh' || isApiError(error, 'claimed', 'gone'))) {
    return (
      <Page width="text">
        <Brand />
        <EmptyState
          title={claim.state === 'expired' ? 'This link has expired' : 'This link has been used'}
          actions={
            <Link to="/sign-in" search={{}} className="link">
              Sign in
            </Link>
          }
        >
          <p>
            It shows the password of <b>{claim.login}</b> once. If that was you, sign in with it. If it was not, tell your
            instructor at once: they can give you a new password, which makes the old one useless.
          </p>
        </EmptyState>
      </Page>
    )
  }

  if (!kit) {
    return (
      <Page width="text">
        <Brand />
        <PageHead title={claim.lab.title} lead={`For ${claim.name} (${claim.login})`} />
        {error !== null && <Notice tone="error">{sentence(error)}</Notice>}
        <p>
          Here is your own PostgreSQL database. This link shows your password <b>once</b>, so open it where you can write it
          down or copy it.
        </p>
        <div>
          <Button
            variant="filled"
            size="sm"
            loading={busy}
            onClick={() => {
              setBusy(true)
              calls
                .claimTake(token)
                .then((answer) => {
                  setKit(answer.kit)
                  void client.invalidateQueries({ queryKey: ['claim', token] })
                })
                .catch(setError)
                .finally(() => setBusy(false))
            }}
          >
            I am {claim.name}: show my password
          </Button>
        </div>
      </Page>
    )
  }

  return (
    <Page width="text">
      <Brand />
      <PageHead title={claim.lab.title} lead={`For ${claim.name}`} />
      <Notice tone="warning" title="Keep this password now">
        It is shown this once. You can change it on your page after signing in; the same password opens your database.
      </Notice>
      <Section title="1. Your login and password">
        <CopyField label="Login" value={kit.login} />
        <CopyField label="Password" value={kit.password ?? ''} />
      </Section>
      <Section title="2. Connect to your database">
        <KitPanel kit={kit} />
      </Section>
      <Section
        title="3. See your tasks"
        lead="Nothing has to be submitted: your page follows what is in your database."
        actions={
          <Button component={Link} to="/sign-in" variant="filled">
            Sign in
          </Button>
        }
      >
        {null}
      </Section>
    </Page>
  )
}

function Brand() {
  return (
    <span className="row">
      <Mark />
      <b>pglab</b>
    </span>
  )
}

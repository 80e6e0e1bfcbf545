// Pages for what went wrong: not there, not allowed, no answer. Each says what to do.

import { Button } from '@mantine/core'
import { Link, useRouter } from '@tanstack/react-router'
import { isApiError, sentence } from '@/api/client'
import { EmptyState, Page } from '@/ui/Blocks'

export function NotFound() {
  return (
    <Page width="text">
      <EmptyState
        title="There is no such page"
        actions={
          <Button component={Link} to="/">
            To the start
          </Button>
        }
      >
        <p>The address may be old, or mistyped. A lab that was deleted is gone from here too.</p>
      </EmptyState>
    </Page>
  )
}

export function Failure({ error }: { error: unknown }) {
  const router = useRouter()
  const again = (
    <Button variant="filled" onClick={() => void router.invalidate()}>
      Try again
    </Button>
  )
  const home = (
    <Button component={Link} to="/">
      To the start
    </Button>
  )
  if (isApiError(error, 'not_found')) {
    return (
      <Page width="text">
        <EmptyState title="It is not there" actions={home}>
          <p>{sentence(error)}</p>
        </EmptyState>
      </Page>
    )
  }
  if (isApiError(error, 'forbidden')) {
    return (
      <Page width="text">
        <EmptyState title="This is not yours to see" actions={home}>
          <p>{sentence(error)}</p>
          <p>If it should be, ask an instructor of the lab, or an admin, for the role.</p>
        </EmptyState>
      </Page>
    )
  }
  if (isApiError(error, 'not_signed_in')) {
    return (
      <Page width="text">
        <EmptyState
          title="You are signed out"
          actions={
            <Button component="a" href="/sign-in" variant="filled">
              Sign in
            </Button>
          }
        >
          <p>The session has ended. Sign in again; nothing is lost.</p>
        </EmptyState>
      </Page>
    )
  }
  return (
    <Page width="text">
      <EmptyState
        title={isApiError(error, 'offline', 'unavailable') ? 'pglab does not answer' : 'This page could not be shown'}
        actions={
          <>
            {again}
            {home}
          </>
        }
      >
        <p>{sentence(error)}</p>
      </EmptyState>
    </Page>
  )
}

/** While a page is being read, after a moment; nothing flickers for the quick ones. */
export function Waiting() {
  return (
    <Page>
      <p className="faint" role="status">
        Reading…
      </p>
    </Page>
  )
}

// Pages without a session: signing in, the forced change of password, claim links.

import { useQueryClient } from '@tanstack/react-query'
import { createRoute, redirect, useNavigate, useRouter } from '@tanstack/react-router'
import { claimQuery, myPageQuery, sessionQuery } from '@/api/queries'
import { CodePage, JoinPage } from '@/features/join/JoinPage'
import { ClaimPage } from '@/features/session/ClaimPage'
import { PasswordForm, SignIn } from '@/features/session/SignIn'
import { Page, PageHead } from '@/ui/Blocks'
import { safeNext } from './next'
import { rootRoute } from './root'

export const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>): { next?: string; failed?: string } => {
    const next = safeNext(search.next)
    // Why a sign-in through the provider failed: a code, whose sentence the server has.
    const failed = typeof search.failed === 'string' && /^[a-z_]{1,30}$/.test(search.failed) ? search.failed : undefined
    return { ...(next && { next }), ...(failed && { failed }) }
  },
  beforeLoad: async ({ context }) => {
    const session = await context.queryClient.ensureQueryData(sessionQuery)
    if (session.signed_in) throw redirect({ to: '/' })
  },
  component: function SignInPage() {
    const { next, failed } = signInRoute.useSearch()
    const client = useQueryClient()
    const router = useRouter()
    return (
      <SignIn
        next={next}
        failed={failed}
        onDone={(session) => {
          client.clear()
          client.setQueryData(sessionQuery.queryKey, session)
          router.history.push(session.must_change_password ? '/password' : (next ?? '/'))
        }}
      />
    )
  },
})

export const passwordRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/password',
  beforeLoad: async ({ context }) => {
    const session = await context.queryClient.ensureQueryData(sessionQuery)
    if (!session.signed_in) throw redirect({ to: '/sign-in', search: {} })
  },
  component: function PasswordPage() {
    const client = useQueryClient()
    const navigate = useNavigate()
    return (
      <Page width="narrow">
        <PageHead
          title="Choose your own password"
          lead="The first one was known to your instructor. The new one opens this page and your database."
        />
        <PasswordForm
          submit="Set it and go on"
          onDone={() => {
            void client.fetchQuery({ ...sessionQuery, staleTime: 0 }).then(() => navigate({ to: '/' }))
          }}
        />
      </Page>
    )
  },
})

export const claimRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/claim/$token',
  loader: ({ context, params }) => context.queryClient.ensureQueryData(claimQuery(params.token)),
  component: function Claim() {
    const { token } = claimRoute.useParams()
    return <ClaimPage token={token} />
  },
})

export const codeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/join',
  component: function Code() {
    const navigate = useNavigate()
    return <CodePage onCode={(code) => void navigate({ to: '/join/$code', params: { code } })} />
  },
})

/** For those who are signed in, and for those who are not yet. */
export const joinRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/join/$code',
  loader: ({ context }) => context.queryClient.ensureQueryData(sessionQuery),
  component: function Join() {
    const { code } = joinRoute.useParams()
    const navigate = useNavigate()
    const client = useQueryClient()
    // The board hears of who joined a moment later, and only then one's own page can be read.
    const go = (lab: string) =>
      client
        .fetchQuery({ ...myPageQuery(lab), retry: 20, retryDelay: 500 })
        .catch(() => undefined)
        .then(() => navigate({ to: '/labs/$lab/me', params: { lab } }))
    return <JoinPage key={code} code={code} onJoined={(lab) => void go(lab)} />
  },
})

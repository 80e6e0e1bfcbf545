// Pages outside of any lab: the start, labs, account, people, system.

import { createRoute, redirect, useNavigate } from '@tanstack/react-router'
import { labsQuery, meQuery, systemQuery, tokensQuery } from '@/api/queries'
import { AccountPage } from '@/features/account/AccountPage'
import { LabsPage } from '@/features/labs/LabsPage'
import { NewLabPage } from '@/features/labs/NewLabPage'
import { ChallengePage } from '@/features/library/ChallengePage'
import { LibraryPage } from '@/features/library/LibraryPage'
import { PacksPage } from '@/features/packs/PacksPage'
import { PeoplePage } from '@/features/people/PeoplePage'
import { SystemPage } from '@/features/system/SystemPage'
import { insideRoute } from './root'
import { librarySearch } from './search'

/** The start: a student with one lab is taken to it, everybody else to the list. */
export const startRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: '/',
  beforeLoad: async ({ context }) => {
    const labs = await context.queryClient.ensureQueryData(labsQuery)
    const only = labs.items.length === 1 ? labs.items[0] : undefined
    if (only && only.role === 'student') throw redirect({ to: '/labs/$lab/me', params: { lab: only.slug } })
    throw redirect({ to: '/labs' })
  },
})

export const labsRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: '/labs',
  loader: ({ context }) => context.queryClient.ensureQueryData(labsQuery),
  component: LabsPage,
})

export const newLabRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: '/labs/new',
  component: function NewLab() {
    const navigate = useNavigate()
    return <NewLabPage onCreated={(lab) => void navigate({ to: '/labs/$lab/roster', params: { lab } })} />
  },
})

export const libraryRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: '/library',
  validateSearch: librarySearch,
  component: function Library() {
    const search = libraryRoute.useSearch()
    const navigate = useNavigate()
    const here = libraryRoute.useNavigate()
    return (
      <LibraryPage
        search={search}
        change={(patch) => void here({ search: (was) => librarySearch({ ...was, ...patch }), replace: true })}
        onMade={(lab) => void navigate({ to: '/labs/$lab/challenges', params: { lab } })}
      />
    )
  },
})

export const challengeRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: '/library/$pack/$challenge',
  component: function Challenge() {
    const { pack, challenge } = challengeRoute.useParams()
    return <ChallengePage key={`${pack}/${challenge}`} pack={pack} challenge={challenge} />
  },
})

export const packsRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: '/packs',
  component: PacksPage,
})

export const accountRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: '/account',
  loader: ({ context }) =>
    Promise.all([context.queryClient.ensureQueryData(meQuery), context.queryClient.ensureQueryData(tokensQuery)]),
  component: AccountPage,
})

export const peopleRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: '/people',
  validateSearch: (search: Record<string, unknown>): { q?: string } =>
    typeof search.q === 'string' && search.q !== '' ? { q: search.q } : {},
  component: function People() {
    const { q } = peopleRoute.useSearch()
    const navigate = peopleRoute.useNavigate()
    return <PeoplePage query={q ?? ''} onQuery={(next) => void navigate({ search: next ? { q: next } : {}, replace: true })} />
  },
})

export const systemRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: '/system',
  loader: ({ context }) => context.queryClient.ensureQueryData(systemQuery),
  component: SystemPage,
})

// The pages of one lab. Each has an address of its own; filters and the open thing are in the search.

import { useQueryClient } from '@tanstack/react-query'
import { createRoute, Outlet, redirect, useNavigate, useRouterState } from '@tanstack/react-router'
import {
  boardQuery,
  credentialsQuery,
  historyQuery,
  labQuery,
  labsQuery,
  memberQuery,
  membersQuery,
  meQuery,
  myPageQuery,
  resultsQuery,
} from '@/api/queries'
import { ActivityPage } from '@/features/activity/ActivityPage'
import { BoardPage } from '@/features/board/BoardPage'
import { MemberPanel } from '@/features/board/Member'
import { CredentialsPage } from '@/features/credentials/CredentialsPage'
import { SlipsPage } from '@/features/credentials/SlipsPage'
import { LabFrame } from '@/features/labs/LabFrame'
import { ResultsPage } from '@/features/labs/ResultsPage'
import { SettingsPage } from '@/features/labs/SettingsPage'
import { LabChallengesPage } from '@/features/library/LabChallengesPage'
import { TryPage } from '@/features/library/TryPage'
import { MonitoringPage } from '@/features/monitoring/MonitoringPage'
import { RejudgingPage } from '@/features/rejudging/RejudgingPage'
import { RosterPage } from '@/features/roster/RosterPage'
import { SimilarityPage } from '@/features/similarity/SimilarityPage'
import { AttemptsPage } from '@/features/standings/AttemptsPage'
import { StandingsPage } from '@/features/standings/StandingsPage'
import { StudentPage } from '@/features/student/StudentPage'
import { TasksPage } from '@/features/tasks/TasksPage'
import { WorkspacePage } from '@/features/workspace/WorkspacePage'
import { Page } from '@/ui/Blocks'
import { insideRoute } from './root'
import { activitySearch, attemptsSearch, boardSearch, standingsSearch, text } from './search'

/** The student's own page has no frame of the lab: its other tabs are not for them. */
export const myPageRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: '/labs/$lab/me',
  loader: ({ context, params }) =>
    Promise.all([
      context.queryClient.ensureQueryData(myPageQuery(params.lab)),
      context.queryClient.ensureQueryData(meQuery),
    ]),
  component: function MyPage() {
    const { lab } = myPageRoute.useParams()
    return <StudentPage slug={lab} />
  },
})

/** A student's console with their tasks; with a login, for those who teach, a look into that student's database. */
export const workspaceRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: '/labs/$lab/workspace',
  validateSearch: (search: Record<string, unknown>): { login?: string } => {
    const login = text(search.login)
    return login ? { login } : {}
  },
  loaderDeps: ({ search }) => ({ login: search.login }),
  loader: ({ context, params, deps }) =>
    deps.login === undefined ? context.queryClient.ensureQueryData(myPageQuery(params.lab)) : undefined,
  component: function Workspace() {
    const { lab } = workspaceRoute.useParams()
    const { login } = workspaceRoute.useSearch()
    return <WorkspacePage key={`${lab}/${login ?? ''}`} slug={lab} login={login ?? null} />
  },
})

/** For students and for the staff: it has no frame of the lab. */
export const standingsRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: '/labs/$lab/standings',
  validateSearch: standingsSearch,
  component: function LabStandings() {
    const { lab } = standingsRoute.useParams()
    const search = standingsRoute.useSearch()
    const navigate = standingsRoute.useNavigate()
    return (
      <StandingsPage
        key={lab}
        slug={lab}
        search={search}
        change={(patch) => void navigate({ search: (was) => standingsSearch({ ...was, ...patch }), replace: true })}
      />
    )
  },
})

export const slipsRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: '/labs/$lab/slips',
  validateSearch: (search: Record<string, unknown>): { section?: string } => {
    const section = text(search.section)
    return section ? { section } : {}
  },
  loader: ({ context, params }) =>
    Promise.all([
      context.queryClient.ensureQueryData(labQuery(params.lab)),
      context.queryClient.ensureQueryData(credentialsQuery(params.lab)),
    ]),
  component: function Slips() {
    const { lab } = slipsRoute.useParams()
    const { section } = slipsRoute.useSearch()
    return <SlipsPage slug={lab} section={section} />
  },
})

export const labRoute = createRoute({
  getParentRoute: () => insideRoute,
  path: '/labs/$lab',
  beforeLoad: async ({ context, params }) => {
    const labs = await context.queryClient.ensureQueryData(labsQuery)
    const here = labs.items.find((lab) => lab.slug === params.lab)
    if (here?.role === 'student') throw redirect({ to: '/labs/$lab/me', params })
  },
  loader: ({ context, params }) => context.queryClient.ensureQueryData(labQuery(params.lab)),
  component: function LabLayout() {
    const { lab } = labRoute.useParams()
    const projector = useRouterState({
      select: (state) => (state.location.search as { projector?: unknown }).projector === 1,
    })
    if (projector) return <Outlet />
    return (
      <LabFrame slug={lab}>
        <Outlet />
      </LabFrame>
    )
  },
})

/** A lab opens where its work is: on the board once it runs, before that at what is missing. */
export const labIndexRoute = createRoute({
  getParentRoute: () => labRoute,
  path: '/',
  beforeLoad: async ({ context, params }) => {
    const lab = await context.queryClient.ensureQueryData(labQuery(params.lab))
    if (lab.tasks.length === 0) throw redirect({ to: '/labs/$lab/tasks', params })
    if (lab.n_members === 0) throw redirect({ to: '/labs/$lab/roster', params })
    throw redirect({ to: '/labs/$lab/board', params })
  },
})

export const boardRoute = createRoute({
  getParentRoute: () => labRoute,
  path: '/board',
  validateSearch: boardSearch,
  loader: ({ context, params }) => context.queryClient.ensureQueryData(boardQuery(params.lab)),
  component: function Board() {
    const { lab } = boardRoute.useParams()
    const search = boardRoute.useSearch()
    const navigate = boardRoute.useNavigate()
    return (
      <BoardPage
        key={lab}
        slug={lab}
        search={search}
        change={(patch, push = false) =>
          void navigate({ search: (was) => boardSearch({ ...was, ...patch }), replace: !push })
        }
      />
    )
  },
})

export const tasksRoute = createRoute({
  getParentRoute: () => labRoute,
  path: '/tasks',
  validateSearch: (search: Record<string, unknown>): { task?: string } => {
    const task = text(search.task)
    return task ? { task } : {}
  },
  component: function Tasks() {
    const { lab } = tasksRoute.useParams()
    const { task } = tasksRoute.useSearch()
    const navigate = tasksRoute.useNavigate()
    return (
      <TasksPage
        slug={lab}
        open={task}
        onOpen={(id) => void navigate({ search: id ? { task: id } : {}, replace: true })}
      />
    )
  },
})

export const rosterRoute = createRoute({
  getParentRoute: () => labRoute,
  path: '/roster',
  loader: ({ context, params }) => context.queryClient.ensureQueryData(membersQuery(params.lab)),
  component: function Roster() {
    const { lab } = rosterRoute.useParams()
    return <RosterPage slug={lab} />
  },
})

export const credentialsRoute = createRoute({
  getParentRoute: () => labRoute,
  path: '/credentials',
  loader: ({ context, params }) => context.queryClient.ensureQueryData(credentialsQuery(params.lab)),
  component: function Credentials() {
    const { lab } = credentialsRoute.useParams()
    return <CredentialsPage slug={lab} />
  },
})

export const settingsRoute = createRoute({
  getParentRoute: () => labRoute,
  path: '/settings',
  component: function Settings() {
    const { lab } = settingsRoute.useParams()
    const client = useQueryClient()
    const navigate = useNavigate()
    return (
      <SettingsPage
        key={lab}
        slug={lab}
        onDeleted={() => {
          void navigate({ to: '/labs' }).then(() => {
            client.removeQueries({ queryKey: ['lab', lab] })
            return client.invalidateQueries({ queryKey: ['labs'] })
          })
        }}
      />
    )
  },
})

export const resultsRoute = createRoute({
  getParentRoute: () => labRoute,
  path: '/results',
  validateSearch: (search: Record<string, unknown>): { sort?: 'points' } => (search.sort === 'points' ? { sort: 'points' } : {}),
  loader: ({ context, params }) => context.queryClient.ensureQueryData(resultsQuery(params.lab)),
  component: function Results() {
    const { lab } = resultsRoute.useParams()
    const { sort } = resultsRoute.useSearch()
    const navigate = resultsRoute.useNavigate()
    return (
      <ResultsPage
        slug={lab}
        sort={sort ?? 'name'}
        onSort={(next) => void navigate({ search: next === 'points' ? { sort: 'points' } : {}, replace: true })}
      />
    )
  },
})

export const attemptsRoute = createRoute({
  getParentRoute: () => labRoute,
  path: '/attempts',
  validateSearch: attemptsSearch,
  component: function Attempts() {
    const { lab } = attemptsRoute.useParams()
    const search = attemptsRoute.useSearch()
    const navigate = attemptsRoute.useNavigate()
    return (
      <AttemptsPage
        key={lab}
        slug={lab}
        search={search}
        change={(patch) => void navigate({ search: (was) => attemptsSearch({ ...was, ...patch }), replace: true })}
      />
    )
  },
})

export const activityRoute = createRoute({
  getParentRoute: () => labRoute,
  path: '/activity',
  validateSearch: activitySearch,
  component: function Activity() {
    const { lab } = activityRoute.useParams()
    const filter = activityRoute.useSearch()
    const navigate = activityRoute.useNavigate()
    return (
      <ActivityPage
        key={lab}
        slug={lab}
        filter={filter}
        change={(patch) => void navigate({ search: (was) => activitySearch({ ...was, ...patch }), replace: true })}
      />
    )
  },
})

export const similarityRoute = createRoute({
  getParentRoute: () => labRoute,
  path: '/similarity',
  component: function Similarity() {
    const { lab } = similarityRoute.useParams()
    return <SimilarityPage key={lab} slug={lab} />
  },
})

export const rejudgingRoute = createRoute({
  getParentRoute: () => labRoute,
  path: '/rejudging',
  validateSearch: (search: Record<string, unknown>): { task?: string } => {
    const task = text(search.task)
    return task ? { task } : {}
  },
  component: function LabRejudging() {
    const { lab } = rejudgingRoute.useParams()
    const { task } = rejudgingRoute.useSearch()
    const navigate = rejudgingRoute.useNavigate()
    return (
      <RejudgingPage
        key={lab}
        slug={lab}
        task={task}
        onTask={(next) => void navigate({ search: next ? { task: next } : {}, replace: true })}
      />
    )
  },
})

export const labChallengesRoute = createRoute({
  getParentRoute: () => labRoute,
  path: '/challenges',
  component: function LabChallenges() {
    const { lab } = labChallengesRoute.useParams()
    return <LabChallengesPage key={lab} slug={lab} />
  },
})

export const tryRoute = createRoute({
  getParentRoute: () => labRoute,
  path: '/try',
  component: function Try() {
    const { lab } = tryRoute.useParams()
    return <TryPage key={lab} slug={lab} />
  },
})

export const monitoringRoute = createRoute({
  getParentRoute: () => labRoute,
  path: '/monitoring',
  loader: ({ context, params }) => context.queryClient.ensureQueryData(historyQuery(params.lab)),
  component: function Monitoring() {
    const { lab } = monitoringRoute.useParams()
    return <MonitoringPage key={lab} slug={lab} />
  },
})

export const memberRoute = createRoute({
  getParentRoute: () => labRoute,
  path: '/members/$login',
  loader: ({ context, params }) => context.queryClient.ensureQueryData(memberQuery(params.lab, params.login)),
  component: function Member() {
    const { lab, login } = memberRoute.useParams()
    return (
      <Page width="text">
        <MemberPanel key={login} slug={lab} login={login} />
      </Page>
    )
  },
})

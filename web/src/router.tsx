// All routes in one tree.

import { createRouter } from '@tanstack/react-router'
import { queryClient } from '@/api/queries'
import { Failure, NotFound, Waiting } from '@/features/shell/Failure'
import {
  accountRoute,
  challengeRoute,
  labsRoute,
  libraryRoute,
  newLabRoute,
  packsRoute,
  peopleRoute,
  startRoute,
  systemRoute,
} from './routes/inside'
import {
  activityRoute,
  attemptsRoute,
  boardRoute,
  credentialsRoute,
  labChallengesRoute,
  labIndexRoute,
  labRoute,
  memberRoute,
  myPageRoute,
  monitoringRoute,
  rejudgingRoute,
  resultsRoute,
  rosterRoute,
  settingsRoute,
  similarityRoute,
  slipsRoute,
  workspaceRoute,
  standingsRoute,
  tasksRoute,
  tryRoute,
} from './routes/lab'
import { claimRoute, codeRoute, joinRoute, passwordRoute, signInRoute } from './routes/outside'
import { insideRoute, rootRoute } from './routes/root'

const routeTree = rootRoute.addChildren([
  signInRoute,
  passwordRoute,
  claimRoute,
  codeRoute,
  joinRoute,
  insideRoute.addChildren([
    startRoute,
    labsRoute,
    newLabRoute,
    libraryRoute,
    challengeRoute,
    packsRoute,
    accountRoute,
    peopleRoute,
    systemRoute,
    myPageRoute,
    slipsRoute,
    workspaceRoute,
    standingsRoute,
    labRoute.addChildren([
      labIndexRoute,
      boardRoute,
      tasksRoute,
      rosterRoute,
      credentialsRoute,
      settingsRoute,
      resultsRoute,
      attemptsRoute,
      activityRoute,
      rejudgingRoute,
      similarityRoute,
      labChallengesRoute,
      tryRoute,
      monitoringRoute,
      memberRoute,
    ]),
  ]),
])

export const router = createRouter({
  routeTree,
  context: { queryClient },
  defaultPreload: 'intent',
  defaultPreloadStaleTime: 0,
  defaultPendingMs: 400,
  defaultPendingComponent: Waiting,
  defaultErrorComponent: ({ error }) => <Failure error={error} />,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

// What the pages read, as TanStack Query options: keys, freshness and how often to ask again.

import { infiniteQueryOptions, QueryClient, queryOptions } from '@tanstack/react-query'
import * as calls from './calls'
import { isApiError } from './client'

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // A refusal stays a refusal; only what may pass by itself is asked again.
      retry: (n, error) => n < 2 && (!isApiError(error) || error.status === 0 || error.status >= 500),
    },
  },
})

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: calls.sessionGet,
  staleTime: 60_000,
})
export const waysQuery = (failed?: string) =>
  queryOptions({ queryKey: ['ways', failed ?? ''], queryFn: () => calls.sessionWays(failed), staleTime: 60_000 })
export const meQuery = queryOptions({ queryKey: ['me'], queryFn: calls.meGet })
export const tokensQuery = queryOptions({ queryKey: ['tokens'], queryFn: calls.tokenList })
export const claimQuery = (token: string) =>
  queryOptions({ queryKey: ['claim', token], queryFn: () => calls.claimGet(token), staleTime: Infinity })
export const joinQuery = (code: string) =>
  queryOptions({ queryKey: ['join', code], queryFn: () => calls.joinLook(code), retry: false, staleTime: 60_000 })
export const accessCodesQuery = (slug: string) =>
  queryOptions({ queryKey: ['lab', slug, 'access-codes'], queryFn: () => calls.accessCodeList(slug) })
export const peopleQuery = (query: string) =>
  queryOptions({ queryKey: ['people', query], queryFn: () => calls.personList(query) })
export const labsQuery = queryOptions({ queryKey: ['labs'], queryFn: calls.labList })
export const labQuery = (slug: string) =>
  queryOptions({ queryKey: ['lab', slug], queryFn: () => calls.labGet(slug) })
export const exampleSchemaQuery = (slug: string) =>
  queryOptions({
    queryKey: ['lab', slug, 'example-schema'],
    queryFn: () => calls.exampleSchema(slug),
    staleTime: 60_000,
  })
export const membersQuery = (slug: string) =>
  queryOptions({ queryKey: ['lab', slug, 'members'], queryFn: () => calls.memberList(slug) })
export const credentialsQuery = (slug: string) =>
  queryOptions({
    queryKey: ['lab', slug, 'credentials'],
    queryFn: () => calls.credentialList(slug),
    // Every look is written into the audit: none that nobody took.
    staleTime: 30_000,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })
export const preparationQuery = (slug: string) =>
  queryOptions({ queryKey: ['lab', slug, 'preparation'], queryFn: () => calls.preparationGet(slug), retry: false })
export const resultsQuery = (slug: string) =>
  queryOptions({ queryKey: ['lab', slug, 'results'], queryFn: () => calls.resultsGet(slug) })
export const historyQuery = (slug: string) =>
  queryOptions({ queryKey: ['lab', slug, 'history'], queryFn: () => calls.historyGet(slug), refetchInterval: 15_000 })
export const monitoringQuery = queryOptions({
  queryKey: ['monitoring'],
  queryFn: calls.monitoringGet,
  refetchInterval: 15_000,
  retry: false,
})
export const boardQuery = (slug: string) =>
  queryOptions({ queryKey: ['lab', slug, 'board'], queryFn: () => calls.boardGet(slug), staleTime: 2_000 })
export const memberQuery = (slug: string, login: string) =>
  queryOptions({
    queryKey: ['lab', slug, 'member', login],
    queryFn: () => calls.memberGet(slug, login),
    staleTime: 1_000,
  })
export const memberSchemaQuery = (slug: string, login: string) =>
  queryOptions({
    queryKey: ['lab', slug, 'member', login, 'schema'],
    queryFn: () => calls.memberSchema(slug, login),
    staleTime: 5_000,
  })
export const myPageQuery = (slug: string) =>
  queryOptions({
    queryKey: ['lab', slug, 'me'],
    queryFn: () => calls.myPageGet(slug),
    refetchInterval: 2_000,
    staleTime: 1_000,
  })
export const answerTasksQuery = (slug: string) =>
  queryOptions({ queryKey: ['lab', slug, 'answers'], queryFn: () => calls.answerTasks(slug), refetchInterval: 15_000 })
export const attemptsQuery = (slug: string, wish: { task?: string; login?: string } = {}) =>
  infiniteQueryOptions({
    queryKey: ['lab', slug, 'attempts', wish],
    queryFn: ({ pageParam }) => calls.attemptList(slug, wish, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    refetchInterval: 5_000,
  })
export const activityQuery = (slug: string, wish: calls.ActivityWish) =>
  infiniteQueryOptions({
    queryKey: ['lab', slug, 'activity', wish],
    queryFn: ({ pageParam }) => calls.activityList(slug, wish, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    staleTime: 60_000,
  })
export const libraryQuery = queryOptions({ queryKey: ['library'], queryFn: calls.libraryGet })
export const challengeQuery = (pack: string, key: string) =>
  queryOptions({ queryKey: ['library', pack, key], queryFn: () => calls.challengeGet(pack, key) })
export const packsQuery = queryOptions({ queryKey: ['packs'], queryFn: calls.packList })
export const labChallengesQuery = (slug: string) =>
  queryOptions({ queryKey: ['lab', slug, 'challenges'], queryFn: () => calls.labChallengesGet(slug), retry: false })
/** On a wall everybody sees what students see, whoever put it there. */
export const standingsQuery = (slug: string, wall = false) =>
  queryOptions({
    queryKey: ['lab', slug, 'standings', wall],
    queryFn: () => calls.standingsGet(slug, wall),
    retry: false,
  })
export const similarityQuery = (slug: string) =>
  queryOptions({ queryKey: ['lab', slug, 'similarity'], queryFn: () => calls.similarityGet(slug), staleTime: 60_000 })
export const rejudgingsQuery = (slug: string, task: string) =>
  queryOptions({ queryKey: ['lab', slug, 'rejudgings', task], queryFn: () => calls.rejudgingList(slug, task) })
export const rulesQuery = (slug: string) =>
  queryOptions({ queryKey: ['lab', slug, 'rules'], queryFn: () => calls.rulesGet(slug) })
export const identityQuery = queryOptions({
  queryKey: ['identity'],
  queryFn: calls.identityGet,
})
export const systemQuery = queryOptions({
  queryKey: ['system'],
  queryFn: calls.systemGet,
  refetchInterval: 10_000,
})

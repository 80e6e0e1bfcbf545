// One function per operation of the HTTP contract. No caching and no state: those are in queries.ts.

import { request, setCsrfToken, upload } from './client'
import type * as T from './types'

const e = encodeURIComponent
const lab = (slug: string) => `/labs/${e(slug)}`
const member = (slug: string, login: string) => `${lab(slug)}/members/${e(login)}`
const post = <R>(path: string, json: unknown = {}) => request<R>(path, { method: 'POST', json })
const patch = <R>(path: string, json: unknown) => request<R>(path, { method: 'PATCH', json })
const remove = (path: string) => request<void>(path, { method: 'DELETE' })

const keepToken = (session: T.Session) => {
  setCsrfToken(session.csrf_token)
  return session
}

// Session and account
export const sessionGet = () => request<T.Session>('/session').then(keepToken)
export const sessionCreate = (login: string, password: string) =>
  post<T.Session>('/session', { login, password }).then(keepToken)
/** The answer says where to go on to, if the session came from a provider that is signed out of too. */
export const sessionDelete = () => request<T.SignedOut | undefined>('/session', { method: 'DELETE' })
export const sessionWays = (failed?: string) =>
  request<T.SignInWays>(`/session/ways${failed ? `?failed=${e(failed)}` : ''}`)
export const meGet = () => request<T.Me>('/me')
export const passwordChange = (old_password: string, new_password: string) =>
  post<void>('/me/password', { old_password, new_password })
export const tokenList = () => request<T.List<T.Token>>('/tokens')
export const tokenCreate = (body: T.TokenWish) =>
  post<T.NewToken>('/tokens', body)
export const tokenRevoke = (id: string) => remove(`/tokens/${e(id)}`)
export const claimGet = (token: string) => request<T.Claim>(`/claims/${e(token)}`)
export const claimTake = (token: string) => post<{ kit: T.Kit }>(`/claims/${e(token)}`)

// Joining by a code
export const joinLook = (code: string) => request<T.JoinOffer>(`/join/${e(code)}`)
export const join = (code: string) => post<T.JoinedLab>('/join', { code })
export const joinWithAccount = (body: T.JoinWithAccount) => post<T.Session>('/join/account', body).then(keepToken)
export const accessCodeList = (slug: string) => request<T.List<T.AccessCode>>(`${lab(slug)}/access-codes`)
export const accessCodeCreate = (slug: string, body: Partial<T.NewAccessCode>) =>
  post<T.AccessCode>(`${lab(slug)}/access-codes`, body)
export const accessCodeRevoke = (slug: string, code: string) => remove(`${lab(slug)}/access-codes/${e(code)}`)

// People
export const personList = (query: string, cursor?: string) =>
  request<T.List<T.Person>>(`/people?query=${e(query)}${cursor ? `&cursor=${e(cursor)}` : ''}`)
export const personCreate = (body: T.NewPerson) =>
  post<T.CreatedPerson>('/people', body)
export const personChange = (login: string, body: T.PersonChange) => patch<T.Person>(`/people/${e(login)}`, body)

// Labs
export const labList = () => request<T.List<T.LabSummary>>('/labs')
export const labCreate = (body: Omit<T.NewLab, 'settings'> & { settings?: Partial<T.LabSettings> }) => post<T.Lab>('/labs', body)
export const labGet = (slug: string) => request<T.Lab>(lab(slug))
export const labChange = (slug: string, body: Omit<T.LabChange, 'settings'> & { settings?: Partial<T.LabSettings> }) => patch<T.Lab>(lab(slug), body)
export const labDelete = (slug: string) => remove(`${lab(slug)}?confirm=${e(slug)}`)
export const labMove = (slug: string, move: 'open' | 'close' | 'archive') =>
  post<T.Lab>(`${lab(slug)}/${move}`)

// Example
export const exampleGet = (slug: string) => request<T.Example>(`${lab(slug)}/example`)
export const exampleSchema = (slug: string) => request<T.SchemaSnapshot>(`${lab(slug)}/example/schema`)
export const exampleUpload = (
  slug: string,
  what: 'example' | 'start-dump',
  file: File,
  onProgress: (done: number, total: number) => void,
  signal?: AbortSignal,
) => upload<T.Example>(`${lab(slug)}/${what}?name=${e(file.name)}`, file, onProgress, signal)
export const exampleFromUri = (slug: string, uri: string) =>
  request<T.Example>(`${lab(slug)}/example`, { method: 'PUT', json: { uri } })

// Tasks
export const taskList = (slug: string) => request<T.List<T.Task>>(`${lab(slug)}/tasks`)
export const taskCreate = (slug: string, body: T.NewTask) => post<T.Task>(`${lab(slug)}/tasks`, body)
export const taskChange = (slug: string, id: string, body: T.TaskChange) => patch<T.Task>(`${lab(slug)}/tasks/${e(id)}`, body)
export const taskDelete = (slug: string, id: string) => remove(`${lab(slug)}/tasks/${e(id)}`)
export const checkDelete = (slug: string, task: string, check: string) =>
  remove(`${lab(slug)}/tasks/${e(task)}/checks/${e(check)}`)
export const taskOrder = (slug: string, tasks: string[]) =>
  request<void>(`${lab(slug)}/tasks/order`, { method: 'PUT', json: { tasks } })
/** `restore` brings back what was dropped. */
export const taskDerive = (slug: string, restore: boolean) =>
  post<unknown>(`${lab(slug)}/tasks/derive?restore=${restore}`)

// Roster, members, credentials
export const rosterImport = (slug: string, text: string, dryRun: boolean) =>
  request<T.RosterReport>(`${lab(slug)}/roster?dry_run=${dryRun}`, {
    method: 'POST',
    body: text,
    contentType: 'text/csv; charset=utf-8',
  })
export const memberList = (slug: string) => request<T.List<T.Member>>(`${lab(slug)}/members`)
export const memberChange = (
  slug: string,
  login: string,
  body: { section?: string; seat?: string; role?: T.MemberRole },
) => patch<T.Member>(member(slug, login), body)
export const memberRemove = (slug: string, login: string) => remove(member(slug, login))
export const prepare = (slug: string) => post<T.Preparation>(`${lab(slug)}/prepare`)
export const preparationGet = (slug: string) => request<T.Preparation>(`${lab(slug)}/preparation`)
export const credentialList = (slug: string) => request<T.List<T.Credential>>(`${lab(slug)}/credentials`)
export const claimLinkCreate = (slug: string, logins?: string[]) =>
  post<T.List<T.ClaimLink>>(`${lab(slug)}/claim-links`, logins ? { logins } : {})
export const memberReset = (slug: string, login: string, keep_snapshot: boolean) =>
  post<void>(`${member(slug, login)}/reset`, { keep_snapshot, confirm: login })
export const memberPassword = (slug: string, login: string) =>
  post<{ password: string }>(`${member(slug, login)}/password`)

// Board
export const boardGet = (slug: string) => request<T.Board>(`${lab(slug)}/board?verdicts=false`)
export const memberGet = (slug: string, login: string) => request<T.MemberDetail>(member(slug, login))
export const memberSchema = (slug: string, login: string) =>
  request<{ expected: T.SchemaSnapshot; found: T.SchemaSnapshot }>(`${member(slug, login)}/schema`)
export const handRaise = (slug: string, login: string, why: string) =>
  post<void>(`${member(slug, login)}/hand`, why ? { why } : {})
export const handLower = (slug: string, login: string) => remove(`${member(slug, login)}/hand`)
export const myPageGet = (slug: string) => request<T.MyPage>(`${lab(slug)}/me`)
export const resultsGet = (slug: string) => request<T.LabResults>(`${lab(slug)}/results?format=json`)
export const resultsUrl = (slug: string, format: string) => `/api/v1${lab(slug)}/results?format=${format}`
export const exportersUrl = (slug: string) => `/api/v1${lab(slug)}/monitoring/exporters?format=zip`
export const productFilesUrl = (product: 'prometheus' | 'grafana') => `/api/v1/monitoring/files/${product}?format=zip`
export const historyGet = (slug: string) => request<T.History>(`${lab(slug)}/history`)
export const monitoringGet = () => request<T.MonitoringState>('/monitoring/state')
export const credentialsCsvUrl = (slug: string) => `/api/v1${lab(slug)}/credentials.csv`

// Answers and standings
export const answerTasks = (slug: string) => request<T.List<T.AnswerTask>>(`${lab(slug)}/answers`)
export const answerSubmit = (slug: string, task: string, answer: string | string[] | null) =>
  post<T.Answered>(`${lab(slug)}/tasks/${e(task)}/answers`, { answer })
export const hintTake = (slug: string, task: string, hint: number) =>
  post<unknown>(`${lab(slug)}/tasks/${e(task)}/hints/${hint}`)
export const attemptList = (slug: string, wish: { task?: string; login?: string }, before?: string) => {
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries({ ...wish, before })) if (value) query.set(key, value)
  return request<T.List<T.AnswerAttempt>>(`${lab(slug)}/attempts?${query}`)
}
export const standingsGet = (slug: string, wall = false) => request<T.Standings>(`${lab(slug)}/standings${wall ? '?as_students=true' : ''}`)
export const standingsUrl = (slug: string, what: '' | '.csv' | '/ctftime') => `/api/v1${lab(slug)}/standings${what}`
const rejudging = (slug: string, task: string) => `${lab(slug)}/tasks/${e(task)}/rejudgings`
export const rejudgingList = (slug: string, task: string) => request<T.List<T.Rejudging>>(rejudging(slug, task))
export const rejudgingPreview = (slug: string, task: string) => post<T.Rejudging>(rejudging(slug, task))
export const rejudgingApply = (slug: string, task: string, id: string) =>
  post<T.Rejudging>(`${rejudging(slug, task)}/${e(id)}/apply`)
export const rejudgingUndo = (slug: string, task: string, id: string) =>
  post<T.Rejudging>(`${rejudging(slug, task)}/${e(id)}/undo`)
export const similarityGet = (slug: string) => request<T.List<T.SimilarPair>>(`${lab(slug)}/similarity`)
export const packSaveUrl = (slug: string) => `/api/v1${lab(slug)}/pack`
export const rulesGet = (slug: string) => request<T.LabRules>(`${lab(slug)}/rules`)
export const rulesSet = (slug: string, rules: T.LabRules) =>
  request<T.LabRules>(`${lab(slug)}/rules`, { method: 'PUT', json: rules })

// Challenges and packs
export const libraryGet = () => request<T.List<T.LibraryChallenge>>('/challenges')
export const challengeGet = (pack: string, key: string) =>
  request<T.ChallengePreview>(`/packs/${e(pack)}/challenges/${e(key)}`)
export const labChallengesGet = (slug: string) => request<T.LabChallenges>(`${lab(slug)}/challenges`)
export const labChallengesSet = (slug: string, challenges: string[]) =>
  request<T.LabChallenges>(`${lab(slug)}/challenges`, { method: 'PUT', json: { challenges } })
export const packList = () => request<T.List<T.Pack>>('/packs')
export const packRemove = (id: string) => request<{ n_challenges_kept: number }>(`/packs/${e(id)}`, { method: 'DELETE' })
export const packUrl = (id: string) => `/api/v1/packs/${e(id)}/archive`
type Progress = (done: number, total: number) => void
const ZIP = 'application/zip'
/** What an archive would change; nothing is installed. */
export const packCheck = (file: Blob, onProgress: Progress, signal?: AbortSignal) =>
  upload<T.PackCheck>('/packs/check', file, onProgress, signal, 'POST', ZIP)
export const packInstall = (file: Blob, onProgress: Progress, signal?: AbortSignal) =>
  upload<T.PackInstalled>('/packs', file, onProgress, signal, 'POST', ZIP)
export const packUpdate = (file: Blob, downgrade: boolean, onProgress: Progress, signal?: AbortSignal) =>
  upload<T.PackInstalled>(`/packs?allow_downgrade=${downgrade}`, file, onProgress, signal, 'PUT', ZIP)

// Activity
export interface ActivityWish {
  event?: string | undefined
  severity?: string | undefined
  login?: string | undefined
}
export const activityList = (slug: string, wish: ActivityWish, before?: string) => {
  const query = new URLSearchParams({ lab: slug })
  for (const [key, value] of Object.entries({ ...wish, before })) if (value) query.set(key, value)
  return request<T.List<T.ActivityEntry>>(`/activity?${query}`)
}

// System
export const systemGet = () => request<T.SystemInfo>('/system')
export const identityGet = () => request<T.Identity>('/identity')
export const identityTest = (body: T.IdentityTest) => post<T.IdentityTestResult>('/identity/test', body)
export const identityOidcTest = () => post<T.IdentityTestResult>('/identity/oidc/test')

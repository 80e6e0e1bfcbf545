// The words of the HTTP contract as TypeScript types: those of the OpenAPI document (gen.ts, made by `npm run api:gen`)
// under the names that the pages use, and below them what the document does not describe. Nothing here is behaviour.

import type * as G from './gen'

export type {
  AccessCode,
  Account as Me,
  ActivityEntry,
  AnswerAttempt,
  Answered,
  AnswerTask,
  Board,
  BoardCell as BoardTaskCell,
  BoardClass,
  BoardMember,
  ChallengePreview,
  Check,
  Claim,
  ClaimLink,
  Column as SnapshotColumn,
  ConsoleColumn,
  ConsoleComplaint,
  ConsoleCut,
  ConsoleEvent,
  ConsoleRequest,
  ConsoleTransaction,
  CreatedPerson,
  CreatedToken as NewToken,
  Credential,
  DirectoryView,
  Example,
  Fact,
  History,
  HistoryPoint,
  Identity,
  IdentityTest,
  IdentityTestResult,
  JoinedLab,
  JoinOffer,
  JoinWithAccount,
  Kit,
  Lab,
  LabChallenges,
  LabChange,
  LabResults,
  LabRules,
  LabSettings,
  LabState,
  LabSummary,
  LibraryChallenge,
  Member,
  MemberDetail,
  MemberRole,
  MonitoredProgram,
  MonitoringState,
  NewAccessCode,
  NewLab,
  NewPerson,
  NewTask,
  NewToken as TokenWish,
  ObjectName,
  OidcView,
  OwnPage as MyPage,
  Pack,
  PackCheck,
  PackDiff,
  PackInstalled,
  Person,
  PersonChange,
  Postgres,
  Preparation,
  Reconciler,
  Rejudging,
  Role as PersonRole,
  RosterEntry,
  RosterReport,
  SchemaSnapshot,
  Session,
  SharedError,
  SignedOut,
  SignInWays,
  SimilarPair,
  Standings,
  StandingsChange,
  Start,
  System as SystemInfo,
  Table as SnapshotTable,
  Task,
  TaskChange,
  TaskState,
  Token,
  Verdict,
} from './gen'

export interface Problem {
  type?: string
  title?: string
  status: number
  code: string
  detail?: string
  fields?: { path: string; message: string }[]
  report?: G.RosterReport
}

export interface List<T> {
  items: T[]
  next?: string | null
}

/** What the event `member` carries, as the page reads it: the ranks of others by login. */
export type BoardMemberEvent = Omit<G.BoardMemberEvent, 'ranks'> & { ranks?: ReadonlyMap<string, number> | null }

import { describe, expect, it } from 'vitest'
import { anonymousNames, completions, paceBuckets, reasonsShown, rows, sections } from './view'
import { aBoard, aMember } from './testing'

const need = (rank: number, score: number, reasons: string[] = []) => ({ rank, score, reasons })
const logins = (members: { login: string }[]) => members.map((member) => member.login)

describe('rows', () => {
  const board = aBoard([
    aMember('zoe', { name: 'Zoë', score: 5, section: 'B', need: need(2, 10), seat: '7' }),
    aMember('ada', { name: 'Ada', score: 9, section: 'A', need: need(3, 1) }),
    aMember('bob', { name: 'bob', score: 5, now: 4, section: 'A', need: need(1, 30) }),
  ])
  board.shared_errors = [
    { sqlstate: '42P01', message: 'no table', n_members: 2, logins: ['zoe', 'ada'], last_at: '2026-01-01T00:00:00Z' },
  ]

  it('sorts by need, by name without regard to case and accents, by progress', () => {
    expect(logins(rows(board, { sort: 'need' }))).toEqual(['bob', 'zoe', 'ada'])
    expect(logins(rows(board, { sort: 'name' }))).toEqual(['ada', 'bob', 'zoe'])
    expect(logins(rows(board, { sort: 'progress' }))).toEqual(['ada', 'bob', 'zoe'])
  })
  it('takes the greater need where the ranks are equal', () => {
    const same = aBoard([aMember('a', { need: need(1, 5) }), aMember('b', { need: need(1, 6) })])
    expect(logins(rows(same, { sort: 'need' }))).toEqual(['b', 'a'])
  })
  it('filters by section, by name, login and seat, and by a shared error', () => {
    expect(logins(rows(board, { sort: 'name', section: 'A' }))).toEqual(['ada', 'bob'])
    expect(logins(rows(board, { sort: 'name', query: ' ZO ' }))).toEqual(['zoe'])
    expect(logins(rows(board, { sort: 'name', query: '7' }))).toEqual(['zoe'])
    expect(logins(rows(board, { sort: 'name', error: 'no table' }))).toEqual(['ada', 'zoe'])
  })
  it('shows everybody when the shared error is gone', () => {
    expect(rows(board, { sort: 'name', error: 'long past' })).toHaveLength(3)
  })
  it('leaves the order of the board itself alone', () => {
    rows(board, { sort: 'name' })
    expect(logins(board.members)).toEqual(['zoe', 'ada', 'bob'])
  })
})

it('lists sections once, numbers in their order', () => {
  const board = aBoard([aMember('a', { section: 'Group 10' }), aMember('b', { section: 'Group 2' }), aMember('c', { section: 'Group 10' })])
  expect(sections(board)).toEqual(['Group 2', 'Group 10'])
})

it('counts the done of each task, and not what broke again', () => {
  const members = [aMember('a', {}, ['done', 'partly']), aMember('b', {}, ['done', 'done']), aMember('c', {}, ['broken_again', 'not_started'])]
  expect(completions(aBoard(members), members)).toEqual([2, 1])
})

describe('paceBuckets', () => {
  it('puts nothing first and everything last', () => {
    const members = [aMember('a'), aMember('b', { score: 10 }), aMember('c', { score: 5 }), aMember('d', { max_score: 0 })]
    expect(paceBuckets(members, 4)).toEqual([2, 0, 1, 1])
  })
})

describe('reasonsShown', () => {
  const stuck = aMember('a', { need: need(1, 9, ['The same error 6 times in 5 minutes.', 'No progress for 9 minutes.']) })
  it('gives long reasons a line of their own and puts a short one beside the name', () => {
    expect(reasonsShown(stuck, 0, 'need')?.beside).toBe(false)
    expect(reasonsShown(aMember('b', { need: need(1, 9, ['No connection yet.']) }), 0, 'need')).toEqual({
      text: 'No connection yet.',
      beside: true,
    })
  })
  it('says what a raised hand is about', () => {
    const asking = aMember('c', { hand: { raised_at: '2026-01-01T00:00:00Z', why: 'COPY?' } })
    expect(reasonsShown(asking, 0, 'need')?.beside).toBe(false)
  })
  it('is silent further down, in other orders, and without a reason', () => {
    expect(reasonsShown(stuck, 99, 'need')).toBeNull()
    expect(reasonsShown(stuck, 0, 'name')).toBeNull()
    expect(reasonsShown(aMember('d'), 0, 'need')).toBeNull()
  })
})

it('numbers people without telling their alphabet, the same each time', () => {
  const members = ['ada', 'bob', 'cyd', 'dan', 'eve', 'fay'].map((login) => aMember(login))
  const names = anonymousNames(members)
  expect([...names.values()].sort()).toEqual(['Student 1', 'Student 2', 'Student 3', 'Student 4', 'Student 5', 'Student 6'])
  expect(anonymousNames([...members].reverse())).toEqual(names)
  expect(members.map((member) => names.get(member.login))).not.toEqual([1, 2, 3, 4, 5, 6].map((n) => `Student ${n}`))
})

import { describe, expect, it } from 'vitest'
import type { Board, BoardMember, BoardMemberEvent } from '@/api/types'
import { applyEvents, readMemberEvent, replaceBoard } from './state'
import { aBoard, aMember } from './testing'

const event = (sequence: number, member: BoardMember, more: Partial<BoardMemberEvent> = {}): BoardMemberEvent => ({
  sequence,
  member,
  ...more,
})

describe('applyEvents', () => {
  it('replaces the row of the event and keeps the identity of all others', () => {
    const board = aBoard([aMember('ada'), aMember('grace')], 7)
    const next = aMember('grace', { score: 5 })
    const applied = applyEvents(board, [event(8, next)])
    expect(applied.gap).toBe(false)
    expect(applied.board.sequence).toBe(8)
    expect(applied.board.members[0]).toBe(board.members[0])
    expect(applied.board.members[1]).toBe(next)
  })

  it('gives back the same board when all events are old', () => {
    const board = aBoard([aMember('ada')], 7)
    const applied = applyEvents(board, [event(6, aMember('ada', { score: 1 })), event(7, aMember('ada', { score: 2 }))])
    expect(applied).toEqual({ board, gap: false })
    expect(applied.board).toBe(board)
  })

  it('applies what came after a gap, and tells of the gap', () => {
    const applied = applyEvents(aBoard([aMember('ada')], 7), [event(10, aMember('ada', { score: 3 }))])
    expect(applied.gap).toBe(true)
    expect(applied.board.members[0]?.score).toBe(3)
    expect(applied.board.sequence).toBe(10)
  })

  it('takes the last of several events of one member, and class and errors when they come', () => {
    const board = aBoard([aMember('ada')], 1)
    const klass = { n_members: 1, n_connected: 1, pace: { median_score: 4, median_tasks_done: 1 }, per_task: [] }
    const shared = [{ sqlstate: '42P01', message: 'no', n_members: 2, logins: ['ada'], last_at: '2026-01-01T00:00:00Z' }]
    const applied = applyEvents(board, [
      event(2, aMember('ada', { score: 1 }), { class: klass }),
      event(3, aMember('ada', { score: 2 }), { shared_errors: shared }),
    ])
    expect(applied.board.members.map((m) => m.score)).toEqual([2])
    expect(applied.board.class).toBe(klass)
    expect(applied.board.shared_errors).toBe(shared)
  })

  it('moves others to their new ranks and leaves the rest of their rows alone', () => {
    const board = aBoard([aMember('ada'), aMember('grace'), aMember('alan')], 1)
    const applied = applyEvents(board, [event(2, aMember('ada'), { ranks: new Map([['grace', 3]]) })])
    const [, grace, alan] = applied.board.members
    expect(grace?.need.rank).toBe(3)
    expect(grace?.tasks).toBe(board.members[1]?.tasks)
    expect(alan).toBe(board.members[2])
  })

  it('adds somebody who joined', () => {
    const applied = applyEvents(aBoard([aMember('ada')], 1), [event(2, aMember('new'))])
    expect(applied.board.members.map((m) => m.login)).toEqual(['ada', 'new'])
  })
})

describe('replaceBoard', () => {
  it('keeps rows that are equal', () => {
    const old = aBoard([aMember('ada'), aMember('grace')], 1)
    const next: Board = { ...aBoard([aMember('ada'), aMember('grace', { score: 9 })], 5), at: '2026-01-01T00:00:09Z' }
    const board = replaceBoard(old, next)
    expect(board.members[0]).toBe(old.members[0])
    expect(board.members[1]).toBe(next.members[1])
  })

  it('leaves out an answer that is older than what is shown', () => {
    const old: Board = { ...aBoard([aMember('ada')], 9), at: '2026-01-01T00:00:09Z' }
    expect(replaceBoard(old, aBoard([aMember('ada')], 5))).toBe(old)
  })

  it('takes a lower sequence when the server has started anew', () => {
    const old = aBoard([aMember('ada')], 900)
    const next: Board = { ...aBoard([aMember('ada', { score: 2 })], 1), at: '2026-01-02T00:00:00Z' }
    expect(replaceBoard(old, next).sequence).toBe(1)
  })
})

describe('readMemberEvent', () => {
  it('reads a row under `member`, and a row alone with the id as sequence', () => {
    const row = aMember('ada')
    expect(readMemberEvent({ sequence: 4, member: row }, '')?.sequence).toBe(4)
    expect(readMemberEvent(row, '1763625600-42')).toMatchObject({ sequence: 42 })
    expect(readMemberEvent(row, '17')).toMatchObject({ sequence: 17, member: { login: 'ada' } })
  })
  it('reads ranks as pairs, as objects and as a map', () => {
    for (const ranks of [[['ada', 2]], [{ login: 'ada', rank: 2 }], { ada: 2 }]) {
      expect(readMemberEvent({ sequence: 1, member: aMember('eve'), ranks }, '')?.ranks?.get('ada')).toBe(2)
    }
  })
  it('refuses what is neither', () => {
    expect(readMemberEvent(null, '1')).toBeNull()
    expect(readMemberEvent({ sequence: 1 }, '1')).toBeNull()
    expect(readMemberEvent(aMember('ada'), 'x')).toBeNull()
  })
})

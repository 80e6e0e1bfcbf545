import { describe, expect, it } from 'vitest'
import { changeOf, placeOf, roleSentence } from './change'

const was = placeOf({ section: 'Mon A', seat: null, role: 'student' })

describe('changing a member', () => {
  it('sends what is another than it was, and nothing else', () => {
    expect(changeOf(was, was)).toBeNull()
    expect(changeOf(was, { ...was, section: ' Mon A ' })).toBeNull()
    expect(changeOf(was, { ...was, seat: ' 12 ' })).toEqual({ seat: '12' })
    expect(changeOf(was, { section: 'Mon B', seat: '', role: 'assistant' })).toEqual({ section: 'Mon B', role: 'assistant' })
  })

  it('clears by an empty text', () => {
    expect(changeOf(was, { ...was, section: '' })).toEqual({ section: '' })
  })

  it('says what another role means', () => {
    expect(roleSentence('student', 'student')).toBeNull()
    expect(roleSentence('student', 'assistant')).toMatch(/leave the board/)
    expect(roleSentence('instructor', 'student')).toMatch(/lose the pages/)
    expect(roleSentence('instructor', 'assistant')).toMatch(/no longer change the lab/)
    expect(roleSentence('assistant', 'instructor')).toMatch(/may change the lab/)
  })
})

import { expect, test } from 'vitest'
import { codeOf } from './code'

test('a code is found in what somebody pasted', () => {
  expect(codeOf(' k7m2-qx9a ')).toBe('K7M2QX9A')
  expect(codeOf('https://lab.example.edu/join/K7M2QX9A?x=1')).toBe('K7M2QX9A')
})

test('what is no code is none', () => {
  expect(codeOf('')).toBeNull()
  expect(codeOf('abc')).toBeNull()
  expect(codeOf('what is this?')).toBeNull()
})

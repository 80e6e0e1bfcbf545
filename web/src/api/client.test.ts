import { afterEach, describe, expect, it, vi } from 'vitest'
import { ApiError, isApiError, request, sentence, setCsrfToken } from './client'
import { backoff } from './events'

const answers = (status: number, body: string, headers: Record<string, string> = {}) =>
  vi.stubGlobal('fetch', vi.fn(async () => new Response(status === 204 ? null : body, { status, headers })))

afterEach(() => {
  vi.unstubAllGlobals()
  setCsrfToken(null)
})

describe('request', () => {
  it('reads JSON, and nothing', async () => {
    answers(200, '{"a":1}')
    expect(await request('/x')).toEqual({ a: 1 })
    answers(204, '')
    expect(await request('/x', { method: 'DELETE' })).toBeUndefined()
  })
  it('sends the CSRF token with what changes something, and only with that', async () => {
    answers(200, '{}')
    setCsrfToken('t0')
    await request('/x')
    await request('/x', { method: 'POST', json: { b: 2 } })
    const calls = vi.mocked(fetch).mock.calls.map(([, init]) => init)
    expect(calls[0]?.headers).not.toHaveProperty('X-CSRF-Token')
    expect(calls[1]).toMatchObject({ body: '{"b":2}', headers: { 'X-CSRF-Token': 't0', 'Content-Type': 'application/json' } })
  })
  it('turns problems into errors that know their code, fields and when to come back', async () => {
    answers(422, '{"code":"invalid","detail":"The slug is taken.","fields":[{"path":"slug","message":"taken"}]}', {
      'Retry-After': '30',
    })
    const error = await request('/x').catch((problem: unknown) => problem)
    expect(isApiError(error, 'invalid')).toBe(true)
    expect(isApiError(error, 'conflict')).toBe(false)
    expect((error as ApiError).field('slug')).toBe('taken')
    expect((error as ApiError).retryAfter).toBe(30)
    expect(sentence(error)).toBe('The slug is taken.')
  })
  it('understands answers that are no problem document, and no answer at all', async () => {
    answers(502, '<html>')
    expect(await request('/x').catch((problem: ApiError) => [problem.status, problem.code])).toEqual([502, 'internal'])
    vi.stubGlobal('fetch', vi.fn(async () => Promise.reject(new TypeError('network'))))
    expect(await request('/x').catch((problem: ApiError) => problem.code)).toBe('offline')
  })
})

it('waits longer after each failure, up to a quarter of a minute', () => {
  expect([1, 2, 3, 4, 5, 99].map(backoff)).toEqual([1000, 2000, 4000, 8000, 15000, 15000])
})

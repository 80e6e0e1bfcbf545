// Requests to /api/v1: JSON in and out, the CSRF token, and problems as errors with a sentence for people. Knows no
// operation; those are in calls.ts.

import type { Problem } from './types'

export const BASE = '/api/v1'

let csrfToken: string | null = null
export function setCsrfToken(token: string | null | undefined) {
  csrfToken = token ?? null
}
/** For what is no request: the first message of a WebSocket. */
export function shownCsrfToken(): string | null {
  return csrfToken
}

/** The server's sentences begin small, so that they can stand behind a colon. */
function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly problem: Problem
  readonly retryAfter: number | null
  constructor(problem: Problem, retryAfter: number | null = null) {
    super(capital(problem.detail || problem.title || `The server answered ${problem.status}.`))
    this.name = 'ApiError'
    this.status = problem.status
    this.code = problem.code
    this.problem = problem
    this.retryAfter = retryAfter
  }
  /** The message for one field of a form, if the server named it. */
  field(path: string): string | undefined {
    return this.problem.fields?.find((field) => field.path === path)?.message
  }
}

export function isApiError(error: unknown, ...codes: string[]): error is ApiError {
  return error instanceof ApiError && (codes.length === 0 || codes.includes(error.code))
}

function offline(): ApiError {
  return new ApiError({
    status: 0,
    code: 'offline',
    detail: 'pglab does not answer. Check the network; the page tries again by itself.',
  })
}

function problemFrom(status: number, text: string): Problem {
  try {
    const body = JSON.parse(text) as Partial<Problem>
    return { ...body, status: body.status ?? status, code: body.code ?? 'internal' }
  } catch {
    return {
      status,
      code: status === 404 ? 'not_found' : status === 413 ? 'too_large' : 'internal',
      detail: status >= 500 ? 'pglab could not answer. Its log says why.' : `The server answered ${status}.`,
    }
  }
}

export interface RequestOptions {
  method?: string
  json?: unknown
  body?: BodyInit
  contentType?: string
  signal?: AbortSignal
}

export async function request<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const method = options.method ?? 'GET'
  const headers: Record<string, string> = { Accept: 'application/json' }
  let body = options.body
  if (options.json !== undefined) {
    headers['Content-Type'] = 'application/json'
    body = JSON.stringify(options.json)
  } else if (options.contentType) {
    headers['Content-Type'] = options.contentType
  }
  if (method !== 'GET' && csrfToken) headers['X-CSRF-Token'] = csrfToken
  let response: Response
  try {
    const init: RequestInit = { method, headers, credentials: 'same-origin' }
    if (body !== undefined) init.body = body
    if (options.signal) init.signal = options.signal
    response = await fetch(BASE + path, init)
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw offline()
  }
  const text = await response.text()
  if (!response.ok) {
    const after = Number(response.headers.get('Retry-After'))
    throw new ApiError(problemFrom(response.status, text), Number.isFinite(after) && after > 0 ? after : null)
  }
  return (text === '' ? undefined : JSON.parse(text)) as T
}

/** Sends a file as it is, telling how far it got; XMLHttpRequest, because fetch can't report an upload. */
export function upload<T>(
  path: string,
  file: Blob,
  onProgress: (done: number, total: number) => void,
  signal?: AbortSignal,
  method: 'PUT' | 'POST' = 'PUT',
  contentType = 'application/octet-stream',
): Promise<T> {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest()
    xhr.open(method, BASE + path)
    xhr.setRequestHeader('Content-Type', contentType)
    xhr.setRequestHeader('Accept', 'application/json')
    if (csrfToken) xhr.setRequestHeader('X-CSRF-Token', csrfToken)
    xhr.upload.onprogress = (event) => onProgress(event.loaded, event.total || file.size)
    xhr.onload = () => {
      if (xhr.status >= 200 && xhr.status < 300) {
        resolve((xhr.responseText === '' ? undefined : JSON.parse(xhr.responseText)) as T)
      } else {
        reject(new ApiError(problemFrom(xhr.status, xhr.responseText)))
      }
    }
    xhr.onerror = () => reject(offline())
    xhr.onabort = () => reject(new DOMException('Stopped', 'AbortError'))
    signal?.addEventListener('abort', () => xhr.abort())
    xhr.send(file)
  })
}

/** One sentence for people, from whatever was thrown. */
export function sentence(error: unknown): string {
  if (error instanceof Error && error.message) return error.message
  return 'Something went wrong; try again.'
}

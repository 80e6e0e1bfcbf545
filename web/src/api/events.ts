// One server-sent event stream: named events as JSON, reconnecting by itself, telling how the line is. What events
// mean is up to the caller.

export type LineState = 'connecting' | 'live' | 'reconnecting'

export interface EventLine {
  close(): void
}

/** How long to wait before trying again after the `n`th failure in a row, in milliseconds. */
export function backoff(n: number): number {
  return Math.min(1_000 * 2 ** Math.max(0, n - 1), 15_000)
}

export function openEvents(
  url: string,
  handlers: Record<string, (data: unknown, id: string) => void>,
  onState: (state: LineState) => void,
): EventLine {
  let source: EventSource | null = null
  let failures = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let closed = false

  const connect = () => {
    if (closed) return
    onState(failures === 0 ? 'connecting' : 'reconnecting')
    source = new EventSource(url, { withCredentials: true })
    source.onopen = () => {
      failures = 0
      onState('live')
    }
    source.onerror = () => {
      if (closed || !source) return
      onState('reconnecting')
      // The browser goes on by itself with Last-Event-ID after a cut; after a refusal it gives up, and we start anew.
      if (source.readyState === EventSource.CLOSED) {
        source.close()
        failures += 1
        timer = setTimeout(connect, backoff(failures))
      }
    }
    for (const [name, handle] of Object.entries(handlers)) {
      source.addEventListener(name, (event) => {
        const message = event as MessageEvent<string>
        let data: unknown = null
        try {
          data = message.data ? JSON.parse(message.data) : null
        } catch {
          return
        }
        handle(data, message.lastEventId)
      })
    }
  }
  connect()
  return {
    close() {
      closed = true
      clearTimeout(timer)
      source?.close()
    },
  }
}

// Host and port of a connection URI, also with several hosts. Pure.

export function whereFromUri(uri: string | null | undefined): { host: string; port: string } {
  const authority = /^postgres(?:ql)?:\/\/(?:[^@/]*@)?([^/?]*)/.exec(uri ?? '')?.[1] ?? ''
  const hosts: string[] = []
  const ports = new Set<string>()
  for (const part of authority.split(',')) {
    if (part === '') continue
    const match = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(part)
    hosts.push((match?.[1] ?? part).replace(/^\[|\]$/g, ''))
    ports.add(match?.[2] ?? '5432')
  }
  return { host: hosts.join(', '), port: [...ports].join(', ') }
}

// Numbers, times and sizes as people read them. Pure.

const POINTS = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
export function points(value: number): string {
  return POINTS.format(value)
}

/** `7` of `10` as a whole percentage; 100 only when all is there, 0 only when nothing is. */
export function percent(value: number, of: number): number {
  if (of <= 0 || value <= 0) return 0
  if (value >= of) return 100
  return Math.min(99, Math.max(1, Math.round((100 * value) / of)))
}

export function bytes(value: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  if (value === 1) return '1 byte'
  let size = value
  let unit = 0
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000
    unit += 1
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`
}

/** `48 s`, `3 min`, `2 h 5 min`, `3 d`. */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds))
  if (s < 60) return `${s} s`
  const minutes = Math.floor(s / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`
  return `${Math.floor(hours / 24)} d`
}

export function ago(time: string, now: number): string {
  const seconds = (now - Date.parse(time)) / 1000
  if (Number.isNaN(seconds)) return ''
  if (seconds < -5) return `in ${duration(-seconds)}`
  if (seconds < 5) return 'just now'
  return `${duration(seconds)} ago`
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString('en')} ${n === 1 ? one : many}`
}

/** A name as initials for narrow columns: `Ada Lovelace` is `AL`. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/)
  return `${words[0]?.[0] ?? ''}${words.length > 1 ? (words.at(-1)?.[0] ?? '') : ''}`.toUpperCase()
}

/** A slug from a title: `Build the music shop!` is `build-the-music-shop`. */
export function slugFrom(title: string): string {
  return title
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '')
}

export function slugProblem(slug: string): string | null {
  if (/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(slug)) return null
  return 'Use 1 to 40 of a–z, 0–9 and “-”, with a letter or digit first and last.'
}

// Of the pretend pglab: a console that answers every statement with the same few ships. As much of the WebSocket protocol as
// that takes: short text messages, one frame each.

import { createHash } from 'node:crypto'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const SHIPS = [['1', 'Silvertärnan', 'NOR', '62.40'], ['2', 'Gryningen', 'NOR', '71.00'], ['3', 'Havsörnen', 'BJO', '48.25'], ['8', 'Roskarlen', null, '33.10']]

const frame = (value) => {
  const text = Buffer.from(JSON.stringify(value))
  const head = text.length < 126 ? [0x81, text.length] : [0x81, 126, text.length >> 8, text.length & 255]
  return Buffer.concat([Buffer.from(head), text])
}

/** The messages in `data`, each in one frame. */
function* messages(data) {
  for (let at = 0; at + 2 <= data.length; ) {
    const kind = data[at] & 15
    let length = data[at + 1] & 127
    let mask = at + 2
    if (length === 126) {
      length = data.readUInt16BE(mask)
      mask += 2
    }
    const body = data.subarray(mask + 4, mask + 4 + length).map((byte, n) => byte ^ data[mask + (n % 4)])
    if (kind === 8) return
    if (kind === 1) yield JSON.parse(Buffer.from(body).toString('utf8'))
    at = mask + 4 + length
  }
}

/** Takes the connection over; `catalog` is what the student's database holds. */
export function consoleOf(req, socket, catalog) {
  const key = createHash('sha1').update(req.headers['sec-websocket-key'] + GUID).digest('base64')
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`)
  socket.on('error', () => socket.destroy())
  const say = (event) => socket.write(frame(event))
  socket.on('data', (data) => {
    for (const message of messages(data)) {
      if (message.type === 'hello') {
        say({ type: 'ready', database: 'night_ada', limits: { bytes: 1e7, cell_bytes: 1e4, notices: 100, rows: 10_000 }, pid: 20417, read_only: false, role: 'ada', server_version: '15.18' })
        say({ type: 'catalog', catalog })
      }
      if (message.type === 'catalog') say({ type: 'catalog', catalog })
      if (message.type !== 'run') continue
      say({ type: 'statement', from: 0, to: message.sql.length })
      say({ type: 'columns', columns: ['id', 'name', 'home', 'length_m'].map((name, n) => ({ name, type: ['integer', 'text', 'text', 'numeric'][n] })) })
      say({ type: 'rows', rows: SHIPS })
      say({ type: 'done', ms: 1.4, n_cells_cut: 0, n_rows: SHIPS.length, tag: `SELECT ${SHIPS.length}` })
      say({ type: 'finished', ms: 2.1, transaction: 'none' })
    }
  })
}

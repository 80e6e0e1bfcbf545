// The keys that the pages know, for the dialog behind `?`.

export const KEYS: [string[], string][] = [
  [['Ctrl', 'K'], 'Go to a lab, a page or a student'],
  [['?'], 'These keys'],
  [['/'], 'Filter the board'],
  [['↑', '↓', '←', '→'], 'Move on the board (also h j k l)'],
  [['Enter'], 'Open the student'],
  [['Esc'], 'Close, leave the grid, leave the projector'],
  [['Home', 'End'], 'First and last task'],
  [['Ctrl', 'Home'], 'First student'],
  [['Alt', '↑ ↓'], 'Move a task (on its row)'],
]

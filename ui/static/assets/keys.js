// The keyboard reaches everything on staff pages by chords.
const one = (css, from = document) => from.querySelector(css)
const links = () => [...document.querySelectorAll('[data-row]')]

// The registry of keys. Chords with Alt always work; letters alone only for those who ask for them (WCAG 2.1.4).
const press = (name) => () => {
  const target = one(`[data-key="${name}"]`)
  if (!target) return false
  const fold = target.closest('details')
  if (target.tagName === 'SUMMARY') {
    fold.open = true
    one('select, input:not([type=hidden]), textarea', fold)?.focus()
  } else target.click()
  return true
}
const step = (by) => () => {
  const rows = links()
  if (rows.length === 0) return false
  const row = document.activeElement?.closest('.app-work__row') ?? one('.app-work__row--open')
  const from = row ? rows.findIndex((link) => row.contains(link)) : -1
  const to = from < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.max(0, Math.min(rows.length - 1, from + by))
  rows[to].focus()
  return true
}
const outcome = () => {
  const field = one('input[name="outcome"]:checked') ?? one('input[name="outcome"]')
  field?.focus()
  return Boolean(field)
}
const keys = [
  { key: 'J', says: 'Next request in the list', run: step(1) },
  { key: 'K', says: 'Previous request in the list', run: step(-1) },
  { key: 'N', says: 'Take the next unclaimed request', name: 'next' },
  { key: 'V', says: 'Verify the open request', name: 'verify' },
  { key: 'A', says: 'Accept the open offer', name: 'accept' },
  { key: 'B', says: 'Decline the open offer: send it back', name: 'decline' },
  { key: 'C', says: 'Claim the open request', name: 'claim' },
  { key: 'R', says: 'Release the open request', name: 'release' },
  { key: 'O', says: 'Go to the outcome of the open request', run: outcome },
  { key: 'T', says: 'Offer the open request to another organisation', name: 'transfer' },
  { key: 'U', says: 'Raise the urgency of the open request', name: 'raise' },
  { key: 'W', says: 'Close the open request’s panel', name: 'close' },
  { key: 'H', says: 'Show these shortcuts', run: () => showKeys() }
].map((entry) => ({ ...entry, run: entry.run ?? press(entry.name) }))

const showChords = () => {
  for (const { key, name } of keys) {
    if (name) one(`[data-key="${name}"]`)?.setAttribute('aria-keyshortcuts', `Alt+${key}`)
  }
}

// The choice is kept in a cookie of this path: signing out clears a browser's other stores.
const lettersCookie = 'onedoor-letters'
const letters = () => document.cookie.split('; ').includes(`${lettersCookie}=on`)
const setLetters = (on) => {
  document.cookie = `${lettersCookie}=${on ? 'on' : 'off'}; path=/reception; max-age=${on ? 31536000 : 0}; samesite=strict`
}

const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties)
  made.append(...children)
  return made
}
let dialog
const showKeys = () => {
  if (!dialog) {
    const box = element('input', { type: 'checkbox', checked: letters() })
    box.addEventListener('change', () => setLetters(box.checked))
    const close = element('button', { type: 'button', className: 'nhsuk-button nhsuk-button--small', textContent: 'Close' })
    close.addEventListener('click', () => dialog.close())
    const body = element('tbody', {}, ...keys.map(({ key, says }) =>
      element('tr', {}, element('th', { scope: 'row' }, element('kbd', { textContent: `Alt + ${key}` })), element('td', { textContent: says }))))
    dialog = element('dialog', { className: 'app-dialog', id: 'keys-dialog' },
      element('h2', { id: 'keys-heading', textContent: 'Keyboard shortcuts' }),
      element('table', {}, body),
      element('label', {}, box, 'Also use these letters without Alt, when not writing'),
      close)
    dialog.setAttribute('aria-labelledby', 'keys-heading')
    document.body.append(dialog)
  }
  if (!dialog.open) dialog.showModal()
  return true
}
const opener = document.getElementById('keys')
if (opener) {
  opener.hidden = false
  one('[data-keys-open]', opener).addEventListener('click', showKeys)
}
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.repeat || dialog?.open || !one('.app-desk')) return
  const field = event.target.closest('input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]')
  if (!event.altKey && (event.shiftKey || field || !letters())) return
  const entry = keys.find(({ key }) => event.code === `Key${key}`)
  if (entry?.run()) event.preventDefault()
})

showChords()
document.addEventListener('htmx:after:swap', showChords)

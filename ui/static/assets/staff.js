// Staff pages work without this: each link and form is one of its own. Here they become quicker to work with: parts of the
// page are swapped in place, the list follows what colleagues do, and the keyboard reaches everything by chords.
const one = (css, from = document) => from.querySelector(css)
const all = (css, from = document) => [...from.querySelectorAll(css)]
const request = () => document.getElementById('request')
const list = () => document.getElementById('list')
const stream = document.getElementById('events')

const announce = (says) => {
  const region = document.getElementById('announce')
  if (region) region.textContent = says
}

// The product's clock, as far as this browser knows it.
let ahead = 0
const setClock = (milliseconds) => { if (Number.isFinite(milliseconds)) ahead = milliseconds - Date.now() }
setClock(Date.parse(one('[data-now]')?.dataset.now))

// How long until an answer is due, in the words that the server uses.
const span = (milliseconds) => {
  const minutes = Math.floor(milliseconds / 60000)
  const unit = (n, word) => (n === 0 ? '' : `${n} ${word}`)
  if (minutes < 1) return 'less than a minute'
  if (minutes < 60) return unit(minutes, 'min')
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${unit(minutes % 60, 'min')}`.trim()
  const days = Math.floor(minutes / (24 * 60))
  const hours = days >= 7 ? 0 : Math.floor(minutes / 60) % 24
  return `${days} ${days === 1 ? 'day' : 'days'} ${unit(hours, 'h')}`.trim()
}
const tick = () => {
  for (const due of all('time[data-due]')) {
    const left = Date.parse(due.dateTime) - (Date.now() + ahead)
    const says = left > 0 ? `in ${span(left)}` : `${span(-left)} overdue`
    const relative = one('[data-relative]', due)
    if (relative && relative.textContent !== says) relative.textContent = says
    due.classList.toggle('app-due--over', left <= 0)
  }
}
setInterval(tick, 20000)

// The row of the open request, and the page's title, follow what is open.
const followOpen = () => {
  if (!one('.app-desk')) return
  const open = request()?.dataset.reference
  for (const row of all('.app-work__row')) {
    const is = row.dataset.reference === open
    row.classList.toggle('app-work__row--open', is)
    const link = one('[data-row]', row)
    if (is) link?.setAttribute('aria-current', 'true')
    else link?.removeAttribute('aria-current')
  }
  const service = document.title.split(' – ').pop()
  document.title = `${open ? request().dataset.title : one('h1')?.textContent ?? 'Queues'} – ${service}`
}

// What a person has begun to write is not taken from under their hands.
document.addEventListener('input', (event) => {
  const panel = event.target.closest('#request')
  if (panel) panel.dataset.dirty = 'true'
})
const writing = () => request()?.dataset.dirty === 'true'

const refreshRequest = (options = {}) => {
  const panel = request()
  if (!panel) return
  htmx.ajax('GET', panel.dataset.href, { swap: 'none', ...options })
}
const unattended = { headers: { 'X-Onedoor-Refresh': '1' } }

// Changes that were heard of since the list was last renewed. The list comes first: it tells at which version each
// request is, so that the open one is read again only when it is another.
const changed = new Set()
const listed = () => document.getElementById(`row-${request()?.dataset.reference}`)
const upToDate = () => listed()?.dataset.version === request()?.dataset.version
const catchUp = () => {
  const panel = request()
  const concerned = panel && (changed.has(panel.dataset.reference) || changed.has('*'))
  changed.clear()
  if (!panel) return
  if (listed() ? upToDate() : !concerned) return
  if (!writing()) {
    refreshRequest(unattended)
    return
  }
  tellOfChange()
}
const tellOfChange = () => {
  const notice = document.getElementById('changed')
  if (notice?.hidden) {
    notice.hidden = false
    announce('Somebody changed this request while you were writing.')
  }
}

// An answer that was asked for before a change was heard of may not show it. The list tells of an open request's version;
// one that is no longer listed is read once more, so that how far its outcome has come is not lost.
const heardAt = new Map()
document.addEventListener('htmx:before:request', (event) => { event.detail.ctx.askedAt = performance.now() })
const overtaken = (ctx) => {
  const reference = request()?.dataset.reference
  const last = Math.max(heardAt.get(reference) ?? 0, heardAt.get('*') ?? 0)
  return Boolean(reference) && ctx?.askedAt !== undefined && last >= ctx.askedAt
}
const renew = (reference) => {
  changed.add(reference || '*')
  heardAt.set(reference || '*', performance.now())
  htmx.trigger(document.body, 'onedoor:changed')
}
document.addEventListener('click', (event) => {
  if (!event.target.closest('[data-show-changes]')) return
  const kept = all('textarea, select, input:checked', request()).map((field) => [field.id, field.value])
  document.addEventListener('htmx:after:swap', () => {
    for (const [id, value] of kept) {
      const field = document.getElementById(id)
      if (field?.type === 'radio') field.checked = true
      else if (field) field.value = value
      if (field) request().dataset.dirty = 'true'
    }
  }, { once: true })
  refreshRequest()
})

// Live updates: the stream says that something changed, and never what.
let heard = Date.now()
const pause = (says) => {
  const note = document.getElementById('live')
  if (!note || !note.hidden) return
  one('[data-live-says]', note).textContent = says ?? 'Trying to connect again.'
  note.hidden = false
  announce('Live updates paused')
}
const resume = () => {
  heard = Date.now()
  const note = document.getElementById('live')
  if (note && !note.hidden) {
    note.hidden = true
    announce('Live updates are back')
  }
}
const signedOut = () => {
  if (!writing()) {
    window.location.reload() // the server leads to the sign-in and back here
    return
  }
  const note = document.getElementById('live')
  if (!note) return
  const link = document.createElement('a')
  link.href = '/sign-in'
  link.target = '_blank'
  link.textContent = 'sign in again in another tab'
  const says = one('[data-live-says]', note)
  says.replaceChildren('You have been signed out. To keep what you have written, ', link, '.')
  note.hidden = false
  announce('You have been signed out')
}
if (stream) {
  stream.addEventListener('htmx:sse:after:connection', () => {
    renew() // what changed since the page was drawn, or since the connection before, was told to nobody
    resume()
  })
  stream.addEventListener('htmx:sse:before:connection', (event) => {
    if (event.detail.connection.attempt > 1) pause()
  })
  stream.addEventListener('htmx:sse:error', (event) => {
    if (event.detail.status === 401) signedOut()
    else pause()
  })
  stream.addEventListener('htmx:sse:close', () => { setTimeout(connectAgain, 3000) })
  stream.addEventListener('beat', (event) => {
    setClock(Number(event.detail.data))
    resume()
  })
  for (const name of ['request', 'reset']) {
    stream.addEventListener(name, (event) => {
      heard = Date.now()
      renew(name === 'request' ? event.detail.data : '')
    })
  }
  // A connection can die without a word: no beat for the time of two means that it did.
  setInterval(() => {
    if (document.hidden || Date.now() - heard < 50000) return
    pause()
    stream._htmx?.sse?.reader?.cancel()
  }, 5000)
  window.addEventListener('offline', () => pause('You are not connected to the network.'))
}
function connectAgain () {
  if (stream?.isConnected && !stream._htmx?.sse) htmx.trigger(stream, 'onedoor:connect')
}

// Only answers made of parts are swapped in. Anything else is a page of its own, such as a sign-in or a failure.
const failed = (source, status) => {
  if (status === 401) signedOut()
  else if (source === stream) {
    pause()
    setTimeout(connectAgain, 3000)
  } else if (source === list()) pause()
  else {
    const says = status ? 'That did not work. Nothing was changed. Try again.' : 'There is no connection. Check whether it was done before you try again.'
    pause(says)
    announce(says)
  }
}
document.addEventListener('htmx:before:swap', (event) => {
  const { ctx } = event.detail
  if (!ctx?.response || ctx.response.headers.get('X-Onedoor-Parts')) return
  event.preventDefault()
  failed(ctx.sourceElement, ctx.response.status)
})
document.addEventListener('htmx:error', (event) => {
  const { ctx } = event.detail
  if (ctx && !ctx.response) failed(ctx.sourceElement, 0)
})

// Where the focus was when the list was renewed: a row that has gone hands it to its neighbour.
let place = -1
const links = () => all('[data-row]')
document.addEventListener('htmx:before:swap', () => {
  const row = document.activeElement?.closest('.app-work__row')
  place = row ? links().findIndex((link) => row.contains(link)) : -1
})
const keepFocus = () => {
  if (place >= 0 && (document.activeElement === document.body || !document.activeElement)) {
    const rows = links()
    rows[Math.min(place, rows.length - 1)]?.focus()
  }
}
document.addEventListener('htmx:after:swap', (event) => {
  if (event.detail.ctx?.sourceElement === list()) catchUp()
  else if (overtaken(event.detail.ctx) && !listed() && !writing()) refreshRequest(unattended)
  followOpen()
  keepFocus()
  tick()
  showChords()
})

// In the studio a button keeps the focus when the list around it is drawn anew; one that is gone hands it to its neighbour.
let pressed = null
document.addEventListener('htmx:before:swap', () => {
  const button = document.activeElement?.closest('.app-rule__buttons button')
  pressed = button && { id: button.id, rule: button.closest('.app-rule, tr')?.id }
})
document.addEventListener('htmx:after:swap', () => {
  if (!pressed) return
  const button = document.getElementById(pressed.id) ?? one('.app-rule__buttons button', document.getElementById(pressed.rule) ?? document)
  if (button && button !== document.activeElement) button.focus()
})

// Closing the open request goes back to the list without loading it again.
document.addEventListener('click', (event) => {
  const link = event.target.closest('[data-key="close"]')
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  const row = document.getElementById(`open-${request().dataset.reference}`)
  document.getElementById('request-slot').replaceChildren()
  history.pushState({ htmx: true }, '', link.href)
  followOpen()
  ;(row ?? links()[0])?.focus()
})

// A click anywhere in a row opens it, for those who use a mouse.
document.addEventListener('click', (event) => {
  const row = event.target.closest('.app-work__row')
  if (!row || event.target.closest('a, button, input, form') || String(window.getSelection())) return
  one('[data-row]', row)?.click()
})

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

followOpen()
tick()
showChords()

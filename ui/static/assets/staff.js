// Staff pages work without this: each link and form is one of its own. Here they become quicker to work with: parts of the
// page are swapped in place, and the list follows what colleagues do.
const one = (css, from = document) => from.querySelector(css)
const all = (css, from = document) => [...from.querySelectorAll(css)]
const request = () => document.getElementById('request')
const opened = () => request()?.dataset.reference
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
  const open = opened()
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

// The panel itself asks, so that an answer that finds another in its place is dropped.
const refreshRequest = (options) => {
  const panel = request()
  if (panel) htmx.ajax('GET', panel.dataset.href, { swap: 'none', source: panel, ...options })
}
const unattended = { unattended: true, headers: { 'X-Onedoor-Refresh': '1' } }

// Changes that were heard of since the list was last renewed. The list comes first: it tells at which version each
// request is, so that the open one is read again only when it is another.
const changed = new Set()
const listed = () => document.getElementById(`row-${opened()}`)
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
document.addEventListener('htmx:before:request', ({ detail: { ctx } }) => {
  ctx.askedAt = performance.now()
  ctx.beside = opened()
})
const overtaken = (ctx) => {
  const reference = opened()
  const last = Math.max(heardAt.get(reference) ?? 0, heardAt.get('*') ?? 0)
  return Boolean(reference) && ctx?.askedAt !== undefined && last >= ctx.askedAt
}
const renew = (reference) => {
  changed.add(reference || '*')
  heardAt.set(reference || '*', performance.now())
  renewList()
}
// Not at each change of many, and always once more after the last. htmx's own throttle forgets it where the list changes meanwhile.
let resting = false
let again = false
const renewList = () => {
  again = resting
  if (resting) return
  resting = true
  htmx.trigger(document.body, 'onedoor:changed')
  setTimeout(() => {
    resting = false
    if (again) renewList()
  }, 400)
}
document.addEventListener('click', (event) => {
  if (event.target.closest('[data-show-changes]')) refreshRequest({ keeps: true })
})
const written = () => all('textarea, select, input', request()).filter((field) =>
  field.id && (field.type === 'radio' || field.type === 'checkbox' ? field.checked !== field.defaultChecked
    : field.options ? [...field.options].some((option) => option.selected !== option.defaultSelected)
      : field.value !== field.defaultValue))
const writeAgain = (fields) => {
  for (const { id, value, checked } of fields) {
    const field = document.getElementById(id)
    if (!field) continue
    if (field.type === 'radio' || field.type === 'checkbox') field.checked = checked
    else field.value = value
    request().dataset.dirty = 'true'
  }
}

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
  document.addEventListener('visibilitychange', () => { heard = Date.now() }) // a hidden page does not listen
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

// Answers come in any order. What was asked for before what is shown does not take its place: least of all one patient's request
// that of another, under the hands of somebody who reads or writes there. A refusal is shown, unless something is being written.
const asked = { list: 0, 'request-slot': 0 } // when what is shown there was asked for
const late = (ctx, { target, fragment }) => {
  if (target?.id === 'request' || target?.id === 'explanation') return ctx.beside !== opened()
  if (!(ctx.askedAt < asked[target?.id])) return false
  if (target.id === 'list') return ctx.sourceElement === target
  if (one('#request', fragment)?.dataset.reference === opened()) return false
  if (ctx.response.status < 400) return true
  if (writing()) pause('What you asked for in another request was not done. Open it again to see why.')
  return writing()
}
const inOrder = (ctx, tasks) => {
  const dropped = tasks.filter((task) => late(ctx, task))
  for (const task of dropped) {
    tasks.splice(tasks.indexOf(task), 1)
    if (task.target.id === 'request-slot') ctx.push = ctx.hx.pushurl = 'false'
  }
  for (const { target } of tasks) {
    if (!(target?.id in asked)) continue
    if (target.id === 'list' && ctx.askedAt < asked.list) ctx.outrun = true // it may be older, and cannot be left out
    asked[target.id] = Math.max(asked[target.id], ctx.askedAt)
  }
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
  const { ctx, tasks } = event.detail
  if (!ctx?.response) return
  if (!ctx.response.headers.get('X-Onedoor-Parts')) {
    event.preventDefault()
    failed(ctx.sourceElement, ctx.response.status)
  } else if (ctx.unattended && writing()) { // they began after it was asked for
    event.preventDefault()
    tellOfChange()
  } else {
    inOrder(ctx, tasks)
    if (ctx.keeps) ctx.written = written()
  }
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
  const { ctx } = event.detail
  if (ctx?.written) writeAgain(ctx.written)
  if (ctx?.outrun) renewList()
  if (ctx?.sourceElement === list()) catchUp()
  else if (overtaken(ctx) && !listed() && !writing()) refreshRequest(unattended)
  followOpen()
  keepFocus()
  tick()
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
  const row = document.getElementById(`open-${opened()}`)
  document.getElementById('request-slot').replaceChildren()
  asked['request-slot'] = performance.now()
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

followOpen()
tick()

// Everything here is an improvement of a page that already works without it.
import { initAll } from './nhsuk-frontend.min.js'

initAll()

// Leaving quickly replaces this page in the browser's history, so that Back does not return to it, and forgets the
// answers given so far. Escape pressed three times within two seconds does the same, from anywhere on the page.
const exit = document.querySelector('[data-quick-exit]')
if (exit) {
  const leave = () => {
    document.documentElement.hidden = true
    if (exit.dataset.forget) fetch(exit.dataset.forget, { method: 'POST', keepalive: true }).catch(() => {})
    window.location.replace(exit.href)
  }
  exit.addEventListener('click', (event) => {
    event.preventDefault()
    leave()
  })
  let presses = []
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.repeat) return
    presses = presses.filter((at) => event.timeStamp - at < 2000)
    presses.push(event.timeStamp)
    if (presses.length === 3) leave()
  })
}

// A page that the browser kept is asked for again: what it shows may be another person's answers.
window.addEventListener('pageshow', (event) => {
  if (event.persisted) window.location.reload()
})

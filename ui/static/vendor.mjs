// Fetches the front-end packages that are committed beside this file, checks each against its sha512, and writes only
// what the product serves or its tests read. Run it with `make vendor` after changing a version; commit the result.
//
// It needs Node 20, npm and tar; it adds nothing to the machine.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const assets = join(here, 'assets')
const ui = dirname(here)

const packages = {
  'nhsuk-frontend': { version: '10.6.1', integrity: 'sha512-PZorqQZjZx/A26yJoskCL9z0ib6AtkAyF0o4K/RHr8zRrJyXrUOCnMbjy0VNXsGO4tfTNMwqlkwATKs4a0xayw==' },
  'htmx.org': { version: '4.0.1', integrity: 'sha512-oF7JgXhDW9UXCy/k1ZYFUQgzu/rm19ORWPSPNL91vPluB2PB9+MV55tyQdH/w7o2EAbTYUG5SDW1R60mdkdqGg==' },
  'axe-core': { version: '4.14.1', integrity: 'sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==' },
}

// The official HTML of these fixtures is what ui/components is held to.
const fixtures = {
  'action-link': ['default'],
  'back-link': ['default'],
  button: ['default', 'secondary', 'warning', 'default, small', 'secondary, small', 'as a link', 'with double click prevented'],
  card: ['emergency (red and black)', 'urgent (red)', 'non-urgent (blue)', 'basic with custom HTML', 'feature'],
  'character-count': ['default', 'with hint', 'with value', 'with error message and hint'],
  checkboxes: ['default', 'with "none" option', 'with hints on items', 'with pre-checked values', 'with error message and hint'],
  'date-input': ['default', 'with values', 'with error message and hint', 'with error on day input', 'without heading'],
  details: ['default', 'open', 'expander'],
  'error-summary': ['default', 'with multiple errors', 'without error link (mixed)'],
  footer: ['with meta links'],
  header: ['with service name (linked)', 'with service name, account inline (logged in)'],
  hint: ['default'],
  input: ['default', 'without heading', 'with error message, without heading', 'example mobile phone number', 'example address postcode', 'width'],
  'inset-text': ['default', 'with HTML'],
  pagination: ['default', 'with only next', 'with only previous'],
  panel: ['default'],
  radios: ['default', 'inline', 'without heading', 'with hint', 'with divider', 'with hints on items', 'with conditional content', 'with error message', 'with error message and hint'],
  'skip-link': ['default'],
  'summary-list': ['default', 'with actions', 'with multiple actions', 'without border'],
  tables: ['default', 'with numeric format', 'with first cell as header'],
  tag: ['default'],
  textarea: ['default', 'with error message and hint'],
  'warning-callout': ['default', 'with custom heading'],
}

// The package names its licence (MIT) and its holder, and carries no copy of the text.
const nhsukLicence = `nhsuk-frontend ${packages['nhsuk-frontend'].version}
https://github.com/nhsuk/nhsuk-frontend

The MIT License

Copyright (c) NHS England

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
`

const work = mkdtempSync(join(tmpdir(), 'onedoor-assets-'))
try {
  for (const [name, { version, integrity }] of Object.entries(packages)) fetchPackage(name, version, integrity)
  writeAssets()
  writeFixtures()
} finally {
  rmSync(work, { recursive: true, force: true })
}

// npm refuses a tarball that differs from the registry's own word; ours is compared here, since the registry may change its mind.
function fetchPackage(name, version, integrity) {
  const [{ filename }] = JSON.parse(execFileSync('npm', ['pack', '--json', '--silent', `${name}@${version}`], { cwd: work }))
  const got = 'sha512-' + createHash('sha512').update(readFileSync(join(work, filename))).digest('base64')
  if (got !== integrity) throw new Error(`${name}@${version}: expected ${integrity}, got ${got}`)
  mkdirSync(join(work, name))
  execFileSync('tar', ['-xzf', join(work, filename), '-C', join(work, name), '--strip-components=1'])
}

function writeAssets() {
  const dist = join(work, 'nhsuk-frontend', 'dist', 'nhsuk')
  mkdirSync(join(assets, 'licences'), { recursive: true })
  rmSync(join(assets, 'images'), { recursive: true, force: true })

  // Frutiger needs a licence that we do not have, so both of its rules go; the sheet falls back to Arial. Images are
  // addressed beside the sheet, so that they carry the same content hash.
  const css = readFileSync(join(dist, 'nhsuk-frontend.min.css'), 'utf8')
  const fonts = css.match(/@font-face\{[^}]*\}/g) ?? []
  if (fonts.length !== 2) throw new Error(`expected 2 @font-face rules, found ${fonts.length}`)
  write('nhsuk-frontend.min.css', css.replace(/@font-face\{[^}]*\}/g, '').replaceAll('url(/assets/images/', 'url(images/'))
  write('nhsuk-frontend.min.js', readFileSync(join(dist, 'nhsuk-frontend.min.js'), 'utf8'))
  cpSync(join(dist, 'assets', 'images'), join(assets, 'images'), { recursive: true })
  // Pictures of the NHS logo are for NHS bodies; the favicon is the front door's own.
  for (const logo of ['favicon.ico', 'favicon.svg', 'nhsuk-icon-180.png', 'nhsuk-icon-192.png', 'nhsuk-icon-512.png', 'nhsuk-icon-mask.svg', 'nhsuk-opengraph-image.png']) {
    rmSync(join(assets, 'images', logo), { force: true })
  }
  write('htmx.min.js', readFileSync(join(work, 'htmx.org', 'dist', 'htmx.min.js'), 'utf8'))
  write('hx-sse.min.js', readFileSync(join(work, 'htmx.org', 'dist', 'ext', 'hx-sse.min.js'), 'utf8'))

  const licence = (pkg, file) => readFileSync(join(work, pkg, file), 'utf8')
  write('licences/nhsuk-frontend.txt', nhsukLicence)
  write('licences/htmx.txt', licence('htmx.org', 'LICENSE'))
  const axe = join(ui, 'browsertest', 'axe')
  mkdirSync(axe, { recursive: true })
  writeFileSync(join(axe, 'axe.min.js'), readFileSync(join(work, 'axe-core', 'axe.min.js')))
  writeFileSync(join(axe, 'LICENSE.txt'), licence('axe-core', 'LICENSE'))
}

function writeFixtures() {
  const folder = join(ui, 'components', 'testdata', 'nhsuk-frontend')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'LICENSE.txt'), nhsukLicence)
  for (const [component, names] of Object.entries(fixtures)) {
    const all = JSON.parse(readFileSync(join(work, 'nhsuk-frontend', 'dist', 'nhsuk', 'components', component, 'fixtures.json'), 'utf8')).fixtures
    const kept = {}
    for (const name of names) {
      const found = all.filter((f) => f.name === name)
      if (found.length === 0) throw new Error(`${component} has no fixture ${name}`)
      kept[name] = found[0].html
    }
    writeFileSync(join(folder, component + '.json'), JSON.stringify(kept, null, 1) + '\n')
  }
}

// Source maps are not served.
function write(name, text) {
  writeFileSync(join(assets, name), text.replace(/\n?(\/\*# sourceMappingURL=[^*]*\*\/|\/\/# sourceMappingURL=.*)\s*$/, '\n'))
}

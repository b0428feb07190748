// The public suite as one process: its origin on a free port of the loopback, and, once a line on standard input names the
// cache before that origin, its client. Ends with standard input, so that it never outlives who started it.
//
//   node suite.mjs DIRECTORY    where `http-cache-tests` is installed, or checked out
//
// Prints `origin PORT`, and at the end one line for each test: `KIND VERDICT ID WHY`.

import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import readline from 'node:readline'
import { pathToFileURL } from 'node:url'

// An edition from npm is installed beside what it needs; a check-out of a later one has moved its programs.
const directory = path.resolve(process.argv[2])
const isCheckOut = fs.existsSync(path.join(directory, 'test-engine'))
const load = file => import(pathToFileURL(path.join(directory, file)))
const engine = file => load(isCheckOut ? `test-engine/${file}` : `node_modules/http-cache-tests/${file}`)
const testsOf = async file => (await load(isCheckOut ? `tests/${file}` : `node_modules/http-cache-tests/tests/${file}`)).default

// The suite's paths are random, and an invalidated path shares its epoch with one in 65 536 others: now and then a test would
// fail by another's. The paths are the same each time, and the cache is built with a seed for which none of them meet.
let state = 1
Math.random = () => {
  state = (state * 48271) % 2147483647
  return state / 2147483647
}

// Its origin comments on standard output, which is ours.
console.log = console.error

const handlers = {
  config: (await engine('server/handle-config.mjs')).default,
  state: (await engine('server/handle-state.mjs')).default,
  test: (await engine('server/handle-test.mjs')).default
}

const origin = http.createServer((request, response) => {
  const [, kind, ...rest] = new URL(request.url, 'http://localhost/').pathname.split('/')
  if (handlers[kind] === undefined) {
    response.writeHead(404)
    response.end()
    return
  }
  handlers[kind](rest, request, response)
})
origin.listen(0, '127.0.0.1', () => process.stdout.write(`origin ${origin.address().port}\n`))

const input = readline.createInterface({ input: process.stdin })
input.on('close', () => process.exit(1))
input.once('line', async cache => {
  const suites = await testsOf('index.mjs')
  const { runTests, getResults } = await engine('client/runner.mjs')
  if (isCheckOut) {
    await runTests(suites, false, cache, 100)
  } else {
    suites.push(await testsOf('surrogate-control.mjs'))
    await runTests(suites, (await load('node_modules/node-fetch/lib/index.mjs')).default, false, cache, 100)
  }
  const results = getResults()
  const tests = new Map(suites.flatMap(suite => suite.tests).map(test => [test.id, test]))
  for (const test of tests.values()) {
    if (results[test.id] === undefined) continue
    const result = results[test.id]
    const why = result === true ? '' : ` ${result.join(': ')}`.replace(/\s+/g, ' ')
    process.stdout.write(`${test.kind || 'required'} ${verdict(tests, results, test.id)} ${test.id}${why}\n`)
  }
  process.stdout.write('end\n', () => process.exit(0))
})

// As the suite's own pages do: a test counts only where those that it depends on passed.
function verdict (tests, results, id) {
  const test = tests.get(id)
  const depends = test.depends_on || []
  if (depends.some(needed => verdict(tests, results, needed) !== 'pass')) return 'depends'
  if (results[id] === true) return 'pass'
  return results[id][0] === 'Setup' ? 'setup' : 'fail'
}

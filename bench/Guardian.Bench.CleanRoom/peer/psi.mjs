// How long @openmined/psi.js takes for the size of an intersection of two sets of a number of rows, half of which are in both. Prints milliseconds and the size.
import PSI from '@openmined/psi.js/psi_wasm_node.js'

const rows = Number(process.argv[2])
const psi = await PSI()
const set = first => Array.from({ length: rows }, (_, i) => `person${first + i}@example.com`)
const [ours, theirs] = [set(0), set(rows / 2)]
const start = performance.now()
const server = psi.server.createWithNewKey(false)
const client = psi.client.createWithNewKey(false)
const setup = server.createSetupMessage(0.001, rows, theirs)
const response = server.processRequest(client.createRequest(ours))
const size = client.getIntersectionSize(setup, response)
console.log(JSON.stringify({ milliseconds: performance.now() - start, size }))

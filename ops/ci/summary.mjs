// Reads vitest's JSON report and prints the one line that CI ends with. A skipped test is a failure: none may hide.
import { readFileSync } from 'node:fs'

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const brokenSuites = report.testResults.filter(
  (suite) => suite.status === 'failed' && suite.assertionResults.length === 0,
).length
const hidden = report.numPendingTests + report.numTodoTests
const failed = report.numFailedTests + brokenSuites + hidden
if (hidden > 0) process.stdout.write(`${hidden} tests were skipped\n`)
process.stdout.write(`${report.numPassedTests} passed, ${failed} failed\n`)
process.exitCode = failed === 0 && report.numPassedTests > 0 ? 0 : 1

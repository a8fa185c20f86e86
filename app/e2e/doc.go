// Package e2e tests the product from outside: the whole of it, started as it starts, asked as patients, staff and
// programs ask it, over HTTP, through the pages in Chromium and as a process, against real PostgreSQL and the simulated
// clinical systems' ledgers. It holds tests and nothing that runs.
package e2e

// Package parity tries that every channel hands in the same request for the same answers: pages, keypad, telephony webhook
// and API. It holds tests only, since no channel may import another.
package parity

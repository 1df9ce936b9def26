// Package policy reads policies: YAML or JSON in, model.Policy or everything that is wrong with it out, each mistake with
// its line, its column and what to write instead. The same code judges a file that `dubbomesh validate` reads and a key that
// somebody put into etcd.
//
// What a field is called, what it may hold and what it means stands in one place, at its declaration in package model.
// Reading, the published JSON Schemas and the reference pages are made from that.
//
// It is pure: no etcd, no clock, no logger.
package policy

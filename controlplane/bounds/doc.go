// Package bounds is what Envoy takes of what policies say, for those who check them and those who translate them. It only computes.
package bounds

module github.com/dubbomesh/dubbomesh/examples/http

go 1.26.0

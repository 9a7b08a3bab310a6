module bindery.test/go-bindings

go 1.21.3

require github.com/nebhale/client-go v1.0.1

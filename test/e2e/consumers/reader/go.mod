module bindery.test/e2e/reader

go 1.26.0

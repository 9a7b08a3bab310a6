module bindery.test/node/pause

go 1.26.0

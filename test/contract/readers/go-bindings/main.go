// For each {"root", "type", "keys"} of the JSON list in the argument, the bindings of that type under that root, with these
// keys, as JSON.
package main

import (
	"encoding/json"
	"log"
	"os"

	"github.com/nebhale/client-go/bindings"
)

type question struct {
	Root, Type string
	Keys       []string
}

func main() {
	var questions []question
	if err := json.Unmarshal([]byte(os.Args[1]), &questions); err != nil {
		log.Fatal(err)
	}
	answers := [][]map[string]string{}
	for _, asked := range questions {
		answers = append(answers, answer(asked))
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		log.Fatal(err)
	}
}

func answer(asked question) []map[string]string {
	if err := os.Setenv(bindings.ServiceBindingRoot, asked.Root); err != nil {
		log.Fatal(err)
	}
	found := []map[string]string{}
	for _, binding := range bindings.Filter(bindings.FromServiceBindingRoot(), asked.Type) {
		entries := map[string]string{}
		for _, key := range asked.Keys {
			if value, ok := bindings.Get(binding, key); ok {
				entries[key] = value
			}
		}
		found = append(found, entries)
	}
	return found
}

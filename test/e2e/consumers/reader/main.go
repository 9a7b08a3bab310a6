// An application in another language: reads bindings as the Service Binding Specification for Kubernetes describes
// them to applications, and prints them as JSON. Ends with an error when something is not as specified.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	log.SetFlags(0)
	root, ok := os.LookupEnv("SERVICE_BINDING_ROOT")
	if !ok {
		log.Fatal("SERVICE_BINDING_ROOT is not set")
	}
	directories, err := os.ReadDir(root)
	if err != nil {
		log.Fatal(err)
	}
	bindings := map[string]map[string]string{}
	for _, directory := range directories {
		binding, err := read(filepath.Join(root, directory.Name()))
		if err != nil {
			log.Fatal(err)
		}
		bindings[directory.Name()] = binding
	}
	text, err := json.Marshal(bindings)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(text))
}

func read(directory string) (map[string]string, error) {
	files, err := os.ReadDir(directory)
	if err != nil {
		return nil, err
	}
	binding := map[string]string{}
	for _, file := range files {
		// The kubelet's own: links by which it exchanges all files at once.
		if strings.HasPrefix(file.Name(), ".") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(directory, file.Name()))
		if err != nil {
			return nil, err
		}
		binding[file.Name()] = string(content)
	}
	if binding["type"] == "" {
		return nil, fmt.Errorf("%s has no type", directory)
	}
	return binding, nil
}

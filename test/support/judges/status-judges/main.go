// Command judges tells what two consumers of status make of objects: kstatus, which Flux and Helm decide by, and a health check in
// Lua, in the sandbox in which Argo CD runs it.
//
// It reads one JSON array of questions from standard input and writes one JSON array of answers.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

type question struct {
	Object map[string]any `json:"object"`
	// Of a health check; empty where Argo CD is not asked.
	Lua string `json:"lua"`
}

type answer struct {
	Kstatus        string `json:"kstatus"`
	KstatusMessage string `json:"kstatusMessage"`
	Argo           string `json:"argo,omitempty"`
	ArgoMessage    string `json:"argoMessage,omitempty"`
	Error          string `json:"error,omitempty"`
}

func main() {
	var questions []question
	text, err := io.ReadAll(os.Stdin)
	if err == nil {
		// With whole numbers as a client of Kubernetes has them.
		err = utiljson.Unmarshal(text, &questions)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	answers := make([]answer, 0, len(questions))
	for _, asked := range questions {
		answers = append(answers, judge(asked))
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func judge(asked question) answer {
	object := &unstructured.Unstructured{Object: asked.Object}
	computed, err := status.Compute(object)
	if err != nil {
		return answer{Error: err.Error()}
	}
	judged := answer{Kstatus: string(computed.Status), KstatusMessage: computed.Message}
	if asked.Lua == "" {
		return judged
	}
	// Argo CD decides this before it asks any script.
	if object.GetDeletionTimestamp() != nil {
		judged.Argo, judged.ArgoMessage = "Progressing", "Pending deletion"
		return judged
	}
	if judged.Argo, judged.ArgoMessage, err = health(asked.Lua, asked.Object); err != nil {
		judged.Error = err.Error()
	}
	return judged
}

// health runs the script with `obj` set and expects a table with `status` and `message`.
func health(script string, object map[string]any) (string, string, error) {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for _, library := range []struct {
		name string
		open lua.LGFunction
	}{
		{lua.LoadLibName, lua.OpenPackage},
		{lua.BaseLibName, lua.OpenBase},
		{lua.TabLibName, lua.OpenTable},
		{lua.StringLibName, lua.OpenString},
	} {
		open := lua.P{Fn: state.NewFunction(library.open), NRet: 0, Protect: true}
		if err := state.CallByParam(open, lua.LString(library.name)); err != nil {
			return "", "", err
		}
	}
	// Nothing but the object may decide.
	for _, name := range []string{"dofile", "loadfile", "require", "module"} {
		state.SetGlobal(name, lua.LNil)
	}
	timeLimit, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	state.SetContext(timeLimit)
	state.SetGlobal("obj", valueOf(state, object))
	if err := state.DoString(script); err != nil {
		return "", "", err
	}
	result, isTable := state.Get(-1).(*lua.LTable)
	if !isTable {
		return "", "", fmt.Errorf("the script returned a %s and no table", state.Get(-1).Type())
	}
	message := ""
	if text := result.RawGetString("message"); text != lua.LNil {
		message = text.String()
	}
	return result.RawGetString("status").String(), message, nil
}

func valueOf(state *lua.LState, value any) lua.LValue {
	switch known := value.(type) {
	case bool:
		return lua.LBool(known)
	case int64:
		return lua.LNumber(known)
	case float64:
		return lua.LNumber(known)
	case string:
		return lua.LString(known)
	case []any:
		table := state.CreateTable(len(known), 0)
		for _, element := range known {
			table.Append(valueOf(state, element))
		}
		return table
	case map[string]any:
		table := state.CreateTable(0, len(known))
		for key, element := range known {
			table.RawSetString(key, valueOf(state, element))
		}
		return table
	default:
		return lua.LNil
	}
}

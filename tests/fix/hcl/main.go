// Reads Terraform from standard input with HashiCorp's own parser and writes its resources as JSON.
//
// Texts are evaluated as Terraform does; a reference is written as it stands, after "=".
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

type block struct {
	Type       string                     `json:"type"`
	Labels     []string                   `json:"labels"`
	Attributes map[string]json.RawMessage `json:"attributes"`
	Blocks     []block                    `json:"blocks"`
}

func main() {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		fail(err)
	}
	file, problems := hclsyntax.ParseConfig(text, "stdin.tf", hcl.InitialPos)
	if problems.HasErrors() {
		fail(problems)
	}
	blocks, err := read(file.Body.(*hclsyntax.Body), text)
	if err != nil {
		fail(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(blocks); err != nil {
		fail(err)
	}
}

func read(body *hclsyntax.Body, text []byte) ([]block, error) {
	found := []block{}
	for _, each := range body.Blocks {
		attributes := map[string]json.RawMessage{}
		for name, attribute := range each.Body.Attributes {
			value, err := evaluate(attribute.Expr, text)
			if err != nil {
				return nil, err
			}
			attributes[name] = value
		}
		inner, err := read(each.Body, text)
		if err != nil {
			return nil, err
		}
		found = append(found, block{each.Type, each.Labels, attributes, inner})
	}
	return found, nil
}

func evaluate(expression hclsyntax.Expression, text []byte) (json.RawMessage, error) {
	if reference, is := expression.(*hclsyntax.ScopeTraversalExpr); is {
		return json.Marshal("=" + string(reference.Range().SliceBytes(text)))
	}
	value, problems := expression.Value(nil)
	if problems.HasErrors() {
		return nil, problems
	}
	return ctyjson.Marshal(value, value.Type())
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
